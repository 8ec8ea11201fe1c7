"""What bookkeepers do from the command line, as texts for people."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.domain.counting import counted
from fincore.domain.errors import UsageError
from fincore.domain.ids import EventId, MerchantId
from fincore.eventstore.event_references import EventReferences
from fincore.postgres.database_clock import measured_clock
from fincore.read.ledger.accounts import CHART, parse_account
from fincore.read.ledger.suspense import Suspended, clear_suspense, open_suspense
from fincore.read.ledgerdb.balances import Balances, TimeKind
from fincore.read.ledgerdb.closing import ClosedPeriod, close_period, closed_periods
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.ledgerdb.sealer import SealedDay, Sealer, sealed_days
from fincore.read.ledgerdb.text_tables import accounts_table, money_text, statement_table, trial_balance_table
from fincore.read.ledgerdb.verification import FINDINGS_MAX, Verification, verify
from fincore.write.merchants.merchants import Merchants

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_EXPECTED = re.compile(r"(\d{4}-\d{2}-\d{2})=([0-9a-fA-F]{64})", re.ASCII)


SUBJECTS_AT_A_TIME: Final = 1_000
"""For how many events one statement looks up the refund or dispute."""


class LedgerReport(NamedTuple):
    """What verifying found: a text for people, and whether the ledger is as it was sealed."""

    text: str
    holds: bool


async def trial_balance(databases: Databases, *, livemode: bool) -> str:
    """The trial balance of a mode."""
    async with stores_of(databases, "ledgerdb") as stores:
        return trial_balance_table(await LedgerQueries(stores.ledgerdb).trial_balance(livemode=livemode))


async def accounts(databases: Databases, *, livemode: bool, merchant_id: MerchantId | None) -> str:
    """The accounts of a mode, or of one merchant, and what their balances mean; raise `UnknownMerchant`."""
    async with stores_of(databases, "ledgerdb") as stores:
        found = await Balances(stores.ledgerdb).accounts(livemode=livemode, owner=merchant_id)
        if not found and merchant_id is not None:
            await Merchants(stores.eventstore, await measured_clock(stores.eventstore)).require(merchant_id)
    return accounts_table(found, {kind.pattern: kind.meaning for kind in CHART.values()})


async def balance(
    databases: Databases, account: str, *, livemode: bool, at: datetime | None, by: TimeKind
) -> str:
    """The balance of an account with all that happened (or was booked) up to a moment, and at it; now unless one is given."""
    async with stores_of(databases, "ledgerdb") as stores:
        moment = at or (await measured_clock(stores.ledgerdb, store="ledgerdb")).now()
        minor = await Balances(stores.ledgerdb).as_of(account, livemode=livemode, at=moment, by=by)
    what = "happened" if by == "effective" else "was booked"
    mode = "live" if livemode else "test"
    return (
        f"{money_text(minor, parse_account(account).currency)}  {account} ({mode}), "
        f"with all that {what} until {_moment_text(moment)} UTC"
    )


async def statement(
    databases: Databases, account: str, *, livemode: bool, first_day: date, last_day: date
) -> str:
    """The statement of an account over whole days, with the charge, refund and dispute of each movement."""
    if first_day > last_day:
        raise UsageError(f"--from {first_day} is after --to {last_day}: exchange them")
    async with stores_of(databases, "eventstore", "ledgerdb") as stores:
        told = await Balances(stores.ledgerdb).statement(
            account, livemode=livemode, first_day=first_day, last_day=last_day
        )
        subjects: dict[EventId, str] = {}
        for first in range(0, len(told.lines), SUBJECTS_AT_A_TIME):
            some = told.lines[first : first + SUBJECTS_AT_A_TIME]
            found = await EventReferences(stores.eventstore).of({line.event_id for line in some})
            subjects |= {event_id: one.refund_id or one.dispute_id or "" for event_id, one in found.items()}
    return statement_table(told, subjects)


async def suspense(databases: Databases) -> list[Suspended]:
    """What waits in suspense, in both modes."""
    async with stores_of(databases, "ledgerdb") as stores:
        return await open_suspense(stores.ledgerdb)


async def clear(databases: Databases, entry_id: int, *, to: str, reason: str, by: str) -> int:
    """Book what an entry left in suspense on another account; return the new entry's number."""
    async with stores_of(databases, "ledgerdb") as stores:
        return await clear_suspense(stores.ledgerdb, entry_id, parse_account(to), reason=reason, by=by)


async def close(databases: Databases, month: str, *, by: str) -> int:
    """Close a month given as `2026-10`, and all before it; return the last entry there was."""
    given = _MONTH.fullmatch(month)
    if given is None:
        raise UsageError(f"{month[:20]!r} is no month: write it as 2026-10")
    async with stores_of(databases, "ledgerdb") as stores:
        return await close_period(stores.ledgerdb, date(int(given[1]), int(given[2]), 1), by=by)


async def periods(databases: Databases) -> list[ClosedPeriod]:
    """The closed months, the latest first."""
    async with stores_of(databases, "ledgerdb") as stores:
        return await closed_periods(stores.ledgerdb)


async def seals(databases: Databases) -> list[SealedDay]:
    """Seal what there is, and list the sealed days, the latest first."""
    async with stores_of(databases, "ledgerdb") as stores:
        await Sealer(stores.ledgerdb, await measured_clock(stores.ledgerdb, store="ledgerdb")).seal()
        return await sealed_days(stores.ledgerdb)


async def verify_ledger(databases: Databases, *, all_findings: bool, expected: Sequence[str]) -> LedgerReport:
    """Hash everything again. `expected` are `2026-11-03=HASH` of manifests that were kept elsewhere."""
    kept = _kept(expected)
    async with stores_of(databases, "ledgerdb") as stores:
        found = await verify(stores.ledgerdb, all_findings=all_findings, expected=kept)
    return LedgerReport(_told(found, all_findings=all_findings), found.holds)


def _moment_text(moment: datetime) -> str:
    """A moment by UTC, as exact as it was given."""
    at = moment.astimezone(UTC)
    if at.time() == time.max:
        return f"the end of {at:%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{at.microsecond:06d}" if at.microsecond else "")


def _kept(expected: Sequence[str]) -> Mapping[date, str]:
    kept: dict[date, str] = {}
    for text in expected:
        match = _EXPECTED.fullmatch(text)
        if match is None:
            raise UsageError(f"{text[:100]!r} is no sealed day: write 2026-11-03=HASH, as `seals` prints it")
        kept[date.fromisoformat(match[1])] = match[2]
    return kept


def _told(found: Verification, *, all_findings: bool) -> str:
    lines = [f"ALTERED  {finding.where} {finding.what}" for finding in found.findings]
    if len(lines) >= FINDINGS_MAX:
        lines.append(f"         and perhaps more: only the first {FINDINGS_MAX:,} are looked for")
    elif lines and not all_findings:
        lines.append("         the first that was found; --all looks for the others")
    checked = (
        f"{counted(found.entries, 'entry', 'entries')} with {counted(found.postings, 'posting')}, "
        f"{counted(found.seals, 'seal')} and {counted(found.days, 'sealed day')} checked in {found.seconds:.1f} s, {found.rows_per_second:,.0f} rows/s"
    )
    waiting = (
        f"; {counted(found.unsealed, 'entry waits', 'entries wait')} for a seal" if found.unsealed else ""
    )
    verdict = "the ledger is as it was sealed" if found.holds else "THE LEDGER IS NOT AS IT WAS SEALED"
    return "\n".join([*lines, f"{checked}{waiting}: {verdict}"])
