"""Stripe's errors and what each means for the call that got it, as tables. What no table holds is Unknown.

Sources: docs.stripe.com/declines/codes, docs.stripe.com/error-codes, docs.stripe.com/error-low-level. Where Stripe gives an
`advice_code`, it goes before the advice here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from fincore.domain.outcome import DeclineAdvice, FailureCode, RefundFailureCode


class Refused(msgspec.Struct, frozen=True):
    """No money moved and none will. `discreet`: the customer and the thief must not be told why."""

    code: FailureCode
    advice: DeclineAdvice
    discreet: bool = False


class WithoutReceipt(msgspec.Struct, frozen=True):
    """Stripe dislikes the address for its receipt, and nothing happened: the payment does not need one."""


class Repeat(msgspec.Struct, frozen=True):
    """The call was turned away before anything looked at it."""

    reason: str
    after_seconds: float


class Ask(msgspec.Struct, frozen=True):
    """The payment may stand or be under way: only Stripe's own record of it can tell."""

    reason: str


class Lapsed(msgspec.Struct, frozen=True):
    """What was held has run out: there is nothing left to capture or to cancel."""


class Overtaken(msgspec.Struct, frozen=True):
    """The payment is not in the state that the call needs. The error shows what it has become."""


class RefundRefused(msgspec.Struct, frozen=True):
    """Nothing was given back by this call, and nothing will be."""

    code: RefundFailureCode


Undetermined = Repeat | Ask
"""What an error may mean for every kind of call."""
ErrorPolicy = Refused | Undetermined
AuthorizationErrorPolicy = ErrorPolicy | WithoutReceipt
OperationErrorPolicy = ErrorPolicy | Lapsed | Overtaken
RefundErrorPolicy = RefundRefused | Undetermined

V = TypeVar("V")


def _rows(policy: V, words: str) -> dict[str, V]:
    return dict.fromkeys(words.split(), policy)


OUR_FAULT_PAUSE_SECONDS: Final = 60.0
"""A wrong key waits for a person."""
RATE_LIMIT_PAUSE_SECONDS: Final = 2.0
RATE_LIMIT_LONG_PAUSE_SECONDS: Final = 30.0
"""When Stripe adds that an early repeat is of no use."""
LOCK_PAUSE_SECONDS: Final = 1.0

CARD_DECLINES: Final[Mapping[str, Refused]] = MappingProxyType(
    _rows(
        Refused("card_declined", "retry_later"),
        "approve_with_id call_issuer card_velocity_exceeded do_not_honor generic_decline insufficient_funds "
        "try_again_later withdrawal_count_limit_exceeded",
    )
    | _rows(
        Refused("processing_error", "retry_later"),
        "issuer_not_available processing_error reenter_transaction",
    )
    | _rows(
        Refused("authentication_required", "ask_customer"),
        "authentication_required mobile_device_authentication_required",
    )
    | _rows(Refused("authentication_failed", "ask_customer"), "authentication_not_handled")
    | _rows(Refused("incorrect_cvc", "ask_customer"), "incorrect_cvc invalid_cvc")
    | _rows(Refused("incorrect_number", "ask_customer"), "incorrect_number invalid_number")
    | _rows(Refused("expired_card", "ask_customer"), "expired_card")
    | _rows(
        Refused("payment_method_invalid", "ask_customer"),
        "incorrect_address incorrect_postal_code incorrect_zip invalid_expiry_month invalid_expiry_year",
    )
    | _rows(
        Refused("card_declined", "ask_customer"),
        "incorrect_pin invalid_amount invalid_pin offline_pin_required online_or_offline_pin_required "
        "pin_try_exceeded",
    )
    | _rows(
        Refused("card_declined", "do_not_retry", discreet=True),
        "fraudulent lost_card merchant_blacklist pickup_card restricted_card security_violation stolen_card",
    )
    | _rows(
        Refused("card_declined", "do_not_retry"),
        "card_decline_rate_limit_exceeded card_not_supported currency_not_supported do_not_try_again "
        "duplicate_transaction no_action_taken not_permitted revocation_of_all_authorizations "
        "revocation_of_authorization revocation_of_authorizations service_not_allowed stop_payment_order "
        "transaction_not_allowed",
    )
    | _rows(
        Refused("payment_method_invalid", "do_not_retry"),
        "invalid_account live_mode_test_card new_account_information_available test_mode_live_card testmode_decline",
    )
)
"""`card_error`: decline code, or where it has none the error code -> why the charge failed."""

