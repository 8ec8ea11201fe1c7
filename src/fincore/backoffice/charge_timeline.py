"""What happened to a charge, event by event, with who caused it and why. Pure.

The dashboard says each type of event in words of its own language; here are the codes and the facts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.events import ChargeEvent, EventType, event_type
from fincore.domain.ids import EventId
from fincore.domain.public_event import ShownValue, occurred_at
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.staff_decision import Agreement
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import LoggedEvent

ActorKind = Literal["merchant", "customer", "staff", "operator", "psp", "worker", "janitor", "unknown"]
"""Who caused an event. `janitor`: FinCore finding out an unknown outcome. `operator`: a person at the command line."""

_HIDDEN: Final = frozenset(
    {
        # The charge itself shows them.
        "merchant_id",
        "livemode",
        # The holder of one of these addresses can pay, or go on, in the place of the customer.
        "redirect_url",
        "return_url",
        "cancel_url",
        "return_page",
    }
)
_PEOPLE: Final = ("by", "decided_by", "released_by")
_REASONS: Final = ("reason", "detail", "message")


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who caused an event: `name` is a person, the id of a key, or a PSP; `subject` is the issuer's id of a person of staff."""

    kind: ActorKind
    name: str | None = None
    subject: str | None = None


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `type` is None for one that this version cannot read; `unreadable` then says why.

    `reason` is the sentence that a person or a PSP gave, `agreement` the second person's where the act needed one. `data` are its other facts that are single values.
    """

    event_id: EventId
    version: int
    type: EventType | None
    at: datetime
    recorded_at: datetime
    actor: Actor
    reason: str | None
    data: Mapping[str, ShownValue]
    psp_event_id: str | None = None
    agreement: Agreement | None = None
    unreadable: str | None = None


def timeline_of(
    events: Sequence[LoggedEvent[ChargeEvent]],
    provenances: Mapping[int, Provenance],
    recorded_at: Mapping[EventId, datetime],
) -> list[TimelineEvent]:
    """The events of a charge. `recorded_at` is that of the events that cannot be read."""
    return [
        _told(one, provenances.get(one.version))
        if isinstance(one, RecordedEvent)
        else TimelineEvent(
            event_id=one.event_id,
            version=one.version,
            type=None,
            at=recorded_at[one.event_id],
            recorded_at=recorded_at[one.event_id],
            actor=_actor(provenances.get(one.version), {}),
            reason=None,
            data={},
            unreadable=one.reason,
        )
        for one in events
    ]


def _told(recorded: RecordedEvent[ChargeEvent], provenance: Provenance | None) -> TimelineEvent:
    fields = msgspec.to_builtins(recorded.event)
    actor = _actor(provenance, fields)
    by_person = next((str(fields[name]) for name in _REASONS if fields.get(name)), None)
    reason = by_person or (provenance.reason if provenance else None)
    return TimelineEvent(
        event_id=recorded.event_id,
        version=recorded.version,
        type=event_type(recorded.event),
        at=occurred_at(recorded),
        recorded_at=recorded.recorded_at,
        actor=actor,
        reason=reason,
        data={
            name: value
            for name, value in fields.items()
            if name not in _HIDDEN and isinstance(value, str | int | bool) and value != reason
        },
        agreement=provenance.agreement if provenance else None,
        psp_event_id=provenance.causation if provenance and actor.kind == "psp" else None,
    )


def _actor(provenance: Provenance | None, fields: Mapping[str, object]) -> Actor:
    """Who caused an event, from what stands beside it, and the name that a person gave."""
    if provenance is None:
        return Actor(kind="unknown")
    by: object = next((fields[name] for name in _PEOPLE if fields.get(name)), None)
    named = by or provenance.by
    name = str(named) if named else None
    kind, _, rest = provenance.actor.partition(":")
    match kind:
        case "worker" | "janitor" | "customer":
            return Actor(
                kind="worker" if kind == "worker" else "janitor" if kind == "janitor" else "customer",
                name=name,
            )
        case "webhook":
            return Actor(kind="psp", name=rest or None)
        case "operator":
            return Actor(kind="operator", name=name or rest or None)
        case "staff":
            return Actor(kind="staff", name=name, subject=rest or None)
    if provenance.actor.startswith("key_"):
        return Actor(kind="merchant", name=provenance.actor)
    return Actor(kind="unknown", name=provenance.actor)
