"""Payments that are settled in another currency: their lines match by what the customer paid, and what was converted has its position."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Final
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.clearing_items_equal_postings import CLEARING_ITEMS_EQUAL_POSTINGS
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId, new_dispute_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.settlement_events import BankAccount
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.matching.preconditions import RunRefused
from fincore.reconciliation.report.gathering import finished_run, gather
from fincore.reconciliation.run import RunResult
from fixtures.commits import PROVENANCE, created, new_stream
from fixtures.money_events import captured, refunded, withdrawn
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN
from fixtures.traffic import store_pool

EUR: Final = Currency("eur")
USD: Final = Currency("usd")
FEE_MINOR: Final = 350


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def paid(
    account: Settlement,
    *,
    reference: str = "pay_1",
    fee_minor: int | None = FEE_MINOR,
    refunded_minor: int = 0,
) -> StreamId:
    """100.00 EUR taken, of which the PSP keeps 3.50 USD; then, if so asked, some of it goes back."""
    stream_id = new_stream()
    of_account = {"psp": account.psp, "psp_account": account.psp_account}
    common = of_account | {"currency": EUR, "occurred_at": WHEN}
    events: list[ChargeEvent] = [
        created(10_000, created_at=WHEN, currency=EUR, **of_account),
        captured(
            psp_reference=PspReference(reference),
            fee_minor=fee_minor or 0,
            fee_currency=None if fee_minor is None else USD,
            platform_fee_minor=0,
            **common,
        ),
    ]
    if refunded_minor:
        given_back = common | {"amount_minor": refunded_minor, "fee_minor": 0, "fee_currency": None}
        events.append(refunded(refund_id=new_refund_id(), psp_reference=PspReference("back_1"), **given_back))
    await account.happen(stream_id, *events)
    return stream_id


def settled(minor: int, shown_minor: int = 10_000, fee_minor: int = -FEE_MINOR) -> SettlementLine:
    """The payment as so many cents of a dollar."""
    return line("payment", minor, fee_minor, references=("pay_1",), presentment=Money(shown_minor, EUR))


def given_back(minor: int, shown_minor: int) -> SettlementLine:
    """Its refund."""
    return line("refund", -minor, references=("back_1", "pay_1"), presentment=Money(-shown_minor, EUR))


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    await account.book()
    return result


async def positions(account: Settlement) -> dict[str, int]:
    """The ledger's accounts of conversions."""
    rows = await account.rows(
        "select name, balance_minor from ledgerdb.accounts where name ~ '^(fx|expense:fx):' and balance_minor <> 0"
    )
    return {row["name"]: row["balance_minor"] for row in rows}


async def sound(account: Settlement) -> None:
    """Every invariant about settlement holds, and so do the equations of the run's report."""
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    for invariant in (
        CLEARING_IS_EXPLAINED,
        CLEARING_ITEMS_EQUAL_POSTINGS,
        MONEY_EVENTS_HAVE_ENTRIES,
        SETTLEMENT_EVENTS_HAVE_LINES,
        DIFFERENCES_HAVE_BREAKS,
    ):
        assert await invariant.check(stores) == []
    async with account.ledgerdb.acquire() as connection:
        last = await finished_run(connection, None)
        assert last is not None
        report = await gather(connection, last, None)
    assert [tie for one in report.accounts for tie in one.ties if tie.difference_minor] == []


async def test_payment_in_another_currency_leaves_clearing_at_zero(account: Settlement) -> None:
    await paid(account)
    await account.fetched([settled(10_800)])
    result = await run(account)
    assert (result.lines_matched, result.lines_open, result.breaks_opened) == (1, 0, 0)
    assert await account.balances() == {"balance usd": 10_450}
    assert await positions(account) == {"fx:position:eur": 10_000, "fx:position:usd": -10_800}
    await sound(account)


async def test_fee_that_the_file_tells_in_its_currency_is_learned(account: Settlement) -> None:
    await paid(account, fee_minor=None)
    await account.fetched([settled(10_800)])
    assert (await run(account)).breaks_opened == 0
    assert await account.balances() == {"balance usd": 10_450}
    await sound(account)


