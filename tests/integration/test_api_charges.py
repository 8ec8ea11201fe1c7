"""Creating a charge, looking at it, and waiting for its outcome, over HTTP."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import product

import pytest

from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.outcome import ActionRequired, PspReference, Unknown
from fincore.postgres.pool import Pool
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, captured, declined, serving_api
from fixtures.waiting import eventually


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def waiting_charge(api: Api, idempotency_key: str, *, prefer: str = "wait=30") -> asyncio.Task[Reply]:
    """A request that waits for its outcome; it is accepted when this returns."""
    before = await api.keys_used()
    request = asyncio.create_task(api.charge(idempotency_key, prefer=prefer))

    async def is_accepted() -> bool:
        return await api.keys_used() > before

    await eventually(is_accepted)
    return request


async def charge_id_of(api: Api, idempotency_key: str) -> str:
    location = await api.pool.fetchval(
        "select location from eventstore.idempotency_keys where key = $1", idempotency_key
    )
    return str(location).rpartition("/")[2]


async def test_charge_is_answered_processing_and_writes_event_and_job(api: Api) -> None:
    reply = await api.charge(
        "k",
        currency="USD",
        capture=False,
        description="Order 6735",
        customer_email="ada@example.com",
        customer={"id": "c-1", "ip": "2001:0db8::0007", "country": "DE"},
        billing_country="DE",
        metadata={"order_id": "6735"},
    )
    charge = reply.json()
    assert reply.status == 201
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Location"] == f"/v1/charges/{charge['id']}"
    assert reply.headers["Request-Id"].startswith("req_")
    created_at = charge.pop("created_at")
    assert created_at.endswith("Z")
    assert charge == {
        "id": charge["id"],
        "object": "charge",
        "livemode": False,
        "status": "processing",
        "amount_minor": 1999,
        "currency": "usd",
        "capture": False,
        "amount_authorized_minor": 0,
        "amount_captured_minor": 0,
        "amount_refunded_minor": 0,
        "amount_refundable_minor": 0,
        "capture_before": None,
        "disputed": False,
        "fraud_warned": False,
        "psp_risk_level": None,
        "payment_method": "pm_card_visa",
        "payment_method_details": {"type": "card", "card": None, "paypal": None},
        "description": "Order 6735",
        "customer_email": "ada@example.com",
        "customer": {
            "id": "c-1",
            "email": None,
            "ip": "2001:db8::7",
            "user_agent": None,
            "device_id": None,
            "country": "DE",
        },
        "billing_country": "DE",
        "shipping_country": None,
        "metadata": {"order_id": "6735"},
        "psp": "stripe",
        "psp_account": "test",
        "psp_reference": None,
        "failure": None,
        "pending_operation": None,
        "operation_failure": None,
        "next_action": None,
        "outcome_unknown_since": None,
        "pending_until": None,
        "review": None,
    }
    assert await api.written() == (1, 1, 1, 0)
    job = await api.pool.fetchrow("select entrypoint, payload from queue.pgqueuer")
    assert job is not None
    assert job["entrypoint"] == "charge.authorize"
    assert json.loads(job["payload"]) == {"charge_id": charge["id"]}


async def test_charge_event_names_its_request_and_api_key(api: Api) -> None:
    reply = await api.charge("k")
    provenance = json.loads(await api.pool.fetchval("select metadata from eventstore.events"))
    (key,) = await api.merchants.list_keys(api.merchant_id)
    assert provenance == {"correlation": reply.headers["Request-Id"], "actor": key.key_id}


@pytest.mark.parametrize("character", ["x", "\u6f22", "\U0001f600"], ids=["ascii", "cjk", "emoji"])
async def test_texts_at_their_bounds_fit_in_any_encoding(api: Api, dsn: str, character: str) -> None:
    texts = {
        "description": character * 1_000,
        "metadata": {f"{number:02}{character * 38}": character * 500 for number in range(50)},
        "return_url": "https://shop.example/" + "x" * 2_027,
    }
    # json.dumps escapes what is not ASCII: twelve bytes for an emoji.
    created = await api.charge("k", **texts)  # type: ignore[arg-type]
    assert created.status == 201
    await api.project(dsn)
    shown = (await api.get(created.headers["Location"])).json()
    assert {name: shown[name] for name in ("description", "metadata")} == {
        name: texts[name] for name in ("description", "metadata")
    }


async def test_charge_is_read_at_once_with_its_timeline(api: Api) -> None:
    posted = (await api.charge("k")).json()
    await api.record(posted["id"], captured())
    charge = (await api.get(f"/v1/charges/{posted['id']}")).json()
    assert (charge["status"], charge["amount_captured_minor"]) == ("succeeded", 1999)
    assert charge["psp_reference"] == "pi_1"
    assert [entry["type"] for entry in charge["timeline"]] == ["charge.created", "charge.captured"]
    assert set(charge["timeline"][1]) == {"id", "type", "at", "data"}
    assert charge["timeline"][1]["id"].startswith("evt_")
    assert charge["timeline"][1]["at"] == "2026-01-02T12:00:00Z"
    assert charge["timeline"][1]["data"] == {"amount_minor": 1999, "currency": "usd"}


async def test_the_view_and_the_folded_stream_show_the_same_charge(api: Api, dsn: str) -> None:
    path = (await api.charge("k", metadata={"order_id": "6735"})).headers["Location"]
    folded = (await api.get(path)).json()
    await api.project(dsn)
    assert (await api.get(path)).json() == folded


async def test_a_view_that_is_up_to_date_is_what_is_shown(api: Api, dsn: str, owner_pool: Pool) -> None:
    path = (await api.charge("k")).headers["Location"]
    await api.project(dsn)
    await owner_pool.execute("update paymentdb.charges set description = 'from the view'")
    assert (await api.get(path)).json()["description"] == "from the view"


async def test_a_view_that_lags_behind_is_not_shown(api: Api, dsn: str) -> None:
    posted = (await api.charge("k")).json()
    await api.project(dsn)
    await api.record(posted["id"], declined())
    charge = (await api.get(f"/v1/charges/{posted['id']}")).json()
    assert charge["status"] == "failed"
    assert charge["failure"] == {
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "The card was declined.",
        "customer_message": "Your card was declined. Pay with another card, or ask your bank.",
        "advice": "ask_customer",
        "retryable": False,
    }


async def test_next_action_is_shown_until_charge_proceeds(api: Api) -> None:
    posted = (await api.charge("k")).json()
    path = f"/v1/charges/{posted['id']}"
    await api.record(
        posted["id"], ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example/")
    )
    assert (await api.get(path)).json()["next_action"] == {
        "redirect_url": "https://bank.example/",
        "approval_url": None,
    }
    await api.record(posted["id"], captured())
    assert (await api.get(path)).json()["next_action"] is None


async def test_return_url_is_stored_with_the_charge(api: Api) -> None:
    url = "https://shop.example/orders/6735?step=paid"
    posted = (await api.charge("k", return_url=url)).json()
    assert (await api.folded(posted["id"])).return_url == url
    assert (await api.folded((await api.charge("l")).json()["id"])).return_url is None


async def test_unknown_outcome_shows_since_when(api: Api) -> None:
    posted = (await api.charge("k")).json()
    await api.record(posted["id"], Unknown(reason="timeout", since=NOON))
    charge = (await api.get(f"/v1/charges/{posted['id']}")).json()
    assert (charge["status"], charge["outcome_unknown_since"]) == ("processing", "2026-01-02T12:00:00Z")


async def test_a_charge_of_another_merchant_or_mode_is_not_found(api: Api, dsn: str) -> None:
    viewed = (await api.charge("k")).headers["Location"]
    await api.project(dsn)
    folded = (await api.charge("l")).headers["Location"]
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    for path, key in product((viewed, folded), (other, live)):
        assert (await api.get(path, key=key)).problem() == (404, "charge_not_found", "charge_id")


async def test_waiting_charge_request_gets_the_outcome(api: Api) -> None:
    request = await waiting_charge(api, "k")
    await api.record(await charge_id_of(api, "k"), captured())
    reply = await request
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert reply.headers["Preference-Applied"] == "wait"


async def test_an_unknown_outcome_does_not_end_the_wait(api: Api) -> None:
    request = await waiting_charge(api, "k")
    charge_id = await charge_id_of(api, "k")
    await api.record(charge_id, Unknown(reason="timeout", since=NOON))
    await api.record(charge_id, captured())
    assert (await request).json()["status"] == "succeeded"


async def test_waiting_request_of_declined_charge_gets_402_with_charge(api: Api) -> None:
    request = await waiting_charge(api, "k")
    await api.record(await charge_id_of(api, "k"), declined())
    reply = await request
    assert reply.problem() == (402, "charge_failed", None)
    body = reply.json()
    assert body["detail"].startswith("The card was declined.")
    assert body["charge"]["failure"]["decline_code"] == "insufficient_funds"
    assert reply.headers["Location"] == f"/v1/charges/{body['charge']['id']}"
    assert reply.headers["Preference-Applied"] == "wait"


async def test_wait_that_times_out_gets_processing_charge(api: Api) -> None:
    reply = await api.charge("k", prefer="respond-async, wait=1")
    assert (reply.status, reply.json()["status"]) == (201, "processing")
    assert reply.headers["Preference-Applied"] == "wait"


async def test_a_preference_that_asks_for_no_wait_is_ignored(api: Api) -> None:
    for prefer in ("wait=0", "wait=soon", "respond-async", "wait", ""):
        reply = await api.charge(f"k-{prefer}", prefer=prefer)
        assert reply.status == 201
        assert "Preference-Applied" not in reply.headers


async def test_a_key_may_be_shown_as_the_user_of_basic_authentication(api: Api) -> None:
    for credentials in (f"{api.key.reveal()}:", api.key.reveal()):
        basic = f"Basic {b64encode(credentials.encode()).decode()}"
        reply = await api.request("GET", "/v1/charges", headers={"Authorization": basic})
        assert reply.status == 200


async def test_a_live_key_takes_live_charges_to_the_live_account(api: Api) -> None:
    live = await api.new_key(livemode=True)
    charge = (await api.charge("k", key=live)).json()
    assert charge["livemode"] is True
    event = json.loads(await api.pool.fetchval("select data from eventstore.events"))
    assert (event["psp"], event["psp_account"], event["livemode"]) == ("stripe", "live", True)


async def unreadable(api: Api, owner_pool: Pool, charge_id: str) -> None:
    """Let the second event of a charge be one that this version cannot read, as after a downgrade."""
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update eventstore.events set type = 'charge.teleported' where stream_id = $1 and version = 2",
            stream_of(ChargeId(charge_id)),
        )


async def test_charge_unreadable_is_shown_as_far_as_it_can_be(api: Api, owner_pool: Pool, dsn: str) -> None:
    charge_id = await api.paid(metadata={"order_id": "6735"})
    await unreadable(api, owner_pool, charge_id)
    for _ in ("folded from the log", "beside a view that is parked"):
        reply = await api.get(f"/v1/charges/{charge_id}")
        assert reply.problem() == (500, "charge_unreadable", None)
        assert not reply.json()["retryable"]
        assert "Retry-After" not in reply.headers
        shown = reply.json()["charge"]
        assert (shown["id"], shown["status"]) == (charge_id, "processing")
        assert shown["metadata"] == {"order_id": "6735"}
        assert [entry["type"] for entry in shown["timeline"]] == ["charge.created"]
        await api.project(dsn)


async def test_charge_unreadable_refuses_what_is_asked_of_it(api: Api, owner_pool: Pool) -> None:
    charge_id = await api.paid()
    await unreadable(api, owner_pool, charge_id)
    reply = await api.post("/v1/refunds", "r", {"charge": charge_id})
    assert reply.problem() == (500, "charge_unreadable", None)
    assert await api.keys_used() == 1


async def test_charge_unreadable_is_not_found_by_others(api: Api, owner_pool: Pool) -> None:
    charge_id = await api.paid()
    await unreadable(api, owner_pool, charge_id)
    stranger = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    reply = await api.get(f"/v1/charges/{charge_id}", key=stranger)
    assert reply.problem() == (404, "charge_not_found", "charge_id")


async def test_charge_unreadable_fails_no_other_look(api: Api, owner_pool: Pool) -> None:
    """Looks that come together share a statement; one stream that cannot be read is its own matter."""
    charges = [await api.paid(f"k{number}") for number in range(8)]
    await unreadable(api, owner_pool, charges[0])
    replies = await asyncio.gather(*(api.get(f"/v1/charges/{charge_id}") for charge_id in charges * 4))
    assert [reply.status for reply in replies] == [500, *[200] * 7] * 4
