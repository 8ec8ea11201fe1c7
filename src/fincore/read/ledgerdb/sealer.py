"""Seals what was booked: entries into the hash chain and the daily balances, and days that are over into manifests.

It follows the entries a moment later, so that booking waits for no hash. Two sealers take turns.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final

import asyncpg
import msgspec
import structlog

from fincore.domain.clock import AgeClock
from fincore.postgres.failures import outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledgerdb.metrics import SEALED_ENTRY
from fincore.read.ledgerdb.seal import (
    GENESIS,
    Manifest,
    SealedEntry,
    SealedPosting,
    chain_hash,
    content_hash,
    manifest_hash,
    sums_text,
)

_SQL = load_sql("fincore.read.ledgerdb", "sealer.sql")
_log = structlog.get_logger(__name__)

BATCH_ENTRIES_MAX: Final = 2_000
INTERVAL_SECONDS: Final = 2.0
"""How long entries wait for their seal, at most, once the sealer has caught up."""
STATEMENT_TIMEOUT_SECONDS: Final = 300.0
"""The sums of a whole day are one statement."""


DAYS_LISTED_MAX: Final = 1_000


class SealedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed day. Its `manifest_hash`, kept on another system, vouches for every entry up to `last_entry_id`."""

    day: date
    entries: int
    last_entry_id: int
    manifest_hash: bytes


async def sealed_days(pool: Pool) -> list[SealedDay]:
    """The latest `DAYS_LISTED_MAX` sealed days, the latest first."""
    return [SealedDay(**dict(row)) for row in await pool.fetch(_SQL.sealed_days, DAYS_LISTED_MAX)]


class Sealer:
    """Seals until `stop`. `clock` is that of LedgerDB's server: while it is not trusted, no day counts as over.

    Without one the server's own time is believed.
    """

    def __init__(self, pool: Pool, clock: AgeClock | None = None) -> None:
        self._pool = pool
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Seal what there is, wait, and again. A database that is away is waited for."""
        while not self._stopping.is_set():
            await self.try_to_seal()
            try:
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let `run` return after the current batch."""
        self._stopping.set()

    async def try_to_seal(self) -> None:
        """Seal what there is, unless the database is away or refuses: that is logged, and stops no booking."""
        try:
            await self.seal()
        except Exception as error:
            outage = outage_of(error)
            if outage is not None:
                _log.warning("sealer.interrupted", outage=outage, error=repr(error))
            elif isinstance(error, asyncpg.PostgresError):
                # Seals were altered: `fincore ledger verify` names the row. The books go on meanwhile.
                _log.error("sealer.refused", error=str(error))
            else:
                raise

    async def seal(self) -> int:
        """Seal every entry there is and every day that is over; return how many entries."""
        sealed = 0
        while not self._stopping.is_set() and (batch := await self.seal_batch()):
            sealed += batch
        is_trusted = self._clock is None or self._clock.distrust() is None
        while is_trusted and not self._stopping.is_set() and await self._seal_day():
            pass
        return sealed

    async def seal_batch(self, *, entries_max: int = BATCH_ENTRIES_MAX) -> int:
        """Seal the next entries; return how many."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn)
            last = await connection.fetchrow(_SQL.last_seal)
            after, link = (last["entry_id"], bytes(last["chain_hash"])) if last else (0, GENESIS)
            rows = await connection.fetch(_SQL.entries_after, after, after + entries_max)
            if not rows:
                return 0
            seals: list[tuple[int, int, bytes, bytes]] = []
            for entry_id, entry, postings in entries_of(rows):
                content = content_hash(entry, postings)
                link = chain_hash(link, content)
                seals.append((entry_id, len(postings), content, link))
            await connection.execute(_SQL.add_seals, *map(list, zip(*seals, strict=True)))
            await _move_days(connection, rows)
            await _move_hours(connection, rows)
        SEALED_ENTRY.set(seals[-1][0])
        return len(seals)

    async def _seal_day(self) -> date | None:
        """Seal the earliest day that is over and not sealed yet; return it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn)
            last = await connection.fetchrow(_SQL.last_manifest)
            after = last["last_entry_id"] if last else 0
            if await connection.fetchrow(_SQL.next_day_over, after) is None:
                return None
            await connection.execute(_SQL.take_booking_turn)
            day = await connection.fetchrow(_SQL.next_day_over, after)
            if day is None:
                return None
            manifest = await manifest_of(
                connection,
                day["day"],
                (day["first_entry_id"], day["last_entry_id"]),
                root_hash=bytes(day["root_hash"]),
                previous_hash=bytes(last["manifest_hash"]) if last else GENESIS,
            )
            sealed = manifest_hash(manifest)
            await connection.execute(_SQL.add_manifest, *manifest, sealed)
        # The line to keep: who has it elsewhere can tell whether anything up to this day was altered.
        _log.info(
            "ledger.day_sealed",
            day=manifest.day.isoformat(),
            entries=manifest.entries,
            last_entry_id=manifest.last_entry_id,
            manifest_hash=sealed.hex(),
        )
        return manifest.day