async def test_line_without_a_fee_counts_as_matched(account: Settlement) -> None:
    await paid(account, fee_minor=0)
    file_id = await account.fetched([settled(10_800, fee_minor=0)])
    assert (await run(account)).lines_matched == 1
    file = await account.reconciliation._files.load(file_id)
    assert file is not None
    assert [one.lines for _, one in file.conversions] == [1]
    await sound(account)


async def test_refund_at_another_rate_matches_what_the_customer_got(account: Settlement) -> None:
    await paid(account, refunded_minor=4_000)
    await account.fetched([settled(10_800), given_back(4_400, 4_000)])
    assert (await run(account)).breaks_opened == 0
    assert await account.balances() == {"balance usd": 10_450 - 4_400}
    assert await positions(account) == {
        "fx:position:eur": 6_000,
        "fx:position:usd": -6_480,
        "expense:fx:usd": 80,
    }
    await sound(account)


async def test_positions_go_on_from_run_to_run_until_they_are_closed(account: Settlement) -> None:
    """At the average cost over all files; another account at the PSP has a position of its own."""
    await paid(account, refunded_minor=10_000)
    await account.fetched([settled(10_800)])
    await run(account)
    first = given_back(3_700, 3_333), given_back(3_600, 3_333)
    await account.fetched(first, day=1, beginning_minor={"usd": 10_450})
    await account.fetched([given_back(3_600, 3_334)], day=2, beginning_minor={"usd": 3_150})
    await run(account)
    assert await account.breaks() == []
    assert await positions(account) == {"expense:fx:usd": 100}
    realised = await account.rows(
        "select kind, realised_minor from reconciliation.converted_totals order by run_no, file_id"
    )
    assert sorted(map(tuple, realised)) == [("payment", 0), ("refund", -101), ("refund", 1)]
    await sound(account)


async def test_realised_difference_that_the_record_lacks_is_named(
    account: Settlement, owner_pool: Pool
) -> None:
    await paid(account, refunded_minor=4_000)
    await account.fetched([settled(10_800), given_back(4_400, 4_000)])
    await run(account)
    async with owner_pool.acquire() as connection:
        await connection.execute("update reconciliation.converted_totals set realised_minor = 0")
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    (violation,) = await SETTLEMENT_EVENTS_HAVE_LINES.check(stores)
    assert "the rate realised -80" in violation.what


async def test_dispute_in_the_settled_currency_matches_as_it_is(account: Settlement) -> None:
    stream_id = new_stream()
    common = {"psp": account.psp, "psp_account": account.psp_account, "occurred_at": WHEN}
    await account.happen(
        stream_id,
        created(10_000, created_at=WHEN, currency=EUR, psp=account.psp, psp_account=account.psp_account),
        captured(psp_reference=PspReference("pay_1"), fee_minor=FEE_MINOR, currency=EUR, **common),
        withdrawn(
            dispute_id=new_dispute_id(),
            psp_reference=PspReference("dp_1"),
            amount_minor=11_000,
            fee_minor=1_500,
            currency=USD,
            **common,
        ),
    )
    taken = line("dispute", -11_000, -1_500, references=("dp_1", "pay_1"), presentment=Money(-10_000, EUR))
    await account.fetched([settled(10_800), taken])
    assert (await run(account)).breaks_opened == 0
    assert await account.balances() == {"balance usd": 10_450 - 12_500}
    await sound(account)


async def test_payment_told_in_two_lines_matches_their_sum(account: Settlement) -> None:
    await paid(account)
    await account.fetched([settled(7_000, 6_500), settled(3_800, 3_500, 0)])
    assert (await run(account)).breaks_opened == 0
    await sound(account)


async def test_other_amount_is_a_break_in_the_currency_of_the_charge(account: Settlement) -> None:
    await paid(account)
    await account.fetched([settled(10_800, 9_999)])
    await run(account)
    assert await account.breaks() == [FoundBreak("amount", -1, "eur")]
    await sound(account)
    await account.fetched([settled(1, 1, 0)], day=1, beginning_minor={"usd": 10_450})
    await run(account)
    assert await account.breaks() == []
    assert await account.balances() == {"balance usd": 10_451}
    await sound(account)


async def test_line_before_its_event_is_converted_later(account: Settlement) -> None:
    await account.fetched([settled(10_800)])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 10_450, "usd")]
    await sound(account)
    await paid(account)
    await run(account)
    assert await account.breaks() == []
    await sound(account)


