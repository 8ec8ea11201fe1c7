"""Reconciliation on real PostgreSQL: what equals leaves nothing open, each false line makes its break, and no crash does anything twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import asyncpg
import pytest

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.domain.currency import Currency
from fincore.domain.ids import charge_of
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.settlement_events import BankAccount
from fincore.eventstore.recorder import Contended
from fincore.postgres.pool import Connection, Pool, create_pool
from fincore.reconciliation.matching import break_writer, matcher
from fincore.reconciliation.run import RunResult
from fincore.reconciliation.uncleared import uncleared_by_age
from fixtures.commits import PROVENANCE
from fixtures.sampling import first_of, first_rows_of
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import Lived, Payment, Refund, live
from fixtures.traffic import store_pool

NOW = datetime.now(UTC)
PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            yield account
    finally:
        pool.terminate()


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    async with opened(dsn) as one:
        yield one


async def happen(account: Settlement, *payments: Payment) -> list[Lived]:
    lived = [live(one, account.psp, account.psp_account) for one in payments]
    for one in lived:
        await account.happen(one.stream_id, *one.events)
    return lived


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result


async def violations(account: Settlement) -> list[str]:
    """What breaks the invariants of settlement, as the auditor names it."""
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    return [
        violation.what
        for invariant in (
            CLEARING_IS_EXPLAINED,
            SETTLEMENT_EVENTS_HAVE_LINES,
            DIFFERENCES_HAVE_BREAKS,
            MONEY_EVENTS_HAVE_ENTRIES,
        )
        for violation in await invariant.check(stores)
    ]


async def explained(account: Settlement) -> None:
    """Nothing is open: clearing and unmatched are zero, and `balance` is all that the statements say."""
    await account.book()
    assert await violations(account) == []
    assert await account.breaks() == []
    assert {
        name for name in await account.balances() if not name.startswith(("balance", "in_transit"))
    } == set()


async def test_dropped_line_that_comes_later_closes_its_break(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    (told,) = one.lines
    await account.fetched([])
    await run(account)
    missing = FoundBreak("missing_there", -told.net_minor, "usd")
    assert await account.breaks() == [missing]
    await account.fetched([told], day=1)
    result = await run(account)
    assert (result.breaks_closed, result.breaks_open) == (1, 0)
    assert await account.breaks("matched_late") == [missing]
    await explained(account)


async def test_line_before_its_event_waits_and_matches(account: Settlement) -> None:
    one = live(PLAIN, account.psp, account.psp_account)
    await account.fetched(one.lines)
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 9_680, "usd")]
    await account.book()
    assert await account.balances() == {"balance usd": 9_680, "unmatched usd": 9_680}
    await account.happen(one.stream_id, *one.events)
    await run(account)
    await explained(account)


async def test_nearly_equal_amount_never_closes_a_break(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 9_999, -320, references=one.lines[0].references)])
    await run(account)
    await run(account)
    assert await account.breaks() == [FoundBreak("amount", -1, "usd")]
    missing = line("payment", 1, references=one.lines[0].references)
    await account.fetched([missing], day=1, beginning_minor={"usd": 9_679})
    await run(account)
    await explained(account)


async def test_fee_that_differs_leaves_the_gross_matched(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 10_000, -330, references=one.lines[0].references)])
    await run(account)
    assert await account.breaks() == [FoundBreak("fee", -10, "usd")]
    rows = await account.rows("select part from reconciliation.matches")
    assert [row["part"] for row in rows] == ["gross"]


async def test_equal_amount_in_another_currency_matches_nothing(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(
        [line("payment", 10_000, -320, currency=Currency("eur"), references=one.lines[0].references)]
    )
    await run(account)
    assert await account.breaks() == [FoundBreak("currency", 9_680, "eur")]
    assert await account.rows("select from reconciliation.matches") == []


async def test_second_line_of_a_matched_item_is_a_break(account: Settlement) -> None:
    """It has an id of its own at the PSP, so that it repeats no line."""
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines)
    await run(account)
    again = line("payment", 10_000, -320, references=one.lines[0].references)
    await account.fetched([again], day=1, beginning_minor={"usd": 9_680})
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 9_680, "usd")]


async def test_one_of_two_lines_of_an_item_matches_it(account: Settlement) -> None:
    """Both equal it, and have ids of their own at the PSP: the first one counts."""
    (one,) = await happen(account, PLAIN)
    again = line("payment", 10_000, -320, references=one.lines[0].references)
    await account.fetched([*one.lines, again])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 9_680, "usd")]


async def test_first_of_two_same_lines_matches_the_item(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([*one.lines, *one.lines])
    await run(account)
    assert await account.breaks() == [FoundBreak("duplicate", 9_680, "usd")]
    rows = await account.rows(
        "select distinct l.number from reconciliation.matches m join reconciliation.lines l using (line_no)"
    )
    assert [row["number"] for row in rows] == [1]


async def test_lines_of_one_id_and_two_types_are_no_duplicates(account: Settlement) -> None:
    moved = line("adjustment", -7)
    await account.fetched([moved, line("reserve", -7, psp_reference=moved.psp_reference)])
    await run(account)
    assert await account.breaks() == [FoundBreak("unexpected_movement", -7, "usd")] * 2


async def test_repeated_line_matches_no_item_that_it_alone_names(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    unnamed = line("payment", 10_000, -320)
    again = line(
        "payment",
        10_000,
        -320,
        psp_reference=unnamed.psp_reference,
        references=one.lines[0].references,
    )
    await account.fetched([unnamed, again])
    await run(account)
    assert sorted(await account.breaks()) == [
        FoundBreak("duplicate", 9_680, "usd"),
        FoundBreak("missing_here", 9_680, "usd"),
        FoundBreak("missing_there", -9_680, "usd"),
    ]


async def test_first_reference_of_a_line_counts(account: Settlement) -> None:
    """What it equals is named second, and is another payment."""
    first, second = await happen(account, PLAIN, PLAIN._replace(amount_minor=9_000))
    references = (*first.lines[0].references, *second.lines[0].references)
    await account.fetched([line("payment", 9_000, -320, references=references)])
    await run(account)
    assert sorted(await account.breaks()) == [
        FoundBreak("amount", -1_000, "usd"),
        FoundBreak("missing_there", -8_680, "usd"),
    ]


async def test_changed_class_keeps_the_break_and_its_age(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    await account.fetched([line("payment", 9_000, -320, references=one.lines[0].references)], day=1)
    result = await run(account)
    assert await account.breaks() == [FoundBreak("amount", -1_000, "usd")]
    assert (result.breaks_opened, result.breaks_closed) == (0, 0)


async def test_item_of_an_uncovered_time_is_no_break(account: Settlement) -> None:
    """Its statement is still to come: it is uncleared, with an age."""
    await happen(account, PLAIN)
    await account.fetched([], day=-1)
    await run(account)
    assert [one for one in await account.breaks() if one.break_class != "late"] == []
    rows = await uncleared_by_age(account.ledgerdb, DAY + timedelta(days=5), livemode=False)
    assert [(one.days, one.amount_minor) for one in rows] == [((4, 7), 9_680)]


async def test_item_before_the_first_file_is_no_break(account: Settlement) -> None:
    """No statement will ever cover its time: what the PSP held then is in the first file's opening balance."""
    await happen(account, PLAIN)
    await account.fetched([], day=1)
    await run(account)
    assert await account.breaks() == []


