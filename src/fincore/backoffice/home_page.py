"""What needs a person today, and the state of the system: bounded looks, of which each fails alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeVar, assert_never

import msgspec
import structlog

from fincore.audit.invariants import INVARIANTS
from fincore.audit.verdicts import Verdict, Verdicts
from fincore.backoffice.parked_charges import Follower, list_parked
from fincore.backoffice.unknown_outcomes import attempts_without_answer
from fincore.domain.ids import MerchantId
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspName
from fincore.domain.proposal import ProposalKind
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import checkpoint_of
from fincore.notify.all_endpoints import AllEndpoints, OwnersSeen
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.money_days import MoneyDay, money_days
from fincore.read.paymentdb.attention_queries import (
    CHARGES_OF_HOUR_MAX,
    AttentionQueries,
    HourOfAccount,
    NeedCount,
    PaymentsSeen,
)
from fincore.reconciliation.breaks.listing import count_open
from fincore.reconciliation.sources import Sources, SourceStanding
from fincore.write.queue.port import Backlog, DeadLetters
from fincore.write.routing.breaker_store import AccountKey, BreakerStore, SharedBreaker
from fincore.write.staff.proposals import Proposals

NeedKind = Literal[
    "unknown_outcomes",
    "dead_letters",
    "parked_streams",
    "breaks",
    "disputes_due",
    "reviews",
    "held_reports",
    "endpoints_failing",
    "proposals",
]
COUNTED_MAX: Final = 1_000
"""Things of one kind are counted no further."""
HOURS: Final = 24
DAYS: Final = 30
"""How many days of money are shown, this day included."""
PART_SECONDS_MAX: Final = 5.0
"""How long one part may take: after that it could not be read."""

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class HomeStores(NamedTuple):
    """What the home page is read from. `log` is the whole log, as consumers follow it; `psps` are all that this FinCore knows."""

    payments: AttentionQueries
    jobs: DeadLetters
    log: EventLog[LogEvent]
    followers: Sequence[Follower]
    endpoints: AllEndpoints
    ledgerdb: Pool
    breakers: BreakerStore
    verdicts: Verdicts
    sources: Sources
    proposals: Proposals
    psps: Sequence[PspName]


class Deciding(NamedTuple):
    """Which proposals a person may decide: kinds, and the only merchants that count; all where `merchant_ids` is None."""

    kinds: Sequence[ProposalKind]
    merchant_ids: Sequence[MerchantId] | None


class Asking(NamedTuple):
    """Who asks, and which proposals of others that person may decide."""

    staff: StaffActor
    decides: Sequence[Deciding]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind that need a person; `found` is None where it could not be read."""

    kind: NeedKind
    found: NeedCount | None


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The last hours by account. `is_sample`: of some hour only the first charges were looked at."""

    hours: list[HourOfAccount]
    is_sample: bool


class ConsumerLag(msgspec.Struct, frozen=True, kw_only=True):
    """How far a consumer is behind the log, counted up to `COUNTED_MAX`; `events` is None where it could not be read."""

    consumer: str
    events: int | None
    since: datetime | None


class ReconciledSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source of settlement files, and when the last run ended that took up a file of it."""

    standing: SourceStanding
    reconciled_at: datetime | None


