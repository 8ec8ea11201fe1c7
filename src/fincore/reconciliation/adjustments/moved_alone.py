"""What one person adjusted and took back alone on a day, beside the limits."""

from datetime import datetime
from typing import Protocol

from fincore.domain.counted_person import counted_for
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.reconciliation.adjustments.limits import limit_flaw

_SQL = load_sql("fincore.reconciliation.adjustments", "moved_alone.sql")


class Waiting(Protocol):
    """Tells what a person of staff proposed about breaks and that waits for a second person."""

    async def __call__(self, staff: StaffActor, currency: Currency, *, livemode: bool) -> int:
        """What waits in a currency and mode, in minor units, each amount without its sign."""
        ...


class MovedAlone:
    """Compares with the limits of one person; what waits for a second person counts for the day, too."""

    def __init__(self, limits: OnePersonLimits, waiting: Waiting | None) -> None:
        self._limits = limits
        self._waiting = waiting

    async def flaw(
        self,
        connection: Connection,
        money: Money,
        by: str,
        staff: StaffDecision | None,
        *,
        livemode: bool,
        now: datetime,
    ) -> str | None:
        """Why a person may not move this amount alone, and what to do; None where they may, or where two people agreed."""
        if staff is not None and staff.agreement is not None:
            return None
        subject = staff.subject if staff else None
        today_minor = int(
            await connection.fetchval(
                _SQL.adjusted_today, counted_for(by), money.currency, livemode, now, subject
            )
        )
        if subject is not None and self._waiting is not None:
            today_minor += await self._waiting(StaffActor(subject, by), money.currency, livemode=livemode)
        return limit_flaw(self._limits, money, today_minor=today_minor, is_proposed=staff is not None)
