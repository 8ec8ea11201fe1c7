"""What `/staff/v1/home` answers. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.audit.verdicts import VerdictWord
from fincore.backoffice.home_page import (
    COUNTED_MAX,
    ConsumerLag,
    InvariantState,
    Need,
    NeedKind,
    Rates,
    ReconciledSource,
    SystemState,
)
from fincore.public.fields import ObjectName
from fincore.staff.access.person import Mode
from fincore.staff.home.money_body import StaffMoneyBody
from fincore.staff.home.need_lists import list_of
from fincore.staff.home.part_state import PartState
from fincore.write.routing.breaker import BreakerState

_HasMore = Annotated[bool, Meta(description="Whether there are more than were counted.")]
_Psp = Annotated[str, Meta(description="The PSP.", examples=["stripe"])]
_PspAccount = Annotated[str, Meta(description="The account at the PSP.", examples=["test"])]


class StaffNeedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind that need a person."""

    kind: Annotated[NeedKind, Meta(description="What they are.")]
    state: PartState
    count: Annotated[
        int | None,
        Meta(description=f"How many there are, up to {COUNTED_MAX:,}; null where it could not be read."),
    ]
    has_more: _HasMore
    oldest_at: Annotated[
        datetime | None,
        Meta(description="Since when the oldest waits; null for none, or where it is not known."),
    ]
    due_at: Annotated[datetime | None, Meta(description="When the first is due; null where none is.")]
    list: Annotated[
        str,
        Meta(
            description="The request that lists them.",
            examples=["/staff/v1/webhook_endpoints?mode=live&condition=failing"],
        ),
    ]


class StaffRateBody(msgspec.Struct, frozen=True, kw_only=True):
    """How the charges that were accepted in one hour stand now, at one account. The others were canceled or have expired."""

    hour: Annotated[datetime, Meta(description="When the hour began.")]
    psp: _Psp
    psp_account: _PspAccount
    accepted: Annotated[int, Meta(description="How many were accepted.")]
    succeeded: Annotated[int, Meta(description="How many of them are captured or authorized.")]
    failed: Annotated[int, Meta(description="How many of them failed.")]
    unfinished: Annotated[int, Meta(description="How many of them wait for the PSP or the customer.")]


class StaffRatesBody(msgspec.Struct, frozen=True, kw_only=True):
    """How the charges of the last 24 hours fared, this hour included."""

    state: PartState
    is_sample: Annotated[
        bool,
        Meta(
            description="Whether of some hour only the first charges were looked at: shares then stand for all."
        ),
    ]
    hours: Annotated[
        list[StaffRateBody],
        Meta(description="By hour and account; hours without a charge are left out."),
    ]


class StaffConsumerBody(msgspec.Struct, frozen=True, kw_only=True):
    """How far a consumer is behind the log."""

    consumer: Annotated[
        Literal["projectionist", "ledger", "notify", "risk"], Meta(description="The consumer of the log.")
    ]
    state: PartState
    events_behind: Annotated[
        int | None,
        Meta(
            description=f"How many events it has not applied, up to {COUNTED_MAX:,}; null where it could not be read."
        ),
    ]
    has_more: _HasMore
    behind_since: Annotated[
        datetime | None, Meta(description="When the first of these events was recorded; null for none.")
    ]


