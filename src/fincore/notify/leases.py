"""Which attempts are under way, in the database: who leased what, how it went, and how many an endpoint gets at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from fincore.domain.clock import Clock
from fincore.domain.ids import WebhookDeliveryId
from fincore.notify.attempt import (
    Attempted,
    Claimed,
    DeliveryTraces,
    attempt_row,
    columns,
    delivery_row,
    health_rows,
)
from fincore.notify.metrics import DELIVERIES_FINISHED, DELIVERY_SECONDS, ENDPOINTS_DISABLED
from fincore.notify.retry_schedule import Delivered, Failed, Retry
from fincore.notify.sender import TIMEOUT_SECONDS
from fincore.observability.tracing.tracer import is_tracing
from fincore.postgres.failures import is_outage
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.notify", "leases.sql")
_log = structlog.get_logger(__name__)

PLACES_MIN: Final = 8
"""How many attempts may be under way at an endpoint, over all processes; one, once it has failed and until it succeeds."""
PLACES_MAX: Final = 64
"""The same for an endpoint that answers quickly while more waits for it."""
LEASE_SECONDS: Final = 4 * TIMEOUT_SECONDS
"""How long an attempt may stay unnoted before its process counts as dead."""


class Leases:
    """Leases deliveries for an attempt and writes down how attempts went, many at a time."""

    def __init__(self, pool: Pool, clock: Clock, *, per_endpoint_max: int = PLACES_MAX) -> None:
        self._pool = pool
        self._clock = clock
        self._per_endpoint_max = per_endpoint_max

    async def exchange(self, attempted: Sequence[Attempted], *, count_max: int, spare: int) -> list[Claimed]:
        """Note attempts that are over and lease up to `count_max` deliveries that are due, in one transaction.

        No more than `spare` are leased once only endpoints with more than `PLACES_MIN` under way have something due.
        """
        own: list[Attempted] = []
        began: Mapping[WebhookDeliveryId, datetime] = {}
        disabled: list[asyncpg.Record] = []
        rows: list[asyncpg.Record] = []
        async with self._pool.acquire() as connection, connection.transaction():
            if attempted:
                own, began, disabled = await self._note(connection, attempted)
            if count_max:
                now = self._clock.now()
                await connection.execute(_SQL.take_turn)
                rows = await connection.fetch(
                    _SQL.claim_due,
                    now,
                    self._per_endpoint_max,
                    count_max,
                    now + timedelta(seconds=LEASE_SECONDS),
                    PLACES_MIN,
                    spare,
                )
        _tell(own, began, disabled)
        traces = await self._traces(rows) if rows and is_tracing() else {}
        return [_claimed_of(row, traces.get(row["delivery_id"], DeliveryTraces())) for row in rows]

    async def _traces(self, rows: Sequence[asyncpg.Record]) -> dict[str, DeliveryTraces]:
        """What deliveries follow; nothing where the database is away for a moment: they are leased, and go out in any case."""
        try:
            found = await self._pool.fetch(_SQL.traces, [row["delivery_id"] for row in rows])
        except Exception as error:
            if not is_outage(error):
                raise
            return {}
        return {row["delivery_id"]: DeliveryTraces(row["event"], row["origin"]) for row in found}

    async def _note(
        self, connection: Connection, attempted: Sequence[Attempted]
    ) -> tuple[list[Attempted], Mapping[WebhookDeliveryId, datetime], list[asyncpg.Record]]:
        """The attempts that still had their lease, since when their deliveries were due, and the endpoints disabled because of them."""
        await connection.execute(_SQL.insert_attempts, *columns(map(attempt_row, attempted)))
        finished = await connection.fetch(_SQL.finish_deliveries, *columns(map(delivery_row, attempted)))
        await connection.execute(_SQL.note_health, *columns(health_rows(attempted)), PLACES_MIN, PLACES_MAX)
        began = {row["delivery_id"]: row["round_began_at"] for row in finished}
        # A process that lost its lease does not decide what becomes of the delivery and its endpoint.
        own = [one for one in attempted if one.claimed.delivery_id in began]
        return own, began, await _disable(connection, own, began)


async def _disable(
    connection: Connection, attempted: Sequence[Attempted], began: dict[WebhookDeliveryId, datetime]
) -> list[asyncpg.Record]:
    rows = [
        (
            one.claimed.endpoint_id,
            one.claimed.url,
            "gone" if one.step.failure == "gone" else "failing",
            began[one.claimed.delivery_id],
        )
        for one in attempted
        if isinstance(one.step, Failed)
    ]
    if not rows:
        return []
    return await connection.fetch(_SQL.disable_endpoints, *columns(rows))


def _tell(
    attempted: Sequence[Attempted],
    began: Mapping[WebhookDeliveryId, datetime],
    disabled: Sequence[asyncpg.Record],
) -> None:
    """Count and log what is committed."""
    for one in attempted:
        match one.step:
            case Delivered():
                DELIVERIES_FINISHED.labels("delivered").inc()
                waited = one.ended_at - began[one.claimed.delivery_id]
                DELIVERY_SECONDS.observe(max(0.0, waited.total_seconds()))
            case Failed(failure=failure):
                DELIVERIES_FINISHED.labels(failure).inc()
            case Retry():
                pass
    for row in disabled:
        ENDPOINTS_DISABLED.labels(row["disabled_reason"]).inc()
        _log.warning(
            "notify.endpoint_disabled", endpoint_id=row["endpoint_id"], reason=row["disabled_reason"]
        )


def _claimed_of(row: asyncpg.Record, traces: DeliveryTraces) -> Claimed:
    """A row of `claim_due`."""
    return Claimed(
        delivery_id=row["delivery_id"],
        endpoint_id=row["endpoint_id"],
        url=row["url"],
        body=row["body"],
        attempt=row["attempts"],
        round_attempt=row["round_attempts"],
        failures=row["failures"],
        is_crowded=row["is_crowded"],
        encrypted_secrets=tuple(
            encrypted for encrypted in (row["secret"], row["previous_secret"]) if encrypted is not None
        ),
        traces=traces,
    )
