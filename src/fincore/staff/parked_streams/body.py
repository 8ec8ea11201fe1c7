"""Parked streams as staff see them. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.parked_charges import Parked, ParkedList
from fincore.public.fields import ObjectName

ConsumerName = Literal["projectionist", "ledger", "notify", "risk"]
"""The consumers of the log that park streams."""

Consumer = Annotated[
    ConsumerName,
    Meta(
        description="`projectionist`: what lists and searches show. `ledger`: the entries. `notify`: webhooks to merchants. `risk`: counters."
    ),
]
StreamOf = Annotated[
    str,
    Meta(
        description="The id of what the stream is about: a charge, a checkout session, a payout, a settlement file or an adjustment.",
        examples=["ch_01kab5m5wvfb9v1c2m5hfv0d2e"],
    ),
]


class StaffParkedStreamBody(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of the log that a consumer no longer follows, since it could not apply an event."""

    object: Annotated[Literal["parked_stream"], ObjectName] = "parked_stream"
    consumer: Consumer
    stream: StreamOf
    since_version: Annotated[int, Meta(description="The version of the event that could not be applied.")]
    event_type: Annotated[
        str, Meta(description="The type of that event; `(not in the log)` where the log has none.")
    ]
    reason: Annotated[str, Meta(description="Why it could not be applied, without content of the event.")]
    parked_at: Annotated[datetime, Meta(description="Since when the consumer leaves the stream alone.")]


class StaffParkedStreamList(msgspec.Struct, frozen=True, kw_only=True):
    """All parked streams, on one page: a consumer parks 100 at most."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[
        list[StaffParkedStreamBody], Meta(description="The streams by consumer, the longest parked first.")
    ]
    unread: Annotated[
        list[Consumer],
        Meta(description="The consumers of which the stores could not be read: they may have parked more."),
    ]


class StaffParkedStreamResumptionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that a consumer follows again."""

    object: Annotated[Literal["parked_stream_resumption"], ObjectName] = "parked_stream_resumption"
    consumer: Consumer
    stream: StreamOf
    events: Annotated[
        int,
        Meta(
            description="How many events the consumer caught up on; 0 where it follows the stream already, such as after a request that is repeated."
        ),
    ]


def render_parked(found: ParkedList) -> StaffParkedStreamList:
    """All parked streams."""
    return StaffParkedStreamList(
        data=[_rendered(one) for one in found.parked], unread=_consumers(found.unread)
    )


def _rendered(one: Parked) -> StaffParkedStreamBody:
    return StaffParkedStreamBody(
        consumer=msgspec.convert(one.stream.consumer, ConsumerName),
        stream=one.name,
        since_version=one.stream.since_version,
        event_type=one.event_type,
        reason=one.stream.reason,
        parked_at=one.stream.parked_at,
    )


def _consumers(names: Sequence[str]) -> list[ConsumerName]:
    return msgspec.convert(names, list[ConsumerName])
