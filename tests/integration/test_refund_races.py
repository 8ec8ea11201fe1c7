"""However many requests come at once, to however many processes: never more is refunded than was captured."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import cycle

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent, RefundRequested
from fincore.domain.ids import ChargeId, StreamId, new_refund_id, stream_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.requests import request_refund
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.payments import idempotent_requests
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, refund_report, serving_api
from fixtures.waiting import happens

LEFT = {(409, "charge_already_refunded"), (422, "refund_amount_too_large")}


@pytest.fixture
async def apis(pool: Pool) -> AsyncIterator[tuple[Api, Api]]:
    """Two processes' worth of the API on one database, with one merchant's key."""
    async with serving_api(pool) as one, serving_api(pool) as other:
        other.key = one.key
        yield one, other


async def refund(api: Api, key: str, charge_id: str, **fields: object) -> Reply:
    return await api.post("/v1/refunds", key, {"charge": charge_id} | fields)


async def history(api: Api, charge_id: str) -> list[Charge]:
    """The charge after each of its events."""
    steps: list[Charge] = []
    for recorded in await api.log.load(stream_of(ChargeId(charge_id))):
        steps.append(evolve(steps[-1] if steps else None, recorded.event))
    return steps


def reserved_minor(charge: Charge) -> int:
    return sum(refund.amount_minor for refund in charge.refunds if refund.status != "failed")


async def test_sixty_racing_refunds_refund_exactly_the_capture(apis: tuple[Api, Api]) -> None:
    charge_id = await apis[0].paid(amount_minor=1000)
    requests = [
        refund(api, str(number), charge_id, amount_minor=100)
        for number, api in zip(range(60), cycle(apis), strict=False)
    ]
    replies = await asyncio.gather(*requests)
    assert Counter(reply.status for reply in replies) == {201: 10, 409: 50}
    assert {reply.problem()[:2] for reply in replies if reply.status != 201} == {
        (409, "charge_already_refunded")
    }
    charge = (await history(apis[0], charge_id))[-1]
    assert reserved_minor(charge) == 1000
    answered = {reply.json()["id"] for reply in replies if reply.status == 201}
    assert answered == {refund.refund_id for refund in charge.refunds}
    assert await apis[0].keys_used() == 11  # of the charge and of the refunds that were taken


async def test_twenty_racing_refunds_of_the_rest_make_one_refund(apis: tuple[Api, Api]) -> None:
    charge_id = await apis[0].paid()
    requests = [
        refund(api, str(number), charge_id) for number, api in zip(range(20), cycle(apis), strict=False)
    ]
    replies = await asyncio.gather(*requests)
    assert Counter(reply.status for reply in replies) == {201: 1, 409: 19}
    assert [refund.amount_minor for refund in (await history(apis[0], charge_id))[-1].refunds] == [1999]


@pytest.mark.parametrize("seed", range(3))
async def test_racing_refunds_never_reserve_above_capture(apis: tuple[Api, Api], seed: int) -> None:
    chance = random.Random(seed)
    charge_id = await apis[0].paid()
    api = apis[0]
    asking = True

    async def psp() -> None:
        """Carry out some of the refunds and fail the others as long as there are any, as the worker does."""
        while True:
            refunds = (await api.folded(charge_id)).refunds
            open_refunds = [one for one in refunds if one.status == "processing"]
            if not open_refunds and not asking:
                return
            for one in open_refunds:
                report = refund_report(
                    "succeeded" if chance.random() < 0.5 else "failed",
                    one.amount_minor,
                    number=refunds.index(one),
                )
                await api.record_refund(charge_id, one.refund_id, report)
            await asyncio.sleep(0)

    settling = asyncio.create_task(psp())
    replies = await asyncio.gather(
        *(
            refund(process, str(number), charge_id, amount_minor=chance.randint(1, 700))
            for number, process in zip(range(40), cycle(apis), strict=False)
        )
    )
    asking = False
    await settling
    taken = [reply for reply in replies if reply.status == 201]
    assert taken
    assert {reply.problem()[:2] for reply in replies if reply.status != 201} <= LEFT
    steps = await history(api, charge_id)
    assert len(steps[-1].refunds) == len(taken)
    assert all(reserved_minor(step) <= step.captured_minor for step in steps)


class OvertakenLog(EventLog[ChargeEvent]):
    """A log in which another writer writes right after each of the next reads."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, CHARGE_EVENTS)
        self.overtakers: list[Callable[[], Awaitable[None]]] = []

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[ChargeEvent]]:
        """The stream as it was before another writer was faster."""
        events = await super().load(stream_id)
        if self.overtakers:
            await self.overtakers.pop()()
        return events


async def refund_elsewhere(api: Api, charge_id: str, amount_minor: int) -> None:
    """What another process writes when it takes a refund."""

    def requested(charge: Charge) -> tuple[RefundRequested]:
        decided = request_refund(charge, new_refund_id(), amount_minor, NOON)
        assert isinstance(decided, RefundRequested)
        return (decided,)

    await api.append(charge_id, requested)


async def test_overtaken_refund_is_decided_on_latest_state(pool: Pool) -> None:
    """The faster request leaves less to refund, and the slower one is decided on that."""
    log = OvertakenLog(pool)
    async with serving_api(pool, log=log) as api:
        charge_id = await api.paid(amount_minor=1000)
        log.overtakers = [lambda: refund_elsewhere(api, charge_id, 600)]
        late = await refund(api, "late", charge_id, amount_minor=500)
        assert late.problem() == (422, "refund_amount_too_large", "amount_minor")
        log.overtakers = [lambda: refund_elsewhere(api, charge_id, 100)]
        fitting = await refund(api, "fitting", charge_id, amount_minor=300)
        assert fitting.status == 201
        charge = await api.folded(charge_id)
        assert [one.amount_minor for one in charge.refunds] == [600, 100, 300]


async def test_refund_overtaken_repeatedly_gets_charge_busy(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotent_requests, "CONFLICTS_MAX", 3)
    log = OvertakenLog(pool)
    async with serving_api(pool, log=log) as api:
        charge_id = await api.paid(amount_minor=1000)
        log.overtakers = [lambda: refund_elsewhere(api, charge_id, 1)] * 3
        busy = await refund(api, "k", charge_id, amount_minor=500)
        assert busy.problem() == (409, "charge_busy", None)
        assert (busy.json()["retryable"], busy.headers["Retry-After"]) == (True, "1")
        again = await refund(api, "k", charge_id, amount_minor=500)
        assert again.status == 201
        assert "Idempotent-Replayed" not in again.headers
        assert len((await api.folded(charge_id)).refunds) == 4


async def test_refund_queueing_too_long_gets_charge_busy(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotent_requests, "QUEUE_SECONDS_MAX", 0.05)
    log = OvertakenLog(pool)
    come, go_on = asyncio.Event(), asyncio.Event()

    async def dawdle() -> None:
        come.set()
        await happens(go_on)

    async with serving_api(pool, log=log) as api:
        charge_id = await api.paid(amount_minor=1000)
        log.overtakers = [dawdle]
        first = asyncio.create_task(refund(api, "first", charge_id))
        await happens(come)
        assert (await refund(api, "second", charge_id)).problem() == (409, "charge_busy", None)
        # A request of another merchant does not queue here: it is refused at once, and delays no other.
        other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
        stranger = await api.post("/v1/refunds", "k", {"charge": charge_id}, key=other)
        assert stranger.problem() == (404, "charge_not_found", "charge")
        go_on.set()
        assert (await first).status == 201
