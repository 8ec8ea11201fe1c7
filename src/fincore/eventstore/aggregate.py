"""What the log has to be told about an aggregate: the state that one stream tells, and how events become it."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from fincore.domain.event_codec import EventCodec
from fincore.domain.ids import StreamId
from fincore.eventstore.commit import ClaimedReference

IdT = TypeVar("IdT")
StateT = TypeVar("StateT")
E = TypeVar("E")


class Aggregate(msgspec.Struct, Generic[IdT, StateT, E], frozen=True, kw_only=True):
    """A kind of stream, described by functions without effects.

    `stream_of` gives the stream of a public id. `fold` gives None for an empty stream.
    `version_of` is the number of events that a state has seen. `new_references` names what the second state, and not yet
    the first, owns at a PSP.
    """

    events: EventCodec[E]
    stream_of: Callable[[IdT], StreamId]
    fold: Callable[[Iterable[E]], StateT | None]
    evolve: Callable[[StateT, E], StateT]
    version_of: Callable[[StateT], int]
    new_references: Callable[[StateT, StateT], tuple[ClaimedReference, ...]]