async def test_line_without_the_paid_amount_is_a_currency_break(account: Settlement) -> None:
    """The file does not say what the customer paid, so nothing tells that both are one."""
    await paid(account)
    await account.fetched([line("payment", 10_800, -FEE_MINOR, references=("pay_1",))])
    await run(account)
    assert await account.breaks() == [FoundBreak("currency", 10_800, "usd")]
    await sound(account)


async def test_lost_event_of_a_conversion_comes_again(account: Settlement, owner_pool: Pool) -> None:
    await paid(account)
    await account.fetched([settled(10_800)])
    await run(account)
    balances = await account.balances()
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("delete from eventstore.events where type = 'settlement_file.converted'")
    (violation,) = await SETTLEMENT_EVENTS_HAVE_LINES.check(
        SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    )
    assert "the log has no event of it" in violation.what
    await account.reconciliation.run()
    assert await account.rows("select from eventstore.events where type = 'settlement_file.converted'")
    assert await account.balances() == balances


async def test_restored_ledger_without_a_conversion_is_refused(account: Settlement, owner_pool: Pool) -> None:
    await paid(account)
    await account.fetched([settled(10_800)])
    await run(account)
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("delete from reconciliation.converted_totals")
        await connection.execute(
            "update reconciliation.runs set last_entry_id = 0, last_event_id = null, finished_at = now()"
        )
    with pytest.raises(RunRefused, match="of runs that LedgerDB's database does not have"):
        await account.reconciliation.run()


@pytest.mark.parametrize(
    ("shown", "reason"),
    [(Money(9_999, EUR), "not equal"), (Money(10_000, Currency("gbp")), "not of one currency")],
)
async def test_unequal_match_across_currencies_is_refused(
    account: Settlement, shown: Money, reason: str
) -> None:
    await paid(account)
    await account.fetched([line("payment", 10_800, references=(f"x{uuid4().hex}",), presentment=shown)])
    await run(account)
    with pytest.raises(asyncpg.CheckViolationError, match=reason):
        await account.rows(
            "insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)"
            " select l.line_no, 'gross', 1, 'converted_guess', l.line_no, i.entry_id, i.account_id"
            " from reconciliation.lines l, ledgerdb.clearing_items i where i.gross_minor <> 0"
        )


async def test_event_of_a_conversion_names_both_currencies(account: Settlement) -> None:
    await paid(account)
    file_id = await account.fetched([settled(10_800)])
    await run(account)
    file = await account.reconciliation._files.load(file_id)
    assert file is not None
    ((_, told),) = file.conversions
    assert (told.currency, told.gross_minor) == (USD, 10_800)
    assert (told.charge_currency, told.charge_gross_minor, told.lines) == (EUR, 10_000, 0)


async def test_line_at_a_wrong_rate_leaves_a_remainder_of_its_payout(account: Settlement) -> None:
    """What the customer paid is right, and what moved is not what was paid out."""
    await paid(account)
    told = msgspec.structs.replace(settled(10_801), payout_reference="po_1")
    await account.payouts.record(
        PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False),
        PayoutReport(
            psp_reference=PspReference("po_1"),
            money=Money(10_450, USD),
            status="paid",
            created_at=WHEN,
            occurred_at=WHEN,
        ),
        PROVENANCE,
        bank_account=BankAccount("main"),
    )
    await account.fetched([told], ending_off_minor=-10_450)
    await run(account)
    assert await account.breaks() == [FoundBreak("unexplained_remainder", 1, "usd")]


async def test_dropped_line_is_missing_where_others_were_converted(account: Settlement) -> None:
    """A file of dollars covers euros, too, once it settled payments of euros."""
    await paid(account)
    await account.fetched([settled(10_800)], states_period=False)
    await run(account)
    await paid(account, reference="pay_2")
    fee = line("account_fee", -1, occurred_at=WHEN + timedelta(days=4))
    await account.fetched([fee], day=4, beginning_minor={"usd": 10_450}, states_period=False)
    await run(account)
    assert sorted(await account.breaks()) == [
        FoundBreak("missing_there", -10_000, "eur"),
        FoundBreak("missing_there", FEE_MINOR, "usd"),
    ]
    await sound(account)
