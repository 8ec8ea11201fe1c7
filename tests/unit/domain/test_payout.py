"""Payouts: what follows from reports in any order, doubled, late and contradictory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.errors import EventImpossible
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import (
    BANK_REFERENCES_MAX,
    Payout,
    PayoutAccount,
    PayoutReport,
    decide_payout,
    evolve_payout,
    fold_payout,
)
from fincore.domain.payout_statuses import (
    PAYOUT_REPORTS,
    PAYOUT_TRANSITIONS,
    PayoutStatus,
    ReportedStatus,
    payout_table,
)
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    BankAccount,
    PayoutCanceled,
    PayoutCreated,
    PayoutEvent,
    PayoutFailed,
    PayoutPaid,
    payout_event_type,
)

AT: Final = datetime(2026, 1, 2, tzinfo=UTC)
ACCOUNT: Final = PayoutAccount(psp=PspName("stripe"), psp_account=PspAccount("test"), livemode=False)
BANK: Final = BankAccount("main")
USD: Final = Currency("usd")


def report(status: ReportedStatus, *, day: int, amount_minor: int = 9680) -> PayoutReport:
    """What the PSP says of one payout on some day after it was made."""
    return PayoutReport(
        psp_reference=PspReference("po_1"),
        money=Money(amount_minor, USD),
        status=status,
        created_at=AT,
        occurred_at=AT + timedelta(days=day),
        failure_code="account_closed" if status == "failed" else None,
        failure_message="x" * 1_000 if status == "failed" else None,
    )


COURSE_WITH_REFERENCES: Final[list[tuple[ReportedStatus, str | None]]] = [
    ("in_transit", None),
    ("paid", "TRACE0001"),
    ("paid", "TRACE0001"),
    ("in_transit", "TRACE0002"),
    ("failed", "TRACE0001"),
    ("canceled", "TRACE0003"),
]


def after(reports: Sequence[PayoutReport]) -> tuple[Payout | None, list[PayoutEvent], list[Refusal]]:
    """The payout, its events and what was refused, after reports that came in this order."""
    payout, events, refused = None, list[PayoutEvent](), list[Refusal]()
    for one in reports:
        decided = decide_payout(payout, ACCOUNT, one, bank_account=BANK, now=AT)
        if isinstance(decided, Refusal):
            refused.append(decided)
            continue
        for event in decided:
            payout = evolve_payout(payout, event)
            events.append(event)
    return payout, events, refused


def in_transit_minor(events: Sequence[PayoutEvent]) -> int:
    """What is on its way between the PSP and the bank by some events."""
    total = 0
    for event in events:
        match event:
            case PayoutCreated():
                total += event.amount_minor
            case PayoutPaid() | PayoutCanceled():
                total -= event.amount_minor
            case PayoutFailed():
                total -= 0 if event.was_paid else event.amount_minor
    return total


COURSES: Final[list[tuple[PayoutStatus, ...]]] = [
    ("in_transit", "paid"),
    ("in_transit", "paid", "failed"),
    ("in_transit", "failed"),
    ("in_transit", "canceled"),
]
RETURNS: Final[list[tuple[tuple[ReportedStatus, ...], PayoutStatus]]] = [
    (("in_transit", "returned"), "failed"),
    (("in_transit", "returned", "canceled"), "failed"),
    (("in_transit", "canceled", "returned"), "canceled"),
    (("in_transit", "failed", "returned"), "failed"),
    (("in_transit", "paid", "returned", "failed"), "failed"),
    (("returned", "canceled"), "failed"),
]
"""Reports with a line that the money came back among them -> the status in the end."""


@pytest.mark.parametrize("course", COURSES)
def test_payout_ends_alike_in_any_order_of_reports(course: tuple[PayoutStatus, ...]) -> None:
    reports = [report(status, day=day) for day, status in enumerate(course)]
    for order in permutations([*reports, *reports]):
        payout, events, refused = after(order)
        assert payout is not None
        assert (payout.status, refused) == (course[-1], [])
        assert in_transit_minor(events) == 0
        assert fold_payout(events) == payout


@pytest.mark.parametrize(("course", "status"), RETURNS)
def test_payout_told_twice_to_be_back_comes_back_once(
    course: tuple[ReportedStatus, ...], status: PayoutStatus
) -> None:
    """A file says that the money is back; the PSP's own word for why comes before or after it."""
    payout, events, refused = after([report(one, day=day) for day, one in enumerate(course)])
    assert payout is not None
    assert (payout.status, refused) == (status, [])
    assert in_transit_minor(events) == 0
    assert len([one for one in events if isinstance(one, PayoutFailed | PayoutCanceled)]) == 1


