"""Verifying one sealed day: its entries are hashed again, from the seal of the day before on."""

from datetime import date
from typing import Final

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.seal import GENESIS
from fincore.read.ledgerdb.verification import (
    STATEMENT_TIMEOUT_SECONDS,
    Chain,
    Finding,
    entry_findings,
    manifest_findings,
)

_SQL = load_sql("fincore.read.ledgerdb", "verification.sql")

DAY_ENTRIES_MAX: Final = 200_000
"""A day of more entries takes a process of its own."""
FINDINGS_MAX: Final = 100


class DayTooLong(FinCoreError):
    """A day has too many entries to be verified beside other work."""


class DayVerification(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked of a sealed day, and what is wrong, `FINDINGS_MAX` at most, in the order of the entries."""

    day: date
    entries: int
    postings: int
    manifest_hash: bytes
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether everything of the day is as it was sealed."""
        return not self.findings


async def verify_day(pool: Pool, day: date, *, expected: str | None = None) -> DayVerification | None:
    """Check one sealed day against its seals; None where it is not sealed. Raise `DayTooLong`.

    It vouches for the day, and for its place after the day before; `fincore ledger verify` vouches for all days. `expected`: its
    manifest hash, in hexadecimal, as it was kept elsewhere.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(_SQL.manifest_of_day, day, timeout=STATEMENT_TIMEOUT_SECONDS)
        if row is None:
            return None
        if row["entries"] > DAY_ENTRIES_MAX:
            raise DayTooLong(
                f"{day} has {row['entries']:,} entries, and {DAY_ENTRIES_MAX:,} are verified here at most: run `fincore ledger verify`"
            )
        before = await connection.fetchrow(_SQL.manifest_before, day)
        chain = Chain(row["last_entry_id"], bytes(before["root_hash"]) if before else GENESIS)
        findings: list[Finding] = []
        kept = bytes(row["manifest_hash"]).hex()
        if expected is not None and kept != expected.lower():
            findings.append(Finding(f"manifest of {day}", f"is {kept}, and was kept as {expected.lower()}"))
        async for finding in entry_findings(
            connection, chain, first_entry_id=row["first_entry_id"], last_entry_id=row["last_entry_id"]
        ):
            findings.append(finding)
            if len(findings) >= FINDINGS_MAX:
                break
        findings += [
            one
            async for one in manifest_findings(
                connection,
                row,
                bytes(before["manifest_hash"]) if before else GENESIS,
                before["last_entry_id"] + 1 if before else None,
            )
        ]
    return DayVerification(
        day=day,
        entries=chain.entries,
        postings=chain.postings,
        manifest_hash=bytes(row["manifest_hash"]),
        findings=tuple(findings[:FINDINGS_MAX]),
    )
