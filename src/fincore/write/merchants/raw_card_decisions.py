"""Which merchants may send card numbers to the card edge: decided by staff with a reason, looked up at the rate of requests."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec

from fincore.domain.clock import Clock
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, Statements, transaction_on
from fincore.postgres.remembered_fetch import RememberedFetch
from fincore.write.merchants.merchants import UnknownMerchant

_SQL = load_sql("fincore.write.merchants", "raw_card_decisions.sql")

BELIEVED_SECONDS: Final = 2.0
"""How long it is believed that a merchant may send card numbers, or may not: a decision counts within this time."""
_ADDS_MAX: Final = 10
"""How often a decision is added while others take its number."""


class RawCardsBusy(FinCoreError):
    """Others decide about the merchant at the same time."""


class RawCardDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision about a merchant in one mode: who made it, when and why. The latest of a mode counts."""

    livemode: bool
    is_enabled: bool
    decided_at: datetime
    decided_by: str
    reason: str


class RawCardDecisions:
    """Adds decisions and lists them."""

    def __init__(self, store: Statements, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(
        self, merchant_id: MerchantId, *, livemode: bool, is_enabled: bool, by: str, reason: str
    ) -> None:
        """Let a merchant send card numbers, or no longer. Raises `UnknownMerchant`."""
        arguments = (merchant_id, livemode, is_enabled, self._clock.now(), by, reason)
        for _ in range(_ADDS_MAX):
            try:
                async with transaction_on(self._store) as connection:
                    await connection.execute(_SQL.add_decision, *arguments)
            except asyncpg.ForeignKeyViolationError as error:
                raise UnknownMerchant(merchant_id) from error
            except asyncpg.UniqueViolationError:  # another decision took the number
                continue
            return
        raise RawCardsBusy(f"others decide about merchant {merchant_id} at this moment: try again")

    async def list(self, merchant_id: MerchantId) -> list[RawCardDecision]:
        """Every decision about a merchant, those of test mode first, the latest of a mode last."""
        return [
            RawCardDecision(**dict(row)) for row in await self._store.fetch(_SQL.list_decisions, merchant_id)
        ]


class _Question(NamedTuple):
    merchant_id: MerchantId
    livemode: bool


class EnabledRawCards:
    """Tells whether a merchant may send card numbers. What it is told is remembered for seconds, and bounded."""

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._found: RememberedFetch[_Question, bool] = RememberedFetch(
            self._find, known_seconds=BELIEVED_SECONDS, unknown_seconds=BELIEVED_SECONDS, monotonic=monotonic
        )

    async def includes(self, merchant_id: MerchantId, *, livemode: bool) -> bool:
        """Whether the latest decision about the merchant in a mode lets it."""
        return bool(await self._found.find(_Question(merchant_id, livemode)))

    async def _find(self, questions: Sequence[_Question]) -> dict[_Question, bool]:
        columns = [list(column) for column in zip(*questions, strict=True)]
        return {
            _Question(row["merchant_id"], row["livemode"]): True
            for row in await self._pool.fetch(_SQL.find_enabled, *columns)
        }
