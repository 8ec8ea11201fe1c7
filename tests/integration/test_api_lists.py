"""Listing charges over HTTP: filters, pages, cursors."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest

from fincore.domain.outcome import PspReference, SubReference
from fincore.domain.payment_method import CardInstrument
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.clocks import HandClock
from fixtures.merchant_api import Api, captured, serving_api
from fixtures.traffic import disputed

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
async def api(pool: Pool, clock: HandClock) -> AsyncIterator[Api]:
    async with serving_api(pool, clock=clock) as api:
        yield api


async def page(api: Api, **query: object) -> dict[str, Any]:
    reply = await api.get(f"/v1/charges?{urlencode(query)}")
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.json()
    return body


async def ids(api: Api, **query: object) -> list[str]:
    return [charge["id"] for charge in (await page(api, **query))["data"]]


async def charge_id(api: Api, idempotency_key: str, **fields: Any) -> str:
    charge: dict[str, Any] = (await api.charge(idempotency_key, **fields)).json()
    return str(charge["id"])


async def test_an_empty_list_is_a_list(api: Api) -> None:
    assert await page(api) == {"object": "list", "data": [], "has_more": False, "next_cursor": None}


async def test_a_list_shows_charges_as_post_answered_them_newest_first(
    api: Api, clock: HandClock, dsn: str
) -> None:
    posted = []
    for number in range(3):
        clock.at += timedelta(seconds=1)
        posted.append((await api.charge(str(number), metadata={"n": str(number)})).json())
    await api.project(dsn)
    assert await page(api) == {
        "object": "list",
        "data": posted[::-1],
        "has_more": False,
        "next_cursor": None,
    }


async def test_each_filter_finds_its_charges(api: Api, clock: HandClock, dsn: str) -> None:
    first = await charge_id(api, "1", customer_email="ada@example.com", metadata={"a": "1", "b": "[2]"})
    clock.at += timedelta(seconds=1)
    second = await charge_id(api, "2", customer_email="bob+x@example.com", metadata={"a": "1"})
    clock.at += timedelta(seconds=1)
    third = await charge_id(api, "3")
    await api.record(third, captured())
    await api.project(dsn)
    at = {name: (START + timedelta(seconds=n)).isoformat() for n, name in enumerate("abc")}
    assert await ids(api) == [third, second, first]
    assert await ids(api, status="succeeded") == [third]
    assert await ids(api, status="failed") == []
    assert await ids(api, customer_email="bob+x@example.com") == [second]
    assert await ids(api, **{"metadata[a]": "1"}) == [second, first]
    assert await ids(api, **{"metadata[a]": "1", "metadata[b]": "[2]"}) == [first]
    assert await ids(api, **{"created[gte]": at["b"]}) == [third, second]
    assert await ids(api, **{"created[gt]": at["b"]}) == [third]
    assert await ids(api, **{"created[lte]": at["b"]}) == [second, first]
    assert await ids(api, **{"created[lt]": at["b"]}) == [first]
    assert await ids(api, **{"created[gt]": at["a"], "created[lt]": at["c"]}) == [second]
    assert await ids(api, **{"created[gte]": at["a"], "created[gt]": at["b"]}) == [third]
    assert await ids(api, **{"created[lte]": at["c"], "created[lt]": at["b"]}) == [first]
    assert await ids(api, **{"created[gt]": "0001-01-01T00:00:00+23:59"}) == [third, second, first]
    assert await ids(api, **{"created[gt]": "9999-12-31T23:59:59.999999-23:59"}) == []


async def test_charges_of_others_and_of_the_other_mode_are_not_listed(api: Api, dsn: str) -> None:
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    mine = [await charge_id(api, "k", key=key) for key in (None, other, live)]
    await api.project(dsn)
    for key, charge in zip((None, other, live), mine, strict=True):
        listed = (await api.get("/v1/charges", key=key)).json()["data"]
        assert [found["id"] for found in listed] == [charge]


async def test_page_has_ten_charges_by_default(api: Api, dsn: str) -> None:
    await asyncio.gather(*(api.charge(str(n)) for n in range(12)))
    await api.project(dsn)
    default = await page(api)
    assert (len(default["data"]), default["has_more"]) == (10, True)
    assert (len(await ids(api, limit=1)), len(await ids(api, limit=100))) == (1, 12)


async def test_pages_join_without_gap_or_repeat_while_charges_come(
    api: Api, clock: HandClock, dsn: str
) -> None:
    there = set()
    for number in range(23):
        clock.at += timedelta(milliseconds=number % 2)  # some share their moment
        there.add(await charge_id(api, f"before-{number}"))
    await api.project(dsn)
    seen: list[str] = []
    query: dict[str, object] = {"limit": 5}
    while True:
        body = await page(api, **query)
        seen += [charge["id"] for charge in body["data"]]
        if not body["has_more"]:
            assert body["next_cursor"] is None
            break
        query["cursor"] = body["next_cursor"]
        clock.at += timedelta(seconds=1)
        await api.charge(f"while-{len(seen)}")
        await api.project(dsn)
    assert len(seen) == len(set(seen))
    assert set(seen) == there


async def test_a_cursor_keeps_its_filters(api: Api, dsn: str) -> None:
    for number in range(6):
        await api.charge(str(number), metadata={"even": str(number % 2 == 0)})
    await api.project(dsn)
    first = await page(api, limit=2, **{"metadata[even]": "True"})
    rest = await page(api, limit=2, cursor=first["next_cursor"], **{"metadata[even]": "True"})
    assert (len(rest["data"]), rest["has_more"]) == (1, False)


async def test_a_tampered_cursor_is_refused(api: Api, dsn: str, subtests: pytest.Subtests) -> None:
    for number in range(3):
        await api.charge(str(number))
    await api.project(dsn)
    cursor = (await page(api, limit=1))["next_cursor"]
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    flipped = [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        for place in range(len(cursor))
    ]
    shorter = base64.urlsafe_b64encode(base64.urlsafe_b64decode(cursor + "==")[1:]).decode().rstrip("=")
    tampered = [
        *flipped,
        cursor[:-1],
        cursor + "A",
        cursor + "=",
        f" {cursor}",
        shorter,
        "",
        "é",
        "\0",
        "x" * 5_000,
    ]
    for bad in tampered:
        with subtests.test(bad[:60]):
            reply = await api.get(f"/v1/charges?cursor={quote(bad)}")
            expected = "parameter_invalid" if bad == "\0" else "cursor_invalid"
            assert reply.problem()[:2] == (400, expected)
    for key in (other, live):
        reply = await api.get(f"/v1/charges?cursor={cursor}", key=key)
        assert reply.problem() == (400, "cursor_invalid", "cursor")


BAD_QUERIES: dict[str, tuple[str, str | None]] = {
    "limit=0": ("parameter_invalid", "limit"),
    "limit=101": ("parameter_invalid", "limit"),
    "limit=-1": ("parameter_invalid", "limit"),
    "limit=ten": ("parameter_invalid", "limit"),
    "limit=": ("parameter_invalid", "limit"),
    "limit=%D9%A1": ("parameter_invalid", "limit"),  # a digit, but not one of ASCII
    "limit=1&limit=2": ("parameter_invalid", "limit"),
    "status=paid": ("parameter_invalid", "status"),
    "status=": ("parameter_invalid", "status"),
    "status=failed,paid": ("parameter_invalid", "status"),
    "status=failed,": ("parameter_invalid", "status"),
    "status=failed&status=succeeded": ("parameter_invalid", "status"),
    "disputed=yes": ("parameter_invalid", "disputed"),
    "currency=euro": ("parameter_invalid", "currency"),
    "currency=%C3%A9ur": ("parameter_invalid", "currency"),
    "last4=424": ("parameter_invalid", "last4"),
    "last4=4242424242424242": ("parameter_invalid", "last4"),
    "last4=%D9%A1242": ("parameter_invalid", "last4"),
    "last4=": ("parameter_invalid", "last4"),
    "brand=%00": ("parameter_invalid", None),
    "amount_minor=19.99": ("parameter_invalid", "amount_minor"),
    "amount_minor=-1": ("parameter_invalid", "amount_minor"),
    "amount_minor[gte]=1000000000000000000": ("parameter_invalid", "amount_minor[gte]"),
    "amount_minor[eq]=1999": ("parameter_unknown", "amount_minor[eq]"),
    "created[gte]=yesterday": ("parameter_invalid", "created[gte]"),
    "created[gte]=2026-01-01": ("parameter_invalid", "created[gte]"),
    "created[gte]=2026-01-01T00:00:00": ("parameter_invalid", "created[gte]"),
    "created[lt]=1767225600": ("parameter_invalid", "created[lt]"),
    "created=2026-01-01T00:00:00Z": ("parameter_unknown", "created"),
    "created[eq]=2026-01-01T00:00:00Z": ("parameter_unknown", "created[eq]"),
    "metadata=x": ("parameter_unknown", "metadata"),
    "metadata[]=x": ("parameter_unknown", "metadata[]"),
    "starting_after=ch_1": ("parameter_unknown", "starting_after"),
    "page=2": ("parameter_unknown", "page"),
    "page": ("parameter_unknown", "page"),
    "status]=failed": ("parameter_unknown", "status]"),
    "customer_email=%00": ("parameter_invalid", None),
    "metadata[%00]=x": ("parameter_invalid", None),
    "customer_email=%ff": ("parameter_invalid", None),
    "customer_email=" + "x" * 9_000: ("parameter_invalid", None),
    "&".join(f"metadata[{n}]=x" for n in range(51)): ("parameter_invalid", None),
    "&".join(f"metadata[{n}]=x" for n in range(101)): ("parameter_invalid", None),
    "x" * 101 + "=1": ("parameter_unknown", None),
}


async def test_a_bad_query_is_refused_by_name(api: Api, subtests: pytest.Subtests) -> None:
    for query, expected in BAD_QUERIES.items():
        with subtests.test(query[:60]):
            reply = await api.get(f"/v1/charges?{query}")
            assert reply.problem() == (400, *expected)
    assert json.loads((await api.get("/v1/charges?")).body)["data"] == []


async def test_filters_of_charges_find_what_they_name(api: Api, dsn: str) -> None:
    small = (await api.charge("small", amount_minor=500)).json()["id"]
    paid = await api.paid("paid", amount_minor=700, currency="jpy")
    at_risk = await api.paid("disputed", amount_minor=1999)
    await api.append(at_risk, lambda _: (disputed(),))
    await api.project(dsn)

    async def listed(query: str) -> set[str]:
        reply = await api.get(f"/v1/charges?{query}")
        assert reply.status == 200, reply
        return {charge["id"] for charge in reply.json()["data"]}

    assert await listed("status=processing,succeeded") == {small, paid, at_risk}
    assert await listed("status=processing,failed") == {small}
    assert await listed("disputed=true") == {at_risk}
    assert await listed("disputed=false") == {small, paid}
    assert await listed("currency=JPY") == {paid}
    assert await listed("amount_minor=700") == {paid}
    assert await listed("amount_minor[gt]=500&amount_minor[lt]=1999") == {paid}
    assert await listed("amount_minor[gte]=500&amount_minor[lte]=700") == {small, paid}
    assert await listed("amount_minor[gte]=700&amount_minor=1999") == {at_risk}
    assert await listed("psp_reference=pi_1") == {paid, at_risk}
    assert await listed("psp_reference=pi_1&currency=usd&status=succeeded") == {at_risk}


async def test_charges_are_listed_by_card_and_part_of_the_payment(api: Api, dsn: str) -> None:
    by_visa, other = await charge_id(api, "visa"), await api.paid("other")
    told = msgspec.structs.replace(
        captured(),
        instrument=CardInstrument(brand="visa", last4="4242"),
        sub_references=(SubReference("capture", PspReference("capture_1")),),
    )
    await api.record(by_visa, told)
    await api.project(dsn)
    assert await ids(api, last4="4242") == await ids(api, brand="visa") == [by_visa]
    assert await ids(api, last4="4242", brand="amex") == await ids(api, last4="4243") == []
    assert await ids(api, psp_reference="capture_1") == [by_visa]
    assert await ids(api, psp_reference="pi_1", last4="4242", amount_minor=1999) == [by_visa]
    assert await ids(api) == [other, by_visa]
    (shown,) = (await page(api, last4="4242"))["data"]
    assert shown["payment_method_details"]["card"]["last4"] == "4242"


@pytest.mark.parametrize("path", ["/v1/refunds", "/v1/disputes"])
async def test_lists_take_several_statuses(api: Api, path: str) -> None:
    known = {"/v1/refunds": "pending,succeeded", "/v1/disputes": "won,lost"}[path]
    assert (await api.get(f"{path}?status={known}")).status == 200
    assert (await api.get(f"{path}?status={known},open")).problem() == (400, "parameter_invalid", "status")


@on_one_installation(
    ("path", "named"),
    [
        ("/v1/charges?created=2026-01-01", "created[gte], created[gt], created[lte], created[lt]"),
        ("/v1/charges?order=asc", "limit, cursor, status, customer_email"),
        ("/v1/charges?metadata=x", "metadata[...]"),
        ("/v1/charges?amount_minor[eq]=1", "amount_minor[gte]"),
        ("/v1/refunds?created=2026-01-01", "charge, status, created[gte]"),
        ("/v1/events?status=x", "charge, type"),
    ],
)
async def test_unknown_parameter_is_answered_with_the_known(api: Api, path: str, named: str) -> None:
    reply = await api.get(path)
    assert reply.problem()[:2] == (400, "parameter_unknown")
    assert named in reply.json()["detail"]


@on_one_installation(
    "path",
    [
        "/v1/charges/ch_1",
        "/v1/refunds/re_1",
        "/v1/disputes/dp_1",
        "/v1/events/evt_1",
        "/v1/balance",
        "/v1/balance_transactions/txn_1",
        "/v1/webhook_endpoints",
        "/v1/webhook_endpoints/we_1",
        "/v1/webhook_deliveries/msg_1",
    ],
)
async def test_look_at_one_object_takes_no_parameters(api: Api, path: str) -> None:
    """As lists do: a parameter that is dropped in silence is one that the client believes in."""
    assert (await api.get(f"{path}?expand=refunds")).problem() == (400, "parameter_unknown", "expand")
    assert (await api.get(path)).status in (200, 404)
