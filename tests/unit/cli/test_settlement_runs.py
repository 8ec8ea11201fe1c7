"""What a person reads of a run and of what is uncleared."""

import re
from datetime import UTC, datetime

from fincore.cli.settlement_runs import run_text, uncleared_text
from fincore.domain.currency import Currency
from fincore.domain.ids import RunId, SettlementFileId
from fincore.reconciliation.run import Problem, RunResult
from fincore.reconciliation.uncleared import UnclearedAmount

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
USD = Currency("usd")


def test_run_tells_what_it_did_and_what_it_left() -> None:
    text = run_text(
        RunResult(
            run_id=RunId("run_1"),
            files_booked=1,
            lines_matched=1_000,
            lines_open=2,
            breaks_opened=2,
            breaks_closed=0,
            breaks_open=2,
            problems=(Problem(SettlementFileId("sf_1"), "line 7: no such code"),),
        )
    )
    assert text.splitlines() == [
        "run_1: 1 file booked, 1,000 lines matched, 2 open; 2 breaks opened, 0 closed, 2 open",
        "sf_1: line 7: no such code",
        "`fincore reconcile breaks` lists the breaks",
    ]


def test_uncleared_has_a_sum_for_each_currency() -> None:
    rows = [
        UnclearedAmount(
            livemode=False,
            psp="stripe",
            psp_account="test",
            currency=USD,
            days=days,
            items=2,
            amount_minor=minor,
            oldest_at=NOON,
            overdue=overdue,
        )
        for days, minor, overdue in (((0, 1), 100, 0), ((31, None), 23, 7))
    ]
    text = uncleared_text(rows)
    assert text.splitlines()[-1] == "uncleared: 1.23 USD"
    assert re.search(r"over 30 .* 7$", text, re.MULTILINE)
