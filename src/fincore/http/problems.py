"""Every error the API answers: RFC 9457 problem details, all of them from one table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import RequestId
from fincore.domain.requests import REFUNDS_MAX

ProblemCode = Literal[
    "account_unknown",
    "act_not_possible",
    "adjustment_not_found",
    "amount_not_expressible",
    "amount_too_large",
    "amount_too_small",
    "api_key_invalid",
    "api_key_missing",
    "api_key_not_found",
    "balance_transaction_not_found",
    "body_too_large",
    "body_too_slow",
    "break_not_changed",
    "break_not_found",
    "cancel_failed",
    "capture_amount_too_large",
    "capture_failed",
    "card_deleted",
    "card_not_found",
    "card_not_tokenised",
    "card_number_not_allowed",
    "charge_already_refunded",
    "charge_busy",
    "charge_disputed",
    "charge_failed",
    "charge_not_cancelable",
    "charge_not_capturable",
    "charge_not_found",
    "charge_not_refundable",
    "charge_report_held",
    "charge_under_review",
    "charge_unreadable",
    "checkout_not_configured",
    "checkout_session_busy",
    "checkout_session_not_found",
    "checkout_session_not_open",
    "connections_too_many",
    "currency_not_supported",
    "currency_unknown",
    "cursor_invalid",
    "dead_letter_needed",
    "dead_letter_not_found",
    "dispute_not_found",
    "event_not_found",
    "field_invalid",
    "field_missing",
    "field_repeated",
    "field_unknown",
    "head_too_slow",
    "header_invalid",
    "headers_too_large",
    "idempotency_key_in_use",
    "idempotency_key_invalid",
    "idempotency_key_missing",
    "idempotency_key_reused",
    "internal_error",
    "issuer_unavailable",
    "json_invalid",
    "ledger_account_not_found",
    "ledger_entry_not_found",
    "ledger_moment_unknown",
    "media_type_unsupported",
    "method_not_allowed",
    "operation_in_progress",
    "merchant_not_found",
    "origin_not_found",
    "origin_not_registered",
    "origins_too_many",
    "overloaded",
    "parameter_invalid",
    "parameter_unknown",
    "parked_stream_inapplicable",
    "parked_stream_not_found",
    "payment_method_not_taken",
    "permission_missing",
    "person_not_found",
    "proposal_not_found",
    "proposal_not_open",
    "psp_not_configured",
    "publishable_key_required",
    "rate_limited",
    "raw_cards_not_enabled",
    "reconciliation_day_not_found",
    "reconciliation_run_not_found",
    "refund_amount_too_large",
    "refund_failed",
    "refund_not_found",
    "request_unreadable",
    "route_not_found",
    "sealed_day_not_found",
    "sealed_day_too_long",
    "second_person_needed",
    "risk_list_not_found",
    "rule_version_not_found",
    "rules_changed",
    "rules_not_usable",
    "secret_key_required",
    "settlement_file_not_changed",
    "settlement_file_not_found",
    "store_unavailable",
    "key_service_unavailable",
    "text_not_storable",
    "token_invalid",
    "token_missing",
    "too_many_notes",
    "too_many_refunds",
    "vault_not_configured",
    "webhook_delivery_not_found",
    "webhook_endpoint_disabled",
    "webhook_endpoint_not_found",
    "webhook_endpoints_too_many",
    "webhook_not_checked",
    "webhook_signature_invalid",
    "webhook_url_not_allowed",
]


class ProblemKind(msgspec.Struct, frozen=True):
    """What all problems of one code have in common.

    `retryable`: the very same request, with the same idempotency key, may succeed if it is sent again.
    """

    status: int
    title: str
    what_to_do: str
    retryable: bool = False


PROBLEMS: Final[Mapping[ProblemCode, ProblemKind]] = MappingProxyType(
    {
        "json_invalid": ProblemKind(
            400, "Invalid JSON body", "Send one JSON object, encoded as UTF-8, and nothing after it."
        ),
        "request_unreadable": ProblemKind(
            400,
            "Invalid HTTP request",
            "Send HTTP/1.1 in clear; a proxy in front of FinCore ends TLS and HTTP/2.",
        ),
        "header_invalid": ProblemKind(
            400, "Invalid header", "Send the header that `param` names once, in its documented form."
        ),
        "idempotency_key_missing": ProblemKind(
            400,
            "Missing Idempotency-Key header",
            "Send a key that is new for each payment, capture, cancellation or refund you intend, such as a UUID, and the "
            "same one when you repeat it.",
        ),
        "idempotency_key_invalid": ProblemKind(
            400,
            "Invalid Idempotency-Key",
            "Send one key of 1 to 255 printable ASCII characters that is no card number. Put it in double quotes if it holds "
            "a space, a comma or a double quote.",
        ),
        "parameter_invalid": ProblemKind(
            400,
            "Invalid query parameter",
            "Correct the parameter that `param` names. `detail` says what it accepts.",
        ),
        "parameter_unknown": ProblemKind(
            400,
            "Unknown query parameter",
            "Remove the parameter that `param` names, or correct its spelling.",
        ),
        "cursor_invalid": ProblemKind(
            400,
            "Invalid cursor",
            "Send `next_cursor` of a page unchanged, to the same list, with a key of the same merchant and mode.",
        ),
        "webhook_signature_invalid": ProblemKind(
            400,
            "Invalid webhook signature",
            "Configure the signing secret of the PSP's webhook endpoint here, and check that both clocks are right.",
        ),
        "api_key_missing": ProblemKind(
            401,
            "Missing API key",
            "Send `Authorization: Bearer sk_...` with a secret key of the merchant.",
        ),
        "api_key_invalid": ProblemKind(
            401,
            "Invalid API key",
            "Check the key for typing mistakes. If it was revoked, use another.",
        ),
        "token_missing": ProblemKind(
            401, "Missing access token", "Log in, and send `Authorization: Bearer` with the access token."
        ),
        "token_invalid": ProblemKind(401, "Invalid access token", "Log in again: the token is not accepted."),
        "charge_failed": ProblemKind(
            402,
            "Failed charge",
            "Read `charge.failure`: it says why, and what may help. To try again, create a new charge with a new key.",
        ),
        "capture_failed": ProblemKind(
            402,
            "Failed capture",
            "Read `charge.operation_failure`: it says why. While the charge is `authorized` the bank still holds the money. "
            "To try again, use a new key.",
        ),
        "cancel_failed": ProblemKind(
            402,
            "Failed cancellation",
            "Read `charge.status`: it says what became of the charge. To try again, use a new key.",
        ),
        "refund_failed": ProblemKind(
            402,
            "Failed refund",
            "Read `refund.failure`: it says why. To refund the amount again, use a new key.",
        ),
        "secret_key_required": ProblemKind(
            403, "Secret key required", "Send a secret key (sk_...), from your back end only."
        ),
        "publishable_key_required": ProblemKind(
            403,
            "Publishable key required",
            "Send a publishable key (pk_...) from a page. If `detail` says that the key was secret, have it revoked now: every visitor of the "
            "page can read it.",
        ),
        "origin_not_registered": ProblemKind(
            403,
            "Origin not registered",
            "Call from a page of the merchant, and ask the operator of this installation to register its origin for the mode of the key.",
        ),
        "raw_cards_not_enabled": ProblemKind(
            403,
            "Raw cards not enabled",
            "Ask the operator of this installation to enable card numbers for the mode of your key, or send a token to the API.",
        ),
        "permission_missing": ProblemKind(
            403,
            "Permission missing",
            "Ask an admin for a role that has the permission which `detail` names.",
        ),
        "risk_list_not_found": ProblemKind(404, "Unknown risk list", "List the risk lists, and name one."),
        "rule_version_not_found": ProblemKind(
            404, "Unknown version of rules", "List the versions of the rules, and name one."
        ),
        "merchant_not_found": ProblemKind(
            404, "Unknown merchant", "Check the id, and that you may see this merchant in some mode."
        ),
        "api_key_not_found": ProblemKind(
            404, "Unknown API key", "Check the id: list the keys of the merchant in the modes that you see."
        ),
        "origin_not_found": ProblemKind(
            404,
            "Origin not registered for merchant",
            "List the origins of the merchant, and name one with its mode.",
        ),
        "dead_letter_not_found": ProblemKind(
            404,
            "Unknown dead letter",
            "List the dead letters again: this one was replayed or discarded meanwhile, and may be held anew.",
        ),
        "parked_stream_not_found": ProblemKind(
            404,
            "Stream not parked",
            "List the parked streams again: this one may be followed again already.",
        ),
        "second_person_needed": ProblemKind(
            403,
            "Second person needed",
            "Have another person decide the proposal, or withdraw it if it is your own.",
        ),
        "route_not_found": ProblemKind(404, "Unknown path", "Check the path. /docs lists all paths."),
        "charge_not_found": ProblemKind(
            404,
            "Unknown charge",
            "Check the id, and that your key is of the merchant and the mode that created the charge.",
        ),
        "ledger_account_not_found": ProblemKind(
            404, "Unknown account", "Check the name and the mode; the list of accounts has those there are."
        ),
        "ledger_entry_not_found": ProblemKind(
            404, "Unknown entry", "Check the number of the entry, and the mode."
        ),
        "ledger_moment_unknown": ProblemKind(
            404,
            "Unknown moment",
            "Name a day that is sealed, or an entry that is there; leave both out for now.",
        ),
        "sealed_day_not_found": ProblemKind(
            404, "Unknown sealed day", "Name a day that is sealed; the list of sealed days has them."
        ),
        "break_not_found": ProblemKind(404, "Unknown break", "Check the number of the break, and the mode."),
        "reconciliation_run_not_found": ProblemKind(
            404, "Unknown run", "Check the id of the run; the list of runs has those that finished."
        ),
        "reconciliation_day_not_found": ProblemKind(404, "Unknown day", "Name a day that has begun, by UTC."),
        "settlement_file_not_found": ProblemKind(
            404, "Unknown settlement file", "Check the id of the file, and the mode."
        ),
        "card_not_found": ProblemKind(
            404,
            "Unknown card",
            "Check the id, and that your key is of the merchant and the mode that had the card kept.",
        ),
        "checkout_session_not_found": ProblemKind(
            404,
            "Unknown checkout session",
            "Check the id, and that your key is of the merchant and the mode that created the session.",
        ),
        "refund_not_found": ProblemKind(
            404,
            "Unknown refund",
            "Check the id, and that your key is of the merchant and the mode that created the refund.",
        ),
        "person_not_found": ProblemKind(
            404, "Unknown person", "Check the id. The list of people holds those there are."
        ),
        "proposal_not_found": ProblemKind(
            404, "Unknown proposal", "Check the id, and that you may see proposals of its mode and merchant."
        ),
        "adjustment_not_found": ProblemKind(
            404, "Unknown adjustment", "Check the id. The list of adjustments holds those there are."
        ),
        "dispute_not_found": ProblemKind(
            404,
            "Unknown dispute",
            "Check the id, and that your key is of the merchant and the mode of the disputed charge.",
        ),
        "balance_transaction_not_found": ProblemKind(
            404,
            "Unknown balance transaction",
            "Check the id, and that your key is of the merchant and the mode of the charge. If it is new, send the request again in a moment.",
        ),
        "event_not_found": ProblemKind(
            404,
            "Unknown event",
            "Check the id, and that your key is of the merchant and the mode of the event. If it is new, send the request again in a moment.",
        ),
        "webhook_endpoint_not_found": ProblemKind(
            404,
            "Unknown webhook endpoint",
            "Check the id, and that your key is of the merchant and the mode that created it. PSPs deliver to "
            "/webhooks/{psp}/{account}.",
        ),
        "webhook_delivery_not_found": ProblemKind(
            404,
            "Unknown webhook delivery",
            "Check the id, and that your key is of the merchant and the mode of the event; deliveries are kept for "
            "30 days.",
        ),
        "method_not_allowed": ProblemKind(
            405, "Method not allowed", "Use a method that the `Allow` header lists."
        ),
        "body_too_slow": ProblemKind(
            408,
            "Slow request body",
            "Send the request again, and its whole body without a pause.",
            retryable=True,
        ),
        "head_too_slow": ProblemKind(
            408,
            "Slow request headers",
            "Send the request again, and all of its headers at once.",
            retryable=True,
        ),
        "break_not_changed": ProblemKind(
            409, "Break not changed", "Read in `detail` why; load the break again, and decide anew."
        ),
        "settlement_file_not_changed": ProblemKind(
            409, "Settlement file not changed", "Read in `detail` why; load the file again, and decide anew."
        ),
        "sealed_day_too_long": ProblemKind(
            409, "Day too long", "Run `fincore ledger verify` on a server of FinCore."
        ),
        "origins_too_many": ProblemKind(
            409,
            "Too many origins",
            "Remove an origin of the merchant in this mode, then register this one with a new key.",
        ),
        "rules_changed": ProblemKind(
            409,
            "Rules changed meanwhile",
            "Look at the version that is live now, then send the request again with a new key.",
        ),
        "dead_letter_needed": ProblemKind(
            409,
            "Dead letter that something waits for",
            "Replay it, or record what became of what it is about.",
        ),
        "parked_stream_inapplicable": ProblemKind(
            409,
            "Parked event still cannot be applied",
            "Mend the cause that `detail` names, with a release if need be, then resume the stream with a new key.",
        ),
        "idempotency_key_in_use": ProblemKind(
            409,
            "Request with this key in progress",
            "Send the same request again after the seconds in `Retry-After`.",
            retryable=True,
        ),
        "charge_busy": ProblemKind(
            409,
            "Concurrent changes to the charge",
            "Send the same request again after the seconds in `Retry-After`. Nothing was done.",
            retryable=True,
        ),
        "checkout_session_busy": ProblemKind(
            409,
            "Concurrent changes to the session",
            "Send the same request again after the seconds in `Retry-After`. Nothing was done.",
            retryable=True,
        ),
        "checkout_session_not_open": ProblemKind(
            409,
            "Checkout session not open",
            "End only a session that is `open`. Refund or cancel the charge of one that is `completed`.",
        ),
        "operation_in_progress": ProblemKind(
            409,
            "Operation in progress",
            "Wait until `pending_operation` of the charge is null. Then send the same request again if you still want it.",
            retryable=True,
        ),
        "act_not_possible": ProblemKind(
            409,
            "Act not possible now",
            "Look at the object again: `detail` says what stands in the way. Nothing was done.",
        ),
        "proposal_not_open": ProblemKind(
            409,
            "Proposal not open",
            "Look at the proposal again: it was decided, or its time is over. Nothing was done.",
        ),
        "charge_not_capturable": ProblemKind(
            409,
            "Charge not capturable",
            "Capture only a charge that is `authorized`. `detail` says what this one is.",
        ),
        "charge_under_review": ProblemKind(
            409,
            "Charge under review",
            "Wait for the webhook `charge.review_decided`, or cancel the charge. `review` of the charge says how it stands.",
        ),
        "charge_not_cancelable": ProblemKind(
            409,
            "Charge not cancelable",
            "Cancel only a charge that is `authorized` or `requires_action`. Refund one that succeeded.",
        ),
        "charge_not_refundable": ProblemKind(
            409,
            "Charge not refundable",
            "Refund only a charge that succeeded. Cancel one that is authorized.",
        ),
        "charge_already_refunded": ProblemKind(
            409,
            "Fully refunded charge",
            "Do not refund again: the refunds of the charge cover the whole amount. `refunds` of the charge lists them.",
        ),
        "charge_disputed": ProblemKind(
            409,
            "Disputed charge",
            "Wait until the dispute has ended: with a refund the customer could get the money twice.",
        ),
        "charge_report_held": ProblemKind(
            409,
            "Charge with a held report",
            "Ask the operator of this installation to look at the report and release it. Then send the request again.",
        ),
        "too_many_notes": ProblemKind(
            409,
            "Too many notes",
            "Read the notes of the charge: it has as many as a charge can have, and takes no further one.",
        ),
        "too_many_refunds": ProblemKind(
            409,
            "Too many refunds",
            f"Refund more at a time: a charge can have at most {REFUNDS_MAX} refunds.",
        ),
        "webhook_endpoint_disabled": ProblemKind(
            409,
            "Disabled webhook endpoint",
            "Remove the cause that `disabled_reason` names, then set `status` to `enabled`.",
        ),
        "webhook_endpoints_too_many": ProblemKind(
            409,
            "Too many webhook endpoints",
            "Delete an endpoint that you no longer need, or change it; disabled ones count, too.",
        ),
        "body_too_large": ProblemKind(
            413, "Body too large", "Send a smaller body. `detail` says how large it may be."
        ),
        "media_type_unsupported": ProblemKind(
            415, "Unsupported media type", "Send `Content-Type: application/json`."
        ),
        "field_missing": ProblemKind(422, "Missing field", "Add the field that `param` names."),
        "field_repeated": ProblemKind(
            422, "Repeated field", "Name each field of an object once. `param` names the one at fault."
        ),
        "field_unknown": ProblemKind(
            422, "Unknown field", "Remove the field that `param` names, or correct its spelling."
        ),
        "field_invalid": ProblemKind(
            422, "Invalid field", "Correct the field that `param` names. `detail` says what it accepts."
        ),
        "currency_unknown": ProblemKind(
            422, "Unknown currency", "Send an ISO 4217 currency code, such as usd or eur."
        ),
        "currency_not_supported": ProblemKind(
            422,
            "Currency not supported",
            "Send a currency that the PSP account takes. `detail` names the one it refuses.",
        ),
        "amount_too_small": ProblemKind(
            422, "Amount too small", "Send at least 1 minor unit in `amount_minor`, or what `detail` says."
        ),
        "amount_too_large": ProblemKind(
            422, "Amount too large", "Send a smaller `amount_minor`. `detail` says how large it may be."
        ),
        "amount_not_expressible": ProblemKind(
            422,
            "Unsupported amount precision",
            "Round `amount_minor` to the multiple that `detail` names.",
        ),
        "capture_amount_too_large": ProblemKind(
            422,
            "Capture amount too large",
            "Capture at most `amount_authorized_minor` of the charge, or leave `amount_minor` out to capture all of it.",
        ),
        "refund_amount_too_large": ProblemKind(
            422,
            "Refund amount too large",
            "Refund at most `amount_refundable_minor` of the charge, or leave `amount_minor` out to give it all back.",
        ),
        "text_not_storable": ProblemKind(
            422,
            "Unsupported characters",
            "Remove NUL characters and unpaired surrogates (\\u0000, \\ud800 to \\udfff) from the texts.",
        ),
        "card_number_not_allowed": ProblemKind(
            422,
            "Card number not allowed",
            "Send the token that your PSP gave you for the card. No field of this API accepts a card number.",
        ),
        "idempotency_key_reused": ProblemKind(
            422,
            "Idempotency-Key of another request",
            "Use a new key for a new request. Repeat a request with exactly the path and the body that it had.",
        ),
        "webhook_url_not_allowed": ProblemKind(
            422,
            "Webhook URL not allowed",
            "Send an HTTPS URL of a server on the public internet. `detail` says what is wrong with this one.",
        ),
        "account_unknown": ProblemKind(
            422,
            "Unknown PSP account",
            "Ask the operator of this installation for the account that made the token, or leave the account out for the "
            "default one. `param` names the field.",
        ),
        "payment_method_not_taken": ProblemKind(
            422,
            "Payment method not taken",
            "Send a payment method that an account of this installation takes. `detail` says what was looked for.",
        ),
        "checkout_not_configured": ProblemKind(
            422,
            "Missing public URL",
            "Ask the operator of this installation to set FINCORE_PUBLIC_URL to where customers reach the checkout role.",
        ),
        "card_deleted": ProblemKind(
            422,
            "Deleted card",
            "Ask your customer for a card: this one was deleted, and nothing brings it back.",
        ),
        "vault_not_configured": ProblemKind(
            422,
            "Missing vault",
            "Ask the operator of this installation to set up the card edge and FINCORE_VAULT_KEYS, or charge a card that is not kept.",
        ),
        "psp_not_configured": ProblemKind(
            422,
            "Missing PSP account",
            "Ask the operator of this installation to configure a PSP account for the mode of your key.",
        ),
        "rules_not_usable": ProblemKind(
            422,
            "Rules with flaws",
            "Correct what `detail` names; a check of the text lists all flaws with their lines.",
        ),
        "rate_limited": ProblemKind(
            429,
            "Too many requests",
            "Send the same request with the same key again after the seconds in `Retry-After`.",
            retryable=True,
        ),
        "headers_too_large": ProblemKind(
            431,
            "Headers too large",
            "Send at most 200 headers, and 64 KiB of them with the path and the query.",
        ),
        "internal_error": ProblemKind(
            500,
            "Internal error",
            "Send the same request with the same key again. If it keeps failing, give `request_id` to the operator.",
            retryable=True,
        ),
        "connections_too_many": ProblemKind(
            503,
            "Too many connections",
            "Send the request over a connection that is open already, or close idle ones.",
            retryable=True,
        ),
        "charge_unreadable": ProblemKind(
            500,
            "Unreadable charge",
            "Give `request_id` to the operator of this installation. Do not send the request again: it will fail again.",
        ),
        "overloaded": ProblemKind(
            503,
            "Server overload",
            "Send the same request with the same key again after the seconds in `Retry-After`.",
            retryable=True,
        ),
        "issuer_unavailable": ProblemKind(
            503,
            "Issuer of tokens unavailable",
            "Send the same request again after the seconds in `Retry-After`.",
            retryable=True,
        ),
        "webhook_not_checked": ProblemKind(
            503,
            "Unchecked webhook",
            "Send the same webhook again after the seconds in `Retry-After`.",
            retryable=True,
        ),
        "card_not_tokenised": ProblemKind(
            503,
            "No PSP reached for card",
            "Send the same request again after the seconds in `Retry-After`, with the same key. Nothing was kept.",
            retryable=True,
        ),
        "key_service_unavailable": ProblemKind(
            503,
            "Key service unavailable",
            "Send the same request with the same key again after the seconds in `Retry-After`. Nothing was kept.",
            retryable=True,
        ),
        "store_unavailable": ProblemKind(
            503,
            "Database unavailable",
            "Send the same request with the same key again. The key makes the repetition safe: FinCore carries it out once.",
            retryable=True,
        ),
    }
)


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """An error: what is wrong, where, and what to do next (RFC 9457)."""

    type: Annotated[str, Meta(description="The URL of the code's documentation, relative to the API.")]
    title: Annotated[str, Meta(description="What all errors with this code have in common.")]
    status: Annotated[int, Meta(description="The HTTP status.", examples=[422])]
    detail: Annotated[str, Meta(description="What is wrong with this request, and what to do next.")]
    code: Annotated[ProblemCode, Meta(description="Branch on it. /docs/errors explains each code.")]
    param: Annotated[
        str | None,
        Meta(
            description="The field, parameter or header at fault, as a dotted path; null where there is none."
        ),
    ]
    request_id: Annotated[str, Meta(description="This request's id. Quote it when you ask for help.")]
    retryable: Annotated[
        bool,
        Meta(description="`true`: the same request, with the same key, may succeed if you send it again."),
    ]


class Problem(Exception):
    """Ends a request with one of `PROBLEMS`. `detail` never repeats what was sent."""

    def __init__(
        self,
        code: ProblemCode,
        detail: str | None = None,
        *,
        param: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code)
        self.code: Final[ProblemCode] = code
        self.detail: Final = detail or PROBLEMS[code].what_to_do
        self.param: Final = param
        self.headers: Final = headers

    def with_headers(self, headers: tuple[tuple[str, str], ...]) -> "Problem":
        """The same problem with further headers."""
        return Problem(self.code, self.detail, param=self.param, headers=(*self.headers, *headers))


def problem_body(
    code: ProblemCode, request_id: RequestId, *, detail: str | None = None, param: str | None = None
) -> ProblemBody:
    """The body that tells a problem."""
    kind = PROBLEMS[code]
    return ProblemBody(
        type=f"/docs/errors#{code}",
        title=kind.title,
        status=kind.status,
        detail=detail or kind.what_to_do,
        code=code,
        param=param,
        request_id=request_id,
        retryable=kind.retryable,
    )
