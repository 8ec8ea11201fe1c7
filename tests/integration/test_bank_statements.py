"""Statements of banks on real PostgreSQL: what arrived is told to the log and matched, and what differs is a break."""

import hashlib
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import asyncpg
import pytest

from fincore.audit.invariants.bank_accounts_are_explained import BANK_ACCOUNTS_ARE_EXPLAINED
from fincore.audit.invariants.invariant import Stores
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount, PayoutReport
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.settlement_events import BankAccount
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.bank.payout_lines import PayoutLines
from fincore.reconciliation.bank.statements import BankStatements, Imported
from fincore.reconciliation.evidence.port import KeptFile
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.matching import matcher
from fincore.reconciliation.parsed_file import FileRefused
from fincore.write.settlement.payouts import PayoutRecorder
from fixtures.commits import PROVENANCE
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.traffic import store_pool

USD = Currency("usd")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class Bank:
    """A bank account of ours that a PSP account pays out to."""

    def __init__(self, account: Settlement) -> None:
        self.account = account
        self.name = BankAccount(f"b{uuid4().hex[:16]}")
        self.payout_account = PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False)

    async def paid_out(
        self,
        amount_minor: int = 9_480,
        status: PayoutStatus = "in_transit",
        *,
        reference: str | None = None,
        bank_reference: str | None = None,
        days_ago: int = 2,
    ) -> str:
        """Have the PSP report a payout; its reference."""
        reference = reference or f"po_{uuid4().hex}"
        at = TODAY - timedelta(days=days_ago) + timedelta(hours=9)
        await self.account.payouts.record(
            self.payout_account,
            PayoutReport(
                psp_reference=PspReference(reference),
                money=Money(amount_minor, USD),
                status=status,
                created_at=at,
                occurred_at=at,
                bank_reference=bank_reference,
            ),
            PROVENANCE,
            bank_account=self.name,
        )
        return reference

    async def payout(self, reference: str) -> Payout:
        """The payout as the log has it."""
        found = await self.account.payouts.load(self.payout_account.payout_id(PspReference(reference)))
        assert found is not None
        return found

    async def states(self, *rows: str, extra_columns: str = "") -> Imported:
        """Import a statement of rows `days ago, amount, entry, text`."""
        header = f"date,amount,currency,reference,text{extra_columns}"
        made = []
        for row in rows:
            days_ago, amount, entry, text = row.split(",", 3)
            made.append(f"{TODAY - timedelta(days=int(days_ago)):%Y-%m-%d},{amount},USD,{entry},{text}")
        content = "\n".join([header, *made, ""]).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        kept = KeptFile(
            psp=PspName("bank"),
            psp_account=PspAccount(self.name),
            name="statement.csv",
            sha256=sha256,
            size_bytes=len(content),
            location=f"bank/{self.name}/{sha256}-statement.csv",
        )
        statements = BankStatements(self.account.ledgerdb)
        await statements.expected(self.name, livemode=False)
        return await statements.keep(
            self.name, kept, io.BytesIO(content), FORMATS["bank_csv"], livemode=False
        )

    async def run(self) -> None:
        """One run, after which the ledger follows the log."""
        assert await self.account.reconciliation.run() is not None
        await self.account.book()

    async def counts(self) -> tuple[int, int, int]:
        """Lines of payouts, matched ones, other ones."""
        listed = await BankStatements(self.account.ledgerdb).list(livemode=False, bank=self.name, limit=100)
        return (
            sum(one.of_payouts for one in listed),
            sum(one.matched for one in listed),
            sum(one.other for one in listed),
        )


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[Bank]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            yield Bank(account)
    finally:
        pool.terminate()


async def test_line_that_names_a_payout_proves_its_arrival(bank: Bank) -> None:
    reference = await bank.paid_out()
    await bank.states(f"1,94.80,E1,payout {reference} thanks")
    await bank.run()
    payout = await bank.payout(reference)
    assert (payout.status, payout.bank_account) == ("paid", bank.name)
    assert await bank.counts() == (1, 1, 0)
    assert await bank.account.balances() == {"balance usd": -9_480}
    assert await bank.account.breaks() == []


async def test_payout_taken_from_the_bank_is_matched_too(bank: Bank) -> None:
    reference = await bank.paid_out(-9_480)
    await bank.states(f"1,-94.80,E1,{reference}")
    await bank.run()
    assert (await bank.payout(reference)).status == "paid"
    assert await bank.counts() == (1, 1, 0)
    assert await bank.account.breaks() == []


async def test_bank_reference_of_the_psp_finds_the_payout(bank: Bank) -> None:
    stated = f"BANK{uuid4().hex[:12]}"
    withdrawal = f"W{uuid4().hex[:16]}"
    await bank.account.fetched(
        [line("payout", -9_480, psp_reference=withdrawal, bank_reference=stated)],
        beginning_minor={"usd": 9_480},
    )
    await bank.states(f"1,94.80,{stated},")
    await bank.run()
    assert (await bank.payout(withdrawal)).status == "paid"
    assert await bank.counts() == (1, 1, 0)


