"""Settlement files: accepted once with all totals, and matched once a run, and never more than the file has."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import RunId, settlement_file_id_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_event_ids import event_id_of
from fincore.domain.settlement_events import (
    SettlementFileAccepted,
    SettlementFileEvent,
    SettlementFormat,
    SettlementKind,
)
from fincore.domain.settlement_file import (
    SUM_MINOR_MAX,
    ConvertedTotal,
    KindTotal,
    SettlementFile,
    accept_file,
    fold_settlement_file,
    match_lines,
)

AT: Final = datetime(2026, 1, 2, tzinfo=UTC)
USD: Final = Currency("usd")
FILE: Final = SettlementFileAccepted(
    file_id=settlement_file_id_of(livemode=False, psp="paypal", psp_account="test", sha256="ab" * 32),
    psp=PspName("paypal"),
    psp_account=PspAccount("test"),
    livemode=False,
    source="paypal",
    name="STL-20260102.01.009.CSV",
    sha256="ab" * 32,
    size_bytes=4711,
    format=SettlementFormat("paypal_stl"),
    parser_version=1,
    period_start=AT - timedelta(days=1),
    period_end=AT,
    lines=4,
    occurred_at=AT,
)
RUN: Final = RunId("run_1")


def total(
    kind: SettlementKind = "payment",
    *,
    lines: int = 3,
    gross: int = 30_000,
    fee: int = -960,
    currency: Currency = USD,
) -> KindTotal:
    """What some lines come to."""
    return KindTotal(kind=kind, currency=currency, lines=lines, gross_minor=gross, fee_minor=fee)


TOTALS: Final = (total(), total("refund", lines=1, gross=-4_000, fee=34))


def accepted() -> list[SettlementFileEvent]:
    """The events of a file that was read."""
    decided = accept_file(None, FILE, TOTALS)
    assert isinstance(decided, tuple)
    return list(decided)


def folded(events: list[SettlementFileEvent]) -> SettlementFile:
    """The file that events tell."""
    file = fold_settlement_file(events)
    assert file is not None
    return file


def test_file_is_accepted_with_a_total_for_each_kind() -> None:
    file = folded(accepted())
    assert (file.version, file.accepted, file.totals) == (3, FILE, TOTALS)


def test_file_that_was_accepted_is_not_accepted_again() -> None:
    file = folded(accepted())
    renamed = msgspec.structs.replace(FILE, name="other.CSV")
    assert accept_file(file, renamed, TOTALS[::-1]) == ()


def test_file_read_with_other_totals_than_before_is_refused() -> None:
    other = accept_file(folded(accepted()), FILE, (total(gross=30_001), TOTALS[1]))
    assert isinstance(other, Refusal)
    assert other.code == "file_differs"


@pytest.mark.parametrize(
    "totals",
    [
        (*TOTALS, total(lines=0)),
        (total(lines=4), total("refund", lines=-1)),
        (total(lines=4, currency=Currency("zzz")),),
        (total(lines=4, gross=SUM_MINOR_MAX + 1),),
        (total(lines=4, fee=-SUM_MINOR_MAX - 1),),
        (total(lines=3),),
        (total(lines=5),),
    ],
)
def test_totals_that_cannot_be_of_the_file_are_refused(totals: tuple[KindTotal, ...]) -> None:
    decided = accept_file(None, FILE, totals)
    assert isinstance(decided, Refusal)
    assert decided.code == "file_totals_impossible"


def test_opening_balance_counts_no_line_of_the_file() -> None:
    opening = total("opening", lines=0, gross=1_000_000, fee=0)
    decided = accept_file(None, FILE, (opening, *TOTALS))
    assert isinstance(decided, tuple)
    assert folded(list(decided)).total("opening", USD) == opening


def test_run_matches_lines_of_a_file_once() -> None:
    events = accepted()
    sums = (total(lines=2, gross=20_000, fee=-640), TOTALS[1])
    decided = match_lines(folded(events), RUN, sums, occurred_at=AT)
    assert isinstance(decided, tuple)
    assert len(decided) == 2
    half = folded([*events, decided[0]])
    assert match_lines(half, RUN, sums, occurred_at=AT) == decided[1:]
    whole = folded([*events, *decided])
    assert match_lines(whole, RUN, sums, occurred_at=AT) == ()
    later = match_lines(whole, RunId("run_2"), (total(lines=1, gross=10_000, fee=-320),), occurred_at=AT)
    assert isinstance(later, tuple)
    assert len(later) == 1


@pytest.mark.parametrize(
    "sums",
    [
        (total(lines=4),),
        (total(lines=0),),
        (total("dispute", lines=1),),
        (total(currency=Currency("eur")),),
        (total(lines=1), total(lines=1)),
        (total(gross=SUM_MINOR_MAX + 1),),
    ],
)
def test_match_of_what_the_file_does_not_have_is_refused(sums: tuple[KindTotal, ...]) -> None:
    decided = match_lines(folded(accepted()), RUN, sums, occurred_at=AT)
    assert isinstance(decided, Refusal)
    assert decided.code == "match_impossible"


@pytest.mark.parametrize("kind", ["payout", "payout_returned", "account_fee", "conversion", "opening"])
def test_match_of_lines_that_no_charge_explains_is_refused(kind: SettlementKind) -> None:
    lines = 0 if kind == "opening" else 4
    decided = accept_file(None, FILE, (total(kind, lines=lines), *(TOTALS if not lines else ())))
    assert isinstance(decided, tuple)
    matched = match_lines(folded(list(decided)), RUN, (total(kind, lines=lines),), occurred_at=AT)
    assert isinstance(matched, Refusal)


def test_run_that_matched_other_lines_before_is_refused() -> None:
    events = accepted()
    decided = match_lines(folded(events), RUN, (total(lines=2, gross=20_000),), occurred_at=AT)
    assert isinstance(decided, tuple)
    file = folded([*events, *decided])
    other = match_lines(file, RUN, (total(lines=1, gross=10_000),), occurred_at=AT)
    assert isinstance(other, Refusal)


def test_runs_together_match_no_line_twice() -> None:
    decided = match_lines(folded(accepted()), RUN, (total(lines=2, gross=20_000, fee=0),), occurred_at=AT)
    assert isinstance(decided, tuple)
    file = folded([*accepted(), *decided])
    for lines, is_refused in ((0, False), (1, False), (2, True)):
        later = match_lines(file, RunId("run_2"), (total(lines=lines, gross=0, fee=-640),), occurred_at=AT)
        assert isinstance(later, Refusal) == is_refused, lines


def conversion(lines: int = 1, **changes: object) -> ConvertedTotal:
    """Lines that settle payments of euros in dollars."""
    fields: dict[str, object] = {
        "kind": "payment",
        "currency": USD,
        "charge_currency": Currency("eur"),
        "lines": lines,
        "gross_minor": 10_800,
        "charge_gross_minor": 10_000,
    }
    return ConvertedTotal(**(fields | changes))  # type: ignore[arg-type]


def test_lines_matched_across_currencies_are_told_once() -> None:
    events = accepted()
    sums, conversions = (total(lines=2, gross=20_000),), (conversion(),)
    decided = match_lines(folded(events), RUN, sums, conversions, occurred_at=AT)
    assert isinstance(decided, tuple)
    assert len(decided) == 2
    half = folded([*events, decided[0]])
    assert match_lines(half, RUN, sums, conversions, occurred_at=AT) == decided[1:]
    assert match_lines(folded([*events, *decided]), RUN, sums, conversions, occurred_at=AT) == ()
    assert len({event_id_of(event) for event in (*events, *decided)}) == 5
    with pytest.raises(EventImpossible):
        folded([*events, decided[1], decided[1]])


@pytest.mark.parametrize("currency", [USD, Currency("eur")])
def test_conversions_by_lines_of_their_own_count_no_line(currency: Currency) -> None:
    """They are booked with the file, which may have one of the two lines only."""
    line_of_one = total("conversion", lines=1, gross=-100, fee=0, currency=currency)
    events = accept_file(None, msgspec.structs.replace(FILE, lines=1), (line_of_one,))
    assert isinstance(events, tuple)
    one = conversion(kind="conversion", lines=0, realised_minor=-80)
    decided = match_lines(folded([*events]), RUN, (), (one,), occurred_at=AT)
    assert isinstance(decided, tuple)
    assert folded([*events, *decided]).conversions == ((RUN, one),)


@pytest.mark.parametrize(
    "conversions",
    [
        (conversion(), conversion(lines=0)),
        (conversion(charge_currency=USD),),
        (conversion(charge_currency=Currency("zzz")),),
        (conversion(lines=-1),),
        (conversion(lines=0),),
        (conversion(lines=4),),
        (conversion(kind="dispute"),),
        (conversion(kind="conversion"),),
        (conversion(kind="conversion", lines=0),),
        (conversion(charge_gross_minor=SUM_MINOR_MAX + 1),),
    ],
)
def test_impossible_match_across_currencies_is_refused(conversions: tuple[ConvertedTotal, ...]) -> None:
    decided = match_lines(folded(accepted()), RUN, (), conversions, occurred_at=AT)
    assert isinstance(decided, Refusal)
    assert decided.code == "match_impossible"


def test_line_counts_in_one_run_whichever_part_is_matched() -> None:
    """A run matches its amount across currencies, a later one its fee."""
    decided = match_lines(folded(accepted()), RUN, (), (conversion(lines=3),), occurred_at=AT)
    assert isinstance(decided, tuple)
    file = folded([*accepted(), *decided])
    fees = total(lines=0, gross=0, fee=-960)
    assert isinstance(match_lines(file, RunId("run_2"), (fees,), occurred_at=AT), tuple)
    again = match_lines(file, RunId("run_2"), (), (conversion(lines=1),), occurred_at=AT)
    assert isinstance(again, Refusal)
    other = match_lines(file, RUN, (), (conversion(lines=2),), occurred_at=AT)
    assert isinstance(other, Refusal)


def test_events_of_a_file_have_one_id_each() -> None:
    events = accepted()
    decided = match_lines(folded(events), RUN, TOTALS, occurred_at=AT)
    again = match_lines(folded(events), RunId("run_2"), TOTALS, occurred_at=AT)
    assert isinstance(decided, tuple)
    assert isinstance(again, tuple)
    ids = [event_id_of(event) for event in (*events, *decided, *again)]
    assert len(set(ids)) == len(ids) == 7
    assert ids[:3] == [event_id_of(event) for event in accepted()]


def test_file_stream_in_another_order_is_impossible() -> None:
    events = accepted()
    matched = match_lines(folded(events), RUN, TOTALS, occurred_at=AT)
    assert isinstance(matched, tuple)
    for wrong in (
        events[1:],
        [events[0], events[0]],
        [*events, events[1]],
        [events[0], matched[0]],
        [*events, matched[0], matched[0]],
        [*events[:2], matched[0], events[2]],
    ):
        with pytest.raises(EventImpossible):
            fold_settlement_file(wrong)
