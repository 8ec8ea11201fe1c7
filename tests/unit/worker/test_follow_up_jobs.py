"""The table of follow-up jobs, row by row, with times of which no two are alike."""

from datetime import UTC, datetime, timedelta
from typing import Final, get_args

import msgspec
import pytest

from fincore.domain.events import (
    AttemptAuthorized,
    AttemptCaptured,
    CancelRequested,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCorrected,
    ChargeEvent,
    ChargeOutcomeUnknown,
    ChargePending,
    ChargeRerouted,
    CustomerApproved,
    EventType,
    RefundOutcomeUnknown,
    RefundPending,
    ReviewOpened,
    event_type,
)
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import JobKind
from fincore.domain.outcome import PspAccount, PspReference
from fincore.write.worker.policies.follow_up_jobs import (
    FOLLOW_UPS,
    PAUSES,
    FollowUpTimes,
    Pause,
    PollPolicy,
    follow_up_jobs,
)
from fixtures.commits import MERCHANT, captured, created
from fixtures.psp_limits import USD

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
CHARGE = ChargeId("ch_01k0bcdefghjkmnpqrstvwxyz0")
REFUND = RefundId("re_01k0bcdefghjkmnpqrstvwxyz0")
TIMES: Final = FollowUpTimes(
    policy=PollPolicy(
        action_pauses_seconds=(3.0, 99.0),
        lapse_grace_seconds=5.0,
        refund_pause_seconds=7.0,
        pending_pause_seconds=17.0,
        abandoned_look_pause_seconds=19.0,
        fee_pause_seconds=11.0,
    ),
    first_inquiry_seconds=13.0,
    hold_seconds=1_000.0,
)
(CURRENCY,) = USD


def rerouted(**changes: str) -> ChargeRerouted:
    event = ChargeRerouted(
        abandoned_attempt=1,
        abandoned_psp=created().psp,
        abandoned_psp_account=created().psp_account,
        psp=created().psp,
        psp_account=PspAccount("second"),
        payment_method=created().payment_method,
        code="account_unavailable",
        reason="the PSP refused the connection",
        requested_at=NOW,
    )
    return msgspec.structs.replace(event, **changes)


def attempt_captured() -> AttemptCaptured:
    return AttemptCaptured(
        attempt=1,
        merchant_id=MERCHANT,
        livemode=False,
        psp=created().psp,
        psp_account=created().psp_account,
        psp_reference=PspReference("pi_1"),
        amount_minor=1000,
        currency=CURRENCY,
        occurred_at=NOW,
        requested_at=NOW,
    )


def attempt_authorized() -> AttemptAuthorized:
    return AttemptAuthorized(
        attempt=1,
        psp=created().psp,
        psp_account=created().psp_account,
        psp_reference=PspReference("pi_1"),
        amount_minor=1000,
        currency=CURRENCY,
        occurred_at=NOW,
        requested_at=NOW,
    )


def authorized(**changes: datetime | None) -> ChargeAuthorized:
    event = ChargeAuthorized(
        merchant_id=MERCHANT,
        livemode=False,
        psp=created().psp,
        psp_account=PspAccount("test"),
        psp_reference=PspReference("pi_1"),
        amount_minor=1000,
        currency=CURRENCY,
        occurred_at=NOW,
    )
    return msgspec.structs.replace(event, **changes)


def corrected(status_after: str) -> ChargeCorrected:
    return msgspec.convert(
        {
            "merchant_id": MERCHANT,
            "livemode": False,
            "psp": "stripe",
            "psp_account": "test",
            "psp_reference": "pi_1",
            "status_before": "failed",
            "status_after": status_after,
            "captured_before_minor": 0,
            "captured_after_minor": 0,
            "currency": "usd",
            "reason": "the record says so",
            "occurred_at": NOW,
        },
        ChargeCorrected,
    )


ROWS: Final[list[tuple[ChargeEvent, JobKind, float]]] = [
    (ChargeOutcomeUnknown(reason="timed out", since=NOW), "charge.resolve", 13.0),
    (ChargeActionRequired(psp_reference=PspReference("pi_1")), "charge.follow", 3.0),
    (
        CustomerApproved(psp_reference=PspReference("pi_1"), occurred_at=NOW, requested_at=NOW),
        "charge.complete",
        0.0,
    ),
    (
        ChargePending(
            psp_reference=PspReference("pi_1"), reason="ECHECK", occurred_at=NOW, pending_until=NOW
        ),
        "charge.follow",
        17.0,
    ),
    (rerouted(code="account_not_called"), "charge.authorize", 0.0),
    (attempt_captured(), "attempt.reverse", 0.0),
    (attempt_authorized(), "attempt.reverse", 0.0),
    (authorized(), "charge.follow", 1_005.0),
    (authorized(capture_before=NOW + timedelta(seconds=500)), "charge.follow", 505.0),
    (authorized(capture_before=NOW - timedelta(seconds=500)), "charge.follow", 5.0),
    (captured(), "charge.follow", 11.0),
    (corrected("authorized"), "charge.follow", 1_005.0),
    (corrected("succeeded"), "charge.follow", 11.0),
    (ReviewOpened(decide_by=NOW + timedelta(seconds=300), opened_at=NOW), "charge.review", 300.0),
    (ReviewOpened(decide_by=NOW - timedelta(seconds=300), opened_at=NOW), "charge.review", 0.0),
    (CaptureRequested(amount_minor=1000, requested_at=NOW), "charge.capture", 0.0),
    (CancelRequested(reason="abandoned", requested_at=NOW), "charge.cancel", 0.0),
    (RefundOutcomeUnknown(refund_id=REFUND, reason="timed out", since=NOW), "refund.resolve", 13.0),
    (
        RefundPending(refund_id=REFUND, psp_reference=PspReference("re_1"), occurred_at=NOW),
        "refund.resolve",
        7.0,
    ),
]
NOTHING_FOLLOWS: Final[list[ChargeEvent]] = [
    created(),
    captured(fee_minor=59, fee_currency=CURRENCY),
    corrected("failed"),
    corrected("canceled"),
]


