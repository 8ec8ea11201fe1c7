"""PayPal's issues and what each means for the call that got it, as one table. What it does not hold is Unknown. Pure.

Source: the error responses of PayPal's specifications of Orders v2 and Payments v2.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from fincore.domain.outcome import DeclineAdvice, FailureCode, RefundFailureCode


class Refused(msgspec.Struct, frozen=True):
    """Nothing was done and nothing will be: `code` says why of a payment, a capture or a void, `refund` of a refund.

    `discreet`: the customer must not be told why.
    """

    code: FailureCode
    advice: DeclineAdvice
    refund: RefundFailureCode = "psp_rejected_request"
    discreet: bool = False


class CustomerMustAct(msgspec.Struct, frozen=True):
    """The customer has to go to PayPal's page, again or for the first time. `code` is why a payment without a page fails."""

    code: FailureCode


class Look(msgspec.Struct, frozen=True):
    """Something became of the payment before this call: PayPal's record of it says what."""


class Gone(msgspec.Struct, frozen=True):
    """PayPal does not hold what the call names, any more or at all."""


class Repeat(msgspec.Struct, frozen=True):
    """Nothing looked at the call, or it came too early: the same call may be made again."""

    reason: str
    after_seconds: float


class Ask(msgspec.Struct, frozen=True):
    """The payment may stand or be under way: only PayPal's own record can tell."""

    reason: str


IssueMeaning = Refused | CustomerMustAct | Look | Gone | Repeat | Ask

OUR_FAULT_PAUSE_SECONDS: Final = 60.0
"""What a person has to set right."""
NOT_YET_PAUSE_SECONDS: Final = 5.0
RATE_LIMIT_PAUSE_SECONDS: Final = 10.0

V = TypeVar("V")


def _rows(meaning: V, issues: str) -> dict[str, V]:
    return dict.fromkeys(issues.split(), meaning)


_WRONG_REQUEST: Final = Refused("psp_rejected_request", "do_not_retry")

