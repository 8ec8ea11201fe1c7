"""Refunding a charge over HTTP, looking at a refund, listing refunds."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from fincore.domain.currency import Currency
from fincore.domain.dispute_reports import decide_dispute
from fincore.domain.ids import new_dispute_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    DisputeReport,
    DisputeStatus,
    PspReference,
    RefundRejected,
    Unknown,
)
from fincore.domain.requests import REFUNDS_MAX, request_refund
from fincore.postgres.pool import Pool
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, captured, refund_report, serving_api
from fixtures.waiting import eventually

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
async def api(pool: Pool, clock: HandClock) -> AsyncIterator[Api]:
    async with serving_api(pool, clock=clock) as api:
        yield api


async def refund(
    api: Api, charge_id: str, key: str = "refund", prefer: str | None = None, **fields: object
) -> Reply:
    return await api.post("/v1/refunds", key, {"charge": charge_id} | fields, prefer=prefer)


async def refund_id_of(api: Api, charge_id: str, key: str, amount_minor: int | None = None) -> str:
    return str((await refund(api, charge_id, key, amount_minor=amount_minor)).json()["id"])


async def until_requested(api: Api, charge_id: str, number: int = 1) -> str:
    """The id of a charge's refund, once it was asked for."""

    async def is_requested() -> bool:
        return len((await api.folded(charge_id)).refunds) >= number

    await eventually(is_requested)
    return (await api.folded(charge_id)).refunds[number - 1].refund_id


async def dispute(api: Api, charge_id: str, status: DisputeStatus) -> None:
    said = DisputeReport(
        psp_reference=PspReference("dp_psp"),
        status=status,
        money=Money(1999, Currency("usd")),
        reason="fraudulent",
        is_inquiry=False,
        occurred_at=NOON,
    )
    await api.append(charge_id, lambda charge: decide_dispute(charge, said, new_dispute_id=new_dispute_id()))


