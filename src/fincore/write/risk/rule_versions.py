"""The store of risk rules: every version as it was written, and every change of what a version is used for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Statements, transaction_on
from fincore.write.risk.rule_states import RuleState
from fincore.write.risk.store import ListKind, ListName

_SQL = load_sql("fincore.write.risk", "rule_versions.sql")

LISTED_MAX: Final = 1_000
_ADDS_MAX: Final = 10
"""How often a version is added while others take its number."""


class RiskRulesBusy(FinCoreError):
    """Others add versions at the same time."""


class RiskRuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the rules, and what it is used for now. A list of versions leaves the texts out."""

    version: int
    text: str
    state: RuleState
    drafted_at: datetime
    drafted_by: str
    reason: str


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what a version is used for."""

    version: int
    from_state: RuleState
    to_state: RuleState
    reason: str


class MadeChange(StateChange, frozen=True, kw_only=True):
    """A change that was made; who made it, and when."""

    changed_at: datetime
    changed_by: str


class RiskRuleVersions:
    """Reads and adds versions and changes."""

    def __init__(self, store: Statements) -> None:
        self._store = store

    async def in_force(self) -> dict[int, RuleState]:
        """The versions that are live or in shadow, by number."""
        return {row["version"]: row["state"] for row in await self._store.fetch(_SQL.versions_in_force)}

    async def read(self, version: int) -> RiskRuleVersion | None:
        """One version."""
        row = await self._store.fetchrow(_SQL.read_version, version)
        return None if row is None else RiskRuleVersion(**dict(row))

    async def list(self, limit: int = LISTED_MAX) -> list[RiskRuleVersion]:
        """The latest versions, newest first."""
        return [RiskRuleVersion(**dict(row)) for row in await self._store.fetch(_SQL.list_versions, limit)]

    async def changes(self, limit: int = LISTED_MAX) -> "Sequence[MadeChange]":
        """The latest changes, newest first."""
        return [MadeChange(**dict(row)) for row in await self._store.fetch(_SQL.list_changes, limit)]

    async def lists(self) -> dict[ListName, ListKind]:
        """The lists of staff that rules may ask, and the kind of values that each holds."""
        return {ListName(row["name"]): row["kind"] for row in await self._store.fetch(_SQL.list_kinds)}

    async def add(self, text: str, *, by: str, reason: str) -> int:
        """Keep a text as a draft; return its version. Raises `RiskRulesBusy`."""
        for _ in range(_ADDS_MAX):
            added: int | None = await self._store.fetchval(_SQL.add_version, text, by, reason)
            if added is not None:
                return added
        raise RiskRulesBusy("others add versions of the risk rules at this moment: try again")

    async def change(self, changes: Sequence[StateChange], *, by: str) -> bool:
        """Make changes in their order, all or none; False where a version is not in the state that one begins with."""
        columns = zip(
            *((one.version, one.from_state, one.to_state, one.reason) for one in changes), strict=True
        )
        versions, from_states, to_states, reasons = columns
        try:
            async with transaction_on(self._store) as connection:
                await connection.execute(_SQL.add_changes, versions, from_states, to_states, by, reasons)
        except (
            asyncpg.RestrictViolationError,
            asyncpg.UniqueViolationError,
            asyncpg.ProgramLimitExceededError,
        ):
            return False
        return True
