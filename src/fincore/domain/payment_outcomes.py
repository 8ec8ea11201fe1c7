"""Which events follow from an outcome of a payment (`decide_payment`), or from the PSP's own record (`correct_payment`).

The same outcome may arrive as the response to our call, as a webhook and from the janitor, in any order and more than
once: an outcome that the charge knows already gives no events. One that contradicts how the charge ended is refused; the
caller then reads the PSP's own record and passes it to `correct_payment`.
"""

from datetime import datetime
from typing import Final, assert_never

from fincore.domain.charge import TERMINAL, TRANSITIONS, Charge
from fincore.domain.events import (
    CancelFailed,
    CaptureFailed,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCorrected,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargeStatus,
    FeeAssessed,
    ReceiptOmitted,
    event_type,
)
from fincore.domain.fee_plan import platform_fee_minor
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    KnownOutcome,
    Rejected,
    Unknown,
)
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]


def decide_payment(charge: Charge, outcome: KnownOutcome | Rejected | Unknown) -> Events | Refusal:
    """The events that follow from what a PSP reported about a payment; none when the charge knows it already."""
    if (
        not isinstance(outcome, Unknown | Rejected)
        and (refusal := payment_mismatch(charge, outcome)) is not None
    ):
        return refusal
    return _decided(charge, outcome)


def _decided(charge: Charge, outcome: KnownOutcome | Rejected | Unknown) -> Events | Refusal:
    match outcome:
        case Unknown():
            return _unknown(charge, outcome)
        case Rejected():
            return _rejected(charge, outcome)
        case Approved():
            return _approved(charge, outcome)
        case Declined():
            if charge.status in ("failed", "canceled", "expired"):
                return ()
            return _if_allowed(charge, _failed(outcome))
        case ActionRequired():
            if charge.status in ("requires_action", "authorized", *TERMINAL):
                return ()
            event = ChargeActionRequired(
                psp_reference=outcome.psp_reference, redirect_url=outcome.redirect_url
            )
            return _if_allowed(charge, event)
        case Canceled() | Expired():
            if charge.status in ("canceled", "failed", "expired"):
                return ()
            return _if_allowed(charge, _given_up(outcome))
        case _:
            assert_never(outcome)


def omit_receipt(charge: Charge, reason: str, now: datetime) -> Events:
    """The event that lets a pending authorization go on without the PSP's receipt; none where it does so already."""
    operation = charge.operation
    if operation is None or operation.kind != "authorize" or operation.without_receipt is True:
        return ()
    return (ReceiptOmitted(reason=reason, occurred_at=now),)


def correct_payment(charge: Charge, outcome: KnownOutcome) -> Events | Refusal:
    """The events that bring a charge into line with the PSP's own record, read just now.

    One `charge.corrected` where the charge has ended and the record says otherwise; else as `decide_payment`.
    """
    if charge.status not in TERMINAL or isinstance(outcome, ActionRequired):
        return decide_payment(charge, outcome)
    after, captured_after_minor = _record(outcome)
    if (refusal := payment_mismatch(charge, outcome)) is not None:
        return refusal
    reserved_minor = charge.captured_minor - charge.refundable_minor
    if captured_after_minor < reserved_minor:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} with {captured_after_minor} minor units captured, and "
            f"{reserved_minor} of the charge are refunded or being refunded",
        )
    if captured_after_minor == 0 and charge.disputes:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} with nothing captured, and the charge is disputed",
        )
    is_same = after == charge.status or {after, charge.status} <= _NO_MONEY
    if is_same and captured_after_minor == charge.captured_minor:
        return decide_payment(charge, outcome) if isinstance(outcome, Approved) else ()
    reference = outcome.psp_reference or charge.psp_reference
    if reference is None:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} and names no payment; the charge is {charge.status}",
        )
    return (
        ChargeCorrected(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=reference,
            status_before=charge.status,
            status_after=after,
            captured_before_minor=charge.captured_minor,
            captured_after_minor=captured_after_minor,
            currency=charge.amount.currency,
            reason=f"the PSP's own record says {after}",
            occurred_at=outcome.occurred_at,
            platform_fee_before_minor=platform_fee_minor(charge.fee_plan, charge.captured_minor),
            platform_fee_after_minor=platform_fee_minor(charge.fee_plan, captured_after_minor),
        ),
    )


_NO_MONEY: Final[frozenset[ChargeStatus]] = frozenset({"failed", "canceled", "expired"})
"""Ends that do not contradict each other: the customer has paid nothing."""


def _record(outcome: Approved | Declined | Canceled | Expired) -> tuple[ChargeStatus, int]:
    """What a PSP's record says of a payment: the state, and what was taken."""
    match outcome:
        case Approved(kind="captured"):
            return "succeeded", outcome.money.amount_minor
        case Approved():
            return "authorized", 0
        case Declined():
            return "failed", 0
        case Canceled():
            return "canceled", 0
        case Expired():
            return "expired", 0
        case _:
            assert_never(outcome)


