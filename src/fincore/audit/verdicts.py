"""What the auditor found last of each invariant, kept for staff who have no metrics at hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from fincore.audit.invariants.check_result import CheckResult
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.audit", "verdicts.sql")

VerdictWord = Literal["holds", "broken", "unchecked"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a round found of one invariant: `violations` rows that break it, 100 at most. `unchecked`: nothing is known of it."""

    invariant: str
    verdict: VerdictWord
    violations: int
    checked_at: datetime


class Verdicts:
    """The record, in the event store's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, results: Sequence[CheckResult], checked_at: datetime) -> None:
        """Put what a round found in the place of what the round before found."""
        await self._pool.execute(
            _SQL.keep,
            [one.invariant.name for one in results],
            [_word(one) for one in results],
            [0 if one.unchecked is not None else len(one.violations) for one in results],
            checked_at,
        )

    async def read(self) -> list[Verdict]:
        """What the last round found; nothing before the first one."""
        return [Verdict(**dict(row)) for row in await self._pool.fetch(_SQL.read)]


def _word(result: CheckResult) -> VerdictWord:
    if result.unchecked is not None:
        return "unchecked"
    return "broken" if result.is_broken else "holds"
