"""Which charge and which merchant a refund, dispute, checkout session or event belongs to."""

from typing import NamedTuple

from fincore.domain.ids import ChargeId, CheckoutSessionId, DisputeId, EventId, MerchantId, RefundId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.staff_lists import Scope

_SQL = load_sql("fincore.read.paymentdb", "object_places.sql")


class ObjectPlace(NamedTuple):
    """Where an object belongs; `charge_id` is None for a checkout session and its events."""

    merchant_id: MerchantId
    charge_id: ChargeId | None


class ObjectPlaces:
    """Finds objects by their ids within a scope; None for one that is not there, or not within it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_refund(self, scope: Scope, refund_id: RefundId) -> ObjectPlace | None:
        """Where a refund belongs."""
        return await self._find(scope, _SQL.refund_place, refund_id)

    async def of_dispute(self, scope: Scope, dispute_id: DisputeId) -> ObjectPlace | None:
        """Where a dispute belongs."""
        return await self._find(scope, _SQL.dispute_place, dispute_id)

    async def of_session(self, scope: Scope, session_id: CheckoutSessionId) -> ObjectPlace | None:
        """Where a checkout session belongs."""
        return await self._find(scope, _SQL.session_place, session_id)

    async def of_event(self, scope: Scope, event_id: EventId) -> ObjectPlace | None:
        """Where an event belongs."""
        return await self._find(scope, _SQL.event_place, event_id)

    async def _find(self, scope: Scope, statement: str, object_id: object) -> ObjectPlace | None:
        row = await self._pool.fetchrow(statement, scope.livemode, object_id)
        if row is None or not scope.has(row["merchant_id"]):
            return None
        return ObjectPlace(row["merchant_id"], row["charge_id"])
