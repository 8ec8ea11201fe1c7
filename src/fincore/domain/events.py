"""The facts the log holds: past tense, dotted, versioned. The table at the end is the whole vocabulary.

Money events carry all that the ledger needs (merchant, PSP, mode), so that a consumer can read each on its own.
Amounts are minor units; times are UTC, `occurred_at` being the PSP's time of the fact.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.errors import UnknownEventType
from fincore.domain.ids import EventId, MerchantId, StreamId
from fincore.domain.outcome import DeclineAdvice, FailureCode, PspAccount, PspName, PspReference

CaptureMethod = Literal["automatic", "manual"]


class ChargeCreated(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant asked for money and the route to a PSP is chosen; the PSP has not been called yet."""

    merchant_id: MerchantId
    livemode: bool
    amount_minor: int
    currency: Currency
    capture_method: CaptureMethod
    payment_method: str
    psp: PspName
    psp_account: PspAccount
    created_at: datetime
    description: str | None = None
    customer_email: str | None = None
    metadata: dict[str, str] = {}


class ChargeAuthorized(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP holds the amount on the customer's card until `capture_before`."""

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    capture_before: datetime | None = None


class ChargeCaptured(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP took the amount; it owes it to us until it settles."""

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime


class ChargeFailed(msgspec.Struct, frozen=True, kw_only=True):
    """No money moved and none will for this charge."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    occurred_at: datetime
    decline_code: str | None = None
    psp_reference: PspReference | None = None


class ChargeActionRequired(msgspec.Struct, frozen=True, kw_only=True):
    """The customer has to act before the PSP goes on."""

    psp_reference: PspReference
    redirect_url: str | None = None


class ChargeOutcomeUnknown(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP was asked and its answer never came; the janitor owns the question from here."""

    reason: str
    since: datetime


class ChargeCanceled(msgspec.Struct, frozen=True, kw_only=True):
    """The payment was canceled at the PSP; what was held is released."""

    reason: str
    psp_reference: PspReference
    occurred_at: datetime


ChargeEvent = (
    ChargeCreated
    | ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeActionRequired
    | ChargeOutcomeUnknown
    | ChargeCanceled
)

EventType = Literal[
    "charge.created",
    "charge.authorized",
    "charge.captured",
    "charge.failed",
    "charge.action_required",
    "charge.outcome_unknown",
    "charge.canceled",
]

EVENTS: Final[Mapping[EventType, tuple[int, type[ChargeEvent]]]] = MappingProxyType(
    {
        "charge.created": (1, ChargeCreated),
        "charge.authorized": (1, ChargeAuthorized),
        "charge.captured": (1, ChargeCaptured),
        "charge.failed": (1, ChargeFailed),
        "charge.action_required": (1, ChargeActionRequired),
        "charge.outcome_unknown": (1, ChargeOutcomeUnknown),
        "charge.canceled": (1, ChargeCanceled),
    }
)
"""Event type -> (schema version written today, its shape)."""

_TYPE_OF: Final[Mapping[type[ChargeEvent], EventType]] = {shape: name for name, (_, shape) in EVENTS.items()}
_DECODERS: Final[Mapping[tuple[str, int], msgspec.json.Decoder[ChargeEvent]]] = {
    (str(name), version): msgspec.json.Decoder(shape) for name, (version, shape) in EVENTS.items()
}
_ENCODER: Final = msgspec.json.Encoder()


class RecordedEvent(NamedTuple):
    """An event as the log gives it back: what happened, and where in its stream and in the whole log it stands."""

    tx: int
    """The id of the transaction that wrote it; with `pos` the order of the log."""
    pos: int
    stream_id: StreamId
    version: int
    event_id: EventId
    event: ChargeEvent
    recorded_at: datetime


def event_type(event: ChargeEvent) -> EventType:
    """The dotted name of an event."""
    return _TYPE_OF[type(event)]


def encode_event(event: ChargeEvent) -> tuple[EventType, int, bytes]:
    """An event as (type, schema version, JSON)."""
    name = _TYPE_OF[type(event)]
    return name, EVENTS[name][0], _ENCODER.encode(event)


def decode_event(name: str, schema_version: int, data: str | bytes) -> ChargeEvent:
    """The event that `encode_event` wrote; raise `UnknownEventType` for one this version cannot read."""
    decoder = _DECODERS.get((name, schema_version))
    if decoder is None:
        raise UnknownEventType(name, schema_version)
    return decoder.decode(data)
