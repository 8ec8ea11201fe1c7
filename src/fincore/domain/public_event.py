"""An event as its merchant may see it, in timelines, lists of events and webhooks alike.

Never the PSP's free text and never our reasons: those are for staff. One table says what of each event is shown.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.events import EVENTS, ChargeEvent, EventType, RecordedEvent, event_type
from fincore.domain.ids import ChargeId, charge_of, public_event_id

ShownValue = str | int | bool | None

_MONEY: Final = ("amount_minor", "currency")
_FAILURE: Final = ("code", "decline_code", "advice")
_REFUND: Final = ("refund_id", *_MONEY)
_MOVEMENT: Final = ("dispute_id", *_MONEY, "fee_minor")

SHOWN: Final[Mapping[EventType, tuple[str, ...]]] = MappingProxyType(
    {
        "charge.created": (*_MONEY, "capture_method"),
        "charge.authorized": (*_MONEY, "capture_before"),
        "charge.captured": _MONEY,
        "charge.failed": _FAILURE,
        "charge.action_required": ("redirect_url",),
        "charge.outcome_unknown": ("operation",),
        "charge.canceled": ("reason",),
        "charge.expired": ("reason",),
        "charge.capture_requested": ("amount_minor",),
        "charge.capture_failed": _FAILURE,
        "charge.cancel_requested": ("reason",),
        "charge.cancel_failed": _FAILURE,
        "charge.fee_assessed": ("fee_minor", "currency"),
        "charge.corrected": (
            "status_before",
            "status_after",
            "captured_before_minor",
            "captured_after_minor",
            "currency",
        ),
        "charge.outcome_decided": ("refund_id",),
        "refund.requested": (*_REFUND, "reason", "origin"),
        "refund.outcome_unknown": ("refund_id",),
        "refund.pending": ("refund_id",),
        "refund.succeeded": _REFUND,
        "refund.failed": (*_REFUND, "code", "was_succeeded"),
        "refund.corrected": _REFUND,
        "dispute.opened": ("dispute_id", *_MONEY, "reason", "status", "is_inquiry", "evidence_due_by"),
        "dispute.updated": ("dispute_id", "status", "is_inquiry", "evidence_due_by"),
        "dispute.funds_withdrawn": _MOVEMENT,
        "dispute.funds_reinstated": _MOVEMENT,
        "dispute.won": ("dispute_id",),
        "dispute.lost": ("dispute_id",),
        "dispute.closed": ("dispute_id",),
    }
)
"""Event type -> the fields of it that a merchant sees."""

_TIMES: Final = ("occurred_at", "requested_at", "created_at", "decided_at", "since")
_TIME_OF: Final[Mapping[type[ChargeEvent], str | None]] = {
    shape: next((name for name in _TIMES if name in shape.__struct_fields__), None)
    for _, shape in EVENTS.values()
}
"""Event -> the field that says when it happened; None where only we know when we heard of it."""


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a charge; `version` is its place among them, from 1.

    `event_id` is the public `evt_...`; `occurred_at` the PSP's time of the fact where it has one, `recorded_at` when
    FinCore wrote it down.
    """

    event_id: str
    type: EventType
    charge_id: ChargeId
    version: int
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, ShownValue]


def public_event(recorded: RecordedEvent) -> PublicEvent:
    """What the merchant of an event may see of it."""
    return PublicEvent(
        event_id=public_event_id(recorded.event_id),
        type=event_type(recorded.event),
        charge_id=charge_of(recorded.stream_id),
        version=recorded.version,
        occurred_at=occurred_at(recorded),
        recorded_at=recorded.recorded_at,
        data=shown_data(recorded.event),
    )


def shown_data(event: ChargeEvent) -> dict[str, ShownValue]:
    """The fields of an event that its merchant may see, in the order of the table."""
    return {field: _shown(getattr(event, field)) for field in SHOWN[event_type(event)]}


def occurred_at(recorded: RecordedEvent) -> datetime:
    """When it happened: by the event's own word, else when FinCore wrote it down."""
    field = _TIME_OF[type(recorded.event)]
    moment: datetime = recorded.recorded_at if field is None else getattr(recorded.event, field)
    return moment


def _shown(value: object) -> ShownValue:
    # One after the other: a union costs more than the rest of this.
    if value is None or isinstance(value, str) or isinstance(value, int):  # noqa: SIM101 -- the sentence above
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a merchant cannot be shown a {type(value).__name__}")
