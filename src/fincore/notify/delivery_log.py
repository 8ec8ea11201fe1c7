"""What was sent to an endpoint and how it went, and sending it again."""

from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

import asyncpg
import msgspec

from fincore.domain.clock import Clock
from fincore.domain.ids import EventId, WebhookDeliveryId, WebhookEndpointId
from fincore.domain.public_session_event import PublicEventType
from fincore.notify.endpoint import Owner
from fincore.notify.retry_schedule import AttemptError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.notify", "delivery_log.sql")

DeliveryStatus = Literal["pending", "delivered", "failed"]
DeliveryFailure = Literal["exhausted", "gone", "endpoint_disabled", "endpoint_deleted"]
"""`exhausted`: the schedule ended. `gone`: the endpoint answered 410. `endpoint_disabled`: it takes nothing.
`endpoint_deleted`: it is no more."""

PAGE_ROWS_MAX: Final = 100
ATTEMPTS_SHOWN_MAX: Final = 100
REPLAYED_AT_ONCE_MAX: Final = 10_000
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(9998, 12, 31, tzinfo=UTC)


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that is over. `duration_ms` is None if the process ended before it could measure."""

    attempt: int
    began_at: datetime
    response_status: int | None
    error: AttemptError | None
    duration_ms: int | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint. `attempts` counts those begun; `latest` is the last that is over."""

    delivery_id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    event_id: EventId
    event_type: PublicEventType
    status: DeliveryStatus
    failure: DeliveryFailure | None
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    latest: AttemptRecord | None = None


class DeliveryPage(NamedTuple):
    """One page of a list, newest first; the last delivery's id is the cursor to the next."""

    deliveries: list[Delivery]
    has_more: bool


class DeliveryWithAttempts(NamedTuple):
    """A delivery, what it carries, and its latest attempts, newest first."""

    delivery: Delivery
    body: bytes
    attempts: list[AttemptRecord]


class DeliveryLog:
    """Shows deliveries and replays them. A replay is made in the transaction of the connection it is given."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def list_of(
        self,
        endpoint_id: WebhookEndpointId,
        *,
        status: DeliveryStatus | None = None,
        after_id: WebhookDeliveryId | None = None,
        limit: int,
    ) -> DeliveryPage:
        """The next deliveries of an endpoint after `after_id`, at most `limit` (1 to `PAGE_ROWS_MAX`)."""
        if not 1 <= limit <= PAGE_ROWS_MAX:
            raise ValueError(f"limit must be between 1 and {PAGE_ROWS_MAX}, not {limit}")
        # One more than asked for tells whether there is a further page.
        arguments: list[object] = [endpoint_id, limit + 1]
        conditions = ""
        for condition, value in ((_SQL.with_status, status), (_SQL.after_delivery, after_id)):
            if value is not None:
                arguments.append(value)
                conditions += f"\n  and {condition.format(value=f'${len(arguments)}')}"
        rows = await self._pool.fetch(_SQL.list_deliveries.format(conditions=conditions), *arguments)
        deliveries = [delivery_of(row, latest=latest_attempt_of(row)) for row in rows[:limit]]
        return DeliveryPage(deliveries, has_more=len(rows) > limit)

    async def find(self, owner: Owner, delivery_id: WebhookDeliveryId) -> DeliveryWithAttempts | None:
        """A delivery with its attempts, or None where the owner has no such one."""
        row = await self._pool.fetchrow(_SQL.find_delivery, owner.merchant_id, owner.livemode, delivery_id)
        if row is None:
            return None
        attempts = await self._pool.fetch(_SQL.latest_attempts, delivery_id, ATTEMPTS_SHOWN_MAX)
        records = [AttemptRecord(**dict(attempt)) for attempt in attempts]
        return DeliveryWithAttempts(
            delivery_of(row, latest=records[0] if records else None), row["body"], records
        )

    async def replay(
        self, connection: Connection, owner: Owner, delivery_id: WebhookDeliveryId
    ) -> Delivery | Literal["endpoint_disabled", "endpoint_deleted"] | None:
        """Send a delivery again, under its old id; None where the owner has no such one.

        One that was still waiting for its next attempt does not wait for it.
        """
        row = await connection.fetchrow(_SQL.lock_delivery, owner.merchant_id, owner.livemode, delivery_id)
        if row is None:
            return None
        if row["endpoint_status"] != "enabled":
            return "endpoint_deleted" if row["is_endpoint_deleted"] else "endpoint_disabled"
        replayed = await connection.fetchrow(_SQL.replay_delivery, delivery_id, self._clock.now())
        if replayed is None:
            raise AssertionError("a delivery that is locked cannot be missing")
        return delivery_of(replayed)

    async def replay_failed(
        self,
        connection: Connection,
        endpoint_id: WebhookEndpointId,
        *,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
    ) -> int:
        """Send again what failed at an endpoint, oldest first; return how many, at most `REPLAYED_AT_ONCE_MAX`."""
        status = await connection.execute(
            _SQL.replay_failed,
            endpoint_id,
            created_from or _ALWAYS,
            created_before or _NEVER,
            self._clock.now(),
            REPLAYED_AT_ONCE_MAX,
        )
        return int(status.rpartition(" ")[2])


def delivery_of(row: asyncpg.Record, latest: AttemptRecord | None = None) -> Delivery:
    """A delivery from its row."""
    return Delivery(
        delivery_id=row["delivery_id"],
        endpoint_id=row["endpoint_id"],
        event_id=row["event_id"],
        event_type=row["event_type"],
        status=row["status"],
        failure=row["failure"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        latest=latest,
    )


def latest_attempt_of(row: asyncpg.Record) -> AttemptRecord | None:
    """The latest attempt that is over, from the row of its delivery; None where none is."""
    if row["attempt"] is None:
        return None
    return AttemptRecord(
        attempt=row["attempt"],
        began_at=row["began_at"],
        response_status=row["response_status"],
        error=row["error"],
        duration_ms=row["duration_ms"],
    )
