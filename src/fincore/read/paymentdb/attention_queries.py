"""What of payments needs a person, counted to a bound, and how charges fared in the last hours, for the home page of staff."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.unknown_queries import attempt_names

_SQL = load_sql("fincore.read.paymentdb", "attention_queries.sql")

PaymentNeed = Literal["unknown_outcomes", "reviews", "disputes_due", "held_reports"]
CHARGES_OF_HOUR_MAX: Final = 2_000
"""Charges of one hour that are looked at; of an hour with more, the first stand for all."""

_NEEDS: Final[Mapping[PaymentNeed, str]] = MappingProxyType(
    {
        "unknown_outcomes": _SQL.unknown,
        "reviews": _SQL.reviews,
        "disputes_due": _SQL.disputes,
        "held_reports": _SQL.held_reports,
    }
)


class PaymentsSeen(NamedTuple):
    """Which payments count: a mode, and some merchants; all where `merchant_ids` is None."""

    livemode: bool
    merchant_ids: Sequence[MerchantId] | None = None


class NeedCount(NamedTuple):
    """How many things need a person, the oldest, and when the first is due; None where there is none, or none is due."""

    things: int
    oldest_at: datetime | None
    due_at: datetime | None


class HourOfAccount(msgspec.Struct, frozen=True, kw_only=True):
    """How the charges that were accepted in one hour stand now, of one account; the rest was canceled or has expired."""

    hour: datetime
    psp: PspName
    psp_account: PspAccount
    accepted: int
    succeeded: int
    failed: int
    unfinished: int


class AttentionQueries:
    """Bounded looks over the payments of all merchants. They may lag behind the log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(
        self,
        need: PaymentNeed,
        seen: PaymentsSeen,
        *,
        counted_max: int,
        without_answer: Collection[tuple[ChargeId, int]] = (),
    ) -> NeedCount:
        """What needs a person, counted up to about `counted_max`.

        `without_answer`: attempts of which the PSP could not say whether they have money; they are unknown outcomes, too.
        """
        arguments = _need_arguments(need, seen, counted_max, without_answer)
        row = await self._pool.fetchrow(_NEEDS[need], *arguments)
        return NeedCount(0, None, None) if row is None else NeedCount(*row)

    async def hours(self, seen: PaymentsSeen, *, since: datetime, hours: int) -> list[HourOfAccount]:
        """The hours from the hour `since` on, by account. Hours and accounts without a charge are left out."""
        statement, arguments = _hours_statement(seen, since=since, hours=hours)
        return [HourOfAccount(**dict(row)) for row in await self._pool.fetch(statement, *arguments)]


def look_statements(
    seen: PaymentsSeen, *, since: datetime, hours: int, counted_max: int
) -> Iterator[tuple[str, Sequence[object]]]:
    """Every statement with its arguments, for those who look at their plans."""
    for need, statement in _NEEDS.items():
        yield statement, _need_arguments(need, seen, counted_max, ())
    yield _hours_statement(seen, since=since, hours=hours)


def _need_arguments(
    need: PaymentNeed,
    seen: PaymentsSeen,
    counted_max: int,
    without_answer: Collection[tuple[ChargeId, int]],
) -> Sequence[object]:
    arguments = (*_filters(seen), counted_max)
    return (*arguments, attempt_names(without_answer)) if need == "unknown_outcomes" else arguments


def _hours_statement(seen: PaymentsSeen, *, since: datetime, hours: int) -> tuple[str, Sequence[object]]:
    mode, merchants = _filters(seen)
    bounds = (since, hours, CHARGES_OF_HOUR_MAX)
    if merchants is None:
        return _SQL.rates, (mode, *bounds)
    return _SQL.rates_of_merchants, (mode, merchants, *bounds)


def _filters(seen: PaymentsSeen) -> tuple[int, list[MerchantId] | None]:
    return int(seen.livemode), None if seen.merchant_ids is None else list(seen.merchant_ids)
