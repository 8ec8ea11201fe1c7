"""What a person reads of breaks: a list that fits a terminal, all of one break, and what an action did."""

from datetime import UTC, datetime
from typing import get_args

import msgspec

from fincore.backoffice.breaks import BreakList
from fincore.cli.break_text import acted_text, breaks_text, record_text
from fincore.domain.currency import Currency
from fincore.reconciliation.breaks.break_actions import ActedBreak
from fincore.reconciliation.breaks.break_decision import KnownBreak
from fincore.reconciliation.breaks.break_record import (
    BreakFile,
    BreakItem,
    BreakLine,
    BreakRecord,
    FoundState,
    RecordedAction,
    RecordedDecision,
)
from fincore.reconciliation.breaks.listing import ListedBreak, StandingSum
from fincore.reconciliation.breaks.next_steps import NEXT_STEPS
from fincore.reconciliation.matching.differences import MEANINGS, BreakClass
from fixtures.commits import new_stream

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
USD = Currency("usd")
COLUMNS_MAX = 120

LISTED = ListedBreak(
    break_id=1_234_567,
    break_class="incomplete_conversion",
    psp="paypal",
    psp_account="eu",
    currency=USD,
    amount_minor=-123_456_789,
    opened_at=NOON,
    days=3,
    status="explained",
    closed_at=None,
    owner="ann",
    stream_id=new_stream(),
    reference="cap_1",
    file_name=None,
    number=None,
)
OF_FILE = msgspec.structs.replace(
    LISTED,
    break_class="file_refused",
    currency=None,
    amount_minor=None,
    status="open",
    owner=None,
    stream_id=None,
    reference="STL.CSV",
)
RECORD = BreakRecord(
    break_id=7,
    break_class="amount",
    livemode=False,
    psp="paypal",
    psp_account="eu",
    currency=USD,
    amount_minor=-700,
    stream_id=None,
    reference="cap_1",
    status="open",
    owner=None,
    opened_at=NOON,
    days=2,
    closed_at=None,
    opened_by="run_1",
    seen_by="run_2",
    closed_by=None,
    lines=(
        BreakLine(
            file_name="STL.CSV",
            number=12,
            kind="payment",
            psp_type="T0006",
            psp_reference="cap_1",
            currency=USD,
            gross_minor=9_300,
            fee_minor=-320,
            occurred_at=NOON,
            is_gross_matched=False,
            is_fee_matched=True,
        ),
    ),
    items=(
        BreakItem(
            entry_id=4,
            kind="payment",
            psp_reference="cap_1",
            currency=USD,
            gross_minor=10_000,
            fee_minor=-320,
            effective_at=NOON,
            is_gross_matched=False,
            is_fee_matched=True,
        ),
    ),
    bank_lines=(),
    file=None,
    states=(FoundState(run_id="run_1", cut_off=NOON, break_class="amount", currency=USD, amount_minor=-700),),
    actions=(
        RecordedAction(
            break_id=3,
            action="merge",
            status="merged",
            actor="reconciliation",
            by="reconciliation",
            owner="bob",
            reason=None,
            reference=None,
            other_break=7,
            acted_at=NOON,
        ),
        RecordedAction(
            break_id=7,
            action="claim",
            status="claimed",
            actor="operator:ann",
            by="ann",
            owner=None,
            reason="asked",
            reference="case-1",
            other_break=None,
            acted_at=NOON,
        ),
    ),
)
KNOWN = KnownBreak(
    break_id=7,
    action_no=0,
    break_class="amount",
    currency=USD,
    amount_minor=-700,
    status="open",
    owner="bob",
    last=None,
)


def test_list_with_long_values_fits_120_columns() -> None:
    sums = [
        StandingSum(
            status="claimed",
            break_class="incomplete_conversion",
            currency=USD,
            breaks=1_000,
            amount_minor=-123_456_789,
            oldest_days=365,
        )
    ]
    text = breaks_text(BreakList([LISTED, OF_FILE], sums))
    assert max(map(len, text.splitlines())) <= COLUMNS_MAX
    listed, means, summed = text.split("\n\n")
    assert "explained" in listed
    assert "STL.CSV" in listed
    assert MEANINGS["file_refused"] in means
    assert summed.splitlines()[1].split() == [
        "incomplete_conversion",
        "1,000",
        "-1,234,567.89",
        "USD",
        "claimed",
        "365",
    ]


def test_no_break_is_one_word() -> None:
    assert breaks_text(BreakList([], [])) == "none"


def test_break_is_shown_with_both_sides_and_its_history() -> None:
    text = record_text(RECORD)
    assert max(map(len, text.splitlines())) <= COLUMNS_MAX + len(NEXT_STEPS["amount"])
    assert "break 7: amount, -7.00 USD, paypal/eu (test)" in text
    assert f"next: {NEXT_STEPS['amount']}" in text
    assert "STL.CSV:12  payment  cap_1     93.00 USD" in text
    assert "4      payment  cap_1     100.00 USD" in text
    assert "fee only" in text
    assert "merge of break 3 with break 7" in text
    assert "case-1" in text
    assert "what banks say" not in text


def test_closed_break_has_no_next_step() -> None:
    closed = msgspec.structs.replace(RECORD, status="written_off", closed_at=NOON)
    text = record_text(closed)
    assert "next:" not in text
    assert "no run has looked since" in text


def test_break_of_a_file_shows_why_it_is_refused() -> None:
    of_file = msgspec.structs.replace(
        RECORD,
        break_class="file_refused",
        currency=None,
        amount_minor=None,
        file=BreakFile(
            file_id="sf_1",
            name="STL.CSV",
            source="paypal_eu",
            status="refused",
            refusal_line=7,
            refusal="no such code",
            sha256="a" * 64,
            fetched_at=NOON,
            replaces="sf_0",
            replaced_status="booked",
            decisions=(
                RecordedDecision(
                    action="read_again",
                    status="kept",
                    actor="operator:ann",
                    by="ann",
                    reason="declared wrong",
                    format="paypal_stl",
                    account_id="M1",
                    acted_at=NOON,
                ),
            ),
        ),
    )
    text = record_text(of_file)
    assert "line 7: no such code" in text
    assert "sf_0 (booked)" in text
    assert 'read again by ann, format paypal_stl, account M1: "declared wrong"' in text


def test_action_tells_what_the_break_was_before() -> None:
    acted = ActedBreak(action_no=1, acted_at=None, before=KNOWN, status="explained", owner="ann")
    assert acted_text(acted) == "break 7: explained, owner ann; it was open, its owner was bob"
    noted = ActedBreak(action_no=1, acted_at=None, before=KNOWN, status="open", owner="bob")
    assert acted_text(noted) == "break 7: open, owner bob"
    repeated = ActedBreak(
        action_no=1, acted_at=None, before=KNOWN, status="open", owner="bob", is_repeated=True
    )
    assert "not recorded twice" in acted_text(repeated)


def test_every_class_has_a_next_step() -> None:
    assert set(NEXT_STEPS) == set(get_args(BreakClass))
