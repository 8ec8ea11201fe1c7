"""Refunds: what may be asked, what the PSP's word makes of it, and that the sum never passes what was captured."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeEvent, RefundFailed, RefundRequested, event_type
from fincore.domain.ids import DisputeId, RefundId, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference, RefundRejected, RefundReport, Unknown
from fincore.domain.refund import REFUND_TRANSITIONS, Refund
from fincore.domain.refund_outcomes import correct_refund, decide_refund
from fincore.domain.refusal import Refusal
from fincore.domain.requests import REFUNDS_MAX, acceptable_refund_minor, request_refund
from fixtures.commits import captured, created, dispute_opened

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
USD = Currency("usd")
RE = RefundId("re_01k0bcdefghjkmnpqrstvwxyz0")
OTHER = RefundId("re_01k0bcdefghjkmnpqrstvwxyz1")
AT_PSP = PspReference("re_at_psp")


def paid(captured_minor: int = 1000) -> Charge:
    return evolve(evolve(None, created(1000)), captured(captured_minor))


def asked(charge: Charge, amount_minor: int | None = None, refund_id: RefundId = RE) -> Charge:
    event = request_refund(charge, refund_id, amount_minor, NOON)
    assert isinstance(event, RefundRequested), event
    return evolve(charge, event)


def report(status: Any, amount_minor: int = 1000, **changes: Any) -> RefundReport:
    fields: dict[str, Any] = {
        "status": status,
        "psp_reference": AT_PSP,
        "money": Money(amount_minor, USD),
        "occurred_at": NOON,
        "refund_id": RE,
    }
    return RefundReport(**(fields | changes))


def after(charge: Charge, *said: RefundReport | RefundRejected | Unknown) -> Charge:
    for one in said:
        for event in _events(decide_refund(charge, RE, one, new_refund_id=OTHER)):
            charge = evolve(charge, event)
    return charge


def _events(decision: tuple[ChargeEvent, ...] | Refusal) -> tuple[ChargeEvent, ...]:
    assert not isinstance(decision, Refusal), decision
    return decision


def _one(charge: Charge) -> Refund:
    (refund,) = charge.refunds
    return refund


def test_a_refund_without_an_amount_is_for_all_that_is_left() -> None:
    charge = asked(asked(paid(), 300), None, OTHER)
    assert [refund.amount_minor for refund in charge.refunds] == [300, 700]
    assert charge.refundable_minor == 0


@pytest.mark.parametrize(
    ("charge", "amount_minor", "code"),
    [
        (paid(), 1001, "refund_amount_too_large"),
        (paid(400), 401, "refund_amount_too_large"),
        (asked(paid(), 600), 401, "refund_amount_too_large"),
        (asked(paid(), 1000), None, "charge_already_refunded"),
        (paid(), 0, "amount_too_small"),
        (paid(), -60, "amount_too_small"),
        (evolve(None, created(1000)), 1, "charge_not_refundable"),
        (evolve(paid(), dispute_opened(DisputeId("dp_1"))), 1, "charge_disputed"),
    ],
)
def test_a_refund_that_may_not_be_is_refused_by_name(
    charge: Charge, amount_minor: int | None, code: str
) -> None:
    refusal = request_refund(charge, OTHER, amount_minor, NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@pytest.mark.parametrize(
    ("charge", "expected_minor"),
    [
        (evolve(None, created(1000)), 0),
        (paid(), 1000),
        (paid(400), 400),
        (asked(paid(), 600), 400),
        (asked(paid(), 1000), 0),
        (evolve(paid(), dispute_opened(DisputeId("dp_1"))), 0),
        (evolve(paid(), dispute_opened(DisputeId("dp_1"), is_inquiry=True)), 1000),
    ],
)
def test_acceptable_refund_amount_is_the_largest_accepted(charge: Charge, expected_minor: int) -> None:
    """It is the largest amount that is accepted, and 0 where none is."""
    assert acceptable_refund_minor(charge) == expected_minor
    if expected_minor:
        assert isinstance(request_refund(charge, OTHER, expected_minor, NOON), RefundRequested)
    assert isinstance(request_refund(charge, OTHER, expected_minor + 1, NOON), Refusal)


@pytest.mark.parametrize("status", ["pending", "succeeded", "failed"])
def test_refund_reported_in_whole_seconds_is_not_older(status: str) -> None:
    """The PSP's seconds may lie before our microseconds; `updated_at` never lies before the request."""
    early = NOON - timedelta(microseconds=400_000)
    refund = _one(after(asked(paid()), report(status, occurred_at=early)))
    assert (refund.requested_at, refund.updated_at) == (NOON, NOON)


