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
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargePending,
    CustomerApproved,
    Operation,
    event_type,
)
from fincore.domain.fee_fields import fee_fields
from fincore.domain.fee_plan import platform_fee_minor
from fincore.domain.late_facts import captured_again, facts_told
from fincore.domain.operation import as_requested
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    Pending,
    PspReference,
    Rejected,
    Unknown,
)
from fincore.domain.payment_method import Instrument
from fincore.domain.psp_risk import PspRisk
from fincore.domain.refusal import Refusal
from fincore.domain.report_mismatch import other_payment_named, payment_mismatch

Events = tuple[ChargeEvent, ...]


def decide_payment(
    charge: Charge, outcome: KnownOutcome | Rejected | Unknown, *, is_read_by_person: bool = False
) -> Events | Refusal:
    """The events that follow from what a PSP reported about a payment; none when the charge knows it already.

    `is_read_by_person`: a person read it at the PSP, and says so of an amount that is less than what was asked for.
    """
    if isinstance(outcome, Unknown):
        return _unknown(charge, outcome)
    if isinstance(outcome, Rejected):
        return _rejected(charge, outcome)
    mismatch = other_payment_named if is_read_by_person else payment_mismatch
    refusal = mismatch(charge, outcome)
    return _decided(charge, outcome) if refusal is None else refusal


def _decided(charge: Charge, outcome: KnownOutcome) -> Events | Refusal:
    match outcome:
        case Approved():
            return _approved(charge, outcome)
        case Declined():
            return _declined(charge, outcome)
        case ActionRequired():
            return _action_required(charge, outcome)
        case Consented():
            return _consented(charge, outcome)
        case Pending():
            return _pending(charge, outcome)
        case Canceled() | Expired():
            if charge.status in ("canceled", "failed", "expired"):
                return ()
            return _if_allowed(charge, _given_up(as_requested(charge.operation, outcome)))
        case _:
            assert_never(outcome)


def _declined(charge: Charge, outcome: Declined) -> Events | Refusal:
    if charge.status == "failed":
        return facts_told(charge, outcome)
    if charge.status in ("canceled", "expired"):
        return ()
    if charge.status == "authorized" and _pending_kind(charge) == "capture":
        # The PSP took the capture on and then did not carry it out; whether the hold stands, the poll at its end shows.
        return _rejected(charge, Rejected(failure=outcome.failure, occurred_at=outcome.occurred_at))
    return _if_allowed(charge, _failed(outcome))


ACTION_ROUNDS_MAX: Final = 5
"""How often the customer is asked to act in one charge; a PSP that asks once more has declined."""


def _action_required(charge: Charge, outcome: ActionRequired) -> Events | Refusal:
    """The customer is to act: for the first time, at another page, or again after the PSP refused what they approved."""
    if charge.status in ("authorized", *TERMINAL):
        return ()
    is_last_round = charge.actions_required >= ACTION_ROUNDS_MAX
    is_same_page = outcome.redirect_url in (None, charge.redirect_url)
    if charge.status == "requires_action" and (is_same_page or is_last_round):
        return ()
    completion = charge.operation
    if is_last_round and completion is not None:
        failure = Failure(
            code="authentication_failed",
            message=f"The customer was asked to act {charge.actions_required} times, and the PSP asks once more.",
            advice="ask_customer",
        )
        return (
            _failed_with(
                failure,
                psp_reference=outcome.psp_reference,
                occurred_at=completion.requested_at,
            ),
        )
    event = ChargeActionRequired(
        psp_reference=outcome.psp_reference,
        redirect_url=outcome.redirect_url,
        is_approval_over=outcome.is_approval_over,
    )
    return _if_allowed(charge, event)


