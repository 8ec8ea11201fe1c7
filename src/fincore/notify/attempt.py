"""One attempt at one delivery, and the rows that tell of it. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from fincore.domain.ids import WebhookDeliveryId, WebhookEndpointId
from fincore.notify.retry_schedule import (
    AttemptResult,
    Delivered,
    Failed,
    NextStep,
    Retry,
    pause_seconds,
)

QUICK_MILLISECONDS: Final = 1_000
"""An endpoint that needs longer to answer has enough attempts under way."""


class DeliveryTraces(msgspec.Struct, frozen=True):
    """What a delivery follows in traces: the commit of the event that it tells, and that of the first event of the same stream."""

    event: str | None = None
    origin: str | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery leased for one attempt. `attempt` counts all of it, `round_attempt` those since it was last replayed.

    `encrypted_secrets` are those that sign now, the current one first; `failures` the endpoint's failures in a row.
    `is_crowded`: with this one the endpoint had as many attempts under way as it may, so that more might help. `traces` names the spans of
    the commits of the event and of the first one of its stream, where they were traced.
    """

    delivery_id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    url: str
    body: bytes
    attempt: int
    round_attempt: int
    failures: int
    is_crowded: bool
    encrypted_secrets: tuple[bytes, ...]
    traces: DeliveryTraces = DeliveryTraces()


class Attempted(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is over."""

    claimed: Claimed
    began_at: datetime
    ended_at: datetime
    duration_ms: int
    result: AttemptResult
    step: NextStep


def attempt_row(one: Attempted) -> tuple[object, ...]:
    """How an attempt went, as a row of `insert_attempts`."""
    return (
        one.claimed.delivery_id,
        one.claimed.attempt,
        one.began_at,
        one.result.status,
        one.result.error,
        one.duration_ms,
    )


def delivery_row(one: Attempted) -> tuple[object, ...]:
    """What follows for the delivery, as a row of `finish_deliveries`."""
    match one.step:
        case Retry(at=at):
            after: tuple[object, ...] = ("pending", None, at, None)
        case Delivered():
            after = ("delivered", None, None, one.ended_at)
        case Failed(failure=failure):
            after = ("failed", failure, None, one.ended_at)
    return (one.claimed.delivery_id, one.claimed.attempt, *after)


def health_rows(attempted: Sequence[Attempted]) -> list[tuple[object, ...]]:
    """How the endpoints fare, as rows of `note_health`, one each.

    A success among failures clears them. Attempts that were under way together and failed count as one failure. Each
    quick success of an endpoint that might use more places gives it one; a failure or a slow answer takes half of them.
    """
    by_endpoint: dict[WebhookEndpointId, list[Attempted]] = {}
    for one in attempted:
        by_endpoint.setdefault(one.claimed.endpoint_id, []).append(one)
    return [(endpoint_id, *_fared(ones), *_places(ones)) for endpoint_id, ones in by_endpoint.items()]


def columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Rows as one array a column; there must be at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]


def _fared(attempted: Sequence[Attempted]) -> tuple[object, ...]:
    one = max(attempted, key=_weight)
    if one.result.is_success:
        return 0, None, one.ended_at
    return one.claimed.failures + 1, one.ended_at + _pause(one), None


def _places(attempted: Sequence[Attempted]) -> tuple[int, bool]:
    """How many places more, or whether half of them."""
    if all(one.result.is_success and one.duration_ms <= QUICK_MILLISECONDS for one in attempted):
        return sum(one.claimed.is_crowded for one in attempted), False
    return 0, True


def _weight(one: Attempted) -> tuple[bool, timedelta]:
    """Of several attempts at an endpoint the weightiest counts: a success, else the one that asks for the longest pause."""
    return one.result.is_success, _pause(one)


def _pause(one: Attempted) -> timedelta:
    return timedelta(seconds=pause_seconds(one.result, failures=one.claimed.failures + 1))
