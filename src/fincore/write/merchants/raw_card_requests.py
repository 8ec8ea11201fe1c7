"""The record of requests with a card number: who sent one, when, and how it was answered. It holds nothing of a card."""

from datetime import timedelta
from typing import Final

from fincore.domain.clock import Clock
from fincore.domain.ids import RequestId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.merchants.api_key import Principal

_SQL = load_sql("fincore.write.merchants", "raw_card_requests.sql")


KEPT_DAYS_MIN: Final = 92
"""How long the database itself keeps a row: three months have to be at hand (PCI DSS v4.0.1, 10.5.1)."""


class RawCardRequests:
    """Adds to the record, and purges it. A request without an `answered` row was cut off: its process died, or its client went."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def received(self, request_id: RequestId, principal: Principal) -> None:
        """Note that a request came."""
        await self._pool.execute(
            _SQL.add_received,
            request_id,
            principal.merchant_id,
            principal.livemode,
            principal.key_id,
            self._clock.now(),
        )

    async def answered(
        self, request_id: RequestId, principal: Principal, outcome: str, *, screened_by: str | None
    ) -> None:
        """Note how it is answered: `accepted`, or the code of a problem. `screened_by` is None where it did not come that far."""
        await self._pool.execute(
            _SQL.add_answered,
            request_id,
            principal.merchant_id,
            principal.livemode,
            principal.key_id,
            self._clock.now(),
            outcome,
            screened_by,
        )

    async def purge(self, *, kept_for: timedelta, rows_max: int) -> int:
        """Delete rows that are older by the database's clock, at most `rows_max`; return how many.

        The database refuses the deletion of a row that is younger than `KEPT_DAYS_MIN`.
        """
        status = await self._pool.execute(_SQL.purge_requests, kept_for, rows_max)
        return int(status.rpartition(" ")[2])