def test_refund_unknown_by_a_clock_behind_is_not_older() -> None:
    refund = _one(after(asked(paid()), Unknown(reason="timed out", since=NOON - timedelta(seconds=1))))
    assert refund.updated_at == NOON


def test_inquiry_of_bank_does_not_bar_refund() -> None:
    inquired = evolve(paid(), dispute_opened(DisputeId("dp_1"), is_inquiry=True))
    assert isinstance(request_refund(inquired, OTHER, 1, NOON), RefundRequested)


def test_a_charge_has_a_bounded_number_of_refunds() -> None:
    charge = paid()
    for _ in range(REFUNDS_MAX):
        charge = asked(charge, 1, new_refund_id())
    refusal = request_refund(charge, RE, 1, NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_many_refunds"


def test_a_failed_refund_frees_its_amount() -> None:
    charge = after(asked(paid(), 1000), report("failed", failure_code="declined"))
    assert (_one(charge).status, _one(charge).failure_code) == ("failed", "declined")
    assert (charge.refunded_minor, charge.refundable_minor) == (0, 1000)


def test_refund_failing_after_success_marks_was_succeeded() -> None:
    succeeded = after(asked(paid(), 1000), report("succeeded"))
    assert (succeeded.refunded_minor, succeeded.refundable_minor) == (1000, 0)
    (event,) = _events(decide_refund(succeeded, RE, report("failed"), new_refund_id=OTHER))
    assert isinstance(event, RefundFailed)
    assert event.was_succeeded
    failed = evolve(succeeded, event)
    assert (failed.refunded_minor, failed.refundable_minor) == (0, 1000)


def test_refund_failing_before_success_marks_no_success() -> None:
    for before in (asked(paid()), after(asked(paid()), report("pending"))):
        (event,) = _events(decide_refund(before, RE, report("failed"), new_refund_id=OTHER))
        assert isinstance(event, RefundFailed)
        assert not event.was_succeeded


@pytest.mark.parametrize("late", ["pending", "succeeded"])
def test_stale_refund_report_changes_nothing(late: str) -> None:
    charge = after(asked(paid()), report("succeeded"))
    assert decide_refund(charge, RE, report(late), new_refund_id=OTHER) == ()


def test_a_webhook_before_our_own_answer_is_the_same_refund() -> None:
    charge = after(asked(paid(), 400), report("succeeded", 400))
    assert after(charge, report("succeeded", 400)) == charge


def test_unknown_refund_reserves_amount_until_known() -> None:
    charge = after(asked(paid(), 1000), Unknown(reason="timed out", since=NOON))
    assert _one(charge).unknown_since == NOON
    assert charge.refundable_minor == 0
    rejected = RefundRejected(code="psp_unavailable", message="not reached", occurred_at=NOON)
    known = after(charge, rejected)
    assert (_one(known).status, _one(known).unknown_since, known.refundable_minor) == ("failed", None, 1000)


def test_a_refund_made_at_the_psp_becomes_one_of_the_charge() -> None:
    said = report("succeeded", 250, refund_id=None)
    charge = after(paid(), said)
    refund = _one(charge)
    assert (refund.refund_id, refund.origin, refund.status) == (OTHER, "psp", "succeeded")
    assert charge.refundable_minor == 750
    assert after(charge, said) == charge


def test_refund_of_charge_without_capture_is_refused() -> None:
    decision = decide_refund(evolve(None, created(1000)), None, report("succeeded"), new_refund_id=OTHER)
    assert isinstance(decision, Refusal)
    assert decision.code == "contradicts_state"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (report("succeeded", 999), "amount_differs"),
        (report("succeeded", money=Money(1000, Currency("eur"))), "currency_differs"),
    ],
)
def test_refund_report_of_other_money_is_refused(said: RefundReport, code: str) -> None:
    decision = decide_refund(asked(paid()), RE, said, new_refund_id=OTHER)
    assert isinstance(decision, Refusal)
    assert decision.code == code