async def test_trace_of_the_psp_finds_the_payout(bank: Bank) -> None:
    """It is told after the statement came, and counts as a whole word only."""
    trace = f"T{uuid4().int % 10**13:013}"
    reference = await bank.paid_out()
    await bank.states(f"1,94.80,E1,ACH {trace}", f"1,94.80,E2,ACH {trace}0")
    await bank.run()
    assert await bank.counts() == (0, 0, 2)
    await bank.paid_out(reference=reference, bank_reference=trace)
    await bank.run()
    assert (await bank.payout(reference)).status == "paid"
    assert await bank.counts() == (1, 1, 1)


async def test_trace_in_a_payouts_file_finds_the_payout(bank: Bank) -> None:
    """The lines that a payout carries name it and its trace."""
    trace = f"TRACE{uuid4().hex[:12]}"
    reference = await bank.paid_out()
    carried = [
        line("account_fee", minor, payout_reference=reference, bank_reference=trace) for minor in (9_400, 80)
    ]
    await bank.account.fetched(carried)
    await bank.states(f"1,94.80,E1,{trace} 1")
    await bank.run()
    assert (await bank.payout(reference)).status == "paid"
    assert await bank.counts() == (1, 1, 0)


async def test_line_of_a_payout_known_as_paid_is_matched(bank: Bank) -> None:
    reference = await bank.paid_out(status="paid")
    await bank.states(f"1,94.80,E1,{reference}", "1,-3.00,E2,monthly fee 20261120")
    await bank.run()
    await bank.run()
    assert (await bank.payout(reference)).version == 2
    assert await bank.counts() == (1, 1, 1)


async def test_equal_amount_and_day_alone_match_nothing(bank: Bank) -> None:
    reference = await bank.paid_out()
    await bank.states("2,94.80,E1,a customer")
    await bank.run()
    assert (await bank.payout(reference)).status == "in_transit"
    assert await bank.counts() == (0, 0, 1)
    assert await bank.account.breaks() == []


async def test_line_before_its_payout_waits_for_it(bank: Bank) -> None:
    reference = f"po_{uuid4().hex}"
    await bank.states(f"1,94.80,E1,{reference}")
    await bank.run()
    await bank.paid_out(status="paid", reference=reference)
    await bank.run()
    assert await bank.counts() == (1, 1, 0)


@pytest.mark.parametrize("status", ["in_transit", "paid"])
async def test_other_amount_at_the_bank_is_a_break(bank: Bank, status: PayoutStatus) -> None:
    reference = await bank.paid_out(status=status)
    await bank.states(f"1,94.79,E1,{reference}")
    await bank.run()
    assert (await bank.payout(reference)).status == status
    assert await bank.account.breaks() == [FoundBreak("bank_amount", -1, "usd")]


async def test_second_line_of_one_payout_is_a_break(bank: Bank) -> None:
    reference = await bank.paid_out()
    await bank.states(f"1,94.80,E1,{reference}", f"1,94.80,E1,{reference}")
    await bank.run()
    assert await bank.counts() == (2, 1, 0)
    assert await bank.account.breaks() == [FoundBreak("bank_amount", 9_480, "usd")]


async def test_returned_payout_matches_both_of_its_lines(bank: Bank) -> None:
    reference = await bank.paid_out(status="paid", days_ago=3)
    await bank.paid_out(status="failed", reference=reference)
    await bank.states(f"2,94.80,E1,{reference}", f"1,-94.80,E2,{reference}")
    await bank.run()
    assert await bank.counts() == (2, 2, 0)
    assert await bank.account.breaks() == []


async def test_entry_of_overlapping_statements_counts_once(bank: Bank) -> None:
    reference = await bank.paid_out()
    first = await bank.states("2,5.00,E0,rent", f"1,94.80,E1,{reference}")
    second = await bank.states(f"1,94.80,E1,{reference}", "0,7.00,E2,other")
    await bank.run()
    assert (first.known_lines, second.known_lines) == (0, 1)
    assert await bank.counts() == (1, 1, 2)
    assert await bank.account.breaks() == []


async def test_reused_entry_number_of_another_day_is_kept(bank: Bank) -> None:
    await bank.states("2,5.00,1,rent")
    assert (await bank.states("1,5.00,1,rent")).known_lines == 0
    assert await bank.counts() == (0, 0, 2)


async def test_same_statement_is_imported_once(bank: Bank) -> None:
    first = await bank.states("2,5.00,E0,rent")
    again = await bank.states("2,5.00,E0,rent")
    assert (again.statement_no, again.is_new) == (first.statement_no, False)
    assert await bank.counts() == (0, 0, 1)


@pytest.mark.parametrize("row", ["1,94.8x,E2,text", "-3,94.80,E2,text", "3700,94.80,E2,text"])
async def test_refused_statement_leaves_none_of_its_lines(bank: Bank, row: str) -> None:
    with pytest.raises(FileRefused, match=r"^line 3: "):
        await bank.states("2,5.00,E0,rent", row)
    assert await bank.counts() == (0, 0, 0)