UNLISTED_DECLINE: Final = Refused("card_declined", "ask_customer")
"""A `card_error` of a name we do not know: declined for certain, so no robot repeats it and the customer may try."""

LOCK_TIMEOUT: Final = Repeat("Stripe holds a lock on the payment", LOCK_PAUSE_SECONDS)

_UNDETERMINED: Final[Mapping[str, Undetermined]] = {
    "rate_limit": Repeat("Stripe limits the rate", RATE_LIMIT_PAUSE_SECONDS),
    "lock_timeout": LOCK_TIMEOUT,
    "idempotency_key_in_use": Ask("the same call may still be under way"),
}
"""Rows of every table of error codes."""

REQUEST_ERRORS: Final[Mapping[str, AuthorizationErrorPolicy]] = MappingProxyType(
    dict[str, AuthorizationErrorPolicy](_UNDETERMINED)
    | _rows(
        Refused("payment_method_invalid", "ask_customer"),
        "expired_payment_method invalid_card_type payment_intent_incompatible_payment_method "
        "payment_method_billing_details_address_missing payment_method_currency_mismatch "
        "payment_method_invalid_parameter payment_method_restricted payment_method_unactivated "
        "payment_method_unexpected_state payment_method_unsupported_type token_already_used "
        "token_card_network_invalid",
    )
    | _rows(
        Refused("payment_method_invalid", "do_not_retry"),
        "livemode_mismatch payment_method_invalid_parameter_testmode",
    )
    | _rows(
        Refused("authentication_failed", "ask_customer"),
        "authentication_failure payment_intent_authentication_failure payment_intent_payment_attempt_expired "
        "three_d_secure_authentication_not_supported",
    )
    | _rows(
        Refused("authentication_required", "ask_customer"),
        "payment_intent_action_required",
    )
    | _rows(
        Refused("card_declined", "ask_customer"),
        "payment_intent_payment_attempt_failed payment_method_customer_decline payment_method_provider_decline",
    )
    | _rows(Refused("processing_error", "retry_later"), "payment_method_not_available")
    | _rows(Refused("amount_too_small", "do_not_retry"), "amount_too_small")
    | _rows(Refused("amount_too_large", "do_not_retry"), "amount_too_large")
    | _rows(WithoutReceipt(), "email_invalid")
    | _rows(
        Ask("the payment is in a state that Stripe did not expect"),
        "intent_invalid_state payment_intent_unexpected_state resource_already_exists status_transition_invalid",
    )
    | _rows(
        Ask("the same call may still be under way"),
        "payment_method_provider_timeout three_d_secure_authentication_upstream_error token_in_use",
    )
)
"""`invalid_request_error` to an authorization: error code -> what it means for the payment."""

UNLISTED_REQUEST_ERROR: Final = Refused("psp_rejected_request", "do_not_retry")
"""Stripe did not accept the form, so nothing happened, and the same form will not fare better."""

RECEIPT_REFUSED: Final = Refused("psp_rejected_request", "ask_customer")
"""What `WithoutReceipt` means to a payment that had none, or that stands at Stripe already."""

CARD_PARAMS: Final = ("card", "billing_details")
"""The parameters of a call for a token that say which card it is; Stripe points at them, or at one inside as in `card[number]`."""

