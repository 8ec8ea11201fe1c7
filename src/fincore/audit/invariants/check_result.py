"""What checking a law came to: it holds, it is broken, or it could not be checked, which is no less an alarm."""

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from fincore.audit.invariants.invariant import VIOLATIONS_MAX, Law, Stores, Violation

_log = structlog.get_logger(__name__)

LAW_SECONDS_MAX: Final = 1_800.0
"""How long one law may take; beyond that it counts as unchecked, and the next one has its turn."""
_INDENT: Final = " " * 11


class Verdict(msgspec.Struct, frozen=True):
    """What checking one law found. `unchecked`: why it could not be checked, if it could not; then nothing is known."""

    law: Law
    violations: tuple[Violation, ...] = ()
    unchecked: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the law was checked and nothing breaks it."""
        return not self.violations and self.unchecked is None

    @property
    def is_broken(self) -> bool:
        """Whether something breaks the law."""
        return bool(self.violations)

    @property
    def sentence(self) -> str:
        """The law and what became of it; each row that breaks it on a line of its own."""
        if self.unchecked is not None:
            return f"UNCHECKED  {self.law.name}: {self.law.sentence}\n{_INDENT}{self.unchecked}"
        if self.holds:
            return f"holds      {self.law.name}: {self.law.sentence}"
        rows = [f"{_INDENT}{violation.where}: {violation.what}" for violation in self.violations]
        if len(rows) >= VIOLATIONS_MAX:
            rows.append(f"{_INDENT}and perhaps more: only the first {VIOLATIONS_MAX} are looked for")
        return "\n".join([f"BROKEN     {self.law.name}: {self.law.sentence}", *rows])


async def verdict_on(law: Law, stores: Stores, *, seconds_max: float = LAW_SECONDS_MAX) -> Verdict:
    """Check a law. A failure of the check itself is part of the result, and never raised."""
    try:
        async with asyncio.timeout(seconds_max) as bound:
            return Verdict(law, tuple((await law.check(stores))[:VIOLATIONS_MAX]))
    except Exception as error:  # noqa: BLE001 -- one law that cannot be checked must not silence the others
        reason = (
            f"not done within {seconds_max:g} s: check it at a quiet hour, or see what else the database does"
            if bound.expired()
            else f"the check failed: {_named(error)}; the log has the error"
        )
        _log.error("audit.law_unchecked", law=law.name, reason=reason, error=str(error))
        return Verdict(law, unchecked=reason)


def summary(verdicts: Sequence[Verdict], events: int) -> str:
    """One sentence over all verdicts: `10 laws hold over 3,412 events`, or which are broken or could not be checked."""
    broken = [verdict.law.name for verdict in verdicts if verdict.is_broken]
    unchecked = [verdict.law.name for verdict in verdicts if verdict.unchecked is not None]
    if not broken and not unchecked:
        return f"{len(verdicts)} laws hold over {events:,} events"
    parts = []
    if broken:
        parts.append(
            f"{len(broken)} of {len(verdicts)} laws are broken over {events:,} events: {', '.join(broken)}"
        )
    if unchecked:
        parts.append(f"{len(unchecked)} of {len(verdicts)} laws could not be checked: {', '.join(unchecked)}")
    return "; ".join(parts)


def _named(error: Exception) -> str:
    """An error without its text, which may hold a row's content."""
    name = type(error).__name__
    return f"{name} (SQLSTATE {error.sqlstate})" if isinstance(error, asyncpg.PostgresError) else name
