"""Read your writes: a charge or a refund that holds everything which was written before the question.

The query view lags behind the log. Its row is used if it holds as many events as the stream has; else the stream is folded.
"""

import asyncio
from typing import NamedTuple

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import after_event, fold
from fincore.domain.errors import EventImpossible
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, MerchantId, RefundId, charge_of, stream_of
from fincore.domain.public_event import PublicEvent, public_event
from fincore.eventstore.log import EventLog
from fincore.read.event_references import EventReferences
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.paymentdb.refund_queries import RefundQueries
from fincore.read.paymentdb.refund_view import RefundView
from fincore.read.projectionist.fold import view_of_stream


class CurrentCharge(NamedTuple):
    """A charge and its events, by version and without a gap."""

    charge_id: ChargeId
    charge: Charge
    timeline: list[PublicEvent]


class Current:
    """Finds objects of one merchant in one mode; None for an object that this merchant does not have in this mode.

    Raises `StreamUnreadable` and `EventImpossible` where only the stream is new enough and it cannot be read to its end.
    """

    def __init__(
        self,
        *,
        charges: ChargeQueries,
        events: EventQueries,
        refunds: RefundQueries,
        references: EventReferences,
        log: EventLog[ChargeEvent],
    ) -> None:
        self._charges = charges
        self._events = events
        self._refunds = refunds
        self._references = references
        self._log = log

    async def charge(
        self, merchant_id: MerchantId, charge_id: ChargeId, *, livemode: bool
    ) -> CurrentCharge | None:
        """A charge with its timeline."""
        stream_id = stream_of(charge_id)
        view, timeline, versions = await asyncio.gather(
            self._charges.find(merchant_id, livemode, charge_id),
            self._events.timeline(merchant_id, livemode, charge_id),
            self._log.versions([stream_id]),
        )
        # Three separate statements: either view may hold an event that the other has not seen yet.
        if view is not None and view.charge.version == len(timeline) >= versions.get(stream_id, 0):
            return CurrentCharge(charge_id, view.charge, timeline)
        recorded = await self._log.load(stream_id)
        view = view_of_stream(recorded)
        if (
            view is None
            or view.charge_id != charge_id
            or not _is_of(view.charge, merchant_id, livemode=livemode)
        ):
            return None
        return CurrentCharge(charge_id, view.charge, [public_event(event) for event in recorded])

    async def readable_charge(
        self, merchant_id: MerchantId, charge_id: ChargeId, *, livemode: bool
    ) -> CurrentCharge | None:
        """A charge before the first of its events that cannot be read or cannot follow; from the stream alone."""
        charge: Charge | None = None
        timeline: list[PublicEvent] = []
        for recorded in (await self._log.load_readable(stream_of(charge_id))).events:
            try:
                charge = after_event(charge, recorded.event)
            except EventImpossible:
                break
            timeline.append(public_event(recorded))
        if charge is None or not _is_of(charge, merchant_id, livemode=livemode):
            return None
        return CurrentCharge(charge_id, charge, timeline)

    async def refund(
        self, merchant_id: MerchantId, refund_id: RefundId, *, livemode: bool
    ) -> RefundView | None:
        """A refund, with the version of its charge that it was read from."""
        view = await self._refunds.find(merchant_id, livemode, refund_id)
        stream_id = stream_of(view.charge_id) if view else await self._references.stream_of_refund(refund_id)
        if stream_id is None:
            return None
        if view is not None:
            versions = await self._log.versions([stream_id])
            if view.charge_version >= versions.get(stream_id, 0):
                return view
        charge = fold(recorded.event for recorded in await self._log.load(stream_id))
        if charge is None or not _is_of(charge, merchant_id, livemode=livemode):
            return None
        return refund_view(charge_of(stream_id), charge, refund_id)


def refund_view(charge_id: ChargeId, charge: Charge, refund_id: RefundId) -> RefundView | None:
    """A refund of a charge as the query side shows it; None where the charge has no such refund."""
    refund = charge.refund(refund_id)
    if refund is None:
        return None
    return RefundView(
        charge_id=charge_id,
        charge_version=charge.version,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        currency=charge.amount.currency,
        refund=refund,
    )


def _is_of(charge: Charge, merchant_id: MerchantId, *, livemode: bool) -> bool:
    return (charge.merchant_id, charge.livemode) == (merchant_id, livemode)