async def manifest_of(
    connection: Connection, day: date, entry_ids: tuple[int, int], *, root_hash: bytes, previous_hash: bytes
) -> Manifest:
    """The manifest of a range of entries, counted and summed now."""
    first, last = entry_ids
    rows = await connection.fetch(_SQL.sums, first, last, timeout=STATEMENT_TIMEOUT_SECONDS)
    return Manifest(
        day=day,
        first_entry_id=first,
        last_entry_id=last,
        entries=last - first + 1,
        postings=sum(row["postings"] for row in rows),
        sums=sums_text({(row["livemode"], row["currency"]): int(row["debit_minor"]) for row in rows}),
        root_hash=root_hash,
        previous_hash=previous_hash,
    )


def entries_of(
    rows: Sequence[asyncpg.Record],
) -> Iterator[tuple[int, SealedEntry, list[SealedPosting]]]:
    """Entries with their postings, out of rows with the columns of both in the order of the two types."""
    for entry_id, group in groupby(rows, key=lambda row: int(row["entry_id"])):
        legs = list(group)
        yield (
            entry_id,
            SealedEntry(*legs[0][1:13]),
            [SealedPosting(*row[13:20]) for row in legs],
        )


async def _move_days(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Take the days of accounts along: by account and day of effective time."""
    moved: dict[tuple[int, date], list[int]] = {}
    for row in rows:
        key = (row["account_id"], row["effective_at"].astimezone(UTC).date())
        amount, is_debit = row["amount_minor"], row["side"] == "debit"
        day = moved.setdefault(key, [0, 0, 0, row["entry_id"], row["entry_id"]])
        day[0 if is_debit else 1] += amount
        day[2] += amount if row["side"] == row["normal_side"] else -amount
        day[4] = row["entry_id"]
    keys = sorted(moved)
    account_ids, days = [account_id for account_id, _ in keys], [day for _, day in keys]
    debits, credits_, nets, firsts, lasts = map(list, zip(*(moved[key] for key in keys), strict=True))
    await connection.execute(_SQL.open_days, account_ids, days, firsts, lasts)
    await connection.execute(_SQL.move_days, account_ids, days, debits, credits_, nets, firsts, lasts)


async def _move_hours(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Take the hours of accounts along: by account and hour of effective time."""
    moved: dict[tuple[int, datetime], list[int]] = {}
    for row in rows:
        began = row["effective_at"].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hour = moved.setdefault((row["account_id"], began), [0, row["entry_id"], row["entry_id"]])
        hour[0] += row["amount_minor"] if row["side"] == row["normal_side"] else -row["amount_minor"]
        hour[2] = row["entry_id"]
    keys = sorted(moved)
    account_ids, hours = [account_id for account_id, _ in keys], [began for _, began in keys]
    await connection.execute(
        _SQL.move_hours, account_ids, hours, *map(list, zip(*(moved[key] for key in keys), strict=True))
    )