CARDS_NOT_PERMITTED: Final = Repeat(
    "Stripe refuses card numbers of the account and names no fault of the card: ask Stripe to permit raw card data",
    OUR_FAULT_PAUSE_SECONDS,
)
"""`invalid_request_error` to a card, without a code and without one of `CARD_PARAMS`: so Stripe answers an account without that
permission, which would refuse every card."""

REQUEST_ERRORS_BY_PARAM: Final[Mapping[str, Refused | WithoutReceipt]] = MappingProxyType(
    {
        "payment_method": Refused("payment_method_invalid", "ask_customer"),
        "customer_email": WithoutReceipt(),
        "receipt_email": WithoutReceipt(),
    }
)
"""`invalid_request_error` with a code that no row above names: the parameter Stripe points at."""

OPERATION_ERRORS: Final[Mapping[str, OperationErrorPolicy]] = MappingProxyType(
    dict[str, OperationErrorPolicy](_UNDETERMINED)
    | _rows(Lapsed(), "capture_charge_authorization_expired charge_expired_for_capture")
    | _rows(
        Overtaken(),
        "capture_unauthorized_payment charge_already_captured charge_already_refunded intent_invalid_state "
        "payment_intent_unexpected_state status_transition_invalid",
    )
    | _rows(
        Ask("the same call may still be under way"), "payment_method_provider_timeout resource_already_exists"
    )
)
"""An error to a capture or a cancellation: error code -> what it means for that. A `card_error` may be read by
`CARD_DECLINES` too."""

UNLISTED_OPERATION_ERROR: Final = Refused("psp_rejected_request", "do_not_retry")
"""Stripe did not carry the capture or the cancellation out (the amount is too large, for one), and will not."""

REFUND_ERRORS: Final[Mapping[str, RefundErrorPolicy]] = MappingProxyType(
    dict[str, RefundErrorPolicy](_UNDETERMINED)
    | _rows(
        RefundRefused("not_refundable"),
        "amount_too_large charge_already_refunded charge_not_refundable intent_invalid_state "
        "payment_intent_unexpected_state",
    )
    | _rows(RefundRefused("charge_disputed"), "charge_disputed refund_disputed_payment")
    | _rows(RefundRefused("insufficient_funds"), "balance_insufficient insufficient_funds")
    | _rows(
        Ask("the same call may still be under way"), "payment_method_provider_timeout resource_already_exists"
    )
)
"""An error to a refund: error code -> why nothing was given back, or whether that is open."""

REFUND_ERRORS_BY_PARAM: Final[Mapping[str, RefundRefused]] = MappingProxyType(
    {"amount": RefundRefused("not_refundable")}
)
"""An error to a refund with a code that no row above names: Stripe gives none where more is asked for than is left."""

DECLINED_REFUND: Final = RefundRefused("declined")
"""A `card_error` to a refund with a code that no row above names."""

UNLISTED_REFUND_ERROR: Final = RefundRefused("psp_rejected_request")

STATUSES: Final[Mapping[int, Undetermined]] = MappingProxyType(
    {
        401: Repeat("Stripe refuses our secret key: check it", OUR_FAULT_PAUSE_SECONDS),
        403: Repeat("Stripe does not permit our secret key to do this: check it", OUR_FAULT_PAUSE_SECONDS),
        409: Ask("the same call may still be under way"),
        429: Repeat("Stripe limits the rate", RATE_LIMIT_PAUSE_SECONDS),
    }
)
"""HTTP statuses that decide alone, without the error."""

REQUEST_ERROR_STATUSES: Final = frozenset({400, 402, 404})
"""Where an `invalid_request_error` is one. With any other status it is Unknown."""

ADVICE: Final[Mapping[str, DeclineAdvice]] = MappingProxyType(
    {
        "confirm_card_data": "ask_customer",
        "do_not_try_again": "do_not_retry",
        "try_again_later": "retry_later",
    }
)
"""Stripe's `advice_code` on a decline."""