def test_failed_refund_reported_succeeded_is_corrected() -> None:
    rejected = RefundRejected(code="psp_unavailable", message="not reached", occurred_at=NOON)
    charge = after(asked(paid()), rejected)
    refused = decide_refund(charge, RE, report("succeeded"), new_refund_id=OTHER)
    assert isinstance(refused, Refusal)
    assert refused.code == "contradicts_state"
    (event,) = _events(correct_refund(charge, RE, report("succeeded")))
    assert event_type(event) == "refund.corrected"
    assert evolve(charge, event).refunded_minor == 1000


def test_refunds_exceeding_capture_are_booked_after_lookup_only() -> None:
    """Refunds that together exceed the capture contradict each other until the PSP's record is read."""
    elsewhere = report("succeeded", 600, refund_id=None, psp_reference=PspReference("re_elsewhere"))
    charge = asked(paid(), 1000)
    for happened in _events(decide_refund(charge, None, elsewhere, new_refund_id=OTHER)):
        charge = evolve(charge, happened)
    refused = decide_refund(charge, RE, report("succeeded"), new_refund_id=new_refund_id())
    assert isinstance(refused, Refusal)
    assert refused.code == "contradicts_state"
    # Whether one of them failed or not: what the PSP's records say has happened.
    (event,) = _events(correct_refund(charge, RE, report("succeeded")))
    assert evolve(charge, event).refunded_minor == 1600


def test_pending_refund_beyond_the_capture_is_looked_up() -> None:
    """It has reserved what is not there, whether it is carried out or not."""
    charge = after(paid(), report("succeeded", 600, refund_id=None))
    beyond = report("pending", 401, refund_id=None, psp_reference=PspReference("re_elsewhere"))
    refused = decide_refund(charge, None, beyond, new_refund_id=new_refund_id())
    assert isinstance(refused, Refusal)
    assert refused.code == "contradicts_state"
    within = msgspec.structs.replace(beyond, money=Money(400, beyond.money.currency))
    known_id = new_refund_id()
    for event in _events(decide_refund(charge, None, within, new_refund_id=known_id)):
        charge = evolve(charge, event)
    assert charge.refundable_minor == 0
    assert decide_refund(charge, None, within, new_refund_id=new_refund_id()) == ()


def test_every_event_of_a_refund_has_a_transition() -> None:
    assert {event for _, event in REFUND_TRANSITIONS} == {
        "refund.requested",
        "refund.outcome_unknown",
        "refund.pending",
        "refund.succeeded",
        "refund.failed",
        "refund.corrected",
    }


class RefundsOfOneCharge(RuleBasedStateMachine):
    """Requests and reports in any order: what is refunded and reserved never passes what was captured."""

    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.charge = paid()

    @rule(target=refunds, amount_minor=st.none() | st.integers(-5, 1200))
    def a_refund_is_asked_for(self, amount_minor: int | None) -> RefundId:
        refund_id = new_refund_id()
        left = self.charge.refundable_minor
        event = request_refund(self.charge, refund_id, amount_minor, NOON)
        if isinstance(event, Refusal):
            assert (
                amount_minor is None
                or not 0 < amount_minor <= left
                or len(self.charge.refunds) >= REFUNDS_MAX
            )
        else:
            self.charge = evolve(self.charge, event)
        return refund_id

    @rule(refund_id=refunds, status=st.sampled_from(["pending", "succeeded", "failed"]))
    def the_psp_reports(self, refund_id: RefundId, status: str) -> None:
        refund = self.charge.refund(refund_id)
        if refund is None:
            return
        said = report(
            status, refund.amount_minor, refund_id=refund_id, psp_reference=PspReference(f"psp_{refund_id}")
        )
        events = decide_refund(self.charge, refund_id, said, new_refund_id=new_refund_id())
        for event in () if isinstance(events, Refusal) else events:
            self.charge = evolve(self.charge, event)

    @invariant()
    def refunded_and_reserved_never_pass_what_was_captured(self) -> None:
        reserved = sum(refund.amount_minor for refund in self.charge.refunds if refund.is_reserving)
        assert 0 <= self.charge.refunded_minor <= reserved <= self.charge.captured_minor
        assert self.charge.refundable_minor == self.charge.captured_minor - reserved


TestRefundsOfOneCharge = RefundsOfOneCharge.TestCase
TestRefundsOfOneCharge.settings = settings(
    max_examples=100, stateful_step_count=20, deadline=None, print_blob=True
)
