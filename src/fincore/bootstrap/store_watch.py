"""Tells Prometheus whether the stores do for a role what it needs."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import sampled
from fincore.observability.metrics import CERTIFICATE_ENDS_AT
from fincore.postgres.metrics import STORE_USABLE
from fincore.postgres.pool import certificate_ends_at, store_state

LOOK_INTERVAL_SECONDS: Final = 15.0


@contextlib.asynccontextmanager
async def watched_stores(
    stores: Stores, needed: Mapping[str, Literal["reads", "writes"]]
) -> AsyncIterator[None]:
    """Look every few seconds at the stores that are `needed`, as `/readyz` does, and at the certificates of their servers."""

    async def look() -> None:
        for name, access in needed.items():
            pool = getattr(stores, name)
            state = await store_state(pool, writes=access == "writes")
            STORE_USABLE.labels(name, access).set(state == "ok")
            ends_at = await certificate_ends_at(pool) if state == "ok" else None
            if ends_at is not None:
                CERTIFICATE_ENDS_AT.labels(name).set(ends_at)

    async with sampled("stores", look, interval_seconds=LOOK_INTERVAL_SECONDS):
        yield
