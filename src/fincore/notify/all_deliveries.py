"""What was sent to the webhook endpoints of all merchants, as staff see it."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from fincore.domain.ids import EventId, MerchantId, WebhookDeliveryId, WebhookEndpointId
from fincore.notify.all_endpoints import OwnersSeen
from fincore.notify.delivery_log import (
    PAGE_ROWS_MAX,
    Delivery,
    DeliveryStatus,
    delivery_of,
    latest_attempt_of,
)
from fincore.notify.endpoint import Owner
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.notify", "all_deliveries.sql")


class DeliveryFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries are wanted; what is left None does not filter. `event_ids`: those that carry one of these events."""

    endpoint_id: WebhookEndpointId | None = None
    status: DeliveryStatus | None = None
    event_ids: Sequence[EventId] | None = None


class OwnedDelivery(NamedTuple):
    """A delivery, and the merchant that it goes to."""

    merchant_id: MerchantId
    delivery: Delivery


class OwnedDeliveryPage(NamedTuple):
    """One page of a list, newest first; the last delivery's id is the cursor to the next."""

    deliveries: list[OwnedDelivery]
    has_more: bool


class AllDeliveries:
    """Looks over the deliveries to all merchants."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(
        self,
        seen: OwnersSeen,
        filters: DeliveryFilters,
        *,
        after_id: WebhookDeliveryId | None = None,
        limit: int,
    ) -> OwnedDeliveryPage:
        """The next deliveries after `after_id`, at most `limit` (1 to `PAGE_ROWS_MAX`)."""
        if not 1 <= limit <= PAGE_ROWS_MAX:
            raise ValueError(f"limit must be between 1 and {PAGE_ROWS_MAX}, not {limit}")
        statement, arguments = list_statement(seen, filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        found = [
            OwnedDelivery(row["merchant_id"], delivery_of(row, latest=latest_attempt_of(row)))
            for row in rows[:limit]
        ]
        return OwnedDeliveryPage(found, len(rows) > limit)

    async def owner_of(self, delivery_id: WebhookDeliveryId) -> Owner | None:
        """The merchant and mode that a delivery goes to; None where there is none."""
        row = await self._pool.fetchrow(_SQL.owner_of, delivery_id)
        return None if row is None else Owner(row["merchant_id"], row["livemode"])


def list_statement(
    seen: OwnersSeen, filters: DeliveryFilters, *, after_id: WebhookDeliveryId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists deliveries through exactly the filters given, and its arguments."""
    merchants = None if seen.merchant_ids is None else list(seen.merchant_ids)
    arguments: list[object] = [seen.livemode, merchants, limit]
    conditions = ""
    for condition, value in (
        (_SQL.with_status, filters.status),
        (_SQL.of_events, None if filters.event_ids is None else list(filters.event_ids)),
        (_SQL.after_delivery, after_id),
    ):
        if value is not None:
            arguments.append(value)
            conditions += f"\n          and {condition.format(value=f'${len(arguments)}')}"
    endpoints = ""
    if filters.endpoint_id is not None:
        arguments.append(filters.endpoint_id)
        endpoints = f"\n      and {_SQL.at_endpoint.format(value=f'${len(arguments)}')}"
    return _SQL.list_deliveries.format(conditions=conditions, endpoints=endpoints), arguments