class StaffBacklogBody(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of one kind that are due and not begun."""

    kind: Annotated[str, Meta(description="What the jobs do.", examples=["charge.authorize"])]
    due: Annotated[int, Meta(description=f"How many are due, up to {COUNTED_MAX:,}.")]
    has_more: _HasMore
    oldest_due_at: Annotated[datetime, Meta(description="Since when the first is due.")]


class StaffQueueBody(msgspec.Struct, frozen=True, kw_only=True):
    """The job queue."""

    state: PartState
    kinds: Annotated[
        list[StaffBacklogBody], Meta(description="The kinds of which jobs are due, longest due first.")
    ]


class StaffBreakerBody(msgspec.Struct, frozen=True, kw_only=True):
    """The breaker of an account that was called lately, or is not called now."""

    psp: _Psp
    psp_account: _PspAccount
    state: Annotated[
        BreakerState,
        Meta(
            description="`open`: the account is not called. `half_open`: one call tries it. `closed`: it is called."
        ),
    ]
    since: Annotated[datetime | None, Meta(description="When the state changed; null where it never did.")]
    reason: Annotated[str | None, Meta(description="Why it is not closed; null where it is.")]
    next_try_seconds: Annotated[
        int | None, Meta(description="In how many seconds a call tries the account; null where it is called.")
    ]
    calls: Annotated[int, Meta(description="How many calls were counted in the last minute.")]
    unavailable: Annotated[int, Meta(description="How many of them did not reach the account.")]


class StaffBreakersBody(msgspec.Struct, frozen=True, kw_only=True):
    """The breakers of accounts."""

    state: PartState
    breakers: Annotated[list[StaffBreakerBody], Meta(description="By PSP and account.")]


class StaffInvariantBody(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant, and what the auditor found last."""

    name: Annotated[str, Meta(description="Its name.", examples=["entries_balance"])]
    sentence: Annotated[str, Meta(description="What must hold.")]
    verdict: Annotated[
        VerdictWord | None,
        Meta(
            description="`unchecked`: it could not be checked, and nothing is known of it. null: not checked yet."
        ),
    ]
    violations: Annotated[int, Meta(description="How many rows break it, up to 100.")]
    checked_at: Annotated[datetime | None, Meta(description="When it was checked; null for never.")]


class StaffInvariantsBody(msgspec.Struct, frozen=True, kw_only=True):
    """The invariants of the stores."""

    state: PartState
    invariants: Annotated[
        list[StaffInvariantBody], Meta(description="Those that are broken or unchecked first.")
    ]


class StaffSourceStandingBody(msgspec.Struct, frozen=True, kw_only=True):
    """A source of settlement files."""

    source: Annotated[str, Meta(description="Its name.")]
    psp: _Psp
    psp_account: _PspAccount
    mode: Annotated[Mode, Meta(description="Whether it tells of live money.")]
    fetched_at: Annotated[datetime | None, Meta(description="When the last good look ended; null for none.")]
    reconciled_at: Annotated[
        datetime | None, Meta(description="When the last run ended that took up a file of it; null for none.")
    ]
    failures: Annotated[int, Meta(description="How many looks failed since the last good one.")]
    overdue_seconds: Annotated[int, Meta(description="How long a good look is missing; 0 for none.")]
    late_seconds: Annotated[int, Meta(description="How long a further file is overdue; 0 for none.")]


class StaffReconciliationStateBody(msgspec.Struct, frozen=True, kw_only=True):
    """The sources of settlement files, and how they stand."""

    state: PartState
    sources: Annotated[list[StaffSourceStandingBody], Meta(description="By name.")]


class StaffHomeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What needs a person today in a mode, and the state of the system."""

    object: Annotated[Literal["home"], ObjectName] = "home"
    mode: Annotated[Mode, Meta(description="The mode of needs and rates.")]
    at: Annotated[datetime, Meta(description="When it was read.")]
    needs: Annotated[
        list[StaffNeedBody], Meta(description="What needs a person; kinds that you may not see are left out.")
    ]
    rates: Annotated[StaffRatesBody, Meta(description="How charges fared.")]
    money: Annotated[
        StaffMoneyBody,
        Meta(
            description="What PSPs took, by day and currency; hidden from those who do not read the books of all merchants."
        ),
    ]
    consumers: Annotated[
        list[StaffConsumerBody],
        Meta(description="How far each consumer is behind; empty where you may not see it."),
    ]
    queue: Annotated[StaffQueueBody, Meta(description="What is due.")]
    breakers: Annotated[StaffBreakersBody, Meta(description="Which accounts are not called.")]
    invariants: Annotated[StaffInvariantsBody, Meta(description="What the auditor found last.")]
    reconciliation: Annotated[
        StaffReconciliationStateBody, Meta(description="How the sources of settlement files stand.")
    ]


def render_home(
    mode: Mode,
    at: datetime,
    *,
    needs: Sequence[Need],
    rates: Rates | None,
    money: StaffMoneyBody,
    system: SystemState | None,
) -> StaffHomeBody:
    """The home page; `system` is None for a person who may not see it."""
    return StaffHomeBody(
        mode=mode,
        at=at,
        needs=[_need(need, mode) for need in needs],
        rates=_rates(rates),
        money=money,
        consumers=[] if system is None else [_consumer(one) for one in system.consumers],
        queue=_queue(system),
        breakers=_breakers(system, at),
        invariants=_invariants(system),
        reconciliation=_reconciliation(system),
    )


def _need(need: Need, mode: Mode) -> StaffNeedBody:
    found = need.found
    return StaffNeedBody(
        kind=need.kind,
        state="unavailable" if found is None else "read",
        count=None if found is None else min(found.things, COUNTED_MAX),
        has_more=found is not None and found.things >= COUNTED_MAX,
        oldest_at=None if found is None else found.oldest_at,
        due_at=None if found is None else found.due_at,
        list=list_of(need.kind, mode),
    )


def _rates(rates: Rates | None) -> StaffRatesBody:
    if rates is None:
        return StaffRatesBody(state="unavailable", is_sample=False, hours=[])
    hours = [StaffRateBody(**msgspec.structs.asdict(one)) for one in rates.hours]
    return StaffRatesBody(state="read", is_sample=rates.is_sample, hours=hours)


def _consumer(lag: ConsumerLag) -> StaffConsumerBody:
    return StaffConsumerBody(
        consumer=msgspec.convert(lag.consumer, Literal["projectionist", "ledger", "notify", "risk"]),
        state="unavailable" if lag.events is None else "read",
        events_behind=lag.events,
        has_more=lag.events is not None and lag.events >= COUNTED_MAX,
        behind_since=lag.since,
    )


def _state(system: SystemState | None, part: object) -> Literal["read", "unavailable", "hidden"]:
    if system is None:
        return "hidden"
    return "unavailable" if part is None else "read"


def _queue(system: SystemState | None) -> StaffQueueBody:
    queue = None if system is None else system.queue
    kinds = [
        StaffBacklogBody(
            kind=one.kind, due=one.jobs, has_more=one.jobs >= COUNTED_MAX, oldest_due_at=one.oldest_due_at
        )
        for one in queue or ()
    ]
    return StaffQueueBody(state=_state(system, queue), kinds=kinds)


def _breakers(system: SystemState | None, at: datetime) -> StaffBreakersBody:
    breakers = None if system is None else system.breakers
    shown = [
        StaffBreakerBody(
            psp=key.psp,
            psp_account=key.account,
            state=one.state,
            since=None if one.changed_at is None else min(one.changed_at, at),
            reason=one.reason or None,
            next_try_seconds=None if one.state == "closed" else max(round(one.seconds_left), 0),
            calls=one.counts.available + one.counts.unavailable,
            unavailable=one.counts.unavailable,
        )
        for key, one in sorted((breakers or {}).items())
    ]
    return StaffBreakersBody(state=_state(system, breakers), breakers=shown)


def _invariants(system: SystemState | None) -> StaffInvariantsBody:
    invariants = None if system is None else system.invariants
    shown = sorted((_invariant(one) for one in invariants or ()), key=lambda one: one.verdict == "holds")
    return StaffInvariantsBody(state=_state(system, invariants), invariants=shown)


def _invariant(one: InvariantState) -> StaffInvariantBody:
    verdict = one.verdict
    return StaffInvariantBody(
        name=one.name,
        sentence=one.sentence,
        verdict=None if verdict is None else verdict.verdict,
        violations=0 if verdict is None else verdict.violations,
        checked_at=None if verdict is None else verdict.checked_at,
    )


def _reconciliation(system: SystemState | None) -> StaffReconciliationStateBody:
    sources = None if system is None else system.reconciliation
    return StaffReconciliationStateBody(
        state=_state(system, sources), sources=[_source(one) for one in sources or ()]
    )


def _source(one: ReconciledSource) -> StaffSourceStandingBody:
    standing = one.standing
    return StaffSourceStandingBody(
        source=standing.source,
        psp=standing.psp,
        psp_account=standing.psp_account,
        mode="live" if standing.livemode else "test",
        fetched_at=standing.fetched_at,
        reconciled_at=one.reconciled_at,
        failures=standing.failures,
        overdue_seconds=timedelta(seconds=standing.overdue_seconds) // timedelta(seconds=1),
        late_seconds=timedelta(seconds=standing.late_seconds) // timedelta(seconds=1),
    )
