"""Telling who shows a key, at the rate of requests and not at the rate of database look-ups."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.shared_fetch import SharedFetch
from fincore.write.merchants.api_key import Principal, has_shape_of_key, hash_of

_SQL = load_sql("fincore.write.merchants", "merchants.sql")

_FEE_PLANS: Final = msgspec.json.Decoder(dict[Currency, FeePlan])

ENTRIES_MAX: Final = 10_000
"""Keys remembered, known and unknown ones together; the oldest go first."""
KNOWN_SECONDS: Final = 2.0
"""How long a key that was found is believed: a revoked key stops, and a new fee plan counts, within this time."""
UNKNOWN_SECONDS: Final = 1.0
"""How long a key that was not found is refused unasked: a new key works within this time."""


class _Remembered(NamedTuple):
    principal: Principal | None
    expires_at: float


class ApiKeys:
    """Authenticates keys. Any number of look-ups that arrive while one is under way share the next statement."""

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._found: SharedFetch[bytes, Principal] = SharedFetch(self._find_keys)

    async def authenticate(self, presented: str) -> Principal | None:
        """Who shows this key; None for a text that is no key, or an unknown or revoked one.

        Raises what asyncpg raises when the database cannot be reached.
        """
        if not has_shape_of_key(presented):
            return None
        key_hash = hash_of(presented)
        remembered = self._remembered.get(key_hash)
        if remembered is not None and self._monotonic() < remembered.expires_at:
            return remembered.principal
        # Counted from the question, not the answer: what the database says may be as old as the question.
        asked_at = self._monotonic()
        principal = await self._found.find(key_hash)
        self._remember(key_hash, principal, asked_at)
        return principal

    async def _find_keys(self, key_hashes: Sequence[bytes]) -> dict[bytes, Principal]:
        rows = await self._pool.fetch(_SQL.find_keys, list(key_hashes))
        return {
            bytes(row["key_hash"]): Principal(
                merchant_id=row["merchant_id"],
                key_id=row["key_id"],
                kind=row["kind"],
                livemode=row["livemode"],
                fee_plans=_FEE_PLANS.decode(row["fee_plans"]) if row["fee_plans"] else {},
            )
            for row in rows
        }

    def _remember(self, key_hash: bytes, principal: Principal | None, asked_at: float) -> None:
        seconds = KNOWN_SECONDS if principal else UNKNOWN_SECONDS
        self._remembered[key_hash] = _Remembered(principal, asked_at + seconds)
        self._remembered.move_to_end(key_hash)
        if len(self._remembered) > ENTRIES_MAX:
            self._remembered.popitem(last=False)
