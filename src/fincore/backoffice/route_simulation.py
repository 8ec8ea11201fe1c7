"""Routing tried out on the charges of the log: where each would have gone, beside where it went. Nothing is written."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from fincore.domain.events import ChargeCreated, ChargeEvent, ChargeRerouted
from fincore.domain.ids import ChargeId, StreamId, charge_of
from fincore.domain.money import Money
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.route_plan import PlannedAttempt, RoutePlan
from fincore.eventstore.log import EventLog
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.plan import offered_of
from fincore.write.routing.router import NoRoute, RouteRequest
from fincore.write.routing.rules import LiveRules, routed

EVENTS_AT_A_TIME: Final = 1_000


class Way(NamedTuple):
    """Where charges went, and where they would begin, as `psp/account`; `refused: {code}` where no account would take them.

    `went` has the account of each attempt, in order. `rule` is None where none would match.
    """

    rule: str | None
    went: tuple[str, ...]
    would_go: str


class LogSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Charges by their way, the most frequent first; how many could not be read; and for how many each rule erred."""

    charges: int
    ways: list[tuple[Way, int]]
    errors: dict[str, int]
    unreadable: int

    @property
    def moved(self) -> int:
        """Charges that would begin at another account, or at none."""
        return sum(count for way, count in self.ways if way.went[0] != way.would_go)

    @property
    def rerouted(self) -> int:
        """Charges that went on to a further account: it depends on what could be reached at the time, and no rule says it."""
        return sum(count for way, count in self.ways if len(way.went) > 1)


async def simulate_log(
    log: EventLog[ChargeEvent],
    accounts: Sequence[ConfiguredAccount],
    live: LiveRules | None,
    *,
    since: datetime,
) -> LogSimulation:
    """Route every charge that was created since a moment anew. What is counted grows with rules and accounts, not with charges."""
    until = await log.end()
    ways: Counter[Way] = Counter()
    # Of the charge that is being read: its further attempts come after its first event.
    way: Way | None = None
    errors: Counter[str] = Counter()
    unreadable = 0
    # Streams are named in the order of time, so those since a moment lie behind one name.
    stream_id, version = _first_stream_of(since), 0
    while page := await log.read_streams_after(stream_id, version, until=until, limit=EVENTS_AT_A_TIME):
        for one in page:
            event = one.event if isinstance(one, RecordedEvent) else None
            if one.version == 1:
                ways.update(() if way is None else (way,))
                way = None
                if isinstance(event, ChargeCreated):
                    plan, erred = routed(request_of(charge_of(one.stream_id), event), accounts, live)
                    way = _way(event, plan)
                    errors.update(rule for rule, _ in erred)
                else:
                    unreadable += 1
            elif way is not None and isinstance(event, ChargeRerouted):
                way = way._replace(went=(*way.went, f"{event.psp}/{event.psp_account}"))
        stream_id, version = page[-1].stream_id, page[-1].version
    ways.update(() if way is None else (way,))
    return LogSimulation(
        charges=ways.total(), ways=ways.most_common(), errors=dict(errors), unreadable=unreadable
    )


def request_of(charge_id: ChargeId, created: ChargeCreated) -> RouteRequest:
    """What was known of a charge when it was accepted."""
    plan = created.plan or RoutePlan(
        attempts=(PlannedAttempt(created.psp, created.psp_account, created.payment_method),)
    )
    return RouteRequest(
        key=charge_id,
        merchant_id=created.merchant_id,
        livemode=created.livemode,
        money=Money(created.amount_minor, created.currency),
        capture_method=created.capture_method,
        offered=offered_of(plan),
        metadata=created.metadata,
    )


def _way(created: ChargeCreated, plan: RoutePlan | NoRoute) -> Way:
    went = (f"{created.psp}/{created.psp_account}",)
    if isinstance(plan, NoRoute):
        return Way(None, went, f"refused: {plan.code}")
    first = plan.attempts[0]
    return Way(plan.rule, went, f"{first.psp}/{first.psp_account}")


def _first_stream_of(moment: datetime) -> StreamId:
    """The least UUID of version 7 with a time (RFC 9562, 5.7): milliseconds in its first 48 bits."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return StreamId(UUID(int=milliseconds << 80))
