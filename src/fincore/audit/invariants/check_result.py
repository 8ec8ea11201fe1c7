"""The result of checking an invariant: it holds, it is broken, or it could not be checked, which is as alarming."""

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from fincore.audit.invariants.invariant import VIOLATIONS_MAX, Invariant, Stores, Violation

_log = structlog.get_logger(__name__)

CHECK_SECONDS_MAX: Final = 1_800.0
"""How long checking one invariant may take; after that it counts as unchecked, and the next one is checked."""
_INDENT: Final = " " * 11


class CheckResult(msgspec.Struct, frozen=True):
    """What checking one invariant found. `unchecked`: why it could not be checked; then nothing is known about it."""

    invariant: Invariant
    violations: tuple[Violation, ...] = ()
    unchecked: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the invariant was checked and nothing breaks it."""
        return not self.violations and self.unchecked is None

    @property
    def is_broken(self) -> bool:
        """Whether something breaks the invariant."""
        return bool(self.violations)

    @property
    def sentence(self) -> str:
        """The invariant and its result; each row that breaks it on a line of its own."""
        if self.unchecked is not None:
            return f"UNCHECKED  {self.invariant.name}: {self.invariant.sentence}\n{_INDENT}{self.unchecked}"
        if self.holds:
            return f"holds      {self.invariant.name}: {self.invariant.sentence}"
        rows = [f"{_INDENT}{violation.where}: {violation.what}" for violation in self.violations]
        if len(rows) >= VIOLATIONS_MAX:
            rows.append(f"{_INDENT}and perhaps more: only the first {VIOLATIONS_MAX} are looked for")
        return "\n".join([f"BROKEN     {self.invariant.name}: {self.invariant.sentence}", *rows])


async def result_of(
    invariant: Invariant, stores: Stores, *, seconds_max: float = CHECK_SECONDS_MAX
) -> CheckResult:
    """Check an invariant. A failure of the check itself is part of the result, and never raised."""
    try:
        async with asyncio.timeout(seconds_max) as bound:
            return CheckResult(invariant, tuple((await invariant.check(stores))[:VIOLATIONS_MAX]))
    except Exception as error:  # noqa: BLE001 -- one invariant that cannot be checked must not silence the others
        reason = (
            f"not done within {seconds_max:g} s: check it at a quiet hour, or see what else the database does"
            if bound.expired()
            else f"the check failed: {_named(error)}; the log has the error"
        )
        _log.error("audit.invariant_unchecked", invariant=invariant.name, reason=reason, error=str(error))
        return CheckResult(invariant, unchecked=reason)


def summary(results: Sequence[CheckResult], events: int) -> str:
    """All results in one sentence: `10 invariants hold over 3,412 events`, or which are broken or could not be checked."""
    broken = [result.invariant.name for result in results if result.is_broken]
    unchecked = [result.invariant.name for result in results if result.unchecked is not None]
    if not broken and not unchecked:
        return f"{len(results)} invariants hold over {events:,} events"
    parts = []
    if broken:
        parts.append(
            f"{len(broken)} of {len(results)} invariants are broken over {events:,} events: {', '.join(broken)}"
        )
    if unchecked:
        parts.append(
            f"{len(unchecked)} of {len(results)} invariants could not be checked: {', '.join(unchecked)}"
        )
    return "; ".join(parts)


def _named(error: Exception) -> str:
    """An error without its text, which may hold a row's content."""
    name = type(error).__name__
    return f"{name} (SQLSTATE {error.sqlstate})" if isinstance(error, asyncpg.PostgresError) else name
