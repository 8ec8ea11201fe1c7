"""Tells Prometheus whether the stores do for a role what it needs."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import sampled
from fincore.domain.clock import Clock
from fincore.observability.metrics import CERTIFICATE_ENDS_AT
from fincore.postgres.metrics import STORE_USABLE
from fincore.postgres.pool import Pool, certificate_ends_at, store_state

LOOK_INTERVAL_SECONDS: Final = 15.0
NEAR_ITS_END_SECONDS: Final = 14 * 86_400.0
NEW_CONNECTIONS_SECONDS: Final = 600.0
"""How often a pool connects anew while its server's certificate is near its end: old connections would show the old one for days."""


@contextlib.asynccontextmanager
async def watched_stores(
    stores: Stores, needed: Mapping[str, Literal["reads", "writes"]], clock: Clock
) -> AsyncIterator[None]:
    """Look every few seconds at the stores that are `needed`, as `/readyz` does, and at the certificates of their servers."""
    connected_at = dict.fromkeys(needed, time.monotonic() - NEW_CONNECTIONS_SECONDS)

    async def look_at_certificate(name: str, pool: Pool) -> None:
        ends_at = await certificate_ends_at(pool)
        if ends_at is None:
            return
        CERTIFICATE_ENDS_AT.labels(name).set(ends_at)
        is_near = ends_at - clock.now().timestamp() < NEAR_ITS_END_SECONDS
        if is_near and time.monotonic() - connected_at[name] >= NEW_CONNECTIONS_SECONDS:
            connected_at[name] = time.monotonic()
            await pool.expire_connections()

    async def look() -> None:
        for name, access in needed.items():
            pool = getattr(stores, name)
            state = await store_state(pool, writes=access == "writes")
            STORE_USABLE.labels(name, access).set(state == "ok")
            if state == "ok":
                await look_at_certificate(name, pool)

    async with sampled("stores", look, interval_seconds=LOOK_INTERVAL_SECONDS):
        yield
