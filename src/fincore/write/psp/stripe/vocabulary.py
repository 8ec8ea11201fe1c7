"""Stripe's words and what each means to FinCore, as tables. What no table holds is Unknown.

Sources: docs.stripe.com/declines/codes, docs.stripe.com/error-codes, docs.stripe.com/error-low-level. Where Stripe
gives an `advice_code`, it goes before the advice here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.outcome import DeclineAdvice, FailureCode


class Refused(msgspec.Struct, frozen=True):
    """No money moved and none will. `discreet`: the customer and the thief must not be told why."""

    code: FailureCode
    advice: DeclineAdvice
    discreet: bool = False


class Repeat(msgspec.Struct, frozen=True):
    """The call was turned away before anything looked at it."""

    reason: str
    after_seconds: float


class Ask(msgspec.Struct, frozen=True):
    """The payment may stand or be under way: only Stripe's own record of it can tell."""

    reason: str


Verdict = Refused | Repeat | Ask


def _rows(verdict: Verdict, words: str) -> dict[str, Verdict]:
    return dict.fromkeys(words.split(), verdict)


def _declines(verdict: Refused, words: str) -> dict[str, Refused]:
    return dict.fromkeys(words.split(), verdict)


OUR_FAULT_PAUSE_SECONDS: Final = 60.0
"""A wrong key waits for a person."""
RATE_LIMIT_PAUSE_SECONDS: Final = 2.0
RATE_LIMIT_LONG_PAUSE_SECONDS: Final = 30.0
"""When Stripe adds that an early repeat is of no use."""
LOCK_PAUSE_SECONDS: Final = 1.0

CARD_DECLINES: Final[Mapping[str, Refused]] = MappingProxyType(
    _declines(
        Refused("card_declined", "retry_later"),
        "approve_with_id call_issuer card_velocity_exceeded do_not_honor generic_decline insufficient_funds "
        "try_again_later withdrawal_count_limit_exceeded",
    )
    | _declines(
        Refused("processing_error", "retry_later"),
        "issuer_not_available processing_error reenter_transaction",
    )
    | _declines(
        Refused("authentication_required", "ask_customer"),
        "authentication_required mobile_device_authentication_required",
    )
    | _declines(Refused("authentication_failed", "ask_customer"), "authentication_not_handled")
    | _declines(Refused("incorrect_cvc", "ask_customer"), "incorrect_cvc invalid_cvc")
    | _declines(Refused("incorrect_number", "ask_customer"), "incorrect_number invalid_number")
    | _declines(Refused("expired_card", "ask_customer"), "expired_card")
    | _declines(
        Refused("payment_method_invalid", "ask_customer"),
        "incorrect_address incorrect_postal_code incorrect_zip invalid_expiry_month invalid_expiry_year",
    )
    | _declines(
        Refused("card_declined", "ask_customer"),
        "incorrect_pin invalid_amount invalid_pin offline_pin_required online_or_offline_pin_required "
        "pin_try_exceeded",
    )
    | _declines(
        Refused("card_declined", "do_not_retry", discreet=True),
        "fraudulent lost_card merchant_blacklist pickup_card restricted_card security_violation stolen_card",
    )
    | _declines(
        Refused("card_declined", "do_not_retry"),
        "card_decline_rate_limit_exceeded card_not_supported currency_not_supported do_not_try_again "
        "duplicate_transaction no_action_taken not_permitted revocation_of_all_authorizations "
        "revocation_of_authorization revocation_of_authorizations service_not_allowed stop_payment_order "
        "transaction_not_allowed",
    )
    | _declines(
        Refused("payment_method_invalid", "do_not_retry"),
        "invalid_account live_mode_test_card new_account_information_available test_mode_live_card testmode_decline",
    )
)
"""`card_error`: decline code, or where it has none the error code -> why the charge failed."""

UNLISTED_DECLINE: Final = Refused("card_declined", "ask_customer")
"""A `card_error` of a name we do not know: declined for certain, so no robot repeats it and the customer may try."""

REQUEST_ERRORS: Final[Mapping[str, Verdict]] = MappingProxyType(
    _rows(
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
    | _rows(Refused("psp_rejected_request", "ask_customer"), "email_invalid")
    | _rows(Repeat("Stripe limits the rate", RATE_LIMIT_PAUSE_SECONDS), "rate_limit")
    | _rows(Repeat("Stripe holds a lock on the payment", LOCK_PAUSE_SECONDS), "lock_timeout")
    | _rows(
        Ask("the payment is in a state that Stripe did not expect"),
        "intent_invalid_state payment_intent_unexpected_state resource_already_exists status_transition_invalid",
    )
    | _rows(
        Ask("the same call may still be under way"),
        "idempotency_key_in_use payment_method_provider_timeout three_d_secure_authentication_upstream_error "
        "token_in_use",
    )
)
"""`invalid_request_error`: error code -> what it means for the payment."""

UNLISTED_REQUEST_ERROR: Final = Refused("psp_rejected_request", "do_not_retry")
"""Stripe did not accept the form, so nothing happened, and the same form will not fare better."""

REQUEST_ERRORS_BY_PARAM: Final[Mapping[str, Refused]] = MappingProxyType(
    {
        "payment_method": Refused("payment_method_invalid", "ask_customer"),
        "receipt_email": Refused("psp_rejected_request", "ask_customer"),
    }
)
"""`invalid_request_error` with a code that no row above names: the parameter Stripe points at."""

STATUSES: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        401: Repeat("Stripe refuses our secret key: check it", OUR_FAULT_PAUSE_SECONDS),
        403: Repeat("Stripe does not permit our secret key to do this: check it", OUR_FAULT_PAUSE_SECONDS),
        409: Ask("the same call may still be under way"),
        429: Repeat("Stripe limits the rate", RATE_LIMIT_PAUSE_SECONDS),
    }
)
"""HTTP statuses that say all, whatever the error is."""

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