class InvariantState(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant, and what the auditor found last; `verdict` is None before its first round."""

    name: str
    sentence: str
    verdict: Verdict | None


class SystemState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the system; a part is None where it could not be read."""

    consumers: list[ConsumerLag]
    queue: list[Backlog] | None
    breakers: Mapping[AccountKey, SharedBreaker] | None
    invariants: list[InvariantState] | None
    reconciliation: list[ReconciledSource] | None


async def read_needs(
    stores: HomeStores,
    kinds: Sequence[NeedKind],
    *,
    livemode: bool,
    scopes: Mapping[NeedKind, Sequence[MerchantId] | None],
    asking: Asking,
) -> list[Need]:
    """What needs a person in a mode, of the kinds asked for; `scopes` names the only merchants that count for a kind."""

    async def need(kind: NeedKind) -> Need:
        seen = PaymentsSeen(livemode, scopes.get(kind))
        return Need(kind=kind, found=await _read(kind, lambda: _count(stores, kind, seen, asking)))

    return list(await asyncio.gather(*map(need, kinds)))


async def read_rates(stores: HomeStores, seen: PaymentsSeen, now: datetime) -> Rates | None:
    """How the charges of the last hours fared, this hour included; None where it could not be read."""
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hours = await _read("rates", lambda: stores.payments.hours(seen, since=since, hours=HOURS))
    if hours is None:
        return None
    accepted: dict[datetime, int] = {}
    for one in hours:
        accepted[one.hour] = accepted.get(one.hour, 0) + one.accepted
    return Rates(hours=hours, is_sample=any(count >= CHARGES_OF_HOUR_MAX for count in accepted.values()))


async def read_money(stores: HomeStores, *, livemode: bool, now: datetime) -> list[MoneyDay] | None:
    """What PSPs took on the last days, this day included; None where it could not be read."""
    last = now.astimezone(UTC).date()
    first = last - timedelta(days=DAYS - 1)
    return await _read(
        "money",
        lambda: money_days(stores.ledgerdb, livemode=livemode, psps=stores.psps, first=first, last=last),
    )


async def read_system(stores: HomeStores) -> SystemState:
    """The state of the system, part by part."""
    consumers, queue, breakers, invariants, reconciliation = await asyncio.gather(
        asyncio.gather(*(_lag(stores.log, follower) for follower in stores.followers)),
        _read("queue", lambda: stores.jobs.backlog(counted_max=COUNTED_MAX)),
        read_breakers(stores.breakers),
        _read("invariants", lambda: _invariants(stores.verdicts)),
        _read("reconciliation", lambda: _reconciled(stores.sources)),
    )
    return SystemState(
        consumers=list(consumers),
        queue=queue,
        breakers=breakers,
        invariants=invariants,
        reconciliation=reconciliation,
    )


async def read_breakers(breakers: BreakerStore) -> Mapping[AccountKey, SharedBreaker] | None:
    """The breakers that have a state; None where they could not be read."""
    return await _read("breakers", breakers.read)


async def _count(stores: HomeStores, kind: NeedKind, seen: PaymentsSeen, asking: Asking) -> NeedCount:
    match kind:
        case "unknown_outcomes":
            # The same attempts as in the list, which tells them by their dead letters.
            attempts = await attempts_without_answer(stores.jobs)
            return await stores.payments.count(kind, seen, counted_max=COUNTED_MAX, without_answer=attempts)
        case "disputes_due" | "reviews" | "held_reports":
            return await stores.payments.count(kind, seen, counted_max=COUNTED_MAX)
        case "dead_letters":
            letters = await stores.jobs.count_held(counted_max=COUNTED_MAX)
            return NeedCount(letters.jobs, letters.oldest_at, None)
        case "parked_streams":
            parked = await list_parked(stores.log, stores.followers)
            return NeedCount(len(parked), min((one.stream.parked_at for one in parked), default=None), None)
        case "breaks":
            breaks = await count_open(stores.ledgerdb, livemode=seen.livemode, counted_max=COUNTED_MAX)
            return NeedCount(breaks.breaks, breaks.oldest_at, None)
        case "endpoints_failing":
            failing = await stores.endpoints.count_failing(OwnersSeen(*seen), counted_max=COUNTED_MAX)
            return NeedCount(failing.endpoints, failing.oldest_at, None)
        case "proposals":
            return await _waiting(stores.proposals, seen, asking)
        case _:
            assert_never(kind)


async def _waiting(proposals: Proposals, seen: PaymentsSeen, asking: Asking) -> NeedCount:
    found = [
        await proposals.waiting(
            asking.staff,
            deciding.kinds,
            livemode=seen.livemode,
            merchant_ids=deciding.merchant_ids,
            limit=COUNTED_MAX,
        )
        for deciding in asking.decides
    ]
    since = min((at for _, at in found if at is not None), default=None)
    return NeedCount(sum(count for count, _ in found), since, None)


async def _lag(log: EventLog[LogEvent], follower: Follower) -> ConsumerLag:
    async def lag() -> tuple[int, datetime | None]:
        tx, pos = await checkpoint_of(follower.target, follower.consumer.name)
        return await log.unread_after(tx, pos, counted_max=COUNTED_MAX)

    found = await _read(follower.consumer.name, lag)
    events, since = (None, None) if found is None else found
    return ConsumerLag(consumer=follower.consumer.name, events=events, since=since)


async def _invariants(verdicts: Verdicts) -> list[InvariantState]:
    found = {one.invariant: one for one in await verdicts.read()}
    return [
        InvariantState(name=one.name, sentence=one.sentence, verdict=found.get(one.name))
        for one in INVARIANTS
    ]


async def _reconciled(sources: Sources) -> list[ReconciledSource]:
    reconciled = await sources.last_reconciled()
    return [
        ReconciledSource(standing=one, reconciled_at=reconciled.get(one.source))
        for one in await sources.standings()
    ]


async def _read(part: str, read: Callable[[], Awaitable[T]]) -> T | None:
    """A part; None where it could not be read, or not in time: the others are shown all the same."""
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            return await read()
    except Exception as error:  # noqa: BLE001 -- a part that cannot be read must not hide the others
        _log.warning("home.part_unread", part=part, error=repr(error))
        return None