@pytest.mark.parametrize(
    ("event", "kind", "delay_seconds"), ROWS, ids=[f"{event_type(row[0])}-{row[2]:g}" for row in ROWS]
)
def test_event_is_followed_by_its_job_after_its_pause(
    event: ChargeEvent, kind: JobKind, delay_seconds: float
) -> None:
    (job,) = follow_up_jobs(CHARGE, [event], NOW, TIMES)
    assert (job.kind, job.delay_seconds) == (kind, delay_seconds)
    more: dict[str, object] = {}
    if kind in ("charge.authorize", "attempt.reverse"):
        more = {"attempt": 2 if kind == "charge.authorize" else 1}
    elif kind.startswith("refund."):
        more = {"refund_id": REFUND}
    assert msgspec.json.decode(job.payload) == {"charge_id": CHARGE} | more


@pytest.mark.parametrize("code", ["account_unavailable", "never_happened"])
def test_an_abandoned_account_that_was_called_is_looked_at_once(code: str) -> None:
    again, look = follow_up_jobs(CHARGE, [rerouted(code=code)], NOW, TIMES)
    assert (again.kind, look.kind, look.delay_seconds) == ("charge.authorize", "attempt.reverse", 19.0)
    assert msgspec.json.decode(look.payload) == {"charge_id": CHARGE, "attempt": 1}


def test_every_row_of_the_table_is_covered_above() -> None:
    looked_at = ("charge.rerouted", "attempt.reverse")
    declined = {(event_type(event), "charge.review") for event in DECLINED_ROWS}
    covered = {(event_type(row[0]), row[1]) for row in ROWS} | {looked_at} | declined
    assert {(row.event, row.kind) for row in FOLLOW_UPS} == covered


DECLINED_ROWS: Final[list[ChargeEvent]] = [authorized(), corrected("authorized")]


@pytest.mark.parametrize("event", DECLINED_ROWS, ids=event_type)
def test_hold_of_a_declined_charge_is_looked_at_at_once(event: ChargeEvent) -> None:
    jobs = follow_up_jobs(CHARGE, [event], NOW, TIMES, is_declined=True)
    assert [job.kind for job in jobs] == ["charge.follow", "charge.review"]
    assert jobs[1].delay_seconds == 0.0
    for ended in ("canceled", "succeeded"):
        jobs = follow_up_jobs(CHARGE, [corrected(ended)], NOW, TIMES, is_declined=True)
        assert "charge.review" not in [job.kind for job in jobs]


@pytest.mark.parametrize("event", NOTHING_FOLLOWS, ids=event_type)
def test_event_that_calls_for_nothing_gets_no_job(event: ChargeEvent) -> None:
    assert follow_up_jobs(CHARGE, [event], NOW, TIMES) == ()


def test_events_without_a_row_end_a_step_or_come_with_their_job() -> None:
    assert set(get_args(EventType)) - {row.event for row in FOLLOW_UPS} == {
        "charge.created",
        "charge.capture_failed",
        "charge.cancel_failed",
        "charge.attempt_fee_assessed",
        "charge.attempt_fee_returned",
        "charge.attempt_released",
        "charge.attempt_reversal_failed",
        "charge.attempt_reversed",
        "charge.canceled",
        "charge.expired",
        "charge.failed",
        "charge.fee_assessed",
        "charge.fee_returned",
        "charge.fee_taken_again",
        "charge.fraud_warned",
        "charge.fraud_warning_updated",
        "charge.instrument_told",
        "charge.outcome_decided",
        "charge.receipt_omitted",
        "charge.report_held",
        "charge.report_released",
        "charge.review_decided",
        "charge.risk_assessed",
        "dispute.closed",
        "dispute.funds_held",
        "dispute.funds_reinstated",
        "dispute.funds_released",
        "dispute.funds_withdrawn",
        "dispute.lost",
        "dispute.opened",
        "dispute.updated",
        "dispute.won",
        "refund.corrected",
        "refund.failed",
        "refund.requested",
        "refund.succeeded",
    }


def test_several_events_get_their_jobs_in_order() -> None:
    events: list[ChargeEvent] = [ChargeOutcomeUnknown(reason="timed out", since=NOW), captured()]
    jobs = follow_up_jobs(CHARGE, events, NOW, TIMES)
    assert [job.kind for job in jobs] == ["charge.resolve", "charge.follow"]


def test_every_pause_of_the_table_is_defined_and_used() -> None:
    assert set(PAUSES) == set(get_args(Pause)) == {row.pause for row in FOLLOW_UPS}