def test_reference_of_a_bank_is_told_once_in_any_status() -> None:
    """Stripe knows it once the payout has arrived, or days later."""
    told = [
        msgspec.structs.replace(report(status, day=day), bank_reference=reference)
        for day, (status, reference) in enumerate(COURSE_WITH_REFERENCES)
    ]
    told[3] = msgspec.structs.replace(told[3], occurred_at=AT)
    payout, events, refused = after(told)
    assert payout is not None
    assert (payout.status, payout.changed_at) == ("failed", AT + timedelta(days=4))
    assert payout.bank_references == ("TRACE0001", "TRACE0002", "TRACE0003")
    assert (len(events), refused) == (6, [])
    assert fold_payout(events) == payout


@pytest.mark.parametrize("reference", ["", "1234567", "x" * 51])
def test_reference_of_impossible_length_is_not_told(reference: str) -> None:
    _, events, _ = after([msgspec.structs.replace(report("paid", day=1), bank_reference=reference)])
    assert [payout_event_type(event) for event in events] == ["payout.created", "payout.paid"]


def test_references_of_banks_are_bounded_in_number() -> None:
    reports = [
        msgspec.structs.replace(report("paid", day=1), bank_reference=f"TRACE{number:04}")
        for number in range(BANK_REFERENCES_MAX + 3)
    ]
    payout, _, _ = after(reports)
    assert payout is not None
    assert len(payout.bank_references) == BANK_REFERENCES_MAX


def test_paid_payout_that_fails_names_the_bank_it_went_to() -> None:
    payout, _, _ = after([report("in_transit", day=0), report("paid", day=1)])
    decided = decide_payout(
        payout, ACCOUNT, report("failed", day=2), bank_account=BankAccount("other"), now=AT
    )
    assert isinstance(decided, tuple)
    (failed,) = decided
    assert isinstance(failed, PayoutFailed)
    assert (failed.was_paid, failed.bank_account, failed.code) == (True, BANK, "account_closed")
    assert failed.message is not None
    assert len(failed.message) == 500


def test_payout_that_fails_on_its_way_was_in_no_bank() -> None:
    _, events, _ = after([report("failed", day=2)])
    assert [payout_event_type(event) for event in events] == ["payout.created", "payout.failed"]
    assert isinstance(events[1], PayoutFailed)
    assert (events[1].was_paid, events[1].bank_account) == (False, None)
    assert (events[0].occurred_at, events[1].occurred_at) == (AT, AT + timedelta(days=2))


@pytest.mark.parametrize(
    ("known", "reported"),
    [
        ("paid", "canceled"),
        ("canceled", "paid"),
        ("canceled", "failed"),
        ("paid", "in_transit"),
        ("failed", "paid"),
        ("failed", "in_transit"),
        ("canceled", "in_transit"),
    ],
)
def test_later_report_that_contradicts_a_payout_is_refused(
    known: PayoutStatus, reported: PayoutStatus
) -> None:
    payout, events, refused = after([report(known, day=1), report(reported, day=2)])
    assert payout is not None
    assert (payout.status, len(events)) == (known, 2)
    assert [one.code for one in refused] == ["contradicts_state"]


@pytest.mark.parametrize(
    ("known", "reported"),
    [("paid", "in_transit"), ("failed", "paid"), ("failed", "in_transit"), ("canceled", "in_transit")],
)
def test_report_of_the_same_moment_changes_no_payout(known: PayoutStatus, reported: PayoutStatus) -> None:
    """Reports of one second come in any order."""
    payout, events, refused = after([report(known, day=1), report(reported, day=1)])
    assert payout is not None
    assert (payout.status, len(events), refused) == (known, 2, [])


@pytest.mark.parametrize("known", ["in_transit", "paid", "failed", "canceled"])
@pytest.mark.parametrize(
    ("money", "code"),
    [
        (Money(9681, USD), "amount_differs"),
        (Money(-9680, USD), "amount_differs"),
        (Money(9680, Currency("eur")), "currency_differs"),
    ],
)
def test_report_of_other_money_than_known_is_refused(known: PayoutStatus, money: Money, code: str) -> None:
    payout, _, _ = after([report(known, day=1)])
    other = msgspec.structs.replace(report("paid", day=2), money=money)
    decided = decide_payout(payout, ACCOUNT, other, bank_account=BANK, now=AT)
    assert isinstance(decided, Refusal)
    assert decided.code == code


@pytest.mark.parametrize(
    ("money", "code"),
    [
        (Money(0, USD), "amount_differs"),
        (Money(AMOUNT_MINOR_MAX + 1, USD), "amount_differs"),
        (Money(-AMOUNT_MINOR_MAX - 1, USD), "amount_differs"),
        (Money(9680, Currency("zzz")), "currency_differs"),
    ],
)
def test_payout_of_impossible_money_is_refused(money: Money, code: str) -> None:
    decided = decide_payout(
        None, ACCOUNT, msgspec.structs.replace(report("paid", day=1), money=money), bank_account=BANK, now=AT
    )
    assert isinstance(decided, Refusal)
    assert decided.code == code


DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
AGES: Final = ("created_at", "occurred_at")


