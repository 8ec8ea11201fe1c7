"""The store of fee plans: what the platform charges each merchant, per currency."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.clock import Clock
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.fee_plan import BASIS_POINTS_MAX, FeePlan
from fincore.domain.ids import MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Statements, transaction_on
from fincore.write.merchants.merchants import NAME_CHARACTERS_MAX, UnknownMerchant

_SQL = load_sql("fincore.write.merchants", "fee_plans.sql")

FIXED_MINOR_MAX: Final = 99_999_999


class FeePlanNotUsable(FinCoreError):
    """A plan is out of bounds; the message says which."""


def check_fee_plan(plan: FeePlan) -> None:
    """Raises `FeePlanNotUsable` for a plan that is out of bounds."""
    if not 0 <= plan.basis_points <= BASIS_POINTS_MAX:
        raise FeePlanNotUsable(f"basis points must be 0 to {BASIS_POINTS_MAX:,}, not {plan.basis_points:,}")
    if not 0 <= plan.fixed_minor <= FIXED_MINOR_MAX:
        raise FeePlanNotUsable(
            f"the fixed part must be 0 to {FIXED_MINOR_MAX:,} minor units, not {plan.fixed_minor:,}"
        )


class AgreedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, from when on it counts, and who set it. Of the plans in one currency the latest counts."""

    merchant_id: MerchantId
    currency: Currency
    plan_no: int
    plan: FeePlan
    set_at: datetime
    set_by: str


class FeePlans:
    """Sets and lists plans. A plan counts for charges created a few seconds after it was set, and for no earlier one."""

    def __init__(self, store: Statements, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def set(self, merchant_id: MerchantId, currency: Currency, plan: FeePlan, *, by: str) -> None:
        """Let a plan count from now on; one of nothing ends all fees. Raises `FeePlanNotUsable`, `UnknownMerchant`."""
        if currency not in EXPONENTS:
            raise FeePlanNotUsable(
                f"{currency[:20]!r} is no currency of payments: use an ISO 4217 code such as usd"
            )
        check_fee_plan(plan)
        if not 1 <= len(by.strip()) <= NAME_CHARACTERS_MAX:
            raise FeePlanNotUsable(f"say who sets the plan, in 1 to {NAME_CHARACTERS_MAX} characters")
        try:
            async with transaction_on(self._store) as connection:
                await connection.execute(
                    _SQL.set_plan,
                    merchant_id,
                    currency,
                    plan.basis_points,
                    plan.fixed_minor,
                    self._clock.now(),
                    by,
                )
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownMerchant(merchant_id) from error
        except asyncpg.UniqueViolationError:
            raise FeePlanNotUsable(
                f"another plan of merchant {merchant_id} was set at this moment: list its plans, then set this one again"
            ) from None

    async def list(self, merchant_id: MerchantId) -> list[AgreedPlan]:
        """Every plan the merchant has ever had, by currency, the latest last."""
        return [
            AgreedPlan(
                merchant_id=row["merchant_id"],
                currency=row["currency"],
                plan_no=row["plan_no"],
                plan=FeePlan(basis_points=row["basis_points"], fixed_minor=row["fixed_minor"]),
                set_at=row["set_at"],
                set_by=row["set_by"],
            )
            for row in await self._store.fetch(_SQL.list_plans, merchant_id)
        ]