async def test_two_breaks_that_turn_out_as_one_are_merged(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    told = line("payment", 9_000, -320, parent_reference="tx_between")
    await account.fetched([told])
    await run(account)
    assert {each.break_class for each in await account.breaks()} == {"missing_here", "missing_there"}
    between = line("account_fee", -1, psp_reference="tx_between", parent_reference=one.lines[0].references[0])
    await account.fetched([between], day=1, beginning_minor={"usd": 8_680})
    await run(account)
    assert await account.breaks() == [FoundBreak("amount", -1_000, "usd")]
    assert len(await account.breaks("merged")) == 1


async def test_overdue_statement_makes_one_late_break(account: Settlement) -> None:
    """By the clock all of it should have been told; the day's file has not come."""
    await happen(account, PLAIN, PLAIN)
    await account.fetched([], day=-1)
    await run(account)
    assert await account.breaks() == [FoundBreak("late", -2 * 9_680, "usd")]
    await account.fetched([], day=0)
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["missing_there", "missing_there"]


@pytest.mark.parametrize(
    ("fee_minor", "share", "incoming", "outgoing"),
    first_rows_of([(320, 40, -9_680, 3_968), (0, 100, -10_000, 10_000)]),
)
async def test_late_refunds_hide_no_late_payments(
    account: Settlement, fee_minor: int, share: int, incoming: int, outgoing: int
) -> None:
    """What should come in and what should go out are two breaks: together they may be nothing. A fee counts with its item."""
    refund = Refund(share, gives_fee_back=True, fails=False)
    await happen(account, PLAIN._replace(fee_minor=fee_minor, fee_is_late=True, refunds=(refund,)))
    await account.fetched([], day=-1)
    late = [FoundBreak("late", incoming, "usd"), FoundBreak("late", outgoing, "usd")]
    for _ in range(2):
        await run(account)
        assert await account.breaks() == late


async def test_file_without_a_currency_does_not_cover_it(account: Settlement) -> None:
    """A payout in USD says nothing of EUR: what is expected in EUR is late, and missing once a file has lines of EUR for its time."""
    await happen(account, PLAIN, PLAIN._replace(currency="eur"))
    told = line("account_fee", 1, occurred_at=DAY + timedelta(days=1))
    await account.fetched([line("account_fee", 1, occurred_at=DAY), told], states_period=False)
    await run(account)
    assert await account.breaks() == [
        FoundBreak("missing_there", -9_680, "usd"),
        FoundBreak("late", -9_680, "eur"),
    ]
    euro = line("account_fee", 1, currency=Currency("eur"), occurred_at=DAY + timedelta(days=1))
    await account.fetched([euro], day=1, states_period=False)
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["missing_there", "missing_there"]


async def test_stated_period_covers_every_currency(account: Settlement) -> None:
    """A file of a whole account that has nothing of EUR says that nothing happened in EUR."""
    await happen(account, PLAIN._replace(currency="eur"))
    await account.fetched([])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_there", -9_680, "eur")]


async def test_unknown_movements_are_named_by_their_kind(account: Settlement) -> None:
    await account.fetched(
        [
            line("payment", 500, -20, references=("unknown",)),
            line("hold", -300, parent_reference="unknown"),
            line("adjustment", -7),
            line("reserve", -9),
            line("outgoing", -11, -1),
            line("account_fee", -13),
        ]
    )
    await run(account)
    assert await account.breaks() == [
        FoundBreak("missing_here", 480, "usd"),
        FoundBreak("hold", -300, "usd"),
        FoundBreak("unexpected_movement", -7, "usd"),
        FoundBreak("unexpected_movement", -9, "usd"),
        FoundBreak("unexpected_movement", -12, "usd"),
    ]
    await account.book()
    assert (await account.balances())["unmatched usd"] == 480 - 300 - 7 - 9 - 12


async def test_hold_and_release_unknown_to_us_explain_each_other(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    parent = one.lines[0].references[0]
    await account.fetched([*one.lines, line("hold", -300, parent_reference=parent)])
    await run(account)
    assert await account.breaks() == [FoundBreak("hold", -300, "usd")]
    await account.fetched(
        [line("release", 300, parent_reference=parent)], day=1, beginning_minor={"usd": 9_380}
    )
    await run(account)
    await explained(account)


async def test_release_of_another_amount_explains_no_hold(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    parent = one.lines[0].references[0]
    await account.fetched(
        [
            *one.lines,
            line("hold", -300, parent_reference=parent),
            line("release", 200, parent_reference=parent),
        ]
    )
    await run(account)
    assert sorted(await account.breaks()) == [FoundBreak("hold", -300, "usd"), FoundBreak("hold", 200, "usd")]


async def test_line_of_another_account_leads_to_no_charge(account: Settlement) -> None:
    """It has the id that a line here names as its parent, and is about a payment here."""
    (one,) = await happen(account, PLAIN)
    between = line("account_fee", -1, parent_reference=one.lines[0].references[0])
    other = account._replace(psp_account=PspAccount(f"{account.psp_account}b"))
    await other.fetched([between])
    await account.fetched([*one.lines, line("hold", -300, parent_reference=between.psp_reference)])
    await run(account)
    assert await account.breaks() == [FoundBreak("hold", -300, "usd")]
    (row,) = await account.rows(
        "select stream_id from reconciliation.breaks where class = 'hold' order by break_id desc limit 1"
    )
    assert row["stream_id"] is None


async def test_our_charge_id_finds_what_no_reference_names(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 10_000, -320, our_reference=charge_of(one.stream_id))])
    await run(account)
    await explained(account)


async def test_fees_that_offset_each_other_are_two_breaks(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN._replace(refunds=(Refund(40, gives_fee_back=True, fails=False),)))
    paid, back = one.lines
    await account.fetched(
        [
            line("payment", paid.gross_minor, paid.fee_minor - 10, references=paid.references),
            line("refund", back.gross_minor, back.fee_minor + 10, references=back.references),
        ]
    )
    await run(account)
    assert sorted(await account.breaks()) == [FoundBreak("fee", -10, "usd"), FoundBreak("fee", 10, "usd")]


async def test_refund_under_the_code_of_a_reversal_is_a_refund(account: Settlement) -> None:
    """PayPal gives that code to a refund that it made itself; its transaction id is the refund's."""
    (one,) = await happen(account, PLAIN._replace(refunds=(Refund(40, gives_fee_back=True, fails=False),)))
    paid, refunded = one.lines
    told = line(
        "dispute", -4_000, 32, psp_reference=refunded.references[0], parent_reference=paid.references[0]
    )
    await account.fetched([paid, told])
    await run(account)
    await explained(account)


async def test_statement_of_another_account_matches_nothing(account: Settlement) -> None:
    """Its reference may be the same: PSPs number per account."""
    (one,) = await happen(account, PLAIN)
    other = account._replace(psp_account="another")  # type: ignore[arg-type]
    await other.fetched(one.lines)
    await run(account)
    assert await other.breaks() == [FoundBreak("missing_here", 9_680, "usd")]
    assert await account.breaks() == []


async def test_conversion_without_its_other_side_is_a_break(account: Settlement) -> None:
    eur = Currency("eur")
    await account.fetched(
        [
            line("conversion", -100, group="a"),
            line("conversion", 90, currency=eur, group="a"),
            line("conversion", -50, group="b"),
        ]
    )
    await run(account)
    assert await account.breaks() == [FoundBreak("incomplete_conversion", -50, "usd")]
    await account.fetched(
        [line("conversion", 45, currency=eur, group="b")], day=1, beginning_minor={"usd": -150, "eur": 90}
    )
    await run(account)
    assert await account.breaks() == []


@pytest.mark.parametrize("again_minor", first_of((-13, -14)))
async def test_fee_of_the_account_told_twice_is_a_break(account: Settlement, again_minor: int) -> None:
    """It is booked twice, in a day or in another one, with the same amount or another."""
    fee = line("account_fee", -13)
    again = line("account_fee", again_minor, psp_reference=fee.psp_reference)
    await account.fetched([fee, line("account_fee", -13, psp_reference=fee.psp_reference, psp_type="other")])
    await run(account)
    assert await account.breaks() == []
    await account.fetched([again, again], day=1, beginning_minor={"usd": -26})
    await run(account)
    await run(account)
    assert await account.breaks() == [FoundBreak("duplicate", again_minor, "usd")] * 2


async def test_conversion_told_twice_is_a_break(account: Settlement) -> None:
    """Its two sides may have one id: these differ in currency."""
    sides = [
        line("conversion", -100, group="a", psp_reference="tx_a"),
        line("conversion", 90, currency=Currency("eur"), group="a", psp_reference="tx_a"),
    ]
    await account.fetched(sides)
    await run(account)
    assert await account.breaks() == []
    await account.fetched(sides, day=1, beginning_minor={"usd": -100, "eur": 90})
    await run(account)
    assert await account.breaks() == [
        FoundBreak("duplicate", -100, "usd"),
        FoundBreak("duplicate", 90, "eur"),
    ]


async def test_wrong_ending_balance_is_a_break(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines, ending_off_minor=7)
    await run(account)
    assert await account.breaks() == [FoundBreak("balance", 7, "usd")]


async def test_balance_before_the_first_file_is_booked_once(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines, beginning_minor={"usd": 50_000})
    await run(account)
    await account.fetched([], day=1, beginning_minor={"usd": 59_680})
    await run(account)
    assert await account.breaks() == []
    await account.book()
    assert await account.balances() == {"balance usd": 59_680, "unmatched usd": 50_000}


async def test_currency_that_is_told_later_has_its_own_opening(account: Settlement) -> None:
    await account.fetched([], beginning_minor={"usd": 100})
    await run(account)
    await account.fetched([], day=1, beginning_minor={"usd": 100, "eur": 70})
    await account.fetched([], day=2, beginning_minor={"usd": 100, "eur": 70})
    await run(account)
    assert await account.breaks() == []
    await account.book()
    assert await account.balances() == {
        "balance usd": 100,
        "unmatched usd": 100,
        "balance eur": 70,
        "unmatched eur": 70,
    }


@pytest.mark.parametrize("arrivals", first_of([(2, 1, 0), (1, 0, 2), (2, 0, 1), (1, 2, 0)]))
async def test_files_out_of_order_are_booked_once(account: Settlement, arrivals: tuple[int, ...]) -> None:
    """The opening of the one that came first contains the days before it, until these come."""
    lived = await happen(account, PLAIN, PLAIN, PLAIN)
    beginning_minor = 50_000
    days: list[dict[str, int]] = []
    for one in lived:
        days.append({"usd": beginning_minor})
        beginning_minor += sum(told.net_minor for told in one.lines)
    for day in arrivals:
        await account.fetched(lived[day].lines, day=day, beginning_minor=days[day])
        await run(account)
    assert await violations(account) == []
    assert [one for one in await account.breaks() if one.break_class == "balance"] == []
    await account.book()
    assert await account.balances() == {"balance usd": beginning_minor, "unmatched usd": 50_000}


async def test_file_that_the_log_has_keeps_its_opening(account: Settlement, owner_pool: Pool) -> None:
    """The record was restored to what it was before both files came; then they come in another order."""
    days = {0: {"usd": 50_000}, 1: {"usd": 50_009}}
    lines = {0: [line("account_fee", 9)], 1: [line("account_fee", 1)]}
    for day, begins in days.items():
        await account.fetched(lines[day], day=day, beginning_minor=begins)
    await run(account)
    await account.book()
    before = await account.balances()
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        for table in ("openings", "lines", "matched_files", "runs"):
            await connection.execute(f"delete from reconciliation.{table}")  # noqa: S608 -- the test's own names
        await connection.execute(
            "update reconciliation.files set status = 'kept', name = translate(left(name, 7), '01', '10')"
        )
    result = await run(account)
    assert (result.problems, result.files_booked) == ((), 2)
    await account.book()
    assert await account.balances() == before == {"balance usd": 50_010, "unmatched usd": 50_000}


async def test_withdrawal_in_a_file_is_a_payout_in_transit(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([*one.lines, line("payout", -5_000, -25, psp_reference="wd_1", occurred_at=NOW)])
    await run(account)
    await account.book()
    assert await account.breaks() == []
    assert await account.balances() == {"balance usd": 9_680 - 5_025, "in_transit usd": 5_000}


async def test_file_waits_while_its_payout_is_contended(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line is the only report of a withdrawal: a file counts as booked once the log has that, too."""
    await account.fetched([line("payout", -5_000, psp_reference="wd_1")], beginning_minor={"usd": 9_000})
    busy = account.reconciliation

    async def contended(*_: object, **__: object) -> Contended:
        return Contended()

    with monkeypatch.context() as patch:
        patch.setattr(busy._booker._payouts, "record", contended)
        result = await busy.run()
    assert result is not None
    assert [one for one in result.problems if "others write to its payouts" in one.reason]
    await run(account)
    await account.book()
    assert await account.balances() == {"balance usd": 4_000, "in_transit usd": 5_000, "unmatched usd": 9_000}


async def test_payout_known_with_another_amount_is_a_break(account: Settlement) -> None:
    await paid_out(account, "po_1", 4_000)
    await account.fetched([line("payout", -5_000, references=("po_1",))], beginning_minor={"usd": 9_000})
    await run(account)
    assert FoundBreak("payout_total", 1_000, "usd") in await account.breaks()


async def test_lines_that_miss_their_payout_leave_a_remainder(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    told = line("payment", 10_000, -320, references=one.lines[0].references, payout_reference="po_1")
    await account.fetched([told])
    await run(account)
    assert FoundBreak("payout_unknown", 9_680, "usd") in await account.breaks()
    await paid_out(account, "po_1", 9_700)
    await run(account)
    assert [one for one in await account.breaks() if one.break_class != "balance"] == [
        FoundBreak("unexplained_remainder", -20, "usd")
    ]


async def paid_out(account: Settlement, reference: str, amount_minor: int) -> None:
    await account.payouts.record(
        PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False),
        PayoutReport(
            psp_reference=PspReference(reference),
            money=Money(amount_minor, Currency("usd")),
            status="in_transit",
            created_at=NOW,
            occurred_at=NOW,
        ),
        PROVENANCE,
        bank_account=BankAccount("main"),
    )


async def test_refused_file_changes_nothing_but_its_status(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    file_id = await account.fetched([*one.lines, line("payment", 1)], refused_at=2)
    result = await run(account)
    (file,) = await account.rows("select * from reconciliation.files")
    assert (file["status"], file["refusal_line"], file["refusal"]) == ("refused", 2, "the test says so")
    assert [problem.file_id for problem in result.problems] == [file_id]
    assert await account.rows("select from reconciliation.lines") == []
    assert await account.breaks() == [FoundBreak("file_refused", None, None)]
    await account.book()
    assert await account.balances() == {"clearing usd": 9_680}


async def test_file_that_cannot_be_stored_holds_up_no_other(account: Settlement) -> None:
    """A NUL in a text, an amount beyond 64 bits, evidence that is gone."""
    (one,) = await happen(account, PLAIN)
    bad = line("payment", 1, references=("\0",)), line("payment", 2**70)
    files = [await account.fetched([told], name=f"0{place}") for place, told in enumerate(bad)]
    lost = await account.fetched([], name="1")
    account.evidence.contents.pop(
        await account.ledgerdb.fetchval("select sha256 from reconciliation.files where file_id = $1", lost)
    )
    await account.fetched(one.lines, name="2")
    result = await run(account)
    assert (result.files_booked, result.lines_matched) == (1, 1)
    assert [problem.file_id for problem in result.problems] == [*files, lost]
    statuses = await account.rows("select status from reconciliation.files order by name")
    assert [row["status"] for row in statuses] == ["refused", "refused", "kept", "booked"]


async def test_file_of_a_time_to_come_is_refused(account: Settlement) -> None:
    """By its period, or by the time of one line in a period that has passed."""
    (one,) = await happen(account, PLAIN)
    await account.fetched([], day=36_500)
    await account.fetched([line("payment", 1, occurred_at=DAY + timedelta(days=36_500))])
    result = await run(account)
    assert all("tells of 2126-" in problem.reason for problem in result.problems)
    assert len(result.problems) == 2
    assert await account.rows("select from reconciliation.lines") == []
    await account.fetched(one.lines)
    await run(account)
    assert await account.breaks() == [FoundBreak("file_refused", None, None)] * 2
    await account.book()
    assert await account.balances() == {"balance usd": 9_680}


async def test_file_of_an_account_not_named_before_is_refused(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines, account_id="MERCHANT1")
    await run(account)
    await account.fetched([line("payment", 1)], day=1, account_id="MERCHANT2")
    await account.fetched([], day=2, account_id="MERCHANT1", beginning_minor={"usd": 9_680})
    result = await run(account)
    assert [problem.reason[:38] for problem in result.problems] == ["is about the account 'MERCHANT2', and "]
    assert await account.breaks() == [
        FoundBreak("file_refused", None, None),
        FoundBreak("file_gap", None, None),
    ]
    await account.book()
    assert await account.balances() == {"balance usd": 9_680}


async def test_second_runner_does_nothing(account: Settlement) -> None:
    await happen(account, PLAIN)
    async with account.ledgerdb.acquire() as connection:
        await connection.execute("select pg_advisory_lock(hashtext('fincore.reconciliation.run'))")
        assert await account.reconciliation.run() is None
        await connection.execute("select pg_advisory_unlock_all()")
    assert await account.reconciliation.run() is not None


async def test_two_runners_at_once_do_everything_once(account: Settlement) -> None:
    lived = await happen(account, PLAIN, PLAIN)
    await account.fetched([told for one in lived for told in one.lines])
    results = await asyncio.gather(*(account.reconciliation.run() for _ in range(3)))
    assert sum(one is not None for one in results) >= 1
    await explained(account)


class Crash(BaseException):
    """The process is gone: no step handles it."""


@pytest.mark.parametrize("step", first_of((3, 1, 2, 4, 5)))
async def test_crash_between_steps_does_nothing_twice(
    account: Settlement, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After reading, after the events of the file, after booking, after matching, after the events of the match."""
    lived = await happen(account, PLAIN, PLAIN._replace(dispute="lost"))
    lines = [told for one in lived for told in one.lines]
    await account.fetched([*lines, line("payout", -500, psp_reference="wd_1", occurred_at=NOW)])
    dying = account.reconciliation
    target, name = (
        (dying._booker, "book"),
        (dying._booker._payouts, "record"),
        (dying, "_caught_up"),
        (dying, "_record"),
        (dying._matcher, "finish"),
    )[step - 1]

    async def die(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(target, name, die)
        with pytest.raises(Crash):
            await dying.run()
    await run(account)
    await run(account)
    await explained(account)
    assert await account.balances() == {
        "balance usd": 2 * 9_680 - 6_500 - 500,
        "in_transit usd": 500,
    }


@pytest.mark.parametrize("statement", first_of((0, 28, 4, 8, 12, 16, 20, 24), keep=2))
async def test_crash_amid_the_matching_leaves_nothing_of_it(
    account: Settlement, statement: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived = await happen(account, PLAIN, PLAIN._replace(dispute="won", by_parent=True))
    await account.fetched([told for one in lived for told in one.lines])
    done = 0

    async def die(connection: Connection, text: str, *arguments: object) -> None:
        nonlocal done
        done += 1
        if done > statement:
            raise Crash
        await connection.execute(text, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(matcher, "_do", die)
        patch.setattr(break_writer, "_do", die)
        with pytest.raises(Crash):
            await account.reconciliation.run()
    assert await account.rows("select from reconciliation.matches") == []
    assert await account.rows("select from reconciliation.runs") == []
    await run(account)
    await explained(account)


async def test_invariants_hold_while_the_ledger_is_behind(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 9_000, -320, references=one.lines[0].references)])
    await run(account)
    # The ledger has not booked what was matched last.
    assert await violations(account) == []
    await account.book()
    assert await violations(account) == []


@pytest.mark.parametrize(
    ("tampering", "word"),
    [
        ("update ledgerdb.clearing_items set gross_minor = gross_minor + 1", "its items come to"),
        ("update ledgerdb.accounts set balance_minor = 7 where name like '%unmatched%'", "holds 7"),
        (
            "delete from ledgerdb.entries where kind = 'settlement_file.matched'",
            "moved money and has no entry",
        ),
        ("delete from reconciliation.matches where part = 'fee'", "matches come to"),
        ("delete from ledgerdb.clearing_items", "its items to nothing"),
        (
            "update reconciliation.files set stated_totals = jsonb_set(stated_totals, '{usd,ending_minor}', '9679')",
            "holds 9680 minor units; the statement",
        ),
        ("update reconciliation.lines set fee_minor = fee_minor + 1", "lines come to"),
        ("delete from eventstore.events where type = 'settlement_file.matched'", "the log has no event"),
        ("delete from eventstore.events where type like 'settlement_file.%'", "is booked, and the log"),
    ],
)
async def test_altered_settlement_rows_break_an_invariant(
    account: Settlement, owner_pool: Pool, tampering: str, word: str
) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines)
    await run(account)
    await explained(account)
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(tampering)
    assert any(word in what for what in await violations(account))


async def test_differences_without_their_breaks_are_named(account: Settlement, owner_pool: Pool) -> None:
    (one,) = await happen(account, PLAIN)
    told = line("payment", 10_000, -320, references=one.lines[0].references, payout_reference="po_1")
    other = line("adjustment", 50, currency=Currency("eur"), payout_reference="po_1")
    await account.fetched([told, other], ending_off_minor=7)
    await paid_out(account, "po_1", 9_700)
    await run(account)
    assert await violations(account) == []
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update reconciliation.breaks set amount_minor = amount_minor + 1")
        *balances, payout = await violations(account)
        assert balances
        assert all("the last run found no break of the difference" in what for what in balances)
        whole = "is of 9700 minor units of usd; its lines come to {}, and no break has the difference"
        assert payout == whole.format("9680 of usd")
        await connection.execute("delete from reconciliation.breaks")
    assert (await violations(account))[-2:] == [whole.format("50 of eur"), whole.format("9680 of usd")]


async def test_second_match_of_a_part_is_refused_by_postgresql(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(one.lines)
    await run(account)
    with pytest.raises(asyncpg.UniqueViolationError):
        await account.rows(
            "insert into reconciliation.matches select match_no, part, run_no, rule, line_no, entry_id, account_id"
            " from reconciliation.matches"
        )


async def test_unequal_match_is_refused_by_postgresql(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched([line("payment", 9_999, references=one.lines[0].references)])
    await run(account)
    with pytest.raises(asyncpg.CheckViolationError, match="not equal"):
        await account.rows(
            "insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)"
            " select l.line_no, 'gross', 1, 'guess', l.line_no, i.entry_id, i.account_id"
            " from reconciliation.lines l, ledgerdb.clearing_items i"
        )


async def test_match_over_two_currencies_is_refused_by_postgresql(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    await account.fetched(
        [line("payment", 10_000, -320, currency=Currency("eur"), references=one.lines[0].references)]
    )
    await run(account)
    with pytest.raises(asyncpg.CheckViolationError, match="not of one currency"):
        await account.rows(
            "insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)"
            " select l.line_no, 'gross', 1, 'guess', l.line_no, i.entry_id, i.account_id from reconciliation.lines l"
            " join ledgerdb.clearing_items i on i.psp_reference = any (l.about)"
            " where l.line_no = (select max(line_no) from reconciliation.lines)"
        )


@pytest.mark.parametrize(
    "columns",
    [
        "l.line_no + 1, 'gross', 1, 'guess', l.line_no, i.entry_id, i.account_id",
        "l.line_no, 'gross', 1, 'guess', l.line_no, i.entry_id + 1000000, i.account_id",
        "l.line_no, 'gross', 1, 'guess', l.line_no, null::bigint, null::bigint",
    ],
    ids=["of another number", "with an item that is not there", "of a line alone"],
)
async def test_match_without_its_item_is_refused_by_postgresql(account: Settlement, columns: str) -> None:
    await happen(account, PLAIN)
    await account.fetched([line("payment", 10_000, -320)])
    await run(account)
    with pytest.raises(asyncpg.CheckViolationError, match="not equal"):
        await account.rows(
            f"insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id) select {columns}"  # noqa: S608 -- of this test
            " from reconciliation.lines l, ledgerdb.clearing_items i"
            " where l.line_no = (select max(line_no) from reconciliation.lines)"
            " and i.entry_id = (select max(entry_id) from ledgerdb.clearing_items)"
        )