@pytest.mark.parametrize(("livemode", "days"), [(True, 1), (False, 366)])
@pytest.mark.parametrize("name", AGES)
def test_payout_of_a_time_to_come_is_refused(name: str, days: int, *, livemode: bool) -> None:
    account = msgspec.structs.replace(ACCOUNT, livemode=livemode)
    for at, is_believed in ((AT + days * DAY, True), (AT + days * DAY + SECOND, False)):
        told = msgspec.structs.replace(report("paid", day=0), **{name: at})
        decided = decide_payout(None, account, told, bank_account=BANK, now=AT)
        assert isinstance(decided, tuple) == is_believed
        assert is_believed or (isinstance(decided, Refusal) and decided.code == "time_unlikely")


@pytest.mark.parametrize("name", AGES)
def test_payout_of_a_time_long_ago_is_refused(name: str) -> None:
    for at, is_believed in ((AT - 3_660 * DAY, True), (AT - 3_660 * DAY - SECOND, False)):
        told = msgspec.structs.replace(report("paid", day=0), **{name: at})
        decided = decide_payout(None, ACCOUNT, told, bank_account=BANK, now=AT)
        assert isinstance(decided, tuple) == is_believed


@pytest.mark.parametrize(
    ("expected_at", "is_believed"),
    [
        (AT + 31 * DAY, True),
        (AT + 31 * DAY + SECOND, False),
        (AT - 2 * DAY, True),
        (AT - 2 * DAY - SECOND, False),
        (datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC), False),
    ],
)
def test_payout_expected_far_from_its_making_is_refused(expected_at: datetime, *, is_believed: bool) -> None:
    told = msgspec.structs.replace(report("in_transit", day=0), expected_at=expected_at)
    assert isinstance(decide_payout(None, ACCOUNT, told, bank_account=BANK, now=AT), tuple) == is_believed


def test_payout_in_the_log_of_a_time_to_come_still_arrives() -> None:
    """It was believed once; a bank's line says no earlier time than that at which it was made."""
    payout, _, _ = after([report("in_transit", day=0)])
    told = report("paid", day=0)
    assert isinstance(decide_payout(payout, ACCOUNT, told, bank_account=BANK, now=AT - 400 * DAY), tuple)
    later = report("paid", day=1)
    assert isinstance(decide_payout(payout, ACCOUNT, later, bank_account=BANK, now=AT - 400 * DAY), Refusal)


@pytest.mark.parametrize("amount_minor", [-500, 1, AMOUNT_MINOR_MAX, -AMOUNT_MINOR_MAX])
def test_payout_of_money_either_way_is_recorded(amount_minor: int) -> None:
    payout, events, refused = after([report("paid", day=1, amount_minor=amount_minor)])
    assert payout is not None
    assert (payout.money.amount_minor, len(events), refused) == (amount_minor, 2, [])


def test_report_about_another_payout_is_refused() -> None:
    payout, _, _ = after([report("in_transit", day=0)])
    other = msgspec.structs.replace(report("paid", day=1), psp_reference=PspReference("po_2"))
    decided = decide_payout(payout, ACCOUNT, other, bank_account=BANK, now=AT)
    assert isinstance(decided, Refusal)
    assert decided.code == "psp_reference_differs"
    live = msgspec.structs.replace(ACCOUNT, livemode=True)
    assert isinstance(decide_payout(payout, live, report("paid", day=1), bank_account=BANK, now=AT), Refusal)


def test_payout_has_one_id_by_account_mode_and_reference() -> None:
    reference = PspReference("po_1")
    others = [
        msgspec.structs.replace(ACCOUNT, livemode=True),
        msgspec.structs.replace(ACCOUNT, psp=PspName("paypal")),
        msgspec.structs.replace(ACCOUNT, psp_account=PspAccount("test2")),
    ]
    assert ACCOUNT.payout_id(reference) == ACCOUNT.payout_id(reference)
    ids = {one.payout_id(reference) for one in (ACCOUNT, *others)} | {ACCOUNT.payout_id(PspReference("po_2"))}
    assert len(ids) == 5


def test_every_report_of_a_payout_has_an_answer() -> None:
    statuses: list[PayoutStatus] = ["in_transit", "paid", "failed", "canceled"]
    assert set(PAYOUT_REPORTS) == {
        (before, reported) for before in (None, *statuses) for reported in (*statuses, "returned")
    }
    assert len(payout_table().splitlines()) == len(PAYOUT_REPORTS)
    for (before, reported), answer in PAYOUT_REPORTS.items():
        if isinstance(answer, tuple):
            status = before
            for name in answer:
                status = PAYOUT_TRANSITIONS[status, name]
            assert status == ("failed" if reported == "returned" else reported)


def test_payout_stream_that_begins_in_the_middle_is_impossible() -> None:
    _, events, _ = after([report("paid", day=1)])
    with pytest.raises(EventImpossible, match=r"payout\.paid"):
        fold_payout(events[1:])
    with pytest.raises(EventImpossible, match=r"payout\.created"):
        fold_payout([events[0], events[0]])
