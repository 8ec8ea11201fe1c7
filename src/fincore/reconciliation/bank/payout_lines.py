"""Brings lines of banks to the payouts that they name, and has the log tell which of these arrived."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from fincore.domain.currency import Currency
from fincore.domain.ids import payout_stream_of
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import PayoutAccount
from fincore.domain.settlement_events import BankAccount
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.bank.named_payout import NamedPayout, arrival, payout_named, usable_references
from fincore.write.settlement.payout_references import PayoutReferences
from fincore.write.settlement.payouts import PayoutRecorder

_SQL = load_sql("fincore.reconciliation.bank", "payout_lines.sql")

ACTOR: Final = "reconciliation"
LINES_AT_A_TIME: Final = 500
STATEMENT_SECONDS_MAX: Final = 600.0


class PayoutLines:
    """Safe to repeat after a crash anywhere: a line is brought to a payout once, and a payout arrives once."""

    def __init__(self, ledgerdb: Pool, payouts: PayoutRecorder, references: PayoutReferences) -> None:
        self._pool = ledgerdb
        self._payouts = payouts
        self._references = references

    async def take_up(self) -> int:
        """Name the payouts of all lines, and record those that arrived; how many these are. Raises as the writer does."""
        await self._name_payouts()
        told = 0
        for row in await self._pool.fetch(_SQL.unmatched_lines, timeout=STATEMENT_SECONDS_MAX):
            told += await self._tell(row)
        return told

    async def _name_payouts(self) -> None:
        accounts: dict[bool, list[PayoutAccount]] = defaultdict(list)
        for row in await self._pool.fetch(_SQL.accounts_that_pay_out):
            accounts[row["livemode"]].append(_account(row))
        after = 0
        while rows := await self._pool.fetch(
            _SQL.unnamed_lines, after, LINES_AT_A_TIME, timeout=STATEMENT_SECONDS_MAX
        ):
            after = rows[-1]["bank_line_no"]
            await self._name(rows, accounts)

    async def _name(self, rows: Sequence[asyncpg.Record], accounts: dict[bool, list[PayoutAccount]]) -> None:
        references = {row["bank_line_no"]: usable_references(row["about"]) for row in rows}
        stated = await self._stated({one for found in references.values() for one in found})
        possible = {
            row["bank_line_no"]: {
                _stream(named): named
                for account in accounts[row["livemode"]]
                for one in references[row["bank_line_no"]]
                for named in (NamedPayout(account, PspReference(one)),)
            }
            for row in rows
        }
        known = {
            row["stream_id"]
            for row in await self._pool.fetch(
                _SQL.known_payouts,
                [stream for streams in possible.values() for stream in streams]
                + [_stream(named) for found in stated.values() for named in found],
                timeout=STATEMENT_SECONDS_MAX,
            )
        }
        kept = []
        for row in rows:
            number = row["bank_line_no"]
            named = payout_named(
                (
                    named
                    for one in references[number]
                    for named in stated[row["livemode"], one]
                    if _stream(named) in known
                ),
                (named for stream, named in possible[number].items() if stream in known),
            )
            if named is not None:
                payout, rule = named
                account = payout.account
                kept.append(
                    (number, _stream(payout), account.psp, account.psp_account, payout.psp_reference, rule)
                )
        if kept:
            await self._pool.execute(_SQL.keep_payouts, *map(list, zip(*kept, strict=True)))

    async def _stated(self, references: Collection[str]) -> dict[tuple[bool, str], list[NamedPayout]]:
        """The payouts that PSPs say banks call by some references, in their files and of the payouts themselves."""
        stated: dict[tuple[bool, str], list[NamedPayout]] = defaultdict(list)
        for row in await self._pool.fetch(
            _SQL.named_by_bank_reference, list(references), timeout=STATEMENT_SECONDS_MAX
        ):
            stated[row["livemode"], row["bank_reference"]].append(
                NamedPayout(_account(row), PspReference(row["psp_reference"]))
            )
        for reference, account, psp_reference in await self._references.named_by(references):
            stated[account.livemode, reference].append(NamedPayout(account, psp_reference))
        return stated

    async def _tell(self, row: asyncpg.Record) -> bool:
        """Record that the payout of a line arrived, if the line is the first to prove it."""
        account = _account(row)
        payout = await self._payouts.load(account.payout_id(PspReference(row["psp_reference"])))
        if payout is None:
            return False
        report = arrival(
            payout,
            Money(row["amount_minor"], Currency(row["currency"])),
            is_reversal=row["kind"] == "payout_returned",
            occurred_at=row["occurred_at"],
            now=await self._pool.fetchval("select now()"),
        )
        if report is None:
            return False
        result = await self._payouts.record(
            account,
            report,
            Provenance(correlation=f"bank_statement_{row['statement_no']}", actor=ACTOR),
            bank_account=BankAccount(row["bank"]),
        )
        # Else others write to the payout at the same time, or told something else of it: the next run looks at the line again.
        return isinstance(result, Recorded) and bool(result.events)


def _account(row: asyncpg.Record) -> PayoutAccount:
    return PayoutAccount(
        psp=PspName(row["psp"]), psp_account=PspAccount(row["psp_account"]), livemode=row["livemode"]
    )


def _stream(named: NamedPayout) -> UUID:
    return payout_stream_of(named.account.payout_id(named.psp_reference))
