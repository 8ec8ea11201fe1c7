"""Verifying the ledger: everything that was sealed is hashed again, and what is not as it was sealed is named.

It reads and never writes, in batches, beside the ledger role.
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Final, NamedTuple

import asyncpg
import msgspec
import structlog

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledgerdb.metrics import ALTERED_ROWS
from fincore.read.ledgerdb.seal import (
    GENESIS,
    Manifest,
    SealedEntry,
    SealedPosting,
    chain_hash,
    content_hash,
    manifest_hash,
)
from fincore.read.ledgerdb.sealer import manifest_of

_SQL = load_sql("fincore.read.ledgerdb", "verification.sql")
_log = structlog.get_logger(__name__)

BATCH_ENTRIES: Final = 2_000
BEFORE_ALL: Final = -(2**63)
AFTER_ALL: Final = 2**63 - 1
FINDINGS_MAX: Final = 1_000
"""Rows that are named when all are asked for; more are not looked for."""
STATEMENT_TIMEOUT_SECONDS: Final = 900.0


class Finding(NamedTuple):
    """A row that is not as it was sealed: which, and what is wrong with it."""

    where: str
    what: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, how long it took, and what is wrong, in the order of the entries.

    `unsealed`: the entries after the last seal. They are counted and their numbers checked; nothing vouches for them yet.
    """

    entries: int
    postings: int
    seals: int
    days: int
    unsealed: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.findings

    @property
    def rows_per_second(self) -> float:
        """Rows of entries, postings and seals read and checked a second."""
        return (self.entries + self.postings + self.seals) / max(self.seconds, 1e-9)


class _Found(NamedTuple):
    entry: SealedEntry | None
    postings: list[SealedPosting]


class Chain:
    """Follows the chain number by number from `link` on. It goes on from what each seal says, so that one break is named once."""

    def __init__(self, last_seal_id: int, link: bytes = GENESIS) -> None:
        self.entries = 0
        self.postings = 0
        self.seals = 0
        self.unsealed = 0
        self._last_seal_id = last_seal_id
        self._link = link

    def judge(
        self, entry_id: int, found: _Found | None, seal: asyncpg.Record | None, places: Mapping[bytes, int]
    ) -> Iterator[str]:
        """What is wrong with one number. `places`: content hash -> the entry that was sealed with it."""
        if found is not None:
            self.entries += found.entry is not None
            self.postings += len(found.postings)
            self.unsealed += found.entry is not None and entry_id > self._last_seal_id
            if found.entry is None:
                yield "has postings and no head: the row of the entry is missing"
        if seal is None:
            if found is None:
                yield "is missing: the numbers have a hole here"
            elif found.entry is not None and entry_id < self._last_seal_id:
                yield "was inserted, or its seal was taken away: it has none, and later entries do"
            return
        self.seals += 1
        content, link = bytes(seal["content_hash"]), bytes(seal["chain_hash"])
        if chain_hash(self._link, content) != link:
            yield "its seal does not follow from the one before: seals were altered, added or taken away"
        self._link = link
        if found is None:
            yield "is missing with its postings: it was sealed"
        elif found.entry is not None:
            actual = content_hash(found.entry, found.postings)
            if actual != content:
                yield _difference(found, seal, places.get(actual))