@pytest.mark.parametrize("status", ["in_transit", "paid"])
async def test_payout_on_no_statement_is_missing(bank: Bank, status: PayoutStatus) -> None:
    reference = await bank.paid_out(status=status, days_ago=8)
    await bank.paid_out(status="paid", days_ago=6)
    await bank.states("9,5.00,E0,rent")
    await bank.run()
    assert await bank.account.breaks() == [FoundBreak("bank_missing", -9_480, "usd")]
    await bank.states(f"1,94.80,E1,{reference}")
    await bank.run()
    assert await bank.account.breaks() == []
    assert await bank.account.breaks("matched_late") == [FoundBreak("bank_missing", -9_480, "usd")]


async def test_payout_before_the_first_statement_is_not_missing(bank: Bank) -> None:
    await bank.paid_out(status="paid", days_ago=30)
    await bank.states("9,5.00,E0,rent")
    await bank.run()
    assert await bank.account.breaks() == []


async def test_payout_in_transit_before_the_first_statement_is_overdue(bank: Bank) -> None:
    """No statement that is there, and none to come, can tell whether it arrived."""
    await bank.paid_out(days_ago=30)
    await bank.states("9,5.00,E0,rent")
    await bank.run()
    assert await bank.account.breaks() == [FoundBreak("payout_overdue", -9_480, "usd")]


class Crash(BaseException):
    """What no step handles: the process is gone."""


@pytest.mark.parametrize("step", range(4))
async def test_crash_between_steps_of_arrival_loses_nothing(
    bank: Bank, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the payout is named, before it is told, after it was told, before the match."""
    reference = await bank.paid_out()
    await bank.states(f"1,94.80,E1,{reference}")

    async def die(*_: object, **__: object) -> None:
        raise Crash

    told = PayoutRecorder.record

    async def tell_and_die(*arguments: object, **named: object) -> None:
        await told(*arguments, **named)  # type: ignore[arg-type]
        raise Crash

    with monkeypatch.context() as patch:
        match step:
            case 0:
                patch.setattr(PayoutLines, "_name", die)
            case 1:
                patch.setattr(PayoutLines, "_tell", die)
            case 2:
                patch.setattr(PayoutRecorder, "record", tell_and_die)
            case _:
                patch.setattr(matcher, "match_banks", die)
        with pytest.raises(Crash):
            await bank.account.reconciliation.run()
    await bank.run()
    assert ((await bank.payout(reference)).version, await bank.counts()) == (2, (1, 1, 0))
    assert await bank.account.breaks() == []


@pytest.mark.parametrize("amount_minor", [9_480, 1])
async def test_wrong_match_is_refused_by_postgresql(bank: Bank, amount_minor: int) -> None:
    """A second line for a matched entry, and a line of another amount."""
    reference = await bank.paid_out(status="paid")
    await bank.states(f"1,94.80,E1,{reference}", f"1,94.80,E2,{reference}", f"1,0.01,E3,{reference}")
    await bank.run()
    with pytest.raises((asyncpg.UniqueViolationError, asyncpg.CheckViolationError)):
        await bank.account.ledgerdb.execute(
            "insert into reconciliation.bank_matches (bank_line_no, entry_id, account_id, run_no)"
            " select l.bank_line_no, m.entry_id, m.account_id, m.run_no from reconciliation.bank_matches m"
            " join reconciliation.bank_line_payouts q on q.bank_line_no = m.bank_line_no and q.psp_reference = $1"
            " join reconciliation.bank_line_payouts o on true join reconciliation.bank_lines l on l.bank_line_no = o.bank_line_no"
            " where l.bank_line_no <> m.bank_line_no and o.psp_reference = $1 and l.amount_minor = $2",
            reference,
            amount_minor,
        )


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("update reconciliation.bank_lines set amount_minor = 9_481", ("come to 9481", "is 9481 usd; entry")),
        ("update reconciliation.bank_lines set bank = 'other'", ("comes to nothing", "no line does")),
        ("update ledgerdb.postings set amount_minor = 9_479", ("comes to 9479",)),
        ("update ledgerdb.accounts set balance_minor = 7 where name like 'bank:%'", ("holds 7 minor units",)),
        ("delete from reconciliation.bank_lines", ("is gone; entry", "no line does")),
        (
            "delete from reconciliation.bank_matches; delete from reconciliation.bank_line_payouts",
            ("and no line does",),
        ),
    ],
)
async def test_altered_bank_rows_break_an_invariant(
    bank: Bank, owner_pool: Pool, tampering: str, words: Sequence[str]
) -> None:
    reference = await bank.paid_out()
    later = await bank.paid_out(status="paid")
    await bank.states(f"1,94.80,E1,{reference}")
    await bank.run()
    assert await violations(bank) == []
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(tampering)
    found = await violations(bank)
    assert [word for word in words if not any(word in one for one in found)] == []
    assert later not in " ".join(found)


async def violations(bank: Bank) -> list[str]:
    """What breaks the invariant of banks."""
    stores = cast(Stores, SimpleNamespace(eventstore=bank.account.dsn_pool, ledgerdb=bank.account.ledgerdb))
    return [one.what for one in await BANK_ACCOUNTS_ARE_EXPLAINED.check(stores)]
