"""Searches and lists of charges over HTTP: who finds what, page by page, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId, MerchantId, charge_of, new_charge_id
from fincore.domain.payment_method import CardInstrument
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.cases import on_one_installation
from fixtures.commits import captured, created
from fixtures.merchant_api import Api, serving_api
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import follow, live, running_writer, store_pool

MINE = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2d")
OTHER = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")
SEARCHES = "/staff/v1/searches"
LIST = "/staff/v1/charges/searches"
TOTALS = "/staff/v1/charges/totals"


class Scene(NamedTuple):
    """The server, and charges: two of one merchant, one of another, one in live mode."""

    staff: StaffServer
    api: Api
    first: ChargeId
    second: ChargeId
    foreign: ChargeId
    real: ChargeId


@pytest.fixture
async def scene(pool: Pool, dsn: str) -> AsyncIterator[Scene]:
    card = CardInstrument(brand="visa", last4="4242")
    about: dict[str, Any] = {"customer_email": "Ada@example.com", "metadata": {"order": "<b>A-1</b>"}}
    mine: dict[str, Any] = {"merchant_id": MINE}
    async with running_writer(pool) as writer:
        streams = [
            (await live(writer, [life]))[0]
            for life in (
                (created(1999, **mine, **about), captured(1999, **mine, instrument=card)),
                (created(500, **mine),),
                (created(1999, merchant_id=OTHER, **about), captured(1999, merchant_id=OTHER)),
                (created(1999, livemode=True, **mine, **about), captured(1999, livemode=True, **mine)),
            )
        ]
    async with store_pool(dsn, "paymentdb") as paymentdb:
        await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    async with serving_api(pool) as api, serving_staff(api) as staff:
        yield Scene(staff, api, *map(charge_of, streams))


def ids(body: dict[str, Any]) -> list[str]:
    return [row["id"] for row in body["data"]]


def found(body: dict[str, Any]) -> dict[str, list[str]]:
    return {group["matched"]: [hit["id"] for hit in group["hits"]] for group in body["groups"]}


async def test_a_person_finds_a_charge_by_what_the_customer_says(scene: Scene) -> None:
    support = scene.staff.person("support")
    reply = await support.ask(SEARCHES, mode="test", query="ada@EXAMPLE.com")
    assert reply.status == 200
    (group,) = reply.json()["groups"]
    assert (group["matched"], group["is_prefix"], group["has_more"]) == ("email", False, False)
    assert {hit["id"] for hit in group["hits"]} == {scene.first, scene.foreign}
    shown = next(hit for hit in group["hits"] if hit["id"] == scene.first)["charge"]
    assert (shown["last4"], shown["amount_minor"], shown["merchant"]) == ("4242", 1999, MINE)
    # What a merchant or a customer typed comes back as it was typed, as JSON.
    assert shown["metadata"] == {"order": "<b>A-1</b>"}
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_person_of_one_merchant_finds_nothing_else(scene: Scene) -> None:
    bound = scene.staff.person("support", merchant_id=OTHER)
    for query in ("ada@example.com", "19.99", "A-1"):
        assert scene.first not in str((await bound.ask(SEARCHES, mode="test", query=query)).json())
    assert found((await bound.ask(SEARCHES, mode="test", query=scene.first)).json()) == {}
    assert ids((await bound.ask(LIST, mode="test")).json()) == [scene.foreign]
    assert ids((await bound.ask(LIST, mode="test", merchant=MINE)).json()) == []
    (total,) = (await bound.ask(TOTALS, mode="test")).json()["data"]
    assert (total["charges"], total["amount_captured_minor"]) == (1, 1999)


async def test_modes_are_apart(scene: Scene) -> None:
    tester = scene.staff.person("support", mode="test")
    for path, fields in ((SEARCHES, {"query": "ada@example.com"}), (LIST, {}), (TOTALS, {})):
        reply = await tester.ask(path, mode="live", **fields)
        assert (reply.status, reply.json()["code"]) == (403, "permission_missing")
    everyone = scene.staff.person("support")
    assert ids((await everyone.ask(LIST, mode="live")).json()) == [scene.real]
    assert scene.real not in ids((await everyone.ask(LIST, mode="test")).json())


async def test_pages_follow_each_other_by_cursor(scene: Scene) -> None:
    viewer = scene.staff.person("viewer")
    seen: list[str] = []
    cursor = None
    while True:
        body = (await viewer.ask(LIST, mode="test", limit=1, cursor=cursor)).json()
        seen += ids(body)
        assert body["has_more"] == (body["next_cursor"] is not None)
        if not body["has_more"]:
            break
        cursor = body["next_cursor"]
    assert sorted(seen) == sorted([scene.first, scene.second, scene.foreign])
    other_mode = await viewer.ask(LIST, mode="live", cursor=cursor)
    assert (other_mode.status, other_mode.json()["code"]) == (400, "cursor_invalid")
    for forged in ("A" * 40, "_" * 399):
        reply = await viewer.ask(LIST, mode="test", cursor=forged)
        assert (reply.status, reply.json()["code"]) == (400, "cursor_invalid")


async def test_filters_narrow_the_list_and_its_totals(scene: Scene) -> None:
    viewer = scene.staff.person("viewer")
    for fields, wanted in (
        ({"status": ["processing"]}, [scene.second]),
        ({"last4": "4242"}, [scene.first]),
        ({"customer_email": "ADA@example.com", "merchant": MINE}, [scene.first]),
        ({"customer_email_prefix": "ada", "merchant": OTHER}, [scene.foreign]),
        ({"amount_to_minor": 500}, [scene.second]),
        ({"metadata": {"order": "<b>A-1</b>"}, "brand": "visa"}, [scene.first]),
        ({"currency": "eur"}, []),
        ({"created_before": "0001-01-01T00:00:00Z"}, []),
        ({"customer_email_prefix": "%"}, []),
    ):
        reply = await viewer.ask(LIST, mode="test", **fields)
        assert ids(reply.json()) == wanted, fields
        totals = (await viewer.ask(TOTALS, mode="test", **fields)).json()
        assert sum(total["charges"] for total in totals["data"]) == len(wanted)
        assert totals["is_exact"]


@on_one_installation(
    ("fields", "code"),
    [
        ({}, "field_missing"),
        ({"mode": "both"}, "field_invalid"),
        ({"mode": "test", "limit": 101}, "field_invalid"),
        ({"mode": "test", "last4": "٤٢٤٢"}, "field_invalid"),
        ({"mode": "test", "last4": "424"}, "field_invalid"),
        ({"mode": "test", "merchant": "mer_x"}, "field_invalid"),
        ({"mode": "test", "currency": "xyz"}, "currency_unknown"),
        ({"mode": "test", "brand": "a\0b"}, "field_invalid"),
        ({"mode": "test", "created_from": "2026-01-01T00:00:00"}, "field_invalid"),
        ({"mode": "test", "amount_from_minor": 10**30}, "field_invalid"),
        ({"mode": "test", "card": "4242"}, "field_unknown"),
        ({"mode": "test", "customer_email": "a", "customer_email_prefix": "a"}, "field_invalid"),
    ],
)
async def test_a_filter_of_no_use_is_refused(scene: Scene, fields: dict[str, Any], code: str) -> None:
    reply = await scene.staff.person("viewer").ask(LIST, **fields)
    assert (reply.status // 100, reply.json()["code"]) == (4, code)


async def test_a_search_takes_no_text_without_a_bound(scene: Scene) -> None:
    viewer = scene.staff.person("viewer")
    for size, status, code in ((201, 422, "field_invalid"), (600_000, 413, "body_too_large")):
        reply = await viewer.ask(SEARCHES, mode="test", query="a" * size)
        assert (reply.status, reply.json()["code"]) == (status, code)
    for query in ("a\0b", ""):
        assert (await viewer.ask(SEARCHES, mode="test", query=query)).json()["code"] == "field_invalid"
    for query in ("\x07", "%", "_", "'; drop table paymentdb.charges; --", new_charge_id(), "\u202e"):
        reply = await viewer.ask(SEARCHES, mode="test", query=query)
        assert (reply.status, reply.json()["groups"]) == (200, [])
