"""Telling who shows a key, at the rate of requests and not at the rate of database look-ups."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.remembered_fetch import RememberedFetch
from fincore.write.merchants.api_key import Principal, has_shape_of_key, hash_of

_SQL = load_sql("fincore.write.merchants", "merchants.sql")

_FEE_PLANS: Final = msgspec.json.Decoder(dict[Currency, FeePlan])

KNOWN_SECONDS: Final = 2.0
"""How long a key that was found is believed: a revoked key stops, and a new fee plan counts, within this time."""
UNKNOWN_SECONDS: Final = 1.0
"""How long a key that was not found is refused unasked: a new key works within this time."""


class ApiKeys:
    """Authenticates keys. Any number of look-ups that arrive while one is under way share the next statement."""

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._keys: RememberedFetch[bytes, Principal] = RememberedFetch(
            self._find_keys, known_seconds=KNOWN_SECONDS, unknown_seconds=UNKNOWN_SECONDS, monotonic=monotonic
        )

    async def authenticate(self, presented: str) -> Principal | None:
        """Who shows this key; None for a text that is no key, or an unknown or revoked one.

        Raises what asyncpg raises when the database cannot be reached.
        """
        if not has_shape_of_key(presented):
            return None
        return await self._keys.find(hash_of(presented))

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
