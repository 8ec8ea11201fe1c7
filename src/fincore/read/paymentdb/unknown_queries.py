"""The unknown outcomes at the PSPs: the list a person works through."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, MerchantId, RefundId
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.metrics import UNKNOWN_OLDEST_SECONDS, UNKNOWN_OUTCOMES
from fincore.read.paymentdb.staff_lists import Scope, scope_arguments

_SQL = load_sql("fincore.read.paymentdb", "unknown_queries.sql")

MEASURED_MAX: Final = 10_000
"""The oldest so many are counted by their age."""


class UnknownOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An operation (`authorize`, `capture`, `cancel`, `complete`, `refund`) that may or may not have happened, since when.

    `reverse`: `attempt` was given up and has money of the customer that may or may not have gone back, or that no person has
    look for.
    """

    charge_id: ChargeId
    refund_id: RefundId | None
    attempt: int | None
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference | None
    operation: str
    amount_minor: int
    currency: Currency
    since: datetime


class UnknownQueries:
    """The query side of unknown outcomes. It may lag behind the log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list_unknown(
        self,
        *,
        limit: int,
        without_answer: Collection[tuple[ChargeId, int]] = (),
        scope: Scope | None = None,
        after: tuple[datetime, ChargeId, str] | None = None,
    ) -> list[UnknownOutcome]:
        """The oldest ones first, of a scope or of all. `without_answer`: attempts of which the PSP could not say whether they have money.

        `after`: only those behind this time, charge, and refund or number of the attempt.
        """
        rows = await self._pool.fetch(
            _SQL.unknown_outcomes,
            limit,
            attempt_names(without_answer),
            *scope_arguments(scope),
            *(after or (None, None, None)),
        )
        return [UnknownOutcome(**dict(row)) for row in rows]


async def measure_unknown(pool: Pool, now: datetime) -> None:
    """Tell Prometheus how many outcomes are unknown, and how old they are."""
    found = await UnknownQueries(pool).list_unknown(limit=MEASURED_MAX)
    counts = Counter((_mode(one), one.psp, _age(now - one.since)) for one in found)
    UNKNOWN_OUTCOMES.clear()
    for labels, count in counts.items():
        UNKNOWN_OUTCOMES.labels(*labels).set(count)
    for mode in ("live", "test"):
        oldest = max((now - one.since for one in found if _mode(one) == mode), default=timedelta())
        UNKNOWN_OLDEST_SECONDS.labels(mode).set(max(0.0, oldest.total_seconds()))


def _mode(one: UnknownOutcome) -> str:
    return "live" if one.livemode else "test"


def _age(age: timedelta) -> str:
    if age <= timedelta(hours=1):
        return "minutes"
    return "hours" if age <= timedelta(days=1) else "days"


def attempt_names(attempts: Collection[tuple[ChargeId, int]]) -> list[str]:
    """Attempts of charges as the statements compare them: `ch_... 1`."""
    return [f"{charge_id} {attempt}" for charge_id, attempt in attempts]
