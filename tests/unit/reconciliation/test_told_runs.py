"""What the log tells of files and runs, in its order, and where a run that is derived anew differs from it."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import pytest

from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentEvent, AdjustmentReversed
from fincore.domain.currency import Currency
from fincore.domain.ids import AdjustmentId, EventId, RunId, SettlementFileId, settlement_file_stream_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.settlement_events import (
    SettlementFileAccepted,
    SettlementFileEvent,
    SettlementFileMatched,
    SettlementFileTotalled,
    SettlementFormat,
)
from fincore.domain.settlement_file import ConvertedTotal, KindTotal
from fincore.reconciliation.rebuild.told import (
    NOTHING,
    MatchDifference,
    Part,
    Sums,
    ToldAdjustment,
    ToldFile,
    ToldRun,
    differences,
    files_of,
    steps_of,
    sums_of,
)

AT: Final = datetime(2026, 11, 2, tzinfo=UTC)
USD: Final = Currency("usd")
EUR: Final = Currency("eur")
FILE, OTHER = (SettlementFileId(f"sf_{number:026d}") for number in (1, 2))
FIRST, SECOND = RunId("run_1"), RunId("run_2")
PAYMENTS: Final = Part(FILE, "payment", USD)
REFUNDS: Final = Part(FILE, "refund", USD)
ONE: Final = Sums(1, 100, -3)


def accepted(file_id: SettlementFileId) -> SettlementFileAccepted:
    return SettlementFileAccepted(
        file_id=file_id,
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        livemode=False,
        source="s",
        name="STL.CSV",
        sha256="0" * 64,
        size_bytes=1,
        format=SettlementFormat("paypal_stl"),
        parser_version=1,
        period_start=AT,
        period_end=AT,
        lines=1,
        occurred_at=AT,
    )


def matched(run_id: RunId, part: Part, sums: Sums = ONE) -> SettlementFileMatched:
    return SettlementFileMatched(
        file_id=part[0],
        run_id=run_id,
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        livemode=False,
        kind=part[1],
        currency=part[2],
        lines=sums.lines,
        gross_minor=sums.gross_minor,
        fee_minor=sums.fee_minor,
        occurred_at=AT,
    )


def totalled() -> SettlementFileTotalled:
    return SettlementFileTotalled(
        file_id=FILE,
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        livemode=False,
        kind="payment",
        currency=USD,
        lines=1,
        gross_minor=100,
        fee_minor=-3,
        occurred_at=AT,
    )


def logged(
    *events: SettlementFileEvent | AdjustmentEvent,
) -> list[RecordedEvent[SettlementFileEvent | AdjustmentEvent]]:
    return [
        RecordedEvent(7, pos, settlement_file_stream_of(FILE), pos, EventId(uuid4()), event, AT)
        for pos, event in enumerate(events, start=1)
    ]


def test_files_and_runs_stand_in_the_order_of_the_log() -> None:
    events = logged(
        accepted(FILE),
        totalled(),
        matched(FIRST, PAYMENTS),
        accepted(OTHER),
        matched(FIRST, REFUNDS, Sums(0, 0, 1)),
        matched(SECOND, PAYMENTS, Sums(2, 5, 0)),
    )
    first, run, other, last = steps_of(events)
    assert isinstance(run, ToldRun)
    assert isinstance(last, ToldRun)
    assert (first, other) == (ToldFile(accepted(FILE), AT), ToldFile(accepted(OTHER), AT))
    assert (run.run_id, run.cut_off, run.place) == (FIRST, AT, (7, 3))
    assert run.matched == {PAYMENTS: ONE, REFUNDS: Sums(0, 0, 1)}
    assert list(run.event_ids) == [events[2].event_id, events[4].event_id]
    assert (last.run_id, last.matched) == (SECOND, {PAYMENTS: Sums(2, 5, 0)})
    assert files_of([run, other, last]) == [OTHER]


def test_adjustment_stands_where_the_log_recorded_it() -> None:
    booked = AdjustmentBooked(
        adjustment_id=AdjustmentId("adj_1"),
        kind="adjustment",
        adjusts="opening",
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        livemode=False,
        currency=USD,
        gross_minor=100,
        fee_minor=0,
        by="ada",
        reason="agreed",
        occurred_at=AT,
        run_id=FIRST,
    )
    reversing = AdjustmentReversed(
        adjustment_id=AdjustmentId("adj_1"),
        kind="adjustment",
        adjusts="opening",
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        livemode=False,
        currency=USD,
        gross_minor=100,
        fee_minor=0,
        by="grace",
        reason="wrong",
        occurred_at=AT,
    )
    events = logged(matched(FIRST, PAYMENTS), booked, matched(SECOND, PAYMENTS), reversing)
    _, adjusted, _, taken_back = steps_of(events)
    assert adjusted == ToldAdjustment(FIRST, AT, (7, 2), events[1].event_id)
    assert taken_back == ToldAdjustment(None, AT, (7, 4), events[3].event_id)


def test_what_a_run_matched_is_summed_by_part() -> None:
    total = KindTotal(kind="payment", currency=USD, lines=1, gross_minor=100, fee_minor=-3)
    across = ConvertedTotal(
        kind="payment", currency=USD, charge_currency=EUR, lines=1, gross_minor=108, charge_gross_minor=100
    )
    assert sums_of({FILE: [total], OTHER: []}, {FILE: [across]}) == {
        PAYMENTS: ONE,
        PAYMENTS._replace(charge_currency=EUR): Sums(1, 108, 0, 100),
    }


def told(matched_parts: dict[Part, Sums]) -> ToldRun:
    return ToldRun(FIRST, AT, (1, 1), [], matched_parts)


@pytest.mark.parametrize("is_last", [True, False])
def test_equal_sums_are_no_difference(*, is_last: bool) -> None:
    assert differences(told({PAYMENTS: ONE}), {PAYMENTS: ONE}, is_last=is_last) == []


@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize("found", [Sums(2, 100, -3), Sums(1, 99, -3), Sums(1, 100, -2), NOTHING])
def test_other_sums_than_told_are_a_difference(found: Sums, *, is_last: bool) -> None:
    parts = {} if found == NOTHING else {PAYMENTS: found}
    assert differences(told({PAYMENTS: ONE}), parts, is_last=is_last) == [
        MatchDifference(FIRST, PAYMENTS, ONE, found)
    ]


def test_more_than_told_is_a_difference_but_in_the_last_run() -> None:
    found = {PAYMENTS: ONE, REFUNDS: ONE}
    assert differences(told({PAYMENTS: ONE}), found, is_last=True) == []
    assert differences(told({PAYMENTS: ONE}), found, is_last=False) == [
        MatchDifference(FIRST, REFUNDS, NOTHING, ONE)
    ]
