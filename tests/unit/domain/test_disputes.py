"""Disputes: reports in any order become each movement and each verdict once, and money apart from verdicts."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.dispute import Dispute
from fincore.domain.dispute_reports import decide_dispute, dispute_doubt
from fincore.domain.events import DisputeFundsReinstated, DisputeFundsWithdrawn, EventType, event_type
from fincore.domain.ids import DisputeId
from fincore.domain.money import Money
from fincore.domain.outcome import DisputeMovements, DisputeReport, PspReference
from fincore.domain.refusal import Refusal
from fixtures.commits import captured, created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DUE = NOON + timedelta(days=10)
USD = Currency("usd")
DP = DisputeId("dp_01k0bcdefghjkmnpqrstvwxyz0")
TEN = Money(1000, USD)
MOVED = tuple(name for name in DisputeMovements.__struct_fields__ if name != "currency")


def paid() -> Charge:
    return evolve(evolve(None, created(1000)), captured(1000))


def report(status: Any, *, minutes: float = 0, **changes: Any) -> DisputeReport:
    fields: dict[str, Any] = {
        "psp_reference": PspReference("dp_at_psp"),
        "status": status,
        "money": TEN,
        "reason": "fraudulent",
        "is_inquiry": False,
        "occurred_at": NOON + timedelta(minutes=minutes),
        "evidence_due_by": DUE,
    }
    moved = {name: changes.pop(name) for name in MOVED if name in changes}
    if moved:
        changes["movements"] = (DisputeMovements(currency=USD, **moved),)
    return DisputeReport(**(fields | changes))


OPENED = report("needs_response")
WITHDRAWN = report("needs_response", minutes=1, withdrawn_minor=1000, withdrawn_fee_minor=1500)
REVIEWED = report("under_review", minutes=2, withdrawn_minor=1000, withdrawn_fee_minor=1500)
REINSTATED = report(
    "under_review", minutes=3, withdrawn_minor=1000, withdrawn_fee_minor=1500, reinstated_minor=1000
)
WON = report("won", minutes=4, withdrawn_minor=1000, withdrawn_fee_minor=1500, reinstated_minor=1000)
LOST = report("lost", minutes=4, withdrawn_minor=1000, withdrawn_fee_minor=1500)


def story(*reports: DisputeReport) -> tuple[Charge, list[EventType]]:
    charge, told = paid(), []
    for said in reports:
        events = decide_dispute(charge, said, new_dispute_id=DP)
        assert not isinstance(events, Refusal)
        for event in events:
            charge = evolve(charge, event)
            told.append(event_type(event))
        assert decide_dispute(charge, said, new_dispute_id=DP) == (), (
            "the same report again must change nothing"
        )
    return charge, told


def dispute_of(charge: Charge) -> Dispute:
    (dispute,) = charge.disputes
    return dispute


def test_won_dispute_reinstates_money_and_keeps_fee() -> None:
    charge, told = story(OPENED, WITHDRAWN, REVIEWED, REINSTATED, WON)
    assert told == [
        "dispute.opened",
        "dispute.funds_withdrawn",
        "dispute.updated",
        "dispute.funds_reinstated",
        "dispute.won",
    ]
    dispute = dispute_of(charge)
    assert (
        dispute.status,
        dispute.moved_in(USD).withdrawn_minor,
        dispute.moved_in(USD).reinstated_minor,
    ) == ("won", 1000, 1000)
    assert (dispute.moved_in(USD).withdrawn_fee_minor, dispute.moved_in(USD).reinstated_fee_minor) == (
        1500,
        0,
    )
    assert not dispute.bars_refunds


def test_funds_reinstated_alone_do_not_win_a_dispute() -> None:
    charge, _ = story(OPENED, WITHDRAWN, REINSTATED)
    assert dispute_of(charge).status == "under_review"


def test_lost_dispute_keeps_withdrawn_money_and_bars_refunds() -> None:
    dispute = dispute_of(story(OPENED, WITHDRAWN, LOST)[0])
    assert (
        dispute.status,
        dispute.moved_in(USD).withdrawn_minor,
        dispute.moved_in(USD).reinstated_minor,
    ) == ("lost", 1000, 0)
    assert dispute.bars_refunds


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_dispute_reports_in_any_order_give_same_dispute(order: tuple[int, ...]) -> None:
    reports = (OPENED, WITHDRAWN, REINSTATED, WON)
    charge, told = story(*(reports[place] for place in order))
    dispute = dispute_of(charge)
    assert (
        dispute.status,
        dispute.moved_in(USD).withdrawn_minor,
        dispute.moved_in(USD).reinstated_minor,
    ) == ("won", 1000, 1000)
    assert told.count("dispute.funds_withdrawn") == told.count("dispute.funds_reinstated") == 1
    assert told.count("dispute.opened") == told.count("dispute.won") == 1
    assert told[0] == "dispute.opened"


def test_dispute_escalated_by_a_late_report_is_not_older() -> None:
    charge, told = story(report("needs_response", is_inquiry=True), report("needs_response", minutes=-1))
    assert told == ["dispute.opened", "dispute.updated"]
    assert dispute_of(charge).updated_at == NOON


def test_dispute_first_reported_lost_is_opened_then_lost() -> None:
    charge, told = story(LOST)
    assert told == ["dispute.opened", "dispute.funds_withdrawn", "dispute.lost"]
    assert dispute_of(charge).status == "lost"


def test_movements_carry_what_the_ledger_needs() -> None:
    charge = story(OPENED)[0]
    (withdrawn,) = decide_dispute(charge, WITHDRAWN, new_dispute_id=DP)  # type: ignore[misc]
    assert isinstance(withdrawn, DisputeFundsWithdrawn)
    assert (withdrawn.amount_minor, withdrawn.fee_minor, withdrawn.currency) == (1000, 1500, "usd")
    assert (withdrawn.merchant_id, withdrawn.livemode, withdrawn.psp) == ("mer_01tests", False, "stripe")


def test_a_second_withdrawal_is_the_difference_to_the_first() -> None:
    charge = story(OPENED, WITHDRAWN, REINSTATED)[0]
    again = report("lost", minutes=9, withdrawn_minor=2000, withdrawn_fee_minor=1500, reinstated_minor=1000)
    events = decide_dispute(charge, again, new_dispute_id=DP)
    assert not isinstance(events, Refusal)
    assert [event_type(event) for event in events] == ["dispute.funds_withdrawn", "dispute.lost"]
    assert isinstance(events[0], DisputeFundsWithdrawn)
    assert (events[0].amount_minor, events[0].fee_minor) == (1000, 0)


def test_a_fee_given_back_later_is_a_movement_of_its_own() -> None:
    charge = story(OPENED, WITHDRAWN, WON)[0]
    fee_back = report(
        "won",
        minutes=9,
        withdrawn_minor=1000,
        withdrawn_fee_minor=1500,
        reinstated_minor=1000,
        reinstated_fee_minor=1500,
    )
    (event,) = decide_dispute(charge, fee_back, new_dispute_id=DP)  # type: ignore[misc]
    assert isinstance(event, DisputeFundsReinstated)
    assert (event.amount_minor, event.fee_minor) == (0, 1500)


def test_inquiry_moves_no_money_and_closes() -> None:
    asked = report("needs_response", is_inquiry=True)
    closed = report("closed", minutes=5, is_inquiry=True)
    charge, told = story(asked, closed)
    assert told == ["dispute.opened", "dispute.closed"]
    assert not dispute_of(charge).bars_refunds


ASKED = report("needs_response", is_inquiry=True)
CLOSED = report("closed", minutes=5, is_inquiry=True)
ESCALATED = report("needs_response", minutes=9, withdrawn_minor=1000, withdrawn_fee_minor=1500)


def test_a_closed_inquiry_can_come_back_as_a_chargeback() -> None:
    charge, told = story(ASKED, CLOSED, ESCALATED)
    assert told[2:] == ["dispute.funds_withdrawn", "dispute.updated"]
    assert (dispute_of(charge).status, dispute_of(charge).is_inquiry) == ("needs_response", False)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_inquiry_escalated_to_chargeback_is_open_in_any_order(
    order: tuple[int, ...],
) -> None:
    """An inquiry that was closed as one and became a chargeback needs a response."""
    reports = (ASKED, CLOSED, ESCALATED)
    dispute = dispute_of(story(*(reports[place] for place in order))[0])
    assert (dispute.status, dispute.is_inquiry, dispute.moved_in(USD).withdrawn_minor) == (
        "needs_response",
        False,
        1000,
    )


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_inquiry_and_chargeback_in_one_second_take_any_order(
    order: tuple[int, ...],
) -> None:
    at_once = (
        ASKED,
        report("under_review", is_inquiry=True),
        report("closed", is_inquiry=True),
        report("needs_response", withdrawn_minor=1000, withdrawn_fee_minor=1500),
    )
    dispute = dispute_of(story(*(at_once[place] for place in order))[0])
    assert (dispute.status, dispute.is_inquiry, dispute.moved_in(USD).withdrawn_minor) == (
        "needs_response",
        False,
        1000,
    )


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_outcome_of_escalated_inquiry_counts_in_any_order(
    order: tuple[int, ...],
) -> None:
    won = report("won", minutes=12, withdrawn_minor=1000, withdrawn_fee_minor=1500)
    reports = (ASKED, CLOSED, ESCALATED, won)
    dispute = dispute_of(story(*(reports[place] for place in order))[0])
    assert (dispute.status, dispute.is_inquiry, dispute.moved_in(USD).withdrawn_minor) == ("won", False, 1000)


def test_later_report_reopens_lost_dispute_and_older_does_not() -> None:
    """An appeal can turn the outcome; a report from before it cannot."""
    charge, _ = story(OPENED, WITHDRAWN, LOST)
    early = report("won", minutes=3, withdrawn_minor=1000, withdrawn_fee_minor=1500)
    assert decide_dispute(charge, early, new_dispute_id=DP) == ()
    appealed = report(
        "won", minutes=99, withdrawn_minor=1000, withdrawn_fee_minor=1500, reinstated_minor=1000
    )
    _, told = story(OPENED, WITHDRAWN, LOST, appealed)
    assert told[-2:] == ["dispute.funds_reinstated", "dispute.won"]


def test_dispute_in_another_currency_is_recorded_with_a_doubt() -> None:
    euros = report("needs_response", money=Money(1000, Currency("eur")), withdrawn_minor=1000)
    doubt = dispute_doubt(paid(), euros)
    assert doubt is not None
    assert doubt.code == "currency_differs"
    charge, told = story(euros)
    assert told == ["dispute.opened", "dispute.funds_withdrawn"]
    assert dispute_of(charge).bars_refunds
    assert dispute_doubt(paid(), OPENED) is None


def test_dispute_of_unpaid_charge_is_refused() -> None:
    unpaid = evolve(None, created(1000))
    refusal = decide_dispute(unpaid, WITHDRAWN, new_dispute_id=DP)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "contradicts_state"


@pytest.mark.parametrize(
    "said",
    [
        report("needs_response", money=Money(2001, USD)),
        report("needs_response", withdrawn_minor=500_000),
        report("won", withdrawn_minor=0, reinstated_minor=0, money=Money(2**63, USD)),
    ],
    ids=["disputed", "withdrawn", "beyond all bounds"],
)
def test_a_dispute_of_many_times_the_charge_is_refused(said: DisputeReport) -> None:
    refusal = decide_dispute(paid(), said, new_dispute_id=DP)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "amount_exceeds_charge"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (report("won", withdrawn_minor=1000, reinstated_minor=3001), "amount_exceeds_charge"),
        (report("needs_response", held_minor=0, released_minor=2001), "amount_exceeds_charge"),
        (report("needs_response", money=Money(0, USD)), "amount_differs"),
        (report("needs_response", money=Money(0, Currency("eur"))), "amount_differs"),
        (report("needs_response", withdrawn_minor=-1), "amount_differs"),
        (report("needs_response", withdrawn_minor=1000, withdrawn_fee_minor=-1), "amount_differs"),
    ],
    ids=["reinstated", "released", "nothing", "nothing in euros", "negative", "negative fee"],
)
def test_dispute_of_less_than_nothing_is_refused(said: DisputeReport, code: str) -> None:
    """More given back than was ever taken, or an amount that no dispute has."""
    refusal = decide_dispute(paid(), said, new_dispute_id=DP)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_dispute_amount_changed_by_exchange_rate_is_accepted() -> None:
    charge, _ = story(report("needs_response", money=Money(1080, USD), withdrawn_minor=1080))
    assert dispute_of(charge).moved_in(USD).withdrawn_minor == 1080


def test_a_dispute_of_an_unknown_status_bars_refunds() -> None:
    charge, told = story(report(None, withdrawn_minor=1000, withdrawn_fee_minor=1500))
    assert told == ["dispute.opened", "dispute.funds_withdrawn"]
    assert dispute_of(charge).status == "needs_response"
    assert dispute_of(charge).bars_refunds


def test_an_unknown_status_does_not_undo_a_known_one() -> None:
    charge, told = story(OPENED, WITHDRAWN, LOST, report(None, minutes=9, withdrawn_minor=1000))
    assert told[-1] == "dispute.lost"
    assert dispute_of(charge).status == "lost"


def test_movements_in_two_currencies_are_recorded_apart() -> None:
    eur = Currency("eur")
    first = report("needs_response", movements=(DisputeMovements(currency=eur, withdrawn_minor=930),))
    both = report(
        "needs_response",
        minutes=1,
        movements=(
            DisputeMovements(currency=eur, withdrawn_minor=930),
            DisputeMovements(currency=USD, withdrawn_minor=70, withdrawn_fee_minor=15),
        ),
    )
    charge, told = story(first, both)
    assert told == ["dispute.opened", "dispute.funds_withdrawn", "dispute.funds_withdrawn"]
    dispute = dispute_of(charge)
    assert [moved.currency for moved in dispute.movements] == ["eur", "usd"]
    assert (dispute.moved_in(eur).withdrawn_minor, dispute.moved_in(USD).withdrawn_minor) == (930, 70)


def test_two_disputes_of_one_charge_are_recorded_apart() -> None:
    charge, _ = story(OPENED)
    other = report("needs_response", psp_reference=PspReference("dp_other"))
    events = decide_dispute(charge, other, new_dispute_id=DisputeId("dp_2"))
    assert not isinstance(events, Refusal)
    for event in events:
        charge = evolve(charge, event)
    assert [dispute.psp_reference for dispute in charge.disputes] == ["dp_at_psp", "dp_other"]
