"""The record of sources: which are declared, which process looks at one now, and how its looks went."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.fetching.schedule import is_due, overdue_since
from fincore.reconciliation.metrics import (
    FILES,
    FINISHED_AT,
    GAPS,
    GOOD_AT,
    LATE_SECONDS,
    LOOK_OVERDUE_SECONDS,
    WAITING_SECONDS,
)
from fincore.reconciliation.source import SettlementSource

_SQL = load_sql("fincore.reconciliation", "sources.sql")

LEASE_SECONDS: Final = 60.0
"""How long after the death of a process another one may look at its source."""
FAILURE_CHARACTERS_MAX: Final = 500


class SourceStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A declared source. `fetched_at`: when the last good look ended; `overdue_seconds`: how long a good look is missing.

    `failure` is why the last `failures` looks failed; `late_since`: since when a further file is due. `now` is the server's time.
    """

    source: str
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    format: str
    cron: str
    declared_at: datetime
    fetched_at: datetime | None
    failures: int
    failure: str | None
    late_since: datetime | None
    now: datetime

    @property
    def overdue_seconds(self) -> float:
        """How long a good look is missing; 0 where none is."""
        since = overdue_since(self.cron, now=self.now, good_at=self.fetched_at or self.declared_at)
        return 0.0 if since is None else (self.now - since).total_seconds()

    @property
    def late_seconds(self) -> float:
        """How long a further file is overdue; 0 where none is."""
        return 0.0 if self.late_since is None else (self.now - self.late_since).total_seconds()


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing between the files of a source that were read: a period, or `missing` numbers of the sequence of one."""

    source: str
    gap: Literal["period", "sequence"]
    gap_start: datetime
    gap_end: datetime
    missing: int | None

    @property
    def sentence(self) -> str:
        """What is missing, in words."""
        period = f"{self.gap_start:%Y-%m-%d %H:%M:%S} to {self.gap_end:%Y-%m-%d %H:%M:%S}"
        return period if self.gap == "period" else f"{self.missing} of the files of {period}"


class Sources:
    """The record in LedgerDB's database; its times are that server's."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def declare(self, sources: Sequence[SettlementSource]) -> None:
        """These are the sources now, and no others."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _SQL.declare_sources,
                [one.name for one in sources],
                [one.psp for one in sources],
                [one.psp_account for one in sources],
                [one.livemode for one in sources],
                [one.account_id for one in sources],
                [one.format for one in sources],
                [one.cron for one in sources],
                [one.late_after for one in sources],
            )
            await connection.execute(_SQL.withdraw_sources, [one.name for one in sources])

    async def due(self, sources: Collection[SettlementSource]) -> list[SettlementSource]:
        """The sources that are to be looked at now."""
        by_name = {one.name: one for one in sources}
        rows = await self._pool.fetch(_SQL.looks, list(by_name))
        return [
            by_name[row["source"]]
            for row in rows
            if is_due(
                by_name[row["source"]].cron,
                now=row["now"],
                looked_at=row["looked_at"],
                failures=row["failures"],
            )
        ]

    async def claim(self, source: str, process: UUID) -> bool:
        """Let a process look at a source for `LEASE_SECONDS`; False while another one does."""
        return await self._pool.fetchval(_SQL.claim_source, source, process, LEASE_SECONDS) is not None

    async def renew(self, source: str, process: UUID) -> bool:
        """Let it go on; False where another process has taken over."""
        return await self._pool.fetchval(_SQL.renew_lease, source, process, LEASE_SECONDS) is not None

    async def finish(self, source: str, process: UUID, failure: str | None) -> None:
        """The look is over; `failure` says why it failed, None where it was good."""
        await self._pool.execute(
            _SQL.finish_look, source, process, failure and failure[:FAILURE_CHARACTERS_MAX]
        )

    async def gaps(self) -> list[Gap]:
        """What is missing between the files that were read, by source and time."""
        return [msgspec.convert(dict(row), Gap) for row in await self._pool.fetch(_SQL.gaps)]

    async def longest_waiting(self) -> dict[str, float]:
        """How long the file of each source has waited that waits longest, in seconds; sources without one are left out."""
        return {row["source"]: row["seconds"] for row in await self._pool.fetch(_SQL.longest_waiting)}

    async def last_reconciled(self) -> dict[str, datetime]:
        """When the last run ended that took up a file of each source; sources without one are left out."""
        rows = await self._pool.fetch(_SQL.last_reconciled)
        return {row["source"]: row["reconciled_at"] for row in rows}

    async def standings(self) -> list[SourceStanding]:
        """Every declared source, by name."""
        rows = await self._pool.fetch(_SQL.standings)
        return [msgspec.convert(dict(row), SourceStanding) for row in rows]


async def measure_sources(pool: Pool) -> None:
    """Tell Prometheus how sources and their files stand. A source that is declared no more is shown no more."""
    sources = Sources(pool)
    standings, found = await sources.standings(), await sources.gaps()
    gaps = Counter(gap.source for gap in found)
    files = {row["source"]: row for row in await pool.fetch(_SQL.count_files)}
    waiting = await sources.longest_waiting()
    reconciled = await sources.last_reconciled()
    FINISHED_AT.set(_unix_seconds(await pool.fetchval(_SQL.last_finished)))
    for gauge in (LOOK_OVERDUE_SECONDS, LATE_SECONDS, FILES, GAPS, WAITING_SECONDS, GOOD_AT):
        gauge.clear()
    for standing in standings:
        LOOK_OVERDUE_SECONDS.labels(standing.source).set(standing.overdue_seconds)
        LATE_SECONDS.labels(standing.source).set(standing.late_seconds)
        GOOD_AT.labels(standing.source, "fetched").set(_unix_seconds(standing.fetched_at))
        GOOD_AT.labels(standing.source, "reconciled").set(_unix_seconds(reconciled.get(standing.source)))
    # Files of a source that is declared no more are still to be read.
    for source in {one.source for one in standings} | files.keys():
        GAPS.labels(source).set(gaps[source])
        WAITING_SECONDS.labels(source).set(waiting.get(source, 0))
        for state in ("kept", "refused", "read", "booked", "dismissed", "replacing", "doubled"):
            FILES.labels(source, state).set(files[source][state] if source in files else 0)


def _unix_seconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()
