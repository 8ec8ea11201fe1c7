"""What a person reads of a run, of breaks and of what is uncleared."""

import re
from datetime import UTC, datetime

from fincore.cli.settlement_runs import breaks_text, run_text, uncleared_text
from fincore.domain.currency import Currency
from fincore.domain.ids import RunId, SettlementFileId
from fincore.reconciliation.breaks.listing import ClassSum, ListedBreak
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


def test_breaks_are_listed_with_their_sums_and_meanings() -> None:
    found = ListedBreak(
        break_id=7,
        break_class="missing_there",
        psp="paypal",
        psp_account="eu",
        currency=USD,
        amount_minor=-9_680,
        opened_at=NOON,
        status="open",
        closed_at=None,
        stream_id=None,
        reference="cap_1",
        entry_id=3,
        file_name=None,
        number=None,
    )
    whole_file = ListedBreak(
        break_id=8,
        break_class="file_refused",
        psp="paypal",
        psp_account="eu",
        currency=None,
        amount_minor=None,
        opened_at=NOON,
        status="open",
        closed_at=None,
        stream_id=None,
        reference=None,
        entry_id=None,
        file_name="STL.CSV",
        number=None,
    )
    summed = ClassSum(
        break_class="missing_there", currency=USD, breaks=1, amount_minor=-9_680, oldest_at=NOON
    )
    text = breaks_text([found, whole_file], [summed])
    assert "-96.80 USD  paypal/eu" in text
    assert "STL.CSV" in text
    assert "no statement has it although its time is past" in text


def test_no_break_is_one_word() -> None:
    assert breaks_text([], []) == "none"


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
