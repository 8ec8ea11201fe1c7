"""What an event is about: the charge, refund or dispute as a merchant would have seen it just after the event."""

from collections.abc import Collection, Iterable

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import after_event
from fincore.domain.errors import EventImpossible
from fincore.domain.events import ChargeEvent, DisputeEvent, RefundEvent
from fincore.domain.ids import ChargeId, charge_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.public.charge_body import ChargeBody, charge_body
from fincore.public.dispute_body import DisputeBody, dispute_body
from fincore.public.refund_body import RefundBody, refund_body

EventObject = ChargeBody | RefundBody | DisputeBody


def event_object(charge_id: ChargeId, charge: Charge, event: ChargeEvent) -> EventObject:
    """The object of an event; `charge` is the charge after it. Events of refunds are about a refund, and so on."""
    if isinstance(event, RefundEvent):
        for refund in charge.refunds:
            if refund.refund_id == event.refund_id:
                return refund_body(
                    charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency
                )
    if isinstance(event, DisputeEvent):
        for dispute in charge.disputes:
            if dispute.dispute_id == event.dispute_id:
                return dispute_body(charge_id, dispute, livemode=charge.livemode)
    return charge_body(charge_id, charge)


def event_objects(
    stream: Iterable[RecordedEvent[ChargeEvent]], versions: Collection[int]
) -> dict[int, EventObject]:
    """The objects of some events of a stream, by version, from its first event on; the stream is folded once.

    Events that come after one that cannot be have no object.
    """
    found: dict[int, EventObject] = {}
    last = max(versions, default=0)
    charge: Charge | None = None
    for recorded in stream:
        if recorded.version > last:
            break
        try:
            charge = after_event(charge, recorded.event)
        except EventImpossible:
            break
        if recorded.version in versions:
            found[recorded.version] = event_object(charge_of(recorded.stream_id), charge, recorded.event)
    return found