def _unknown(charge: Charge, outcome: Unknown) -> Events:
    if charge.operation is None or charge.unknown_since is not None:
        return ()
    return (
        ChargeOutcomeUnknown(reason=outcome.reason, since=outcome.since, operation=charge.operation.kind),
    )


def _rejected(charge: Charge, outcome: Rejected) -> Events | Refusal:
    """A refused capture or cancellation; of an operation that is over by now, it says nothing new."""
    if charge.operation is None or charge.operation.kind == "authorize":
        return ()
    rejection = CaptureFailed if charge.operation.kind == "capture" else CancelFailed
    failure = outcome.failure
    return _if_allowed(
        charge,
        rejection(
            code=failure.code,
            message=failure.message,
            advice=failure.advice,
            occurred_at=outcome.occurred_at,
            decline_code=failure.decline_code,
        ),
    )


def _approved(charge: Charge, outcome: Approved) -> Events | Refusal:
    if outcome.kind == "authorized":
        if charge.status in ("authorized", "succeeded", "canceled", "expired"):
            return ()
        return _if_allowed(
            charge,
            ChargeAuthorized(
                merchant_id=charge.merchant_id,
                livemode=charge.livemode,
                psp=charge.psp,
                psp_reference=outcome.psp_reference,
                amount_minor=outcome.money.amount_minor,
                currency=outcome.money.currency,
                occurred_at=outcome.occurred_at,
                capture_before=outcome.capture_before,
            ),
        )
    if charge.status == "succeeded":
        return _captured_again(charge, outcome)
    return _if_allowed(
        charge,
        ChargeCaptured(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=outcome.psp_reference,
            amount_minor=outcome.money.amount_minor,
            currency=outcome.money.currency,
            occurred_at=outcome.occurred_at,
            fee_minor=outcome.fee.amount_minor if outcome.fee else 0,
            fee_currency=outcome.fee.currency if outcome.fee else None,
            platform_fee_minor=platform_fee_minor(charge.fee_plan, outcome.money.amount_minor),
        ),
    )


def _captured_again(charge: Charge, outcome: Approved) -> Events | Refusal:
    """A capture the charge knows; it may tell the fee that an earlier report of it did not."""
    if outcome.money.amount_minor != charge.captured_minor:
        return Refusal(
            "contradicts_state",
            f"the PSP reports a capture of {outcome.money}, the charge knows one of {charge.captured_minor} minor units",
        )
    if outcome.fee is None or charge.fee is not None:
        return ()
    return (
        FeeAssessed(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=outcome.psp_reference,
            fee_minor=outcome.fee.amount_minor,
            currency=outcome.fee.currency,
            occurred_at=outcome.occurred_at,
        ),
    )


def payment_mismatch(charge: Charge, outcome: KnownOutcome) -> Refusal | None:
    """Why what a PSP says of a payment cannot be about this charge, if so: another payment, another amount."""
    if outcome.psp_reference is not None and charge.psp_reference not in (None, outcome.psp_reference):
        return Refusal(
            "psp_reference_differs",
            f"the charge is {charge.psp_reference} at the PSP, not {outcome.psp_reference}",
        )
    if not isinstance(outcome, Approved):
        return None
    if outcome.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the PSP reports {outcome.money}, the charge is for {charge.amount}"
        )
    if outcome.money.amount_minor > charge.amount.amount_minor:
        return Refusal(
            "amount_exceeds_charge", f"the PSP reports {outcome.money}, the charge is for {charge.amount}"
        )
    if outcome.money.amount_minor < 1:
        return Refusal("amount_differs", f"the PSP reports {outcome.money} as {outcome.kind}")
    return None


def _failed(outcome: Declined) -> ChargeFailed:
    failure = outcome.failure
    return ChargeFailed(
        code=failure.code,
        message=failure.message,
        advice=failure.advice,
        decline_code=failure.decline_code,
        psp_reference=outcome.psp_reference,
        occurred_at=outcome.occurred_at,
    )


def _given_up(outcome: Canceled | Expired) -> ChargeCanceled | ChargeExpired:
    if isinstance(outcome, Canceled):
        return ChargeCanceled(
            reason=outcome.reason, psp_reference=outcome.psp_reference, occurred_at=outcome.occurred_at
        )
    return ChargeExpired(
        reason=outcome.reason, psp_reference=outcome.psp_reference, occurred_at=outcome.occurred_at
    )


def _if_allowed(charge: Charge, event: ChargeEvent) -> Events | Refusal:
    if (charge.status, event_type(event)) in TRANSITIONS:
        return (event,)
    return Refusal("contradicts_state", f"{event_type(event)} contradicts a charge that is {charge.status}")
