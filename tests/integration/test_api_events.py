"""Events over HTTP: the same as in webhooks, for a merchant without an endpoint."""

import json
from collections.abc import AsyncIterator

import pytest

from fincore.domain.events import CHARGE_EVENTS, EVENTS
from fincore.domain.ids import ChargeId, public_event_id, stream_of
from fincore.domain.public_event import public_event
from fincore.eventstore.log import EventLog
from fincore.notify.message import message_body
from fincore.postgres.pool import Pool
from fincore.public.event_object import event_objects
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Api, serving_api
from fixtures.traffic import disputed, refunded, refunding


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def test_event_equals_body_of_its_webhook(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    await api.append(charge_id, lambda _: (disputed(),))
    await api.project(dsn)
    recorded = await EventLog(api.pool, CHARGE_EVENTS).load(stream_of(ChargeId(charge_id)))
    listed = (await api.get("/v1/events")).json()
    assert {name: listed[name] for name in ("object", "has_more", "next_cursor")} == {
        "object": "list",
        "has_more": False,
        "next_cursor": None,
    }
    assert len(listed["data"]) == len(recorded) == 3
    for shown, event in zip(reversed(listed["data"]), recorded, strict=True):
        about = event_objects(recorded, {event.version})[event.version]
        webhook = json.loads(message_body(public_event(event), about, livemode=False))
        assert shown == {
            "id": public_event_id(event.event_id),
            "object": "event",
            "charge": charge_id,
            "livemode": False,
            "created_at": event.recorded_at.isoformat().replace("+00:00", "Z"),
            **webhook,
        }
        assert (await api.get(f"/v1/events/{shown['id']}")).json() == shown
    assert [event["data"]["object"]["object"] for event in listed["data"]] == ["dispute", "charge", "charge"]
    assert [event["data"]["object"].get("status") for event in listed["data"]] == [
        "needs_response",
        "succeeded",
        "processing",
    ]


async def test_each_filter_finds_its_events_and_pages_join(api: Api, dsn: str) -> None:
    one = await api.paid("one")
    other = await api.paid("other")
    refund = refunding(500, merchant_id=api.merchant_id)
    await api.append(one, lambda _: (refund, refunded(refund)))
    await api.project(dsn)

    async def listed(query: str) -> list[tuple[str, str]]:
        found = (await api.get(f"/v1/events?{query}")).json()["data"]
        return [(event["charge"], event["type"]) for event in found]

    everything = [
        (one, "refund.succeeded"),
        (one, "refund.requested"),
        (other, "charge.captured"),
        (other, "charge.created"),
        (one, "charge.captured"),
        (one, "charge.created"),
    ]
    assert await listed("") == everything
    assert await listed(f"charge={one}") == [entry for entry in everything if entry[0] == one]
    assert await listed("type=refund.*") == everything[:2]
    assert await listed("type=charge.created") == [everything[3], everything[5]]
    assert await listed("type=dispute.*") == []
    assert await listed(f"charge={other}&type=charge.*") == everything[2:4]
    moment = (await api.get("/v1/events?limit=1")).json()["data"][0]["created_at"]
    assert await listed(f"created[gte]={moment}") == everything[:1]
    assert await listed(f"created[lt]={moment}") == everything[1:]
    for query in ("", f"charge={one}&", "type=charge.*&"):
        expected = await listed(query)
        seen: list[tuple[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await api.get(f"/v1/events?{query}limit=1{cursor and f'&cursor={cursor}'}")).json()
            seen += [(event["charge"], event["type"]) for event in page["data"]]
            cursor = page["next_cursor"]
        assert seen == expected


async def test_events_of_others_and_of_the_other_mode_are_not_there(api: Api, dsn: str) -> None:
    await api.paid()
    await api.project(dsn)
    event_id = (await api.get("/v1/events")).json()["data"][0]["id"]
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (other, await api.new_key(livemode=True)):
        assert (await api.get("/v1/events", key=key)).json()["data"] == []
        reply = await api.get(f"/v1/events/{event_id}", key=key)
        assert reply.problem() == (404, "event_not_found", "event_id")


@pytest.mark.parametrize(
    "event_id", ["evt_1", "nonsense", "ch_01kab5m5wvfb9v1c2m5hfv0d2e", "evt_01kab5m5wvfb9v1c2m5hfv0d2e"]
)
async def test_unknown_event_is_not_found(api: Api, event_id: str) -> None:
    assert (await api.get(f"/v1/events/{event_id}")).problem() == (404, "event_not_found", "event_id")


@on_one_installation(
    ("query", "code", "param"),
    [
        ("type=*", "parameter_invalid", "type"),
        ("type=refund", "parameter_invalid", "type"),
        ("type=refund.*&type=charge.*", "parameter_invalid", "type"),
        ("status=open", "parameter_unknown", "status"),
        ("cursor=AAAA", "cursor_invalid", "cursor"),
    ],
)
async def test_wrong_event_query_is_refused_by_parameter(api: Api, query: str, code: str, param: str) -> None:
    assert (await api.get(f"/v1/events?{query}")).problem() == (400, code, param)


async def test_every_type_and_every_family_can_be_asked_for(api: Api) -> None:
    families = {f"{name.partition('.')[0]}.*" for name in EVENTS}
    assert families == {"charge.*", "refund.*", "dispute.*"}
    for wanted in (*EVENTS, *families):
        assert (await api.get(f"/v1/events?type={wanted}")).status == 200
