"""The ledger: how fast it books, seals and verifies, and what a balance as of any moment costs among a million entries."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from bench.consume import Consumed, Consumption, consume
from bench.figures import Figure, show
from bench.history import write_history
from bench.store import Store
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledgerdb.balances import Balances
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.verification import verify

CHARGES: Final = 100_000
MERCHANTS: Final = 1_000
ROW_AT_A_TIME: Final = 3_000
ENTRIES: Final = 1_000_000
"""Entries among which balances are looked up, all of them on one account."""
DAYS: Final = 365
LOOK_UPS: Final = 500
WRITE_TIMEOUT_SECONDS: Final = 600.0
"""Of each statement that writes the past."""

_OLD = load_sql("bench", "old_ledger.sql")
_BEGAN: Final = datetime(2025, 1, 1, tzinfo=UTC)
_HOT: Final = "psp:stripe:test:clearing:usd"


def measure(store: Store) -> None:
    """Book a log of many merchants and one of a single merchant, seal and verify the first, look up among a million."""
    uniform = store.fresh_database()
    asyncio.run(write_history(uniform, charges=CHARGES, merchants=MERCHANTS))
    books = consume(Consumption(dsn=uniform, consumer="ledger"))
    seals_per_second, rows_per_second = asyncio.run(_sealed_and_verified(uniform))

    hot = store.fresh_database()
    asyncio.run(write_history(hot, charges=CHARGES, merchants=1))
    hot_books = consume(Consumption(dsn=hot, consumer="ledger"))

    single = store.fresh_database()
    asyncio.run(write_history(single, charges=2 * ROW_AT_A_TIME, merchants=MERCHANTS))
    row_at_a_time = consume(Consumption(dsn=single, consumer="ledger", row_at_a_time=ROW_AT_A_TIME))

    old = store.fresh_database()
    asyncio.run(_write_old_ledger(old))
    booked, day, moment = asyncio.run(_looked_up(old))

    show(
        "Books",
        f"A log of {CHARGES:,} charges (created, then captured with about 200 charges in between), booked by one process as "
        f"the role does it. An entry is one a charge, two postings each; the events that book nothing are read, too. The "
        f"reference posts with the same statements, one entry a transaction. Sealing and verifying are of the same "
        f"{CHARGES:,} entries. Balances are looked up one after the other on one account with {ENTRIES:,} postings over "
        f"{DAYS} days.",
        [
            Figure(
                name=f"entries, {MERCHANTS:,} merchants",
                value=books.rate / 2,
                unit="/s",
                target=20_000,
                reference="row at a time",
                reference_value=row_at_a_time.rate,
            ),
            Figure(
                name="entries, one hot merchant",
                value=hot_books.rate / 2,
                unit="/s",
                target=0.8 * books.rate / 2,
                reference="uniform",
                reference_value=books.rate / 2,
            ),
            Figure(name="entries sealed", value=seals_per_second, unit="/s"),
            Figure(name="rows verified", value=rows_per_second, unit="/s"),
            Figure(name="balance as of a booking time", value=booked, unit="ms"),
            Figure(name="balance as of the end of a day", value=day, unit="ms"),
            Figure(name="balance as of a moment in a day", value=moment, unit="ms"),
        ],
        [
            _memory(books),
            f"CPU of the ledger's own process: {books.cpu_seconds / books.seconds:.2f} of a core",
        ],
    )


async def _sealed_and_verified(dsn: str) -> tuple[float, float]:
    """Entries sealed a second, and rows verified a second."""
    pool = await _pool(dsn)
    try:
        began = time.perf_counter()
        sealed = await Sealer(pool).seal()
        seconds = time.perf_counter() - began
        verification = await verify(pool)
    finally:
        pool.terminate()
    if sealed != CHARGES or not verification.holds:
        raise AssertionError(f"{sealed:,} entries were sealed, and verified as {verification}")
    return sealed / seconds, verification.rows_per_second


async def _looked_up(dsn: str) -> tuple[float, float, float]:
    """Medians in milliseconds of a look-up by booking time, by the end of a day, and by a moment in a day."""
    rng = random.Random(1)
    pool = await _pool(dsn)
    balances = Balances(pool)

    def moments() -> list[datetime]:
        return [_BEGAN + timedelta(seconds=rng.randrange(DAYS * 86_400)) for _ in range(LOOK_UPS)]

    def day_ends() -> list[datetime]:
        return [at.replace(hour=0, minute=0, second=0) - timedelta(microseconds=1) for at in moments()]

    try:
        return (
            await _median(moments(), lambda at: balances.as_of(_HOT, livemode=False, at=at, by="booked")),
            await _median(day_ends(), lambda at: balances.as_of(_HOT, livemode=False, at=at, by="effective")),
            await _median(moments(), lambda at: balances.as_of(_HOT, livemode=False, at=at, by="effective")),
        )
    finally:
        pool.terminate()


async def _median(moments: list[datetime], look_up: Callable[[datetime], Awaitable[int]]) -> float:
    took: list[float] = []
    for at in moments:
        began = time.perf_counter()
        await look_up(at)
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2] * 1_000


async def _write_old_ledger(dsn: str) -> None:
    """A ledger with a past, written straight into the tables: each entry a dollar, evenly over the days."""
    connection = await asyncpg.connect(dsn)
    apart = timedelta(days=DAYS) / ENTRIES
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(_OLD.accounts, ENTRIES)
        await connection.execute(_OLD.entries, ENTRIES, _BEGAN, apart, timeout=WRITE_TIMEOUT_SECONDS)
        for statement in (_OLD.postings, _OLD.seals):
            await connection.execute(statement, ENTRIES, timeout=WRITE_TIMEOUT_SECONDS)
        for statement in (_OLD.days, _OLD.hours):
            await connection.execute(statement, timeout=WRITE_TIMEOUT_SECONDS)
        await connection.execute(
            "vacuum analyze ledgerdb.entries, ledgerdb.postings, ledgerdb.account_days, ledgerdb.account_hours,"
            " ledgerdb.seals",
            timeout=WRITE_TIMEOUT_SECONDS,
        )
    finally:
        await connection.close()


async def _pool(dsn: str) -> Pool:
    return await create_pool(
        dsn,
        application_name="bench-books",
        role="fincore_service",
        extra_settings={"search_path": "ledgerdb"},
    )


def _memory(consumed: Consumed) -> str:
    return (
        f"memory of the ledger: {consumed.memory_early_mib:.0f} MiB early on, "
        f"{consumed.memory_peak_mib:.0f} MiB at its peak"
    )
