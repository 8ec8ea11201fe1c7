"""The store of registered origins, for operators, and the look-up of one, at the rate of requests of browsers."""

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
from fincore.write.merchants.origin import ORIGIN_CHARACTERS_MAX, Origin

_SQL = load_sql("fincore.write.merchants", "origins.sql")

ORIGINS_MAX: Final = 50
"""Origins of one merchant in one mode."""
BELIEVED_SECONDS: Final = 2.0
"""How long it is believed that an origin is registered, or is not: a change counts within this time."""
_ADDS_MAX: Final = 10
"""How often an addition is tried while others take the place that was free."""


class TooManyOrigins(FinCoreError):
    """A merchant has as many origins as it may have."""


class OriginBusy(FinCoreError):
    """Others change the origins of the merchant at the same time."""


class RegisteredOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """An origin of a merchant, and since when."""

    origin: Origin
    livemode: bool
    added_at: datetime


class Origins:
    """Registers origins, lists them and takes them out."""

    def __init__(self, store: Statements, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, merchant_id: MerchantId, origin: Origin, *, livemode: bool) -> bool:
        """Register an origin; False where it was registered already. Raises `UnknownMerchant` and `TooManyOrigins`."""
        arguments = (merchant_id, livemode, origin, self._clock.now(), ORIGINS_MAX)
        for _ in range(_ADDS_MAX):
            try:
                async with transaction_on(self._store) as connection:
                    status = await connection.execute(_SQL.add_origin, *arguments)
            except asyncpg.ForeignKeyViolationError as error:
                raise UnknownMerchant(merchant_id) from error
            except asyncpg.UniqueViolationError:  # another origin was faster to take the place
                continue
            if status != "INSERT 0 0":
                return True
            if await self._store.fetchval(_SQL.is_origin, merchant_id, livemode, origin):
                return False
            raise TooManyOrigins(
                f"merchant {merchant_id} has {ORIGINS_MAX} origins in {'live' if livemode else 'test'} mode, the most there may "
                "be: remove one with `fincore merchant origins remove`"
            )
        raise OriginBusy(f"the origins of merchant {merchant_id} are being changed: try again")

    async def list(self, merchant_id: MerchantId) -> list[RegisteredOrigin]:
        """The origins of a merchant, those of test mode first."""
        return [
            RegisteredOrigin(**dict(row)) for row in await self._store.fetch(_SQL.list_origins, merchant_id)
        ]

    async def remove(self, merchant_id: MerchantId, origin: Origin, *, livemode: bool) -> bool:
        """Take an origin out; False where the merchant has no such origin in the mode."""
        status = await self._store.execute(_SQL.remove_origin, merchant_id, livemode, origin)
        return status != "DELETE 0"


class _Question(NamedTuple):
    """Whether an origin is registered: by one merchant in one mode, or by any merchant in any."""

    origin: str
    merchant_id: MerchantId | None
    livemode: bool | None


class RegisteredOrigins:
    """Tells whether an origin is registered. What it is told of origins is remembered for seconds, and bounded."""

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._found: RememberedFetch[_Question, bool] = RememberedFetch(
            self._find, known_seconds=BELIEVED_SECONDS, unknown_seconds=BELIEVED_SECONDS, monotonic=monotonic
        )

    async def is_of(self, origin: str, merchant_id: MerchantId, *, livemode: bool) -> bool:
        """Whether a merchant has registered an origin for a mode, as the browser writes it, byte for byte."""
        return await self._is_registered(_Question(origin, merchant_id, livemode))

    async def is_of_any(self, origin: str) -> bool:
        """Whether any merchant has registered it, in any mode: a preflight shows no key."""
        return await self._is_registered(_Question(origin, None, None))

    async def _is_registered(self, question: _Question) -> bool:
        origin = question.origin
        if len(origin) > ORIGIN_CHARACTERS_MAX or not origin.isascii() or not origin.isprintable():
            return False
        return bool(await self._found.find(question))

    async def _find(self, questions: Sequence[_Question]) -> dict[_Question, bool]:
        columns = [list(column) for column in zip(*questions, strict=True)]
        return {
            _Question(row["origin"], row["merchant_id"], row["livemode"]): True
            for row in await self._pool.fetch(_SQL.find_origins, *columns)
        }
