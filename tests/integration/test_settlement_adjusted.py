"""Adjustments on real PostgreSQL: what a person booked ends exactly its break, is done once, and is taken back as a whole."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Final

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.clearing_items_equal_postings import CLEARING_ITEMS_EQUAL_POSTINGS
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.backoffice.breaks import act_on_break
from fincore.domain.adjustment import PARTS_MAX
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind, AdjustmentReversed
from fincore.domain.currency import Currency
from fincore.domain.ids import AdjustmentId, RunId
from fincore.domain.one_person_limits import OnePersonLimit, OnePersonLimits
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.adjustments import acts
from fincore.reconciliation.adjustments.acts import Account, AdjustmentRefused, Adjustments
from fincore.reconciliation.adjustments.decision import ADJUSTABLE, Decision
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fincore.reconciliation.breaks.break_actions import BreakNotChanged
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.run import RunResult
from fixtures.sampling import first_of, sampled
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import FALSIFICATIONS, SWAPPED, Lived, Payment, Refund, days, live
from fixtures.traffic import store_pool

WIDE: Final[OnePersonLimits] = tuple(
    OnePersonLimit(Currency(code), 10**9, 10**12) for code in ("usd", "eur", "gbp", "jpy", SWAPPED)
)
PLAIN: Final = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def happen(account: Settlement, *payments: Payment) -> list[Lived]:
    lived = [live(one, account.psp, account.psp_account) for one in payments]
    for one in lived:
        await account.happen(one.stream_id, *one.events)
    return lived


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result


async def the_break(account: Settlement, status: str = "open") -> asyncpg.Record:
    (found,) = await account.rows(
        f"select * from reconciliation.breaks where status = '{status}' order by break_id"  # noqa: S608 -- the test's own word
    )
    return found


async def adjust(
    account: Settlement,
    found: asyncpg.Record,
    kind: AdjustmentKind = "adjustment",
    *,
    by: str = "ada",
    reason: str = "agreed with the PSP",
    limits: OnePersonLimits = WIDE,
    amount_minor: int | None = None,
) -> AdjustmentBooked:
    """Decide, and tell the log."""
    minor = found["amount_minor"] if amount_minor is None else amount_minor
    booked = await Adjustments(account.ledgerdb, limits, account.adjustments).adjust(
        found["break_id"], Decision(kind=kind, amount_minor=minor, by=by, reason=reason)
    )
    await tell(account)
    return booked


async def reverse(
    account: Settlement, adjustment_id: AdjustmentId, *, by: str = "grace"
) -> AdjustmentReversed:
    reversing = await Adjustments(account.ledgerdb, WIDE, account.adjustments).reverse(
        adjustment_id, by=by, reason="it was wrong"
    )
    await tell(account)
    return reversing


async def tell(account: Settlement) -> None:
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()


async def violations(account: Settlement) -> list[str]:
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    return [
        violation.what
        for invariant in (
            CLEARING_IS_EXPLAINED,
            CLEARING_ITEMS_EQUAL_POSTINGS,
            SETTLEMENT_EVENTS_HAVE_LINES,
            DIFFERENCES_HAVE_BREAKS,
            MONEY_EVENTS_HAVE_ENTRIES,
        )
        for violation in await invariant.check(stores)
    ]


async def ended(account: Settlement, status: str) -> None:
    """Nothing is open, clearing and unmatched are zero, and the break has the status, confirmed by the run."""
    await account.book()
    assert await violations(account) == []
    assert await account.breaks() == []
    (closed,) = await account.rows(
        f"select closed_by from reconciliation.breaks where status = '{status}'"  # noqa: S608 -- the test's own word
    )
    assert closed["closed_by"] is not None
    held = await account.balances()
    assert {name for name in held if not name.startswith("balance")} == set()


async def expenses(account: Settlement) -> dict[str, int]:
    rows = await account.rows(
        "select split_part(name, ':', 2) as kind, balance_minor from ledgerdb.accounts"
        " where type in ('expense', 'equity') and balance_minor <> 0 and name !~ 'psp_fees'"
    )
    return {row["kind"]: row["balance_minor"] for row in rows}


async def test_item_without_a_line_is_written_off(account: Settlement) -> None:
    """Two items match without any line."""
    await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    booked = await adjust(account, await the_break(account), "write_off")
    assert (booked.gross_minor, booked.fee_minor, booked.lines) == (-10_000, 320, ())
    await run(account)
    await ended(account, "written_off")
    assert await expenses(account) == {"write_offs": 9_680}
    rules = await account.rows(
        "select distinct rule, match_no < 0 as is_of_items from reconciliation.matches"
    )
    assert [tuple(row) for row in rules] == [("adjusted", True)]


async def test_line_without_an_item_is_adjusted(account: Settlement) -> None:
    await account.fetched([line("adjustment", 700, -20)])
    await run(account)
    booked = await adjust(account, await the_break(account))
    assert (booked.gross_minor, booked.fee_minor, booked.items) == (700, -20, ())
    await run(account)
    await ended(account, "adjusted")
    assert await expenses(account) == {"adjustments": -680}


async def test_difference_of_amounts_is_adjusted(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 9_000, -320, references=one.lines[0].references)])
    await run(account)
    booked = await adjust(account, await the_break(account), "write_off")
    assert (booked.gross_minor, booked.fee_minor, len(booked.lines), len(booked.items)) == (-1_000, 0, 1, 1)
    await run(account)
    await ended(account, "written_off")
    assert await expenses(account) == {"write_offs": 1_000}


async def test_difference_of_fees_is_adjusted_alone(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 9_000, -330, references=one.lines[0].references)])
    await run(account)
    whole, fee = await account.rows("select * from reconciliation.breaks order by subject")
    booked = await adjust(account, fee)
    assert (booked.gross_minor, booked.fee_minor) == (0, -10)
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["amount"]
    await adjust(account, whole)
    await run(account)
    await account.book()
    assert await account.breaks() == []
    assert await expenses(account) == {"adjustments": 1_010}
    assert await violations(account) == []


async def test_balance_is_adjusted_on_balance(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines, ending_off_minor=-7)
    await run(account)
    await adjust(account, await the_break(account))
    await run(account)
    await ended(account, "adjusted")
    assert await account.balances() == {"balance usd": 9_673}
    assert await expenses(account) == {"adjustments": 7}


async def test_repeated_command_adjusts_once(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    first = await adjust(account, found)
    assert await adjust(account, found) == first
    with pytest.raises(AdjustmentRefused, match="was ended by"):
        await adjust(account, found, by="mallory")
    await run(account)
    assert await adjust(account, found) == first
    assert len(await account.rows("select from reconciliation.adjustments")) == 1


async def test_two_people_at_once_adjust_once(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    results = await asyncio.gather(
        *(adjust(account, found, by=name) for name in ("ada", "grace", "joan")), return_exceptions=True
    )
    assert sum(isinstance(one, AdjustmentBooked) for one in results) == 1
    assert sum(isinstance(one, AdjustmentRefused) for one in results) == 2
    await run(account)
    await ended(account, "adjusted")


async def test_amount_that_changed_since_is_refused(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    with pytest.raises(AdjustmentRefused, match=r"comes to -7\.00 USD \(-700 minor units\), and not to"):
        await adjust(account, await the_break(account), amount_minor=-699)


async def test_break_without_money_of_its_own_is_refused(account: Settlement) -> None:
    await account.fetched([line("payment", 1)], refused_at=1)
    await run(account)
    with pytest.raises(AdjustmentRefused, match="nothing of the file is booked"):
        await adjust(account, await the_break(account), amount_minor=0)


async def test_gain_is_never_written_off(account: Settlement) -> None:
    await account.fetched([line("adjustment", 700)])
    await run(account)
    with pytest.raises(AdjustmentRefused, match="nothing that the PSP owes"):
        await adjust(account, await the_break(account), "write_off")


async def test_closed_break_is_refused(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    found = await the_break(account)
    await account.fetched(one.lines, day=1)
    await run(account)
    with pytest.raises(BreakNotChanged, match="matched late"):
        await adjust(account, found)


async def test_amounts_above_a_limit_wait_for_a_second_person(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700), line("adjustment", -600)])
    await run(account)
    first, second = await account.rows("select * from reconciliation.breaks order by break_id")
    tight = (OnePersonLimit(Currency("usd"), 700, 1_299),)
    with pytest.raises(AdjustmentRefused, match="no limit is set for USD"):
        await adjust(account, first, limits=())
    with pytest.raises(AdjustmentRefused, match="a second person has to agree"):
        await adjust(account, first, limits=(OnePersonLimit(Currency("usd"), 699, 5_000),))
    await adjust(account, first, limits=tight)
    with pytest.raises(AdjustmentRefused, match=r"it would be 13\.00 USD today"):
        await adjust(account, second, by=" ADA", limits=tight)
    await adjust(account, second, by="grace", limits=tight)


async def test_fee_makes_no_amount_smaller_for_limits(account: Settlement) -> None:
    await account.fetched([line("adjustment", 100, -99), line("adjustment", 80, -70)])
    await run(account)
    first, second = await account.rows("select * from reconciliation.breaks order by break_id")
    assert (first["amount_minor"], second["amount_minor"]) == (1, 10)
    with pytest.raises(AdjustmentRefused, match=r"1\.99 USD is more than"):
        await adjust(account, first, limits=(OnePersonLimit(Currency("usd"), 198, 1_000),))
    tight = (OnePersonLimit(Currency("usd"), 199, 348),)
    await adjust(account, first, limits=tight)
    with pytest.raises(AdjustmentRefused, match=r"with 1\.50 USD it would be 3\.49 USD today"):
        await adjust(account, second, limits=tight)


async def test_person_is_counted_as_one_in_each_spelling(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700), line("adjustment", -600)])
    await run(account)
    first, second = await account.rows("select * from reconciliation.breaks order by break_id")
    tight = (OnePersonLimit(Currency("usd"), 700, 1_299),)
    booked = await adjust(account, first, by="Ann Le\u00e9", limits=tight)
    with pytest.raises(AdjustmentRefused, match=r"it would be 13\.00 USD today"):
        await adjust(account, second, by="ANN  LEE\u0301", limits=tight)
    await reverse(account, booked.adjustment_id, by="Ann\u200b Le\u00c9")
    names = await account.rows(
        "select counted_for from reconciliation.adjustments union select counted_for from reconciliation.adjustment_reversals"
    )
    assert [one["counted_for"] for one in names] == ["ann le\u00e9"]


async def test_missing_side_that_comes_meanwhile_leaves_the_adjustment(account: Settlement) -> None:
    """The line matches its item; what was written off is seen, and taking it back leaves nothing."""
    (one,) = await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    booked = await adjust(account, await the_break(account), "write_off")
    await account.fetched(one.lines, day=1)
    await run(account)
    (left,) = await account.breaks()
    assert left == ("adjustment", 9_680, "usd")
    with pytest.raises(AdjustmentRefused, match="fincore reconcile reverse"):
        await adjust(account, await the_break(account))
    await reverse(account, booked.adjustment_id)
    await run(account)
    await account.book()
    assert await account.breaks() == []
    assert await expenses(account) == {}
    assert await violations(account) == []


async def test_reversal_before_a_run_leaves_the_break(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    booked = await adjust(account, found)
    assert await reverse(account, booked.adjustment_id) == await reverse(account, booked.adjustment_id)
    await run(account)
    again = await the_break(account)
    assert (again["break_id"], again["amount_minor"]) == (found["break_id"], -700)
    assert await violations(account) == []
    second = await adjust(account, again)
    assert second.adjustment_id != booked.adjustment_id
    await run(account)
    await ended(account, "adjusted")


@pytest.mark.parametrize("is_told", first_of((False, True)))
async def test_reversal_after_a_run_opens_the_same_break(account: Settlement, *, is_told: bool) -> None:
    """Then the missing side comes after all, or the break is adjusted again."""
    (one,) = await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    found = await the_break(account)
    booked = await adjust(account, found, "write_off")
    await run(account)
    await reverse(account, booked.adjustment_id)
    await run(account)
    again = await the_break(account)
    assert [again[name] for name in ("break_id", "class", "amount_minor", "subject")] == [
        found[name] for name in ("break_id", "class", "amount_minor", "subject")
    ]
    assert await violations(account) == []
    if is_told:
        await account.fetched(one.lines, day=1)
        await run(account)
        await ended(account, "matched_late")
        assert await expenses(account) == {}
    else:
        await adjust(account, again, "write_off")
        await run(account)
        await ended(account, "written_off")
        assert await expenses(account) == {"write_offs": 9_680}


async def test_reversed_line_is_explained_by_its_late_event(account: Settlement) -> None:
    one = live(PLAIN, account.psp, account.psp_account)
    await account.fetched(one.lines)
    await run(account)
    booked = await adjust(account, await the_break(account))
    await run(account)
    await ended(account, "adjusted")
    await account.happen(one.stream_id, *one.events)
    await run(account)
    assert [each.break_class for each in await account.breaks()] == ["missing_there"]
    await reverse(account, booked.adjustment_id)
    await run(account)
    await account.book()
    assert await account.breaks() == []
    assert await expenses(account) == {}
    assert await violations(account) == []
    held = await account.balances()
    assert held == {"balance usd": 9_680}


async def test_duplicates_reversed_are_two_breaks_again(account: Settlement) -> None:
    """Two lines that repeat the same one, each adjusted and matched; each reversal opens its own break."""
    (one,) = await happen(account, PLAIN)
    (told,) = one.lines
    await account.fetched([told, told, told])
    await run(account)
    first, second = await account.rows("select * from reconciliation.breaks order by break_id")
    assert [row["class"] for row in (first, second)] == ["duplicate", "duplicate"]
    booked = [await adjust(account, row) for row in (first, second)]
    await run(account)
    await account.book()
    assert await account.breaks() == []
    for decided in booked:
        await reverse(account, decided.adjustment_id)
    await run(account)
    again = await account.rows(
        "select break_id, class, amount_minor from reconciliation.breaks where status = 'open' order by break_id"
    )
    assert [tuple(row) for row in again] == [(row["break_id"], "duplicate", 9_680) for row in (first, second)]
    assert await violations(account) == []
    for row in again:
        await adjust(account, row)
    await run(account)
    await account.book()
    assert await account.breaks() == []
    assert await expenses(account) == {"adjustments": -19_360}


async def test_opening_balance_is_explained_once(account: Settlement) -> None:
    await account.fetched([], beginning_minor={"usd": 50_000})
    await run(account)
    usd = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=Currency("usd"))
    adjustments = Adjustments(account.ledgerdb, WIDE, account.adjustments)
    with pytest.raises(AdjustmentRefused, match=r"is 500\.00 USD \(50000 minor units\), and not"):
        await adjustments.explain_opening(usd, 49_999, by="ada", reason="the books of before")
    first = await adjustments.explain_opening(usd, 50_000, by="ada", reason="the books of before")
    assert await adjustments.explain_opening(usd, 50_000, by="ada", reason="the books of before") == first
    await run(account)
    assert await account.balances() == {"balance usd": 50_000}
    assert await expenses(account) == {"opening": 50_000}
    assert await violations(account) == []
    await account.fetched([line("account_fee", 9)], day=-1, beginning_minor={"usd": 49_991})
    await run(account)
    await adjustments.explain_opening(usd, -9, by="ada", reason="the day before came")
    await run(account)
    await account.book()
    assert await account.balances() == {"balance usd": 50_000}
    assert await violations(account) == []
    await reverse(account, first.adjustment_id)
    await account.book()
    assert (await account.balances())["unmatched usd"] == 50_000
    assert await violations(account) == []


async def test_command_that_dies_before_the_log_is_ended_by_a_run(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    decision = Decision(kind="adjustment", amount_minor=-700, by="ada", reason="agreed")
    booked = await Adjustments(account.ledgerdb, WIDE, account.adjustments).adjust(
        found["break_id"], decision
    )
    assert await account.adjustments.load(booked.adjustment_id) is None
    await run(account)
    adjustment = await account.adjustments.load(booked.adjustment_id)
    assert adjustment is not None
    assert adjustment.booked == booked
    await ended(account, "adjusted")


async def test_command_that_dies_after_the_log_does_it_once(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    booked = await adjust(account, found)
    async with account.ledgerdb.acquire() as connection:
        assert (
            await connection.fetchval("select count(*) from reconciliation.adjustments where told_at is null")
            == 0
        )
    await tell(account)
    await run(account)
    await ended(account, "adjusted")
    assert await adjust(account, found) == booked


async def test_adjustment_while_a_run_begins_is_seen_by_it(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is decided after the run told the log, and before it matches."""
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    late = account.reconciliation
    matched = late._matcher.match

    async def decide_first() -> object:
        monkeypatch.setattr(late._matcher, "match", matched)
        decision = Decision(kind="adjustment", amount_minor=-700, by="ada", reason="agreed")
        await Adjustments(account.ledgerdb, WIDE, account.adjustments).adjust(found["break_id"], decision)
        return await matched()

    monkeypatch.setattr(late._matcher, "match", decide_first)
    assert await late.run() is not None
    await ended(account, "adjusted")


