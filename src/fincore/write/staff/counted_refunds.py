"""What each person of staff refunds alone in a day: counted before the charge is asked, so that no two requests pass a limit together."""

from typing import Literal

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit, OnePersonLimits, OverLimit, over_limit
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.commit import IdempotencyKey
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, Statements

_SQL = load_sql("fincore.write.staff", "counted_refunds.sql")

Counted = Literal["counted", "key_reused"]


class CountedRefunds:
    """Counts refunds, each once for its idempotency key on a day. What is refused afterwards stays counted: a sum is only ever too high."""

    def __init__(self, eventstore: Pool, limits: OnePersonLimits) -> None:
        self._pool = eventstore
        self._limits = limits

    async def count(
        self, staff: StaffActor, key: IdempotencyKey, fingerprint: bytes, money: Money
    ) -> Counted | OverLimit:
        """Count a refund that the person may make alone, or say why they may not.

        `key_reused`: another request had the key before, so that its amount is not this one's.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn, staff.counted_for)
            before = await connection.fetchrow(_SQL.counted_before, key.merchant_id, key.livemode, key.key)
            if before is not None and before["fingerprint"] != fingerprint:
                return "key_reused"
            if before is not None and before["is_of_today"]:
                return "counted"
            over = over_limit(
                self._limits,
                money,
                today_minor=await _today_minor(connection, staff, money.currency, livemode=key.livemode),
            )
            if over is not None:
                return over
            await connection.execute(
                _SQL.count_refund,
                key.merchant_id,
                key.livemode,
                key.key,
                fingerprint,
                staff.counted_for,
                money.currency,
                money.amount_minor,
            )
        return "counted"

    async def standing(
        self, staff: StaffActor, currency: Currency, *, livemode: bool
    ) -> tuple[OnePersonLimit | None, int]:
        """The limit in a currency, None where there is none, and what counts for today, in minor units. Nothing is counted."""
        today_minor = await _today_minor(self._pool, staff, currency, livemode=livemode)
        return next((one for one in self._limits if one.currency == currency), None), today_minor


async def _today_minor(store: Statements, staff: StaffActor, currency: Currency, *, livemode: bool) -> int:
    return int(await store.fetchval(_SQL.refunded_today, staff.counted_for, currency, livemode))
