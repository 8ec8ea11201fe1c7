"""Finding the events that a consumer cannot apply, without any effect of looking for them.

Each trial is rolled back to a savepoint. Streams are tried together and, where that fails, in halves: a few events
in a batch are found in a few trials.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

import asyncpg

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import LoggedEvent, UnreadableEvent
from fincore.observability.logs import redact
from fincore.postgres.failures import is_outage, meaning_of
from fincore.postgres.pool import Connection

E = TypeVar("E")

REASON_CHARACTERS_MAX: Final = 200


_REFUSED_ARGUMENT: Final = re.compile(r"invalid input for query argument \$\d+")
"""How asyncpg begins to say what cannot be sent; the value follows, and why is in the cause of the error."""
_QUOTED: Final = re.compile(r"'[^']*'")


class Inapplicable(NamedTuple):
    """The first version of a stream that cannot be applied, and why, without content of the event."""

    since_version: int
    reason: str


class Unreadable(FinCoreError):
    """An event cannot be read by this version."""


def readable(events: Sequence[LoggedEvent[E]]) -> list[RecordedEvent[E]]:
    """The same events, all of which can be read. Raises `Unreadable` for one that cannot."""
    found: list[RecordedEvent[E]] = []
    for event in events:
        if not isinstance(event, RecordedEvent):
            raise Unreadable(event.reason)
        found.append(event)
    return found


def applicable(
    events: Sequence[LoggedEvent[E]], inapplicable: Mapping[StreamId, Inapplicable]
) -> list[RecordedEvent[E]]:
    """The events that can be applied: all of most streams, and of the others what comes before the first inapplicable one."""
    return [
        event
        for event in events
        if isinstance(event, RecordedEvent)
        and (
            event.stream_id not in inapplicable or event.version < inapplicable[event.stream_id].since_version
        )
    ]


def is_caused_by_event(error: Exception) -> bool:
    """Whether an error can come from what was to be applied, rather than from the database or the machine."""
    if is_outage(error) or isinstance(error, MemoryError):
        return False
    # A defect that PostgreSQL reports (no rights, no such table) says nothing about the event.
    return not isinstance(error, asyncpg.PostgresError) or meaning_of(error) == "data"


async def find_inapplicable(
    connection: Connection, consumer: Consumer[E], events: Sequence[LoggedEvent[E]]
) -> dict[StreamId, Inapplicable]:
    """The streams of a batch that cannot be applied to their end, and from where on each cannot.

    Raises every error that does not blame an event. Runs inside a transaction of `connection`, which goes on.
    """
    found: dict[StreamId, Inapplicable] = {}
    readable: list[RecordedEvent[E]] = []
    for event in events:
        if event.stream_id in found:
            continue
        if isinstance(event, UnreadableEvent):
            found[event.stream_id] = Inapplicable(event.version, event.reason)
        else:
            readable.append(event)
    pending = [list(dict.fromkeys(event.stream_id for event in readable))]
    while pending:
        streams = pending.pop()
        chosen = set(streams)
        # In the order of the log, so that each trial is a batch as the consumer knows it.
        together = [event for event in readable if event.stream_id in chosen]
        if not together or await _tried(connection, consumer, together) is None:
            continue
        if len(streams) == 1:
            found[streams[0]] = await _first_inapplicable(connection, consumer, together)
        else:
            middle = len(streams) // 2
            pending += [streams[middle:], streams[:middle]]
    return found


async def _first_inapplicable(
    connection: Connection, consumer: Consumer[E], events: Sequence[RecordedEvent[E]]
) -> Inapplicable:
    """Where a stream that cannot be applied as a whole begins to fail."""
    for count in range(1, len(events) + 1):
        reason = await _tried(connection, consumer, events[:count])
        if reason is not None:
            return Inapplicable(events[count - 1].version, reason)
    # It failed with the same events a moment ago: nothing of it can be relied on.
    return Inapplicable(events[0].version, "it fails now and then")


async def _tried(
    connection: Connection, consumer: Consumer[E], events: Sequence[RecordedEvent[E]]
) -> str | None:
    """Why events cannot be applied; None where they can. Nothing of the trial stays."""
    reason: str | None = None
    savepoint = connection.transaction()
    await savepoint.start()
    try:
        await consumer.apply(connection, events)
    except Exception as error:
        if not is_caused_by_event(error):
            raise
        reason = _reason_of(error)
    await savepoint.rollback()
    return reason


def _reason_of(error: Exception) -> str:
    """An error in a few words, without secrets and card numbers."""
    # All of it is searched before it is cut: half a card number is still one.
    said = redact(" ".join(_said(error).split()))
    return f"{type(error).__name__}: {said}"[:REASON_CHARACTERS_MAX] if said else type(error).__name__


def _said(error: Exception) -> str:
    """PostgreSQL's details are left out: they hold whole rows. So are values that asyncpg has refused by itself."""
    if not isinstance(error, asyncpg.PostgresError):
        return str(error)
    if error.message:
        return str(error.message)
    argument = _REFUSED_ARGUMENT.match(str(error))
    if argument is None:
        return ""
    why = _QUOTED.sub("'...'", str(error.__cause__ or "it does not fit"))
    return f"{argument[0]}: {why}"
