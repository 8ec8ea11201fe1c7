"""Parked streams, of charges nearly always: those that a consumer has set aside because it could not apply an event."""

from collections.abc import Sequence
from typing import NamedTuple

from fincore.domain.errors import FinCoreError
from fincore.domain.log_events import LogEvent
from fincore.domain.stream_names import StreamName, stream_named
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import ParkedStream, parked_streams, resume
from fincore.eventstore.stream_positions import StreamPositions
from fincore.postgres.failures import is_outage
from fincore.postgres.pool import Pool


class NotParked(FinCoreError):
    """No consumer, or not the one named, has parked the stream."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not parked: `fincore parked list` lists what is")


class Follower(NamedTuple):
    """A consumer, the store that it writes to, and its positions there, if it may be given events by shards."""

    consumer: Consumer[LogEvent]
    target: Pool
    positions: StreamPositions | None = None


class Parked(NamedTuple):
    """A stream that a consumer has parked, the id of what it is about, and the type of the event that could not be applied."""

    stream: ParkedStream
    name: str
    event_type: str


class Resumed(NamedTuple):
    """A consumer that follows a stream again, and how many events it caught up on."""

    consumer: str
    events: int


class ParkedList(NamedTuple):
    """What consumers have parked, and the names of the consumers of which the stores could not be read."""

    parked: list[Parked]
    unread: list[str]


async def list_parked(log: EventLog[LogEvent], followers: Sequence[Follower]) -> list[Parked]:
    """What consumers have parked, by consumer, the longest parked first."""
    found = [
        parked
        for follower in followers
        for parked in await parked_streams(follower.target, follower.consumer.name)
    ]
    return await _named(log, found)


async def list_parked_where_read(log: EventLog[LogEvent], followers: Sequence[Follower]) -> ParkedList:
    """The same, with the names of consumers in place of an error where their stores are away."""
    found: list[ParkedStream] = []
    unread: list[str] = []
    for follower in followers:
        try:
            found += await parked_streams(follower.target, follower.consumer.name)
        except Exception as error:
            if not is_outage(error):
                raise
            unread.append(follower.consumer.name)
    return ParkedList(await _named(log, found), unread)


async def _named(log: EventLog[LogEvent], found: Sequence[ParkedStream]) -> list[Parked]:
    types = await log.types((one.stream_id, one.since_version) for one in found)
    names = await log.names(one.stream_id for one in found)
    # A log that was set back may lack an event that a read model has seen.
    return [
        Parked(one, names[one.stream_id], types.get((one.stream_id, one.since_version), "(not in the log)"))
        for one in found
    ]


async def is_followed(
    log: EventLog[LogEvent], followers: Sequence[Follower], *, name: StreamName, consumer_name: str
) -> bool:
    """Whether a consumer that has not parked a stream follows it: there are both."""
    has_consumer = any(follower.consumer.name == consumer_name for follower in followers)
    return has_consumer and bool(await log.types([(stream_named(name), 1)]))


async def resume_parked(
    log: EventLog[LogEvent],
    followers: Sequence[Follower],
    *,
    name: StreamName,
    consumer_name: str | None,
) -> list[Resumed]:
    """Let one consumer, or every consumer that parked a stream, catch up with it; `name` is the id of what the stream is about.

    Raises `NotParked`, and `StillInapplicable` where the event still cannot be applied.
    """
    stream_id = stream_named(name)
    resumed: list[Resumed] = []
    for follower in followers:
        if consumer_name in (None, follower.consumer.name):
            events = await resume(
                log, follower.target, follower.consumer, stream_id, positions=follower.positions
            )
            if events is not None:
                resumed.append(Resumed(follower.consumer.name, events))
    if not resumed:
        raise NotParked(name)
    return resumed
