"""How a rebuild of reconciliation is shown."""

from fincore.backoffice.rebuilds import ReconciliationRebuild
from fincore.cli.reconciliation_rebuild_text import reconciliation_rebuild_text
from fincore.domain.currency import Currency
from fincore.domain.ids import RunId, SettlementFileId
from fincore.reconciliation.rebuild.record_rebuild import RebuiltRecord
from fincore.reconciliation.rebuild.told import NOTHING, MatchDifference, Part, Sums
from fincore.reconciliation.run import RunResult

RUN = RunResult(
    run_id=RunId("run_9"),
    files_booked=0,
    lines_matched=0,
    lines_open=0,
    breaks_opened=0,
    breaks_closed=0,
    breaks_open=0,
)


def test_what_was_derived_anew_is_told_with_what_is_lost() -> None:
    text = reconciliation_rebuild_text(ReconciliationRebuild(RebuiltRecord(files=1, runs=2), RUN, 1.25))
    assert text.splitlines()[0] == "reconciliation derived anew: 1 file, 2 runs, 0 adjustments, 1.2 s"
    assert "run_9: 0 files booked" in text
    assert "what people noted, explained and claimed" in text


def test_run_that_differs_is_told_part_by_part() -> None:
    one = MatchDifference(
        RunId("run_1"),
        Part(SettlementFileId("sf_1"), "payment", Currency("usd")),
        Sums(2, 10_000, -320),
        NOTHING,
    )
    record = RebuiltRecord(files=0, runs=0, differences=(one,))
    text = reconciliation_rebuild_text(ReconciliationRebuild(record, None, 0.1))
    assert "run_1 cannot be derived as the log tells it" in text
    assert text.splitlines()[-1].split()[:5] == ["sf_1", "payment", "2", "100.00", "USD"]


def test_run_that_differs_across_currencies_tells_both() -> None:
    part = Part(SettlementFileId("sf_1"), "payment", Currency("usd"), Currency("eur"))
    one = MatchDifference(RunId("run_1"), part, Sums(2, 10_800, 0, 10_000), NOTHING)
    record = RebuiltRecord(files=0, runs=0, differences=(one,))
    text = reconciliation_rebuild_text(ReconciliationRebuild(record, None, 0.1))
    assert "108.00 USD of 100.00 EUR" in text
