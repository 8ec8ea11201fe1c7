"""Which events follow from what a PSP says of an attempt that was given up. None of them changes what the charge itself is. Pure."""

from datetime import datetime
from typing import assert_never

import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.charge import Charge
from fincore.domain.events import (
    AttemptAuthorized,
    AttemptCaptured,
    AttemptReleased,
    AttemptReversalFailed,
    AttemptReversed,
    ChargeEvent,
)
from fincore.domain.fee_fields import fee_fields
from fincore.domain.ids import RefundId
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    KnownOutcome,
    Pending,
    PspAccount,
    PspName,
    RefundReport,
)
from fincore.domain.refund import Refund
from fincore.domain.refusal import Refusal
from fincore.domain.report_mismatch import other_payment_named

Events = tuple[ChargeEvent, ...]


def attempt_at(charge: Charge, psp: PspName, psp_account: PspAccount) -> AbandonedAttempt | None:
    """The attempt that was given up at an account; no account had two of one charge."""
    found = (one for one in charge.abandoned_attempts if (one.psp, one.psp_account) == (psp, psp_account))
    return next(found, None)


def as_of_attempt(
    charge: Charge, attempt: AbandonedAttempt, *, reversal_id: RefundId | None = None
) -> Charge:
    """The charge as that attempt's PSP should know it: its account and its payment, and the refund that reverses it."""
    reversal = (
        ()
        if reversal_id is None or attempt.reversal_requested_at is None
        else (
            Refund(
                refund_id=reversal_id,
                status="processing",
                amount_minor=attempt.money_minor,
                reason=None,
                origin="merchant",
                metadata={},
                requested_at=attempt.reversal_requested_at,
                updated_at=attempt.reversal_requested_at,
            ),
        )
    )
    return msgspec.structs.replace(
        charge,
        psp=attempt.psp,
        psp_account=attempt.psp_account,
        payment_method=attempt.payment_method,
        psp_reference=attempt.psp_reference,
        sub_references=attempt.sub_references,
        captured_minor=attempt.money_minor if attempt.is_taken else 0,
        authorized_minor=0,
        authorized_at=None,
        operation=None,
        pending_until=None,
        refunds=reversal,
        disputes=(),
    )


def decide_attempt(charge: Charge, number: int, record: KnownOutcome, now: datetime) -> Events | Refusal:
    """The events that follow from the PSP's own record of an abandoned attempt; none where it shows nothing new.

    A payment that its customer has yet to act on, or has approved, took no money and never will: nothing completes it.
    Any part of the amount counts: it is to go back.
    """
    attempt = charge.abandoned_attempt(number)
    if attempt is None or attempt.status == "reversed":
        return ()
    if attempt.status == "released":
        if isinstance(record, Approved) and record.kind == "captured":
            return Refusal(
                "contradicts_state",
                f"the PSP shows that attempt {number} took {record.money}, and it is known to have no money of the customer",
            )
        return ()
    refusal = _mismatch(charge, attempt, record)
    if refusal is not None:
        return refusal
    match record:
        case Approved(kind="captured") if not attempt.is_taken:
            return (_captured(charge, attempt, record, now),)
        case Approved(kind="authorized") if attempt.status == "abandoned":
            return (_authorized(attempt, record, now),)
        case Canceled() | Expired() | Declined() if attempt.is_taken:
            return Refusal(
                "contradicts_state",
                f"the PSP shows that attempt {number} took nothing, and it took {attempt.money_minor} minor units",
            )
        case Canceled() | Expired() | Declined() if attempt.has_money:
            return (AttemptReleased(attempt=number, occurred_at=record.occurred_at),)
        case Approved() | Canceled() | Expired() | Declined() | ActionRequired() | Consented() | Pending():
            return ()
        case _:
            assert_never(record)


def _mismatch(charge: Charge, attempt: AbandonedAttempt, record: KnownOutcome) -> Refusal | None:
    """Why a record cannot be about the attempt's payment, or is of other money than goes back, if so."""
    refusal = other_payment_named(as_of_attempt(charge, attempt), record)
    if refusal is not None or not attempt.is_taken:
        return refusal
    if not isinstance(record, Approved) or record.kind != "captured":
        return None
    if record.money.amount_minor == attempt.money_minor:
        return None
    return Refusal(
        "amount_differs",
        f"the PSP shows that attempt {attempt.number} took {record.money}, and {attempt.money_minor} minor units go back",
    )


def decide_reversed(charge: Charge, number: int, report: RefundReport) -> Events:
    """The event that what an abandoned attempt took has been given back; none where that is known."""
    attempt = charge.abandoned_attempt(number)
    if attempt is None or not attempt.is_taken or not attempt.has_money or attempt.psp_reference is None:
        return ()
    return (
        AttemptReversed(
            attempt=number,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=attempt.psp,
            psp_account=attempt.psp_account,
            psp_reference=attempt.psp_reference,
            amount_minor=attempt.money_minor,
            currency=charge.amount.currency,
            occurred_at=report.occurred_at,
            **fee_fields(report.fee),
        ),
    )


def decide_reversal_failed(charge: Charge, number: int, reason: str, now: datetime) -> Events:
    """The event that a person has to give the money of an abandoned attempt back; none where that is known."""
    attempt = charge.abandoned_attempt(number)
    if attempt is None or attempt.status not in ("captured", "authorized"):
        return ()
    return (AttemptReversalFailed(attempt=number, reason=reason, occurred_at=now),)


def _captured(charge: Charge, attempt: AbandonedAttempt, record: Approved, now: datetime) -> AttemptCaptured:
    return AttemptCaptured(
        attempt=attempt.number,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=attempt.psp,
        psp_account=attempt.psp_account,
        psp_reference=record.psp_reference,
        amount_minor=record.money.amount_minor,
        currency=record.money.currency,
        occurred_at=record.occurred_at,
        requested_at=now,
        **fee_fields(record.fee),
        sub_references=record.sub_references,
    )


def _authorized(attempt: AbandonedAttempt, record: Approved, now: datetime) -> AttemptAuthorized:
    return AttemptAuthorized(
        attempt=attempt.number,
        psp=attempt.psp,
        psp_account=attempt.psp_account,
        psp_reference=record.psp_reference,
        amount_minor=record.money.amount_minor,
        currency=record.money.currency,
        occurred_at=record.occurred_at,
        requested_at=now,
        sub_references=record.sub_references,
    )
