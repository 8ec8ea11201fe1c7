"""Every error the API answers: RFC 9457 problem details, all of them from one table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import RequestId
from fincore.domain.requests import REFUNDS_MAX

ProblemCode = Literal[
    "amount_not_expressible",
    "amount_too_large",
    "amount_too_small",
    "api_key_invalid",
    "api_key_missing",
    "balance_transaction_not_found",
    "body_too_large",
    "body_too_slow",
    "cancel_failed",
    "capture_amount_too_large",
    "capture_failed",
    "card_number_not_allowed",
    "charge_already_refunded",
    "charge_busy",
    "charge_disputed",
    "charge_failed",
    "charge_not_cancelable",
    "charge_not_capturable",
    "charge_not_found",
    "charge_not_refundable",
    "currency_not_supported",
    "currency_unknown",
    "cursor_invalid",
    "dispute_not_found",
    "event_not_found",
    "field_invalid",
    "field_missing",
    "field_unknown",
    "header_invalid",
    "idempotency_key_in_use",
    "idempotency_key_invalid",
    "idempotency_key_missing",
    "idempotency_key_reused",
    "internal_error",
    "json_invalid",
    "media_type_unsupported",
    "method_not_allowed",
    "operation_in_progress",
    "overloaded",
    "parameter_invalid",
    "parameter_unknown",
    "psp_not_configured",
    "refund_amount_too_large",
    "refund_failed",
    "refund_not_found",
    "route_not_found",
    "secret_key_required",
    "store_unavailable",
    "text_not_storable",
    "too_many_refunds",
    "webhook_delivery_not_found",
    "webhook_endpoint_disabled",
    "webhook_endpoint_not_found",
    "webhook_endpoints_too_many",
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
            400, "The body is not JSON", "Send one JSON object, encoded as UTF-8, and nothing after it."
        ),
        "header_invalid": ProblemKind(
            400, "A header cannot be read", "Send the header that `param` names once, in its documented form."
        ),
        "idempotency_key_missing": ProblemKind(
            400,
            "The Idempotency-Key header is missing",
            "Send a key that is new for each payment, capture, cancellation or refund you intend, such as a UUID, and the "
            "same one when you repeat it.",
        ),
        "idempotency_key_invalid": ProblemKind(
            400,
            "The Idempotency-Key cannot be used",
            "Send one key of 1 to 255 printable ASCII characters, bare or in double quotes, and no card number.",
        ),
        "parameter_invalid": ProblemKind(
            400,
            "A query parameter is wrong",
            "Correct the parameter that `param` names; `detail` says what it takes.",
        ),
        "parameter_unknown": ProblemKind(
            400,
            "There is no such query parameter",
            "Remove the parameter that `param` names, or correct its spelling.",
        ),
        "cursor_invalid": ProblemKind(
            400,
            "The cursor is not one of ours",
            "Use `next_cursor` of a list as it is, with the same API key; start without a cursor.",
        ),
        "webhook_signature_invalid": ProblemKind(
            400,
            "The webhook's signature does not hold",
            "Check that the endpoint's signing secret is the one configured here, and that clocks agree.",
        ),
        "api_key_missing": ProblemKind(
            401,
            "No API key was sent",
            "Send `Authorization: Bearer sk_...` with a secret key of the merchant.",
        ),
        "api_key_invalid": ProblemKind(
            401,
            "The API key is not valid",
            "Check the key for typing mistakes; it may also have been revoked.",
        ),
        "charge_failed": ProblemKind(
            402,
            "The charge failed",
            "`charge.failure` says why and what may help. To try again, create a new charge with a new key.",
        ),
        "capture_failed": ProblemKind(
            402,
            "The capture was not carried out",
            "`charge.operation_failure` says why. What was held is still held while the charge is `authorized`; to try "
            "again, use a new key.",
        ),
        "cancel_failed": ProblemKind(
            402,
            "The cancellation was not carried out",
            "`charge.status` says where the charge stands; to try again, use a new key.",
        ),
        "refund_failed": ProblemKind(
            402,
            "The refund failed",
            "`refund.failure` says why. The amount can be refunded again; to try again, use a new key.",
        ),
        "secret_key_required": ProblemKind(
            403, "A publishable key may not do this", "Use a secret key (sk_...), from your back end only."
        ),
        "route_not_found": ProblemKind(
            404, "There is nothing at this path", "Check the path; /docs lists all there are."
        ),
        "charge_not_found": ProblemKind(
            404,
            "There is no such charge",
            "Check the id, and that your key is of the merchant and the mode that created the charge.",
        ),
        "refund_not_found": ProblemKind(
            404,
            "There is no such refund",
            "Check the id, and that your key is of the merchant and the mode that created the refund.",
        ),
        "dispute_not_found": ProblemKind(
            404,
            "There is no such dispute",
            "Check the id, and that your key is of the merchant and the mode of the charge in question.",
        ),
        "balance_transaction_not_found": ProblemKind(
            404,
            "There is no such balance transaction",
            "Check the id, and that your key is of the merchant and the mode of the charge; a moment old, it may follow.",
        ),
        "event_not_found": ProblemKind(
            404,
            "There is no such event",
            "Check the id, and that your key is of the merchant and the mode of the event; a moment old, it may follow.",
        ),
        "webhook_endpoint_not_found": ProblemKind(
            404,
            "There is no such webhook endpoint",
            "Check the id, and that your key is of the merchant and the mode that created it. PSPs deliver to "
            "/webhooks/{psp}/{account}.",
        ),
        "webhook_delivery_not_found": ProblemKind(
            404,
            "There is no such delivery",
            "Check the id, and that your key is of the merchant and the mode of the event; deliveries are kept for "
            "30 days.",
        ),
        "method_not_allowed": ProblemKind(
            405, "This path does not take this method", "Use a method that the `Allow` header lists."
        ),
        "body_too_slow": ProblemKind(
            408, "The body did not arrive in time", "Send the request again.", retryable=True
        ),
        "idempotency_key_in_use": ProblemKind(
            409,
            "A request with this key is still at work",
            "Send the same request again after the seconds that `Retry-After` says.",
            retryable=True,
        ),
        "charge_busy": ProblemKind(
            409,
            "Too many requests change this charge at once",
            "Nothing was done. Send the same request again after the seconds that `Retry-After` says.",
            retryable=True,
        ),
        "operation_in_progress": ProblemKind(
            409,
            "An operation on the charge is under way",
            "Wait until `pending_operation` of the charge is null; then send the same request again, if it is still wanted.",
            retryable=True,
        ),
        "charge_not_capturable": ProblemKind(
            409,
            "The charge cannot be captured",
            "Only a charge that is `authorized` can be; `detail` says what it is.",
        ),
        "charge_not_cancelable": ProblemKind(
            409,
            "The charge cannot be canceled",
            "Only a charge that is `authorized` or `requires_action` can be; refund one that succeeded.",
        ),
        "charge_not_refundable": ProblemKind(
            409,
            "The charge cannot be refunded",
            "Only a charge that succeeded can be; cancel one that is authorized.",
        ),
        "charge_already_refunded": ProblemKind(
            409,
            "Nothing is left to refund",
            "The whole amount was given back, or is about to be; `refunds` of the charge says by what.",
        ),
        "charge_disputed": ProblemKind(
            409,
            "The charge is disputed",
            "Wait for the end of the dispute: the customer could get the money twice.",
        ),
        "too_many_refunds": ProblemKind(
            409,
            "The charge has too many refunds",
            f"A charge can have {REFUNDS_MAX} refunds at most; give back more at a time.",
        ),
        "webhook_endpoint_disabled": ProblemKind(
            409,
            "The webhook endpoint is disabled",
            "See to what disabled it (`disabled_reason`), then set its `status` to `enabled`.",
        ),
        "webhook_endpoints_too_many": ProblemKind(
            409,
            "There are as many webhook endpoints as there may be",
            "Change an endpoint that you no longer need; disabled ones count, too.",
        ),
        "body_too_large": ProblemKind(
            413, "The body is too large", "Send less; `detail` says how much is taken."
        ),
        "media_type_unsupported": ProblemKind(
            415, "The body's media type is not taken here", "Send `Content-Type: application/json`."
        ),
        "field_missing": ProblemKind(422, "A required field is missing", "Add the field that `param` names."),
        "field_unknown": ProblemKind(
            422, "There is no such field", "Remove the field that `param` names, or correct its spelling."
        ),
        "field_invalid": ProblemKind(
            422, "A field is wrong", "Correct the field that `param` names; `detail` says what it takes."
        ),
        "currency_unknown": ProblemKind(
            422, "The currency is not known", "Send an ISO 4217 currency code, such as usd or eur."
        ),
        "currency_not_supported": ProblemKind(
            422, "Currency not taken by the PSP", "Charge in another currency; `detail` names this one."
        ),
        "amount_too_small": ProblemKind(
            422, "Amount too small", "Send at least 1 minor unit in `amount_minor`, or what `detail` says."
        ),
        "amount_too_large": ProblemKind(
            422, "Amount too large", "Send less in `amount_minor`; `detail` says how much is taken at most."
        ),
        "amount_not_expressible": ProblemKind(
            422,
            "Amount finer than the PSP takes",
            "Round `amount_minor` to the multiple that `detail` names.",
        ),
        "capture_amount_too_large": ProblemKind(
            422,
            "More than the charge holds",
            "Capture at most `amount_authorized_minor` of the charge, or leave `amount_minor` out to take it all.",
        ),
        "refund_amount_too_large": ProblemKind(
            422,
            "More than is left to refund",
            "Refund at most `amount_refundable_minor` of the charge, or leave `amount_minor` out to give it all back.",
        ),
        "text_not_storable": ProblemKind(
            422,
            "A text holds characters that cannot be stored",
            "Remove NUL characters and unpaired surrogates (\\u0000, \\ud800 to \\udfff) from the texts.",
        ),
        "card_number_not_allowed": ProblemKind(
            422,
            "A card number was sent",
            "Send the token your PSP gave for the card; card numbers belong in no field of this API.",
        ),
        "idempotency_key_reused": ProblemKind(
            422,
            "The key was used for another request",
            "Use a new key for a new request; repeat a request with exactly the path and the body it had.",
        ),
        "webhook_url_not_allowed": ProblemKind(
            422,
            "The URL cannot be used for webhooks",
            "Send an HTTPS URL of a server on the public internet; `detail` says what is wrong with this one.",
        ),
        "psp_not_configured": ProblemKind(
            422,
            "No PSP account is set up for this mode",
            "Ask whoever runs this installation to configure a PSP account for the mode of your key.",
        ),
        "internal_error": ProblemKind(
            500,
            "Something is broken on our side",
            "Send the same request with the same key again; report `request_id` if it keeps failing.",
            retryable=True,
        ),
        "overloaded": ProblemKind(
            503,
            "Too much to do at the moment",
            "Send the same request with the same key again after the seconds that `Retry-After` says.",
            retryable=True,
        ),
        "store_unavailable": ProblemKind(
            503,
            "The database cannot be reached at the moment",
            "Send the same request with the same key again: it is safe, whether or not the first was carried out.",
            retryable=True,
        ),
    }
)


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """An error: what is wrong, where, and what to do next (RFC 9457)."""

    type: Annotated[str, Meta(description="URL of this code's documentation, relative to the API.")]
    title: str
    status: int
    detail: str
    code: ProblemCode
    param: Annotated[
        str | None, Meta(description="The field, parameter or header at fault, as a dotted path.")
    ]
    request_id: Annotated[str, Meta(description="Name it when you ask for help.")]
    retryable: Annotated[bool, Meta(description="Whether the very same request may be sent again.")]


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