def _consented(charge: Charge, outcome: Consented) -> Events | Refusal:
    """The customer approved; the completion is due once for each time that they were asked."""
    if charge.status in ("authorized", *TERMINAL) or charge.pending_until is not None:
        # An approval that comes after the charge was given up takes no money: nothing completes it.
        return ()
    if _pending_kind(charge) in ("complete", "cancel"):
        return ()
    if charge.approved_at is not None and outcome.occurred_at <= charge.approved_at:
        # The PSP refused what they approved then, and its record shows that approval still.
        return ()
    return _if_allowed(
        charge,
        CustomerApproved(
            psp_reference=outcome.psp_reference,
            occurred_at=outcome.occurred_at,
            requested_at=outcome.noticed_at,
            instrument=outcome.instrument,
        ),
    )


def _pending(charge: Charge, outcome: Pending) -> Events | Refusal:
    if charge.status in TERMINAL or charge.pending_until is not None or _pending_kind(charge) == "cancel":
        # What a cancellation that is under way comes to, the PSP's response to it says.
        return ()
    if charge.status == "authorized" and _pending_kind(charge) != "capture":
        return ()
    return _if_allowed(
        charge,
        ChargePending(
            psp_reference=outcome.psp_reference,
            reason=outcome.reason,
            occurred_at=outcome.occurred_at,
            pending_until=outcome.pending_until,
            sub_references=outcome.sub_references,
        ),
    )


def _pending_kind(charge: Charge) -> Operation | None:
    return None if charge.operation is None else charge.operation.kind


def _unknown(charge: Charge, outcome: Unknown) -> Events:
    if charge.operation is None or charge.unknown_since is not None or charge.pending_until is not None:
        return ()
    return (
        ChargeOutcomeUnknown(reason=outcome.reason, since=outcome.since, operation=charge.operation.kind),
    )


def _rejected(charge: Charge, outcome: Rejected) -> Events | Refusal:
    """A refused capture or cancellation; of an operation that is over by now, it says nothing new."""
    if charge.operation is None or charge.operation.kind in ("authorize", "complete"):
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
        if charge.status == "authorized":
            return facts_told(charge, outcome)
        if charge.status in ("succeeded", "canceled", "expired"):
            return ()
        return _if_allowed(
            charge,
            ChargeAuthorized(
                merchant_id=charge.merchant_id,
                livemode=charge.livemode,
                psp=charge.psp,
                psp_account=charge.psp_account,
                psp_reference=outcome.psp_reference,
                amount_minor=outcome.money.amount_minor,
                currency=outcome.money.currency,
                occurred_at=outcome.occurred_at,
                capture_before=outcome.capture_before,
                sub_references=outcome.sub_references,
                instrument=outcome.instrument,
                psp_risk=outcome.psp_risk,
            ),
        )
    if charge.status == "succeeded":
        return captured_again(charge, outcome)
    return _if_allowed(
        charge,
        ChargeCaptured(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=outcome.psp_reference,
            amount_minor=outcome.money.amount_minor,
            currency=outcome.money.currency,
            occurred_at=outcome.occurred_at,
            **fee_fields(outcome.fee),
            platform_fee_minor=platform_fee_minor(charge.fee_plan, outcome.money.amount_minor),
            sub_references=outcome.sub_references,
            instrument=outcome.instrument,
            psp_risk=outcome.psp_risk,
        ),
    )


def _failed(outcome: Declined) -> ChargeFailed:
    return _failed_with(
        outcome.failure,
        psp_reference=outcome.psp_reference,
        occurred_at=outcome.occurred_at,
        instrument=outcome.instrument,
        psp_risk=outcome.psp_risk,
    )


def _failed_with(
    failure: Failure,
    *,
    psp_reference: PspReference | None,
    occurred_at: datetime,
    instrument: Instrument | None = None,
    psp_risk: PspRisk | None = None,
) -> ChargeFailed:
    return ChargeFailed(
        code=failure.code,
        message=failure.message,
        advice=failure.advice,
        decline_code=failure.decline_code,
        psp_reference=psp_reference,
        occurred_at=occurred_at,
        instrument=instrument,
        psp_risk=psp_risk,
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
