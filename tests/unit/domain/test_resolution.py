"""A person's resolution of an unknown outcome: recorded, and bound by the same rules as a PSP's report."""

from datetime import UTC, datetime
from functools import reduce
from typing import get_args

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import (
    CaptureRequested,
    ChargeAuthorized,
    ChargeOutcomeUnknown,
    HeldReason,
    OutcomeDecided,
    RefundOutcomeUnknown,
    ReportHeld,
    event_type,
)
from fincore.domain.held_report import ReportName, hold_report
from fincore.domain.ids import RefundId
from fincore.domain.outcome import PspAccount, PspReference
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_refund
from fincore.domain.resolution import (
    DecidedChargeOutcome,
    DecidedRefundOutcome,
    Resolution,
    decide_charge_outcome,
    decide_refund_outcome,
)
from fixtures.commits import captured, created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PI = PspReference("pi_1")
RE = RefundId("re_01k0bcdefghjkmnpqrstvwxyz0")
SEEN = Resolution(decided_by="ada", reason="Seen in the PSP's dashboard.", psp_reference=PI)
PART = Resolution(decided_by="ada", reason="Seen.", psp_reference=PI, amount_minor=400)


def unknown_authorization() -> Charge:
    return evolve(evolve(None, created()), ChargeOutcomeUnknown(reason="timed out", since=NOON))


def unknown_capture() -> Charge:
    charge = evolve(None, created(capture_method="manual"))
    held = captured()
    for event in (
        ChargeAuthorized(
            merchant_id=held.merchant_id,
            livemode=False,
            psp=held.psp,
            psp_account=PspAccount("test"),
            psp_reference=PI,
            amount_minor=1000,
            currency=held.currency,
            occurred_at=NOON,
        ),
        CaptureRequested(amount_minor=400, requested_at=NOON),
        ChargeOutcomeUnknown(reason="timed out", since=NOON, operation="capture"),
    ):
        charge = evolve(charge, event)
    return charge


def unknown_refund() -> Charge:
    charge = evolve(evolve(None, created()), captured(psp_reference=PI))
    requested = request_refund(charge, RE, 300, NOON)
    assert not isinstance(requested, Refusal)
    return evolve(
        evolve(charge, requested), RefundOutcomeUnknown(refund_id=RE, reason="timed out", since=NOON)
    )


@pytest.mark.parametrize(
    ("charge", "verdict", "event", "status"),
    [
        (unknown_authorization(), "captured", "charge.captured", "succeeded"),
        (unknown_authorization(), "failed", "charge.failed", "failed"),
        (unknown_authorization(), "canceled", "charge.canceled", "canceled"),
        (unknown_capture(), "captured", "charge.captured", "succeeded"),
        (unknown_capture(), "failed", "charge.capture_failed", "authorized"),
        (unknown_capture(), "expired", "charge.expired", "expired"),
    ],
)
def test_resolution_is_recorded_with_author_and_its_event(
    charge: Charge, verdict: DecidedChargeOutcome, event: str, status: str
) -> None:
    events = decide_charge_outcome(charge, verdict, SEEN, NOON)
    assert not isinstance(events, Refusal)
    decided, following = events
    assert decided == OutcomeDecided(decided_by="ada", reason=SEEN.reason, decided_at=NOON)
    assert event_type(following) == event
    after = evolve(evolve(charge, decided), following)
    assert (after.status, after.unknown_since, after.operation) == (status, None, None)


@pytest.mark.parametrize("charge", [unknown_authorization(), unknown_capture()])
def test_resolution_failed_advises_retry_later(charge: Charge) -> None:
    """The operation never happened at the PSP: nothing is wrong with the customer's card."""
    events = decide_charge_outcome(charge, "failed", SEEN, NOON)
    assert not isinstance(events, Refusal)
    after = evolve(charge, events[1])
    failed = after.operation_failure
    failure = failed.failure if failed else after.failure
    assert failure is not None
    assert (failure.code, failure.advice) == ("psp_unavailable", "retry_later")


def test_resolution_failed_of_refund_has_psp_unavailable() -> None:
    events = decide_refund_outcome(unknown_refund(), RE, "failed", SEEN, NOON)
    assert not isinstance(events, Refusal)
    refund = evolve(unknown_refund(), events[1]).refund(RE)
    assert refund is not None
    assert refund.failure_code == "psp_unavailable"


def test_resolution_captured_defaults_to_requested_amount() -> None:
    for amount_minor, expected in ((None, 400), (250, 250)):
        judgement = Resolution(decided_by="ada", reason="Seen.", amount_minor=amount_minor)
        events = decide_charge_outcome(unknown_capture(), "captured", judgement, NOON)
        assert not isinstance(events, Refusal)
        assert evolve(unknown_capture(), events[1]).captured_minor == expected