async def verify(
    pool: Pool, *, all_findings: bool = False, expected: Mapping[date, str] = MappingProxyType({})
) -> Verification:
    """Check the whole ledger against its seals; stop at the first finding unless all are asked for.

    `expected`: manifest hashes, in hexadecimal, that were kept elsewhere.
    """
    began = time.perf_counter()
    findings: list[Finding] = []
    findings_max = FINDINGS_MAX if all_findings else 1
    async with (
        pool.acquire() as connection,
        # One moment for all of it: what is booked and sealed meanwhile is left to the next time.
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        chain = Chain(await connection.fetchval(_SQL.last_seal))
        async for finding in entry_findings(connection, chain):
            findings.append(finding)
            if len(findings) >= findings_max:
                break
        manifests = await connection.fetch(_SQL.manifests, timeout=STATEMENT_TIMEOUT_SECONDS)
        if len(findings) < findings_max:
            findings += _kept_elsewhere(manifests, expected)
            findings += [finding async for finding in _manifest_findings(connection, manifests)]
    return Verification(
        entries=chain.entries,
        postings=chain.postings,
        seals=chain.seals,
        days=len(manifests),
        unsealed=chain.unsealed,
        seconds=time.perf_counter() - began,
        findings=tuple(findings[:findings_max]),
    )


async def measure_altered(pool: Pool) -> None:
    """Verify the whole ledger, set the gauge, and log each row that was altered."""
    found = await verify(pool, all_findings=True)
    ALTERED_ROWS.set(len(found.findings))
    for finding in found.findings:
        _log.error("ledger.altered", where=finding.where, what=finding.what)


async def entry_findings(
    connection: Connection, chain: Chain, *, first_entry_id: int = 1, last_entry_id: int = AFTER_ALL
) -> AsyncIterator[Finding]:
    """What is wrong with the numbers from one entry to another; from the first one on, those before it, too."""
    expected_first = first_entry_id
    last = BEFORE_ALL if first_entry_id == 1 else first_entry_id - 1
    while (first := await connection.fetchval(_SQL.next_number, last)) is not None:
        if first > last_entry_id:
            break
        if first > expected_first:
            which = f"to entry {first - 1} are" if first - 1 > expected_first else "is"
            yield Finding(f"entry {expected_first}", f"{which} missing: the numbers have a hole here")
        last = min(first + BATCH_ENTRIES - 1, last_entry_id)
        rows = await connection.fetch(_SQL.entries_between, first, last, timeout=STATEMENT_TIMEOUT_SECONDS)
        found = dict(_grouped(rows))
        seals = {row["entry_id"]: row for row in await connection.fetch(_SQL.seals_between, first, last)}
        places = {bytes(seal["content_hash"]): entry_id for entry_id, seal in seals.items()}
        last = max(found.keys() | seals.keys())
        for entry_id in range(first, last + 1):
            for what in chain.judge(entry_id, found.get(entry_id), seals.get(entry_id), places):
                yield Finding(f"entry {entry_id}", what)
        expected_first = last + 1
    if expected_first <= last_entry_id < AFTER_ALL:
        yield Finding(
            f"entry {expected_first}", f"to entry {last_entry_id} are missing: the numbers have a hole here"
        )


def _grouped(rows: Sequence[asyncpg.Record]) -> Iterator[tuple[int, _Found]]:
    for entry_id, group in groupby(rows, key=lambda row: int(row["entry_id"])):
        legs = list(group)
        entry = SealedEntry(*legs[0][1:13]) if legs[0]["event_id"] is not None else None
        yield entry_id, _Found(entry, [SealedPosting(*row[13:20]) for row in legs if row["leg"] is not None])


def _difference(found: _Found, seal: asyncpg.Record, place: int | None) -> str:
    if place is not None:
        return f"stands in the place of another: it was sealed as entry {place}"
    if len(found.postings) != seal["postings"]:
        return f"was sealed with {seal['postings']} postings and has {len(found.postings)}"
    return "is not what was sealed: a value of the entry or of a posting was altered"


def _kept_elsewhere(rows: Sequence[asyncpg.Record], expected: Mapping[date, str]) -> list[Finding]:
    sealed = {row["day"]: bytes(row["manifest_hash"]).hex() for row in rows}
    return [
        Finding(f"manifest of {day}", f"is {sealed.get(day, 'missing')}, and was kept as {kept}")
        for day, kept in expected.items()
        if sealed.get(day) != kept.lower()
    ]


async def _manifest_findings(
    connection: Connection, rows: Sequence[asyncpg.Record]
) -> AsyncIterator[Finding]:
    previous, expected_first = GENESIS, None
    for row in rows:
        async for finding in manifest_findings(connection, row, previous, expected_first):
            yield finding
        previous, expected_first = bytes(row["manifest_hash"]), row["last_entry_id"] + 1
    for row in await connection.fetch(_SQL.unsealed_days, timeout=STATEMENT_TIMEOUT_SECONDS):
        yield Finding(f"manifest of {row['day']}", "is missing, and a later day has one")


async def manifest_findings(
    connection: Connection, row: asyncpg.Record, previous: bytes, expected_first: int | None
) -> AsyncIterator[Finding]:
    """What is wrong with the manifest of a day, which follows from the one with the hash `previous`."""
    where = f"manifest of {row['day']}"
    written = Manifest(*row[0:8])
    if manifest_hash(written) != row["manifest_hash"]:
        yield Finding(where, "was altered: its hash is not that of what it says")
    if written.previous_hash != previous:
        yield Finding(where, "does not follow from the day before: a manifest was altered or taken away")
    if expected_first is not None and written.first_entry_id != expected_first:
        yield Finding(
            where,
            f"begins with entry {written.first_entry_id}, the day before ends before {expected_first}",
        )
    if row["last_chain_hash"] != written.root_hash:
        yield Finding(where, "its root is not the seal of its last entry")
    if row["booked_that_day"] is False:
        yield Finding(where, "holds an entry that was booked on another day")
    counted = await manifest_of(
        connection,
        written.day,
        (written.first_entry_id, written.last_entry_id),
        root_hash=written.root_hash,
        previous_hash=written.previous_hash,
    )
    if counted.sums != written.sums:
        yield Finding(where, f"says {written.sums}, its entries make {counted.sums}")
    elif counted.postings != written.postings:
        yield Finding(where, f"says {written.postings} postings, its entries have {counted.postings}")
