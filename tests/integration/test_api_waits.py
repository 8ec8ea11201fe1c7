"""`Prefer: wait` on a look at a charge or a refund, over HTTP: what the page after 3-D Secure does."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

import pytest

from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.outcome import ActionRequired, PspReference
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, captured, declined, refund_report, serving_api
from fixtures.waiting import eventually

TO_THE_BANK = ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example/3ds")


class WatchedLog(EventLog[ChargeEvent]):
    """A log that counts how often streams are looked at: more than once for one request, while that waits."""

    looks = 0

    async def versions(self, stream_ids: Iterable[StreamId]) -> dict[StreamId, int]:
        found = await super().versions(stream_ids)
        self.looks += 1
        return found


@pytest.fixture
def log(pool: Pool) -> WatchedLog:
    return WatchedLog(pool, CHARGE_EVENTS)


@pytest.fixture
async def api(pool: Pool, log: WatchedLog) -> AsyncIterator[Api]:
    async with serving_api(pool, log=log) as api:
        yield api


async def look(api: Api, path: str, *, prefer: str = "wait=30") -> Reply:
    return await api.request("GET", path, headers={"Prefer": prefer})


async def waiting_look(api: Api, log: WatchedLog, path: str) -> asyncio.Task[Reply]:
    """A look that waits already when this returns."""
    before = log.looks
    request = asyncio.create_task(look(api, path))

    async def waits() -> bool:
        return log.looks > before + 1

    await eventually(waits)
    return request


async def at_the_bank(api: Api, idempotency_key: str = "k") -> str:
    charge_id: str = (await api.charge(idempotency_key, return_url="https://shop.example")).json()["id"]
    await api.record(charge_id, TO_THE_BANK)
    return charge_id


async def inquiries(pool: Pool) -> list[str]:
    rows = await pool.fetch("select payload from queue.pgqueuer where entrypoint = 'charge.inquire'")
    return sorted(json.loads(row["payload"])["charge_id"] for row in rows)


async def test_look_that_waits_ends_when_the_customer_has_paid(api: Api, log: WatchedLog) -> None:
    charge_id = await at_the_bank(api)
    request = await waiting_look(api, log, f"/v1/charges/{charge_id}")
    await api.record(charge_id, captured())
    reply = await request
    assert (reply.status, reply.headers["Preference-Applied"]) == (200, "wait")
    charge = reply.json()
    assert charge["status"] == "succeeded"
    assert [entry["type"] for entry in charge["timeline"]][-1] == "charge.captured"


async def test_look_that_waits_for_a_failed_charge_is_no_error(api: Api, log: WatchedLog) -> None:
    charge_id = await at_the_bank(api)
    request = await waiting_look(api, log, f"/v1/charges/{charge_id}")
    await api.record(charge_id, declined())
    reply = await request
    assert (reply.status, reply.json()["status"]) == (200, "failed")


async def test_look_that_waits_while_processing_ends_at_the_bank(api: Api, log: WatchedLog) -> None:
    charge_id = (await api.charge("k", return_url="https://shop.example")).json()["id"]
    request = await waiting_look(api, log, f"/v1/charges/{charge_id}")
    await api.record(charge_id, TO_THE_BANK)
    assert (await request).json()["next_action"] == {
        "redirect_url": "https://bank.example/3ds",
        "approval_url": None,
    }


async def test_look_that_waits_in_vain_shows_what_is_known(api: Api) -> None:
    charge_id = await at_the_bank(api)
    reply = await look(api, f"/v1/charges/{charge_id}", prefer="respond-async, wait=1")
    assert (reply.status, reply.headers["Preference-Applied"]) == (200, "wait")
    assert reply.json()["status"] == "requires_action"


async def test_wait_on_finished_charge_answers_at_once(api: Api, pool: Pool) -> None:
    charge_id = await api.paid()
    reply = await look(api, f"/v1/charges/{charge_id}")
    assert (reply.json()["status"], reply.headers["Preference-Applied"]) == ("succeeded", "wait")
    assert await inquiries(pool) == []


async def test_look_that_waits_for_the_customer_has_the_psp_asked(api: Api, pool: Pool) -> None:
    """One job by a Commit, however many look at the charge."""
    charge_id = await at_the_bank(api)
    looks = [asyncio.create_task(look(api, f"/v1/charges/{charge_id}")) for _ in range(20)]

    async def is_asked() -> bool:
        return bool(await inquiries(pool))

    await eventually(is_asked)
    await api.record(charge_id, captured())
    replies = await asyncio.gather(*looks)
    assert {reply.json()["status"] for reply in replies} == {"succeeded"}
    assert await inquiries(pool) == [charge_id]


async def test_psp_is_asked_once_for_looks_at_two_processes(api: Api, pool: Pool) -> None:
    charge_id = await at_the_bank(api)
    path = f"/v1/charges/{charge_id}"
    async with serving_api(pool) as other:
        await asyncio.gather(
            look(api, path, prefer="wait=1"),
            other.request("GET", path, key=api.key, headers={"Prefer": "wait=1"}),
        )
    assert await inquiries(pool) == [charge_id]


async def test_look_without_a_wait_and_lists_ask_no_psp(api: Api, pool: Pool, dsn: str) -> None:
    charge_id = await at_the_bank(api)
    await api.project(dsn)
    for path in (f"/v1/charges/{charge_id}", "/v1/charges", "/v1/charges?status=requires_action"):
        assert (await api.get(path)).status == 200
    for prefer in ("wait=0", "wait", "respond-async"):
        assert (
            "Preference-Applied" not in (await look(api, f"/v1/charges/{charge_id}", prefer=prefer)).headers
        )
    await look(api, "/v1/charges", prefer="wait=30")
    assert await inquiries(pool) == []


async def test_looks_at_many_charges_ask_within_the_merchants_budget(api: Api, pool: Pool) -> None:
    """Polling many charges floods no PSP: what is beyond the budget waits without being asked about."""
    charges = [await at_the_bank(api, f"k{number}") for number in range(40)]
    looks = [look(api, f"/v1/charges/{charge_id}", prefer="wait=1") for charge_id in charges]
    replies = await asyncio.gather(*looks)
    assert {reply.status for reply in replies} == {200}
    assert 20 <= len(await inquiries(pool)) < 40


async def test_look_that_waits_at_another_merchants_charge_finds_none(api: Api, pool: Pool) -> None:
    charge_id = await at_the_bank(api)
    stranger = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (stranger, await api.new_key(livemode=True)):
        reply = await api.request("GET", f"/v1/charges/{charge_id}", key=key, headers={"Prefer": "wait=30"})
        assert reply.problem() == (404, "charge_not_found", "charge_id")
    assert await inquiries(pool) == []


@pytest.mark.parametrize("status", ["pending", "succeeded", "failed"])
async def test_look_that_waits_for_a_refund_ends_with_its_answer(
    api: Api, log: WatchedLog, dsn: str, status: str
) -> None:
    charge_id = await api.paid()
    refund = (await api.post("/v1/refunds", "r", {"charge": charge_id})).json()
    await api.project(dsn)
    request = await waiting_look(api, log, f"/v1/refunds/{refund['id']}")
    await api.record_refund(charge_id, refund["id"], refund_report(status))  # type: ignore[arg-type]
    reply = await request
    assert (reply.status, reply.headers["Preference-Applied"]) == (200, "wait")
    assert reply.json()["status"] == status


async def test_look_that_waits_for_a_refund_in_vain_shows_it(api: Api) -> None:
    charge_id = await api.paid()
    refund = (await api.post("/v1/refunds", "r", {"charge": charge_id})).json()
    reply = await look(api, f"/v1/refunds/{refund['id']}", prefer="wait=1")
    assert (reply.status, reply.json()["status"]) == (200, "processing")
