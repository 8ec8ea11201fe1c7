"""Read your writes: the row where it is as new as the stream, else the fold of the stream. Without a database."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest

from fincore.domain.errors import StreamUnreadable
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, MerchantId, RefundId, StreamId, charge_of, new_refund_id
from fincore.domain.public_event import PublicEvent, public_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import LoadedStream
from fincore.read.current import Current, refund_view
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.refund_view import RefundView
from fincore.read.projectionist.fold import view_of_stream
from fixtures.commits import MERCHANT, captured, created, new_stream
from fixtures.traffic import recorded, refunded, refunding


class Stores:
    """A log of one stream, and a view that holds the first `seen` events of it, its timeline the first `told`."""

    def __init__(self, life: Sequence[ChargeEvent], *, seen: int, told: int | None = None) -> None:
        self.stream_id = new_stream()
        self.charge_id = charge_of(self.stream_id)
        self.events = recorded(self.stream_id, *life)
        self.seen = seen
        self.told = seen if told is None else told
        self.unreadable_from: int | None = None
        self.loads = 0

    @property
    def current(self) -> Current:
        queries = cast("Any", self)
        return Current(
            charges=_Charges(self),  # type: ignore[arg-type]
            events=queries,
            refunds=_Refunds(self),  # type: ignore[arg-type]
            references=queries,
            log=queries,
        )

    async def timeline(self, *_: object) -> list[PublicEvent]:
        return [public_event(event) for event in self.events[: self.told]]

    async def versions(self, stream_ids: Iterable[StreamId]) -> dict[StreamId, int]:
        return {stream_id: len(self.events) for stream_id in stream_ids if stream_id == self.stream_id}

    async def stream_of_refund(self, _: RefundId) -> StreamId | None:
        return self.stream_id

    async def load_readable(self, _: StreamId) -> LoadedStream[ChargeEvent]:
        self.loads += 1
        return LoadedStream(self.events[: self.unreadable_from])

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[ChargeEvent]]:
        loaded = await self.load_readable(stream_id)
        if self.unreadable_from is not None:
            raise StreamUnreadable(self.unreadable_from + 1, "an event of a later version")
        return loaded.events


class _Charges:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def find(self, merchant_id: MerchantId, livemode: bool, _: ChargeId) -> ChargeView | None:  # noqa: FBT001 -- as the queries have it
        is_own = (merchant_id, livemode) == (MERCHANT, False)
        return view_of_stream(self._stores.events[: self._stores.seen]) if is_own else None


class _Refunds:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def find(self, merchant_id: MerchantId, livemode: bool, refund_id: RefundId) -> RefundView | None:  # noqa: FBT001 -- as the queries have it
        view = await _Charges(self._stores).find(merchant_id, livemode, self._stores.charge_id)
        return refund_view(self._stores.charge_id, view.charge, refund_id) if view else None


@pytest.mark.parametrize(("seen", "told", "loads"), [(2, 2, 0), (2, 1, 1), (1, 2, 1), (1, 1, 1), (0, 0, 1)])
async def test_charge_is_folded_unless_view_and_timeline_are_new(seen: int, told: int, loads: int) -> None:
    stores = Stores([created(), captured()], seen=seen, told=told)
    found = await stores.current.charge(MERCHANT, stores.charge_id, livemode=False)
    assert found is not None
    assert (found.charge.status, found.charge.version, len(found.timeline)) == ("succeeded", 2, 2)
    assert found.timeline == [public_event(event) for event in stores.events]
    assert stores.loads == loads


@pytest.mark.parametrize("seen", [0, 1])
@pytest.mark.parametrize(("merchant", "livemode"), [("mer_other", False), (MERCHANT, True)])
async def test_charge_of_another_merchant_or_mode_is_none(
    seen: int, merchant: str, *, livemode: bool
) -> None:
    stores = Stores([created()], seen=seen)
    merchant_id = MerchantId(merchant)
    assert await stores.current.charge(merchant_id, stores.charge_id, livemode=livemode) is None
    assert await stores.current.readable_charge(merchant_id, stores.charge_id, livemode=livemode) is None


async def test_charge_that_does_not_exist_is_none() -> None:
    stores = Stores([], seen=0)
    assert await stores.current.charge(MERCHANT, stores.charge_id, livemode=False) is None
    assert await stores.current.readable_charge(MERCHANT, stores.charge_id, livemode=False) is None


async def test_charge_newer_than_can_be_read_raises() -> None:
    stores = Stores([created(), captured()], seen=1)
    stores.unreadable_from = 1
    with pytest.raises(StreamUnreadable):
        await stores.current.charge(MERCHANT, stores.charge_id, livemode=False)
    readable = await stores.current.readable_charge(MERCHANT, stores.charge_id, livemode=False)
    assert readable is not None
    assert (readable.charge.status, len(readable.timeline)) == ("processing", 1)


async def test_readable_charge_ends_before_an_impossible_event() -> None:
    stores = Stores([created(), created(), captured()], seen=0)
    readable = await stores.current.readable_charge(MERCHANT, stores.charge_id, livemode=False)
    assert readable is not None
    assert (readable.charge.status, readable.charge.version, len(readable.timeline)) == ("processing", 1, 1)


@pytest.mark.parametrize(("seen", "loads"), [(4, 0), (3, 1), (2, 1), (0, 1)])
async def test_refund_is_folded_unless_its_row_is_new(seen: int, loads: int) -> None:
    asked = refunding()
    refund_id = asked.refund_id
    stores = Stores([created(), captured(), asked, refunded(asked)], seen=seen)
    found = await stores.current.refund(MERCHANT, refund_id, livemode=False)
    assert found is not None
    assert (found.refund.refund_id, found.refund.status, found.charge_version) == (refund_id, "succeeded", 4)
    assert (found.charge_id, found.merchant_id, found.livemode) == (stores.charge_id, MERCHANT, False)
    assert stores.loads == loads


@pytest.mark.parametrize(("merchant", "livemode"), [("mer_other", False), (MERCHANT, True)])
async def test_refund_of_another_merchant_or_mode_is_none(merchant: str, *, livemode: bool) -> None:
    refund_id = new_refund_id()
    stores = Stores([created(), captured(), refunding(refund_id=refund_id)], seen=3)
    assert await stores.current.refund(MerchantId(merchant), refund_id, livemode=livemode) is None


async def test_refund_that_its_charge_does_not_have_is_none() -> None:
    stores = Stores([created(), captured()], seen=2)
    assert await stores.current.refund(MERCHANT, new_refund_id(), livemode=False) is None
