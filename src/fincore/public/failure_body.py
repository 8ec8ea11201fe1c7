"""Why a request to a PSP was not carried out, as merchants see it: our words, never the PSP's free text."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.events import Operation
from fincore.domain.operation import OperationFailure
from fincore.domain.outcome import DeclineAdvice, Failure, FailureCode, RefundFailureCode

FAILURE_MESSAGES: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {
        "amount_too_large": "The amount is more than the payment service provider takes.",
        "amount_too_small": "The amount is less than the payment service provider takes.",
        "authentication_failed": "The customer did not pass the bank's authentication.",
        "authentication_required": "The bank wants the customer to authenticate, which this payment did not allow for.",
        "blocked_by_risk": "The rules of this installation do not let this payment through.",
        "card_declined": "The card was declined.",
        "card_deleted": "The kept card was deleted before the payment was made.",
        "card_unreadable": "The kept card cannot be read; the operator of this installation sees why.",
        "expired_card": "The card has expired.",
        "incorrect_cvc": "The card's security code is wrong.",
        "incorrect_number": "The card's number is wrong.",
        "payment_method_invalid": "The payment method cannot be used.",
        "processing_error": "The payment could not be processed.",
        "psp_rejected_request": "The payment service provider did not take the request. `decline_code` is its word for what "
        "is wrong; the operator of this installation sees more of it.",
        "psp_unavailable": "The payment service provider could not be reached in time.",
    }
)
"""Why a charge failed, or an operation on one: for the merchant and its staff."""

NOT_CHARGED: Final = "The payment could not be made, and you were not charged."
CUSTOMER_MESSAGES: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {
        "amount_too_large": NOT_CHARGED,
        "amount_too_small": NOT_CHARGED,
        "authentication_failed": "Your bank could not confirm that it is you. Try again, or pay with another card.",
        "authentication_required": "Your bank wants you to confirm the payment. Try again, or pay with another card.",
        "blocked_by_risk": NOT_CHARGED,
        "card_declined": "Your card was declined. Pay with another card, or ask your bank.",
        "card_deleted": f"{NOT_CHARGED} Pay with another card.",
        "card_unreadable": f"{NOT_CHARGED} Pay with another card.",
        "expired_card": "Your card has expired. Pay with another card.",
        "incorrect_cvc": "The security code of your card is wrong. Check it and try again.",
        "incorrect_number": "The number of your card is wrong. Check it and try again.",
        "payment_method_invalid": "Your card cannot be used for this payment. Pay with another card.",
        "processing_error": f"{NOT_CHARGED} Try again in a few minutes.",
        "psp_rejected_request": NOT_CHARGED,
        "psp_unavailable": f"{NOT_CHARGED} Try again in a few minutes.",
    }
)
"""Why a charge failed, as its customer may be told: what to do, if anything, and never what helps a thief."""

REFUND_FAILURE_MESSAGES: Final[Mapping[RefundFailureCode, str]] = MappingProxyType(
    {
        "account_closed": "The customer's account is closed; give the money back in another way.",
        "card_lost_or_stolen": "The customer's card is lost or stolen; give the money back in another way.",
        "charge_disputed": "The charge is disputed; the bank takes the money back if it decides so.",
        "declined": "The customer's bank did not take the refund; give the money back in another way.",
        "insufficient_funds": "The balance at the payment service provider is too low for the refund.",
        "not_refundable": "The payment service provider cannot refund this payment.",
        "psp_rejected_request": "The payment service provider did not take the request.",
        "psp_unavailable": "The payment service provider could not be reached in time.",
        "canceled": "The refund was canceled at the payment service provider.",
        "unknown_reason": "The refund failed; the payment service provider does not say why.",
    }
)


class FailureBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why the PSP did not carry out a request."""

    code: Annotated[FailureCode, Meta(description="Why it failed, the same for every PSP.")]
    decline_code: Annotated[
        str | None,
        Meta(
            description="The PSP's own code for the decline, if it has one. Do not show it to the customer: a lost or "
            "stolen card must look like any other decline."
        ),
    ]
    message: Annotated[
        str,
        Meta(description="The same as a sentence for you and your staff. Do not show it to the customer."),
    ]
    advice: Annotated[
        DeclineAdvice,
        Meta(
            description="What may help. After `do_not_retry` do not charge this card again for this purchase; with "
            "`psp_rejected_request`, `amount_too_small` or `amount_too_large` change the request."
        ),
    ]
    retryable: Annotated[
        bool,
        Meta(description="`true`: a new request with the same payment method may succeed later."),
    ]


class ChargeFailureBody(FailureBody, frozen=True, kw_only=True):
    """Why a charge failed."""

    customer_message: Annotated[
        str,
        Meta(
            description="A sentence in English that you can show to the customer: what to do next, if anything."
        ),
    ]


class OperationFailureBody(FailureBody, frozen=True, kw_only=True):
    """Why the last capture or cancellation failed. The bank still holds what it held."""

    operation: Annotated[Operation, Meta(description="What FinCore asked the PSP to do.")]


class RefundFailureBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why a refund failed. Its amount can be refunded again."""

    code: Annotated[RefundFailureCode, Meta(description="Why it failed, the same for every PSP.")]
    message: Annotated[
        str,
        Meta(description="The same as a sentence for you and your staff. Do not show it to the customer."),
    ]


def charge_failure_body(failure: Failure) -> ChargeFailureBody:
    """Why a charge failed."""
    return ChargeFailureBody(
        **msgspec.structs.asdict(_failure_body(failure)), customer_message=CUSTOMER_MESSAGES[failure.code]
    )


def operation_failure_body(failed: OperationFailure) -> OperationFailureBody:
    """Why an operation on a charge was not carried out."""
    return OperationFailureBody(
        operation=failed.operation, **msgspec.structs.asdict(_failure_body(failed.failure))
    )


def _failure_body(failure: Failure) -> FailureBody:
    return FailureBody(
        code=failure.code,
        decline_code=failure.decline_code,
        message=FAILURE_MESSAGES[failure.code],
        advice=failure.advice,
        retryable=failure.advice == "retry_later",
    )