async def test_refund_is_answered_in_processing_and_writes_job(api: Api) -> None:
    charge_id = await api.paid()
    before = await api.written()
    reply = await refund(api, charge_id, amount_minor=500, reason="duplicate", metadata={"return_id": "R-1"})
    body = reply.json()
    assert reply.status == 201
    assert reply.headers["Location"] == f"/v1/refunds/{body['id']}"
    assert body == {
        "id": body["id"],
        "object": "refund",
        "charge": charge_id,
        "livemode": False,
        "status": "processing",
        "amount_minor": 500,
        "currency": "usd",
        "reason": "duplicate",
        "origin": "merchant",
        "metadata": {"return_id": "R-1"},
        "failure": None,
        "psp_reference": None,
        "outcome_unknown_since": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert body["id"].startswith("re_")
    assert await api.written() == tuple(
        count + more for count, more in zip(before, (1, 1, 1, 0), strict=True)
    )
    job = await api.pool.fetchrow("select entrypoint, payload from queue.pgqueuer order by id desc limit 1")
    assert job is not None
    assert job["entrypoint"] == "refund.send"
    assert json.loads(job["payload"]) == {"charge_id": charge_id, "refund_id": body["id"]}


async def test_refund_without_amount_refunds_the_rest(api: Api) -> None:
    charge_id = await api.paid()
    await refund(api, charge_id, "part", amount_minor=499)
    assert (await refund(api, charge_id, "rest")).json()["amount_minor"] == 1500


async def test_refund_is_limited_to_captured_amount(api: Api) -> None:
    charge_id = await api.held()
    await api.record(charge_id, captured(1500))
    too_much = await refund(api, charge_id, "all", amount_minor=1999)
    assert too_much.problem() == (422, "refund_amount_too_large", "amount_minor")
    assert (await refund(api, charge_id)).json()["amount_minor"] == 1500


async def test_a_refund_is_seen_at_once_in_itself_and_in_its_charge(api: Api) -> None:
    charge_id = await api.paid()
    posted = await refund(api, charge_id, amount_minor=500)
    assert (await api.get(posted.headers["Location"])).json() == posted.json()
    charge = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert charge["refunds"] == [posted.json()]
    assert (charge["amount_refunded_minor"], charge["amount_refundable_minor"]) == (0, 1499)


async def test_refund_is_read_from_log_though_view_lags(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    path = (await refund(api, charge_id, amount_minor=500)).headers["Location"]
    await api.project(dsn)
    viewed = (await api.get(path)).json()
    assert viewed["status"] == "processing"
    await api.record_refund(charge_id, viewed["id"], refund_report("pending", 500))
    assert (await api.get(path)).json()["status"] == "pending"
    await api.record_refund(charge_id, viewed["id"], refund_report("succeeded", 500))
    ahead = (await api.get(path)).json()
    assert (ahead["status"], ahead["updated_at"]) == ("succeeded", "2026-03-01T12:00:00Z")
    assert ahead["psp_reference"] == "re_psp_1"
    await api.project(dsn)
    assert (await api.get(path)).json() == ahead


async def test_a_view_that_is_up_to_date_is_what_is_shown(api: Api, dsn: str, owner_pool: Pool) -> None:
    charge_id = await api.paid()
    path = (await refund(api, charge_id)).headers["Location"]
    await api.project(dsn)
    await owner_pool.execute("update paymentdb.refunds set reason = 'fraudulent'")
    assert (await api.get(path)).json()["reason"] == "fraudulent"


async def test_a_refund_that_fails_later_gives_the_amount_back(api: Api) -> None:
    charge_id = await api.paid()
    first = await refund_id_of(api, charge_id, "first")
    await api.record_refund(charge_id, first, refund_report("succeeded"))
    assert (await refund(api, charge_id, "second")).problem() == (409, "charge_already_refunded", None)
    await api.record_refund(charge_id, first, refund_report("failed"))
    failed = (await api.get(f"/v1/refunds/{first}")).json()
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "declined")
    assert (await refund(api, charge_id, "second")).json()["amount_minor"] == 1999


async def test_unknown_refund_shows_since_when_and_reserves_amount(api: Api) -> None:
    charge_id = await api.paid()
    refund_id = await refund_id_of(api, charge_id, "first")
    await api.record_refund(charge_id, refund_id, Unknown(reason="timeout", since=NOON))
    body = (await api.get(f"/v1/refunds/{refund_id}")).json()
    assert (body["status"], body["outcome_unknown_since"]) == ("processing", "2026-01-02T12:00:00Z")
    assert (await refund(api, charge_id, "second")).status == 409


async def test_a_refund_made_at_the_psp_is_shown_as_such(api: Api) -> None:
    charge_id = await api.paid()
    await api.record_refund(charge_id, new_refund_id(), refund_report("succeeded", 700))
    (found,) = (await api.get(f"/v1/charges/{charge_id}")).json()["refunds"]
    assert (found["origin"], found["amount_minor"], found["status"]) == ("psp", 700, "succeeded")
    assert (await api.get(f"/v1/refunds/{found['id']}")).json() == found


async def test_a_charge_without_money_cannot_be_refunded(api: Api, subtests: pytest.Subtests) -> None:
    processing = (await api.charge("processing")).json()["id"]
    authorized = await api.held()
    before = await api.written()
    for status, charge_id in (("processing", processing), ("authorized", authorized)):
        with subtests.test(status):
            reply = await refund(api, charge_id)
            assert reply.problem() == (409, "charge_not_refundable", None)
            assert f"is {status};" in reply.json()["detail"]
    assert await api.written() == before


async def test_refused_refund_states_rest_and_leaves_key_unused(api: Api) -> None:
    charge_id = await api.paid()
    await refund(api, charge_id, "first", amount_minor=1500)
    before = await api.written()
    refused = await refund(api, charge_id, "second", amount_minor=500)
    assert refused.problem() == (422, "refund_amount_too_large", "amount_minor")
    assert "4.99 USD is left" in refused.json()["detail"]
    assert await api.written() == before
    assert (await refund(api, charge_id, "second", amount_minor=499)).status == 201
    nothing = await refund(api, charge_id, "third", amount_minor=1)
    assert nothing.problem() == (409, "charge_already_refunded", None)


async def test_disputed_charge_is_not_refundable_until_dispute_is_won(api: Api) -> None:
    charge_id = await api.paid()
    assert (await api.get(f"/v1/charges/{charge_id}")).json()["disputed"] is False
    await dispute(api, charge_id, "needs_response")
    assert (await refund(api, charge_id)).problem() == (409, "charge_disputed", None)
    await dispute(api, charge_id, "won")
    assert (await api.get(f"/v1/charges/{charge_id}")).json()["disputed"] is True
    assert (await refund(api, charge_id)).status == 201


async def test_a_charge_has_a_hundred_refunds_at_most(api: Api) -> None:
    charge_id = await api.paid()

    for _ in range(REFUNDS_MAX):
        refund_id = new_refund_id()

        def one_more(charge: Any, refund_id: Any = refund_id) -> Any:
            return (request_refund(charge, refund_id, 1, NOON),)

        await api.append(charge_id, one_more)
    assert (await refund(api, charge_id)).problem() == (409, "too_many_refunds", None)


async def test_a_charge_that_is_not_the_merchants_is_not_found(api: Api, subtests: pytest.Subtests) -> None:
    charge_id = await api.paid()
    before = await api.written()
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    nobodys = ("", "ch_01kab5m5wvfb9v1c2m5hfv0d2e", "ch_1", "re_01kab5m5wvfb9v1c2m5hfv0d2e", "x" * 40)
    for name, key in (*product((charge_id,), (other, live)), *product(nobodys, (api.key,))):
        with subtests.test(name[:40]):
            reply = await api.post("/v1/refunds", "k", {"charge": name}, key=key)
            assert reply.problem() == (404, "charge_not_found", "charge")
    assert await api.written() == before


async def test_a_refund_of_another_merchant_or_mode_is_not_found(api: Api, dsn: str) -> None:
    viewed = (await refund(api, await api.paid("a"), "ra")).headers["Location"]
    await api.project(dsn)
    folded = (await refund(api, await api.paid("b"), "rb")).headers["Location"]
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    for path, key in product((viewed, folded), (other, live)):
        assert (await api.get(path, key=key)).problem() == (404, "refund_not_found", "refund_id")


async def test_waiting_refund_request_gets_the_outcome(api: Api) -> None:
    charge_id = await api.paid()
    for number, status in enumerate(("succeeded", "pending"), start=1):
        request = asyncio.create_task(refund(api, charge_id, status, prefer="wait=30", amount_minor=500))
        refund_id = await until_requested(api, charge_id, number)
        await api.record_refund(charge_id, refund_id, Unknown(reason="timeout", since=NOON))  # no outcome yet
        report = refund_report(status, 500, number=number)  # type: ignore[arg-type]  # both are
        await api.record_refund(charge_id, refund_id, report)
        reply = await request
        assert (reply.status, reply.json()["id"], reply.json()["status"]) == (201, refund_id, status)
        assert reply.headers["Preference-Applied"] == "wait"
        assert reply.headers["Location"] == f"/v1/refunds/{refund_id}"


async def test_waiting_request_of_failed_refund_gets_402_with_refund(api: Api) -> None:
    charge_id = await api.paid()
    request = asyncio.create_task(refund(api, charge_id, prefer="wait=30"))
    refund_id = await until_requested(api, charge_id)
    rejected = RefundRejected(code="insufficient_funds", message="says the PSP", occurred_at=NOON)
    await api.record_refund(charge_id, refund_id, rejected)
    reply = await request
    assert reply.problem() == (402, "refund_failed", None)
    body = reply.json()
    assert (body["refund"]["id"], body["refund"]["status"]) == (refund_id, "failed")
    assert body["refund"]["failure"]["code"] == "insufficient_funds"
    assert body["detail"].startswith(body["refund"]["failure"]["message"])
    assert "says the PSP" not in reply.body.decode()
    assert reply.headers["Location"] == f"/v1/refunds/{refund_id}"


async def test_wait_for_refund_ignores_other_refunds(api: Api) -> None:
    charge_id = await api.paid()
    earlier = [await refund_id_of(api, charge_id, key, amount_minor=500) for key in ("first", "second")]
    request = asyncio.create_task(refund(api, charge_id, "third", prefer="wait=30", amount_minor=500))
    waited_for = await until_requested(api, charge_id, 3)
    for number, refund_id in enumerate(earlier, start=1):
        await api.record_refund(charge_id, refund_id, refund_report("succeeded", 500, number=number))
    await api.record_refund(charge_id, waited_for, refund_report("pending", 500, number=3))
    reply = await request
    assert (reply.status, reply.json()["id"], reply.json()["status"]) == (201, waited_for, "pending")


# Lists


async def page(api: Api, **query: object) -> dict[str, Any]:
    reply = await api.get(f"/v1/refunds?{urlencode(query)}")
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.json()
    return body


async def ids(api: Api, **query: object) -> list[str]:
    return [one["id"] for one in (await page(api, **query))["data"]]


async def test_a_list_shows_refunds_as_post_answered_them_newest_first(
    api: Api, clock: HandClock, dsn: str
) -> None:
    assert await page(api) == {"object": "list", "data": [], "has_more": False, "next_cursor": None}
    charge_id = await api.paid()
    posted = []
    for number in range(3):
        clock.at += timedelta(seconds=1)
        posted.append((await refund(api, charge_id, str(number), amount_minor=1 + number)).json())
    await api.project(dsn)
    assert (await page(api))["data"] == posted[::-1]


async def test_each_filter_finds_its_refunds(api: Api, clock: HandClock, dsn: str) -> None:
    one, other = await api.paid("one"), await api.paid("other")
    first = await refund_id_of(api, one, "1", amount_minor=500)
    clock.at += timedelta(seconds=1)
    second = await refund_id_of(api, other, "2", amount_minor=500)
    await api.record_refund(other, second, refund_report("succeeded", 500))
    clock.at += timedelta(seconds=1)
    third = await refund_id_of(api, one, "3", amount_minor=500)
    await api.project(dsn)
    middle = (START + timedelta(seconds=1)).isoformat()
    assert await ids(api) == [third, second, first]
    assert await ids(api, charge=one) == [third, first]
    assert await ids(api, status="succeeded") == [second]
    assert await ids(api, charge=one, status="succeeded") == []
    assert await ids(api, charge="ch_01kab5m5wvfb9v1c2m5hfv0d2e") == []
    assert await ids(api, **{"created[gte]": middle}) == [third, second]
    assert await ids(api, **{"created[lt]": middle}) == [first]


async def test_pages_of_refunds_join_without_gap_or_repeat(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    there = [await refund_id_of(api, charge_id, str(number), amount_minor=1) for number in range(7)]
    await api.project(dsn)
    seen: list[str] = []
    query: dict[str, object] = {"limit": 3, "charge": charge_id}
    while True:
        body = await page(api, **query)
        seen += [one["id"] for one in body["data"]]
        if not body["has_more"]:
            break
        query["cursor"] = body["next_cursor"]
    assert seen == sorted(there, reverse=True)


async def test_a_list_shows_no_refund_of_another_merchant_or_mode(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    await refund(api, charge_id)
    await api.project(dsn)
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    for key in (other, live):
        for query in ("", f"?charge={charge_id}"):
            assert (await api.get(f"/v1/refunds{query}", key=key)).json()["data"] == []


BAD_QUERIES: dict[str, tuple[str, str | None]] = {
    "limit=0": ("parameter_invalid", "limit"),
    "status=paid": ("parameter_invalid", "status"),
    "charge=re_01kab5m5wvfb9v1c2m5hfv0d2e": ("parameter_invalid", "charge"),
    "charge=": ("parameter_invalid", "charge"),
    "created[gte]=yesterday": ("parameter_invalid", "created[gte]"),
    "customer_email=a@example.com": ("parameter_unknown", "customer_email"),
    "metadata[a]=1": ("parameter_unknown", "metadata[a]"),
    "charge[a]=1": ("parameter_unknown", "charge[a]"),
    "cursor=x": ("cursor_invalid", "cursor"),
}


async def test_a_bad_query_is_refused_by_name(api: Api, dsn: str, subtests: pytest.Subtests) -> None:
    for query, expected in BAD_QUERIES.items():
        with subtests.test(query):
            assert (await api.get(f"/v1/refunds?{query}")).problem() == (400, *expected)
    for number in range(2):
        await api.charge(str(number))
    await api.project(dsn)
    of_charges = (await api.get("/v1/charges?limit=1")).json()["next_cursor"]
    reply = await api.get(f"/v1/refunds?cursor={of_charges}")
    assert reply.problem() == (400, "cursor_invalid", "cursor")