@pytest.mark.sampled
@settings(
    max_examples=sampled(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(day=days, data=st.data())
def test_random_breaks_adjusted_leave_nothing_open(dsn: str, day: list[Payment], data: st.DataObject) -> None:
    """False lines of every kind; each break that can be adjusted is, and clearing and unmatched return to zero."""

    async def check() -> None:
        pool = await create_pool(dsn, application_name="tests", role="fincore_service")
        try:
            async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
                lived = await happen(account, *day)
                lines = [told for one in lived for told in one.lines]
                for _ in range(data.draw(st.integers(1, 4))):
                    falsify = data.draw(st.sampled_from(FALSIFICATIONS))
                    made = falsify(lines, data.draw(st.integers(0, len(lines) - 1))) if lines else None
                    lines = list(made.lines) if made else lines
                await account.fetched(lines)
                await run(account)
                found = await ledgerdb.fetch(
                    "select *, exists (select from reconciliation.break_parts p where p.break_id = b.break_id) as has_parts"
                    " from reconciliation.breaks b where psp_account = $1 and closed_at is null",
                    account.psp_account,
                )
                # Of a line that moved another currency than it differs in, no entry in one currency makes both sides equal.
                adjusted = [one for one in found if one["class"] in ADJUSTABLE and one["has_parts"]]
                for one in adjusted:
                    loss = one["amount_minor"] < 0 and one["class"] != "balance"
                    kinds: list[AdjustmentKind] = ["adjustment", "write_off"] if loss else ["adjustment"]
                    kind = data.draw(st.sampled_from(kinds))
                    await adjust(account, one, kind)
                await run(account)
                await account.book()
                assert await violations(account) == []
                rest = await account.breaks()
                assert len(rest) == len(found) - len(adjusted)
                if not rest:
                    held = await account.balances()
                    assert {name for name in held if name.startswith(("clearing", "unmatched"))} == set()
        finally:
            pool.terminate()

    asyncio.run(check())


async def test_reports_tie_beside_what_people_adjust(account: Settlement) -> None:
    """Of the runs before, between and after; and each is the same later."""
    (one,) = await happen(account, PLAIN)
    told = line("payment", 9_000, -320, references=one.lines[0].references)
    await account.fetched([told, line("adjustment", -700)], beginning_minor={"usd": 50_000})
    await run(account)
    first, second = await account.rows("select * from reconciliation.breaks order by break_id")
    await adjust(account, first, "write_off")
    gone = await adjust(account, second)
    await reverse(account, gone.adjustment_id)
    usd = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=Currency("usd"))
    await Adjustments(account.ledgerdb, WIDE, account.adjustments).explain_opening(
        usd, 50_000, by="ada", reason="of before"
    )
    await run(account)
    checked = await checked_report(account.ledgerdb, None)
    assert checked.is_sound
    (shown,) = checked.report.accounts
    assert [(each.kind, each.adjustments, each.gross_minor) for each in shown.adjusted] == [
        ("adjustment", 1, -700),
        ("opening", 1, 50_000),
        ("reversal", 1, 700),
        ("write_off", 1, -1_000),
    ]
    assert shown.adjusted_tie is not None
    assert shown.adjusted_tie.ledger_minor == 49_000
    assert [tie.ledger_minor for tie in shown.ties] == [9_000, 8_300]
    await run(account)
    for row in await account.rows("select run_id from reconciliation.runs"):
        assert (await checked_report(account.ledgerdb, RunId(row["run_id"]))).is_sound
    assert (await checked_report(account.ledgerdb, None)).report.accounts[0].adjusted == ()


async def test_items_alone_match_with_an_adjustment_only(account: Settlement) -> None:
    """PostgreSQL refuses any other match without a line, and one under the number of another."""
    (one,) = await happen(account, PLAIN._replace(refunds=(Refund(100, gives_fee_back=False, fails=True),)))
    assert one.lines
    await account.fetched([])
    await run(account)
    refund = (
        "insert into reconciliation.matches (match_no, part, run_no, rule, entry_id, account_id)"
        " select {number}, 'gross', 1, 'guess', entry_id, account_id from ledgerdb.clearing_items where kind like 'refund%'"
    )
    number = "-(select max(entry_id) from ledgerdb.clearing_items where kind like 'refund%')"
    with pytest.raises(asyncpg.CheckViolationError, match="not equal"):
        await account.rows(refund.format(number=number))


@pytest.mark.parametrize(
    "change",
    first_of(
        [
            "update reconciliation.adjustments set booked = booked || '{\"gross_minor\": 1}'",
            "update reconciliation.adjustments set told_at = null",
            "delete from reconciliation.adjustments",
            "update reconciliation.adjustment_parts set part = 'fee'",
            "truncate reconciliation.adjustment_parts",
        ],
        keep=2,
    ),
)
async def test_adjustment_is_never_changed_in_the_database(
    account: Settlement, owner_pool: Pool, change: str
) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    await adjust(account, await the_break(account))
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner_pool.execute(change)


async def test_reversal_beside_a_later_break_leaves_it_the_amount(account: Settlement) -> None:
    """What a PSP says that it holds differs again: the later break is about both differences then."""
    await account.fetched([], beginning_minor={"usd": 100}, ending_off_minor=-7)
    await run(account)
    first = await the_break(account)
    booked = await adjust(account, first)
    await run(account)
    await account.fetched([], day=1, beginning_minor={"usd": 93}, ending_off_minor=-5)
    await run(account)
    second = await the_break(account)
    assert (second["amount_minor"], second["subject"]) == (-5, first["subject"])
    await reverse(account, booked.adjustment_id)
    await run(account)
    again = await the_break(account)
    assert (again["break_id"], again["amount_minor"]) == (second["break_id"], -12)
    await adjust(account, again)
    await run(account)
    assert await account.breaks() == []
    assert await expenses(account) == {"adjustments": 12}


async def test_explained_break_is_adjusted_and_never_answered_twice(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    explained = Done(action="explain", actor="operator:ada", reason="a fee")
    await act_on_break(account.ledgerdb, found["break_id"], explained)
    await adjust(account, found)
    with pytest.raises(BreakNotChanged, match="adjusted"):
        await act_on_break(account.ledgerdb, found["break_id"], explained)
    await run(account)
    await ended(account, "adjusted")


async def test_break_of_too_many_parts_books_nothing(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    reference = one.lines[0].references
    await account.fetched([line("payment", 1, references=reference) for _ in range(PARTS_MAX + 1)])
    await run(account)
    found = next(
        row
        for row in await account.rows("select * from reconciliation.breaks order by break_id")
        if row["class"] == "amount"
    )
    with pytest.raises(AdjustmentRefused, match="an adjustment may be of 200 of each"):
        await adjust(account, found)


async def test_person_who_waits_too_long_for_a_run_is_told(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    found = await the_break(account)
    monkeypatch.setattr(acts, "WAIT_MAX", "50ms")
    async with account.ledgerdb.acquire() as matching, matching.transaction():
        await matching.execute("select pg_advisory_xact_lock(hashtext('fincore.reconciliation.matching'))")
        with pytest.raises(AdjustmentRefused, match="repeat the command when it has ended"):
            await adjust(account, found)
    await adjust(account, found)


async def test_day_report_ties_beside_what_people_adjust(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)], beginning_minor={"usd": 50_000})
    await run(account)
    await adjust(account, await the_break(account), "write_off")
    usd = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=Currency("usd"))
    await Adjustments(account.ledgerdb, WIDE, account.adjustments).explain_opening(
        usd, 50_000, by="ada", reason="of before"
    )
    await run(account)
    (today,) = await account.rows("select (now() at time zone 'UTC')::date as day")
    checked = await checked_day(account.ledgerdb, today["day"])
    assert checked.report.ties
    assert [one.breaks for one in checked.report.closed_sums] == [1]