@pytest.mark.parametrize(
    ("charge", "verdict", "judgement", "code"),
    [
        (evolve(unknown_authorization(), captured()), "captured", SEEN, "outcome_not_unknown"),
        (evolve(None, created()), "captured", SEEN, "outcome_not_unknown"),
        (
            unknown_authorization(),
            "captured",
            Resolution(decided_by="ada", reason="Seen."),
            "psp_reference_needed",
        ),
        (
            unknown_authorization(),
            "captured",
            Resolution(decided_by="ada", reason="Seen.", psp_reference=PI, amount_minor=1001),
            "amount_exceeds_charge",
        ),
        (unknown_capture(), "authorized", SEEN, "outcome_not_unknown"),
    ],
)
def test_impossible_resolution_is_refused_by_code(
    charge: Charge, verdict: DecidedChargeOutcome, judgement: Resolution, code: str
) -> None:
    refusal = decide_charge_outcome(charge, verdict, judgement, NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_part_that_the_psp_took_is_recorded_by_a_person() -> None:
    """The PSP took a part of what was asked for at once: FinCore believes that of no report, and of a person."""
    unknown = unknown_authorization()
    for charge, status in (
        (unknown, "charge.captured"),
        (_with_held_report(evolve(unknown, captured(psp_reference=PI))), "charge.corrected"),
        (_with_held_report(_failed()), "charge.corrected"),
    ):
        events = decide_charge_outcome(charge, "captured", PART, NOON)
        assert not isinstance(events, Refusal)
        assert [event_type(event) for event in events] == ["charge.outcome_decided", status]
        after = reduce(evolve, events, charge)
        assert (after.status, after.captured_minor) == ("succeeded", 400)


KNOWN = {
    "whole taken": evolve(evolve(None, created()), captured(psp_reference=PI)),
    "authorize in flight": evolve(None, created()),
}


@pytest.mark.parametrize("case", KNOWN)
@pytest.mark.parametrize("verdict", ["failed", "canceled", "expired"])
def test_held_report_does_not_undo_what_is_known(case: str, verdict: DecidedChargeOutcome) -> None:
    """A report over another amount is about what was taken: it is no reason to say that nothing was."""
    for reason in get_args(HeldReason):
        refusal = decide_charge_outcome(_with_held_report(KNOWN[case], reason), verdict, PART, NOON)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "outcome_not_unknown"


@pytest.mark.parametrize("reason", get_args(HeldReason))
def test_part_is_recorded_for_reports_of_other_amounts_only(reason: HeldReason) -> None:
    charge = _with_held_report(KNOWN["whole taken"], reason)
    is_recorded = not isinstance(decide_charge_outcome(charge, "captured", PART, NOON), Refusal)
    assert is_recorded is (reason in ("amount_differs", "amount_exceeds_charge"))


def test_part_is_not_recorded_while_a_call_is_in_flight() -> None:
    for verdict in ("captured", "authorized"):
        charge = _with_held_report(KNOWN["authorize in flight"])
        refusal = decide_charge_outcome(charge, verdict, PART, NOON)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "outcome_not_unknown"


@pytest.mark.parametrize("charge", [unknown_authorization(), unknown_capture(), KNOWN["whole taken"]])
@pytest.mark.parametrize("verdict", ["captured", "authorized"])
def test_amount_in_doubt_has_to_be_named(charge: Charge, verdict: DecidedChargeOutcome) -> None:
    """The report says that the PSP took another amount than was asked for: what was asked for is no default."""
    refusal = decide_charge_outcome(_with_held_report(charge), verdict, SEEN, NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "amount_needed"


def test_amount_of_zero_is_refused_and_not_the_whole() -> None:
    nothing = msgspec.structs.replace(PART, amount_minor=0)
    refusal = decide_charge_outcome(unknown_authorization(), "captured", nothing, NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "amount_differs"


def _failed() -> Charge:
    events = decide_charge_outcome(unknown_authorization(), "failed", SEEN, NOON)
    assert not isinstance(events, Refusal)
    return reduce(evolve, events, unknown_authorization())


def _with_held_report(charge: Charge, reason: HeldReason = "amount_differs") -> Charge:
    name = ReportName(
        psp=charge.psp, psp_account=charge.psp_account, psp_event_id="evt_1", report_type="captured"
    )
    (held,) = _events(hold_report((), name, reason, "4.00 USD", NOON))
    return evolve(charge, held)


def _events(decided: tuple[ReportHeld, ...] | Refusal) -> tuple[ReportHeld, ...]:
    assert not isinstance(decided, Refusal)
    return decided


@pytest.mark.parametrize(("verdict", "refunded_minor"), [("succeeded", 300), ("failed", 0)])
def test_unknown_refund_is_resolved_once(verdict: DecidedRefundOutcome, refunded_minor: int) -> None:
    charge = unknown_refund()
    events = decide_refund_outcome(charge, RE, verdict, SEEN, NOON)
    assert not isinstance(events, Refusal)
    assert isinstance(events[0], OutcomeDecided)
    assert events[0].refund_id == RE
    for event in events:
        charge = evolve(charge, event)
    assert charge.refunded_minor == refunded_minor
    again = decide_refund_outcome(charge, RE, verdict, SEEN, NOON)
    assert isinstance(again, Refusal)