ISSUES: Final[Mapping[str, IssueMeaning]] = MappingProxyType(
    dict[str, IssueMeaning]()
    # What we sent is not as PayPal wants it, and will be no better the next time.
    | _rows(
        _WRONG_REQUEST,
        "ACTION_DOES_NOT_MATCH_INTENT AMOUNT_CANNOT_BE_SPECIFIED AMOUNT_MISMATCH APPLE_PAY_AMOUNT_MISMATCH "
        "AUTHORIZATION_CURRENCY_MISMATCH AUTH_CAPTURE_CURRENCY_MISMATCH AUTH_CURRENCY_MISMATCH "
        "BILLING_ADDRESS_INVALID BLIK_ONE_CLICK_MISSING_REQUIRED_PARAMETER CANCEL_URL_REQUIRED CANNOT_BE_NEGATIVE "
        "CITY_REQUIRED CRYPTOGRAM_REQUIRED CURRENCY_MISMATCH DECIMALS_NOT_SUPPORTED DECIMAL_PRECISION "
        "DONATION_ITEMS_NOT_SUPPORTED DUPLICATE_REFERENCE_ID EMV_DATA_REQUIRED GOOGLE_PAY_GATEWAY_MERCHANT_ID_MISMATCH "
        "IDENTIFIER_NOT_FOUND INCOMPATIBLE_PARAMETER_VALUE INVALID_ARRAY_MAX_ITEMS INVALID_ARRAY_MIN_ITEMS "
        "INVALID_COUNTRY_CODE INVALID_CURRENCY_CODE INVALID_FX_RATE_ID INVALID_PARAMETER_SYNTAX "
        "INVALID_PARAMETER_VALUE INVALID_PAYEE_PRICING_TIER_ID INVALID_PICKUP_ADDRESS "
        "INVALID_PLATFORM_FEES_ACCOUNT INVALID_PLATFORM_FEES_AMOUNT INVALID_STRING_LENGTH "
        "INVALID_STRING_MAX_LENGTH ITEM_TOTAL_MISMATCH ITEM_TOTAL_REQUIRED MALFORMED_REQUEST_JSON "
        "MERCHANT_INITIATED_WITH_AUTHENTICATION_RESULTS MERCHANT_INITIATED_WITH_MULTIPLE_PURCHASE_UNITS "
        "MERCHANT_INITIATED_WITH_SECURITY_CODE MISSING_CRYPTOGRAM MISSING_PICKUP_ADDRESS MISSING_PREVIOUS_REFERENCE "
        "MISSING_REQUIRED_PARAMETER MULTIPLE_ITEM_CATEGORIES MULTIPLE_SHIPPING_ADDRESS_NOT_SUPPORTED "
        "MULTIPLE_SHIPPING_OPTION_SELECTED MULTIPLE_SHIPPING_TYPE_NOT_SUPPORTED MULTI_CURRENCY_ORDER NOT_SUPPORTED "
        "ONE_OF_PARAMETERS_REQUIRED ONLY_ONE_BANK_SOURCE_ALLOWED ORDER_CANNOT_BE_SAVED "
        "ORDER_COMPLETE_ON_PAYMENT_APPROVAL PAYEE_FX_RATE_ID_CURRENCY_MISMATCH PAYEE_FX_RATE_ID_EXPIRED "
        "PAYMENT_TYPE_NOT_SUPPORTED_FOR_INTENT PAYPAL_REQUEST_ID_REQUIRED PLATFORM_FEES_NOT_SUPPORTED "
        "PLATFORM_FEE_EXCEEDED PLATFORM_FEE_NOT_ENABLED PLATFORM_FEE_PAYEE_CANNOT_BE_SAME_AS_PAYER "
        "POSTAL_CODE_REQUIRED PREFERRED_SHIPPING_OPTION_AMOUNT_MISMATCH REFERENCE_ID_REQUIRED "
        "REFUND_CAPTURE_CURRENCY_MISMATCH REQUIRED_PARAMETER_FOR_CUSTOMER_INITIATED_PAYMENT RETURN_URL_REQUIRED "
        "SAVE_ORDER_NOT_SUPPORTED SHIPPING_ADDRESS_INVALID SHIPPING_OPTIONS_NOT_SUPPORTED SHIPPING_OPTION_NOT_SELECTED "
        "SHIPPING_TYPE_NOT_SUPPORTED_FOR_CLIENT TAX_TOTAL_MISMATCH TAX_TOTAL_REQUIRED UNSUPPORTED_INTENT "
        "UNSUPPORTED_INTENT_FOR_PAYMENT_SOURCE UNSUPPORTED_PAYMENT_INSTRUCTION UNSUPPORTED_PROCESSING_INSTRUCTION "
        "UNSUPPORTED_SHIPPING_TYPE VAULT_INSTRUCTION_DUPLICATED VAULT_INSTRUCTION_REQUIRED",
    )
    # The merchant's account at PayPal may not do this.
    | _rows(
        _WRONG_REQUEST,
        "AUTH_CAPTURE_NOT_ENABLED NOT_ELIGIBLE_FOR_PAYPAL_TRANSACTION_ID_PROCESSING NOT_ELIGIBLE_FOR_PNREF_PROCESSING "
        "NOT_ENABLED_FOR_APPLE_PAY NOT_ENABLED_FOR_BANK_PROCESSING NOT_ENABLED_FOR_CARD_PROCESSING "
        "NOT_ENABLED_FOR_GOOGLE_PAY NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE PAYEE_ACCOUNT_INVALID "
        "PAYEE_ACCOUNT_LOCKED_OR_CLOSED PAYEE_ACCOUNT_RESTRICTED PAYEE_NOT_ENABLED_FOR_BANK_PROCESSING "
        "PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING PAYEE_PRICING_TIER_ID_NOT_ENABLED SETUP_ERROR_FOR_BANK",
    )
    | _rows(
        Repeat("PayPal does not permit our account to do this: check it", OUR_FAULT_PAUSE_SECONDS),
        "CONSENT_NEEDED INVALID_ACCOUNT_STATUS NOT_ELIGIBLE_FOR_TOKEN_PROCESSING PERMISSION_DENIED "
        "PERMISSION_DENIED_FOR_DONATION_ITEMS",
    )
    # What the customer pays with does not do.
    | _rows(
        Refused("payment_method_invalid", "ask_customer"),
        "AGREEMENT_ALREADY_CANCELLED ALIAS_DECLINED_BY_PROCESSOR BANK_NOT_SUPPORTED_FOR_VERIFICATION "
        "BILLING_AGREEMENT_ID_MISMATCH BILLING_AGREEMENT_NOT_FOUND CARD_BRAND_NOT_SUPPORTED CARD_EXPIRY_REQUIRED "
        "CARD_NUMBER_REQUIRED CURRENCY_NOT_SUPPORTED_FOR_BANK DOMESTIC_TRANSACTION_REQUIRED "
        "IBAN_COUNTRY_NOT_SUPPORTED INVALID_EXPIRY_DATE INVALID_GOOGLE_PAY_TOKEN INVALID_IBAN INVALID_PAYER_ID "
        "INVALID_PREVIOUS_TRANSACTION_REFERENCE INVALID_SECURITY_CODE_LENGTH MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE "
        "PAYMENT_SOURCE_CANNOT_BE_USED PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED PAYMENT_SOURCE_MISMATCH "
        "PAYMENT_SOURCE_NOT_SUPPORTED PAYPAL_TRANSACTION_ID_EXPIRED PAYPAL_TRANSACTION_ID_NOT_FOUND PNREF_EXPIRED "
        "PNREF_NOT_FOUND PREFERRED_PAYMENT_SOURCE_MISMATCH PREVIOUS_TRANSACTION_REFERENCE_HAS_CHARGEBACK "
        "PREVIOUS_TRANSACTION_REFERENCE_VOIDED TOKEN_EXPIRED TOKEN_ID_NOT_FOUND",
    )
    | _rows(Refused("expired_card", "ask_customer"), "CARD_EXPIRED REFERENCED_CARD_EXPIRED")
    | _rows(
        Refused("card_declined", "ask_customer"),
        "DECLINED_DUE_TO_RELATED_TXN MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED PAYER_CANNOT_PAY "
        "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR",
    )
    | _rows(
        Refused("card_declined", "ask_customer", refund="account_closed"),
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED PAYER_ACCOUNT_RESTRICTED",
    )
    | _rows(
        Refused("card_declined", "do_not_retry", discreet=True),
        "COMPLIANCE_VIOLATION PAYEE_BLOCKED_TRANSACTION TRANSACTION_BLOCKED_BY_PAYEE TRANSACTION_REFUSED",
    )
    | _rows(CustomerMustAct("card_declined"), "INSTRUMENT_DECLINED REDIRECT_PAYER_FOR_ALTERNATE_FUNDING")
    | _rows(CustomerMustAct("authentication_required"), "PAYER_ACTION_REQUIRED")
    # Amounts.
    | _rows(
        Refused("amount_too_large", "do_not_retry"),
        "AUTHORIZATION_AMOUNT_EXCEEDED MAX_CAPTURE_AMOUNT_EXCEEDED MAX_VALUE_EXCEEDED TRANSACTION_LIMIT_EXCEEDED "
        "TRANSACTION_RECEIVING_LIMIT_EXCEEDED",
    )
    | _rows(Refused("amount_too_small", "do_not_retry"), "CANNOT_BE_ZERO_OR_NEGATIVE")
    # The payment is not where the call needs it to be.
    | _rows(
        Repeat("the customer has not approved the order yet", NOT_YET_PAUSE_SECONDS), "ORDER_NOT_APPROVED"
    )
    | _rows(
        Look(),
        "AUTHORIZATION_ALREADY_CAPTURED AUTHORIZATION_DENIED AUTHORIZATION_EXPIRED AUTHORIZATION_VOIDED "
        "CANNOT_BE_VOIDED DUPLICATE_INVOICE_ID MAX_AUTHORIZATION_COUNT_EXCEEDED MAX_CAPTURE_COUNT_EXCEEDED "
        "ORDER_ALREADY_AUTHORIZED ORDER_ALREADY_CAPTURED ORDER_COMPLETED_OR_VOIDED ORDER_COMPLETION_IN_PROGRESS "
        "PREVIOUSLY_CAPTURED PREVIOUSLY_VOIDED",
    )
    | _rows(Gone(), "INVALID_RESOURCE_ID ORDER_EXPIRED")
    | _rows(Ask("the same call may still be under way"), "PREVIOUS_REQUEST_IN_PROGRESS")
    # Reauthorizations, and refunds.
    | _rows(_WRONG_REQUEST, "REAUTHORIZATION_NOT_SUPPORTED")
    | _rows(
        Refused("psp_rejected_request", "do_not_retry", refund="not_refundable"),
        "CAPTURE_FULLY_REFUNDED MAX_NUMBER_OF_REFUNDS_EXCEEDED PARTIAL_REFUND_NOT_ALLOWED REFUND_AMOUNT_EXCEEDED "
        "REFUND_AMOUNT_TOO_LOW REFUND_IS_RESTRICTED REFUND_NOT_ALLOWED REFUND_TIME_LIMIT_EXCEEDED",
    )
    | _rows(
        Refused("psp_rejected_request", "do_not_retry", refund="charge_disputed"),
        "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK TRANSACTION_DISPUTED",
    )
    | _rows(
        Refused("psp_rejected_request", "do_not_retry", refund="insufficient_funds"),
        "REFUND_FAILED_INSUFFICIENT_FUNDS",
    )
    | _rows(Repeat("the capture is pending at PayPal", OUR_FAULT_PAUSE_SECONDS), "PENDING_CAPTURE")
)
"""Issue -> what it means for an authorization, a completion, a capture, a void or a refund."""

STATUSES: Final[Mapping[int, Repeat | Ask]] = MappingProxyType(
    {
        401: Repeat("PayPal refuses our access token: check the account", OUR_FAULT_PAUSE_SECONDS),
        403: Repeat("PayPal does not permit our account to do this: check it", OUR_FAULT_PAUSE_SECONDS),
        409: Ask("the same call may still be under way"),
        429: Repeat("PayPal limits the rate", RATE_LIMIT_PAUSE_SECONDS),
    }
)
"""HTTP statuses that decide alone, without the issue."""

STATUSES_WITH_ISSUE: Final = frozenset({400, 404, 422})
"""Where PayPal looked at the request and says by an issue what is wrong. Any other status is Unknown."""
