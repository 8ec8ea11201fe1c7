"""Webhook endpoints over HTTP: making, changing and rotating them, what was sent, sending it again, and who sees what."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fincore.domain.ids import new_webhook_delivery_id, new_webhook_endpoint_id
from fincore.notify.deliverer import Deliverer
from fincore.notify.endpoint import ENDPOINTS_MAX
from fincore.notify.fan_out import FanOut
from fincore.notify.secret_cipher import SecretCipher
from fincore.notify.sender import Sender
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.clocks import HandClock
from fixtures.merchant_api import SECRETS_KEY, Api, Reply, serving_api
from fixtures.notify import only_loopback
from fixtures.traffic import follow, store_pool

PATH = "/v1/webhook_endpoints"
URL = "https://shop.example.com/webhooks"


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def post(
    api: Api, path: str, body: object = None, *, idempotency_key: str | None = None, **options: Any
) -> Reply:
    headers = {"Content-Type": "application/json"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    data = None if body is None else json.dumps(body).encode()
    return await api.request("POST", path, headers=headers, data=data, **options)


async def created(api: Api, **fields: object) -> dict[str, Any]:
    reply = await post(api, PATH, {"url": URL} | fields)
    assert reply.status == 201, reply
    body: dict[str, Any] = reply.json()
    return body


async def some_deliveries(api: Api, dsn: str, count: int = 1) -> list[str]:
    """Let charges be created and tell every endpoint; the ids of the deliveries, newest first."""
    for number in range(count):
        assert (await api.charge(f"charge-{number}")).status == 201
    async with store_pool(dsn, "notify") as notify:
        await follow(api.log, notify, FanOut(HandClock(await now(api))))
    rows = await api.pool.fetch("select delivery_id from notify.deliveries order by delivery_id desc")
    return [row["delivery_id"] for row in rows]


async def now(api: Api) -> Any:
    return await api.pool.fetchval("select clock_timestamp()")


async def fail_all(api: Api) -> None:
    """As after a disabling: what waits has failed."""
    await api.pool.execute(
        "update notify.deliveries set status = 'failed', failure = 'endpoint_disabled', next_attempt_at = null,"
        " finished_at = clock_timestamp()"
    )


# Endpoints


async def test_new_endpoint_is_answered_whole_and_shows_secret_once(api: Api) -> None:
    reply = await post(
        api, PATH, {"url": URL, "description": "The shop", "event_types": ["charge.*", "refund.failed"]}
    )
    body = reply.json()
    assert reply.status == 201
    assert reply.headers["Location"] == f"{PATH}/{body['id']}"
    assert body["id"].startswith("we_")
    assert len(b64decode(body.pop("secret").removeprefix("whsec_"))) == 32
    assert body.pop("created_at").endswith("Z")
    assert body == {
        "id": body["id"],
        "object": "webhook_endpoint",
        "livemode": False,
        "url": URL,
        "description": "The shop",
        "event_types": ["charge.*", "refund.failed"],
        "status": "enabled",
        "disabled_reason": None,
        "secret_version": 1,
        "previous_secret_expires_at": None,
    }
    got = (await api.get(reply.headers["Location"])).json()
    assert "secret" not in got
    assert got == {**body, "created_at": got["created_at"]}


async def test_endpoint_without_event_types_gets_all_events(api: Api) -> None:
    assert (await created(api))["event_types"] == ["*"]


async def test_endpoints_are_listed_oldest_first_without_secrets(api: Api) -> None:
    made = [(await created(api))["id"] for _ in range(3)]
    listed = (await api.get(PATH)).json()
    assert [endpoint["id"] for endpoint in listed["data"]] == made
    assert (listed["object"], listed["has_more"], listed["next_cursor"]) == ("list", False, None)
    assert all("secret" not in endpoint for endpoint in listed["data"])
    assert (await api.get(f"{PATH}?limit=1")).problem() == (400, "parameter_unknown", "limit")


async def test_endpoint_secret_is_stored_sealed_only(api: Api, owner_pool: Pool) -> None:
    secret = (await post(api, PATH, {"url": URL}, idempotency_key="k")).json()["secret"]
    row = await api.pool.fetchrow("select endpoint_id, secret from notify.endpoints")
    assert row is not None
    assert SecretCipher(SECRETS_KEY).decrypt(row["secret"], row["endpoint_id"]).reveal() == secret
    for table in ("notify.endpoints", "eventstore.idempotency_keys"):
        # Bytes as text, so that an answer kept as bytes cannot hide it.
        stored = await owner_pool.fetch(f"select t::text, to_jsonb(t)::text from {table} t")  # noqa: S608 -- our names
        assert stored
        for needle in (secret, secret.removeprefix("whsec_"), secret.encode().hex()):
            assert not any(needle in text for record in stored for text in record)


async def test_endpoint_change_keeps_fields_not_named(api: Api) -> None:
    made = await created(api, description="old", event_types=["charge.*"])
    path = f"{PATH}/{made['id']}"
    moved = (await post(api, path, {"url": "https://new.example.com/"})).json()
    assert (moved["url"], moved["description"], moved["event_types"]) == (
        "https://new.example.com/",
        "old",
        ["charge.*"],
    )
    bare = (await post(api, path, {"description": None, "event_types": ["*"]})).json()
    assert (bare["url"], bare["description"], bare["event_types"]) == (
        "https://new.example.com/",
        None,
        ["*"],
    )
    disabled = (await post(api, path, {"status": "disabled"})).json()
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "by_merchant")
    assert (await post(api, path, {"description": "x"})).json()["disabled_reason"] == "by_merchant"
    enabled = (await post(api, path, {"status": "enabled"})).json()
    assert (enabled["status"], enabled["disabled_reason"]) == ("enabled", None)
    assert "secret" not in enabled
    assert (await api.get(path)).json() == enabled


async def test_secret_rotation_shows_when_old_secret_expires(pool: Pool) -> None:
    clock = HandClock(await pool.fetchval("select clock_timestamp()"))
    async with serving_api(pool, clock=clock) as api:
        made = await created(api)
        path = f"{PATH}/{made['id']}/rotate_secret"
        for body, seconds in ((None, 86_400), ({}, 86_400), ({"overlap_seconds": 60}, 60)):
            rotated = (await post(api, path, body)).json()
            left = await pool.fetchval("select previous_expires_at from notify.endpoints") - clock.now()
            assert left.total_seconds() == seconds
            assert rotated["previous_secret_expires_at"] is not None
            assert rotated["secret"] != made["secret"]
        at_once = (await post(api, path, {"overlap_seconds": 0})).json()
        assert (at_once["secret_version"], at_once["previous_secret_expires_at"]) == (5, None)


async def test_endpoints_above_limit_of_a_mode_are_refused(api: Api) -> None:
    replies = await asyncio.gather(*(post(api, PATH, {"url": URL}) for _ in range(ENDPOINTS_MAX + 3)))
    assert sorted(reply.status for reply in replies) == [201] * ENDPOINTS_MAX + [409] * 3
    refused = next(reply for reply in replies if reply.status == 409)
    assert refused.problem() == (409, "webhook_endpoints_too_many", None)
    live = await api.new_key(livemode=True)
    assert (await post(api, PATH, {"url": URL}, key=live)).status == 201


# Bad input


@on_one_installation(
    ("body", "code", "param"),
    [
        ({}, "field_missing", "url"),
        ({"url": URL, "secret": "mine"}, "field_unknown", "secret"),
        ({"url": 1}, "field_invalid", "url"),
        ({"url": "http://shop.example.com/"}, "webhook_url_not_allowed", "url"),
        ({"url": "https://127.0.0.1/"}, "webhook_url_not_allowed", "url"),
        ({"url": "https://169.254.169.254/"}, "webhook_url_not_allowed", "url"),
        ({"url": "https://user:pass@shop.example.com/"}, "webhook_url_not_allowed", "url"),
        ({"url": f"https://shop.example.com/{'a' * 2048}"}, "webhook_url_not_allowed", "url"),
        ({"url": "https://shop.example.com/4242424242424242"}, "card_number_not_allowed", "url"),
        ({"url": URL, "description": "4242 4242 4242 4242"}, "card_number_not_allowed", "description"),
        ({"url": URL, "description": "a\0b"}, "text_not_storable", "description"),
        ({"url": URL, "description": "a" * 501}, "field_invalid", "description"),
        ({"url": URL, "event_types": []}, "field_invalid", "event_types"),
        ({"url": URL, "event_types": ["charge.*", "charge.paid"]}, "field_invalid", "event_types"),
        ({"url": URL, "event_types": ["*"] * 51}, "field_invalid", "event_types"),
        ({"url": URL, "event_types": "*"}, "field_invalid", "event_types"),
    ],
)
async def test_invalid_endpoint_is_refused_and_not_created(
    api: Api, body: object, code: str, param: str
) -> None:
    reply = await post(api, PATH, body, idempotency_key="k")
    assert reply.problem() == (422, code, param)
    assert (await api.get(PATH)).json()["data"] == []


async def test_endpoint_that_was_refused_used_no_key(api: Api) -> None:
    assert (await post(api, PATH, {"url": None}, idempotency_key="k")).status == 422
    assert (await post(api, PATH, {"url": URL}, idempotency_key="k")).status == 201


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"url": None}, "field_invalid", "url"),
        ({"url": "https://10.0.0.1/"}, "webhook_url_not_allowed", "url"),
        ({"status": "gone"}, "field_invalid", "status"),
        ({"livemode": True}, "field_unknown", "livemode"),
        ({"event_types": ["nothing"]}, "field_invalid", "event_types"),
    ],
)
async def test_invalid_endpoint_change_is_refused_and_changes_nothing(
    api: Api, body: object, code: str, param: str
) -> None:
    path = f"{PATH}/{(await created(api))['id']}"
    before = (await api.get(path)).json()
    assert (await post(api, path, body)).problem() == (422, code, param)
    assert (await api.get(path)).json() == before


@pytest.mark.parametrize("seconds", [-1, 604_801, 1.5, "60"])
async def test_an_overlap_lasts_up_to_seven_days(api: Api, seconds: object) -> None:
    path = f"{PATH}/{(await created(api))['id']}/rotate_secret"
    reply = await post(api, path, {"overlap_seconds": seconds})
    assert reply.problem() == (422, "field_invalid", "overlap_seconds")


async def test_a_publishable_key_may_not_do_any_of_it(api: Api) -> None:
    publishable = await api.new_key(kind="publishable")
    assert (await post(api, PATH, {"url": URL}, key=publishable)).problem()[:2] == (
        403,
        "secret_key_required",
    )
    assert (await api.get(PATH, key=publishable)).problem()[:2] == (403, "secret_key_required")


# Idempotency keys


async def test_repeated_endpoint_creation_gets_the_same_answer(api: Api) -> None:
    first = await post(api, PATH, {"url": URL}, idempotency_key="k")
    again = await post(api, PATH, {"url": URL}, idempotency_key="k")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len((await api.get(PATH)).json()["data"]) == 1


async def test_concurrent_creations_under_one_key_make_one_endpoint(api: Api) -> None:
    replies = await asyncio.gather(*(post(api, PATH, {"url": URL}, idempotency_key="k") for _ in range(8)))
    assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
    assert len((await api.get(PATH)).json()["data"]) == 1


async def test_repeated_creation_after_rotation_shows_no_secret(api: Api) -> None:
    first = (await post(api, PATH, {"url": URL}, idempotency_key="k")).json()
    await post(api, f"{PATH}/{first['id']}/rotate_secret")
    again = (await post(api, PATH, {"url": URL}, idempotency_key="k")).json()
    assert again == {**first, "secret": None}


async def test_a_repeated_rotation_rotates_once(api: Api) -> None:
    path = f"{PATH}/{(await created(api))['id']}/rotate_secret"
    first = await post(api, path, {"overlap_seconds": 60}, idempotency_key="k")
    again = await post(api, path, {"overlap_seconds": 60}, idempotency_key="k")
    assert again.body == first.body
    assert first.json()["secret_version"] == 2
    assert await api.pool.fetchval("select secret_version from notify.endpoints") == 2


async def test_a_repeated_change_is_made_once(api: Api) -> None:
    path = f"{PATH}/{(await created(api))['id']}"
    first = await post(api, path, {"status": "disabled"}, idempotency_key="k")
    await post(api, path, {"status": "enabled"})
    assert (await post(api, path, {"status": "disabled"}, idempotency_key="k")).body == first.body
    assert (await api.get(path)).json()["status"] == "enabled"


async def test_endpoint_key_used_for_other_request_is_refused(api: Api) -> None:
    await post(api, PATH, {"url": URL}, idempotency_key="k")
    other = {"url": "https://other.example.com/"}
    reused = (422, "idempotency_key_reused", "Idempotency-Key")
    assert (await post(api, PATH, other, idempotency_key="k")).problem() == reused
    assert (await api.charge("k")).problem() == reused
    await api.charge("c")
    assert (await post(api, PATH, {"url": URL}, idempotency_key="c")).problem() == reused


# The owner


async def test_endpoint_of_other_merchant_or_mode_is_not_found(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    (delivery_id,) = await some_deliveries(api, dsn)
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    endpoint = (404, "webhook_endpoint_not_found", "endpoint_id")
    delivery = (404, "webhook_delivery_not_found", "delivery_id")
    one, sent = f"{PATH}/{endpoint_id}", f"/v1/webhook_deliveries/{delivery_id}"
    for key in (other, live):
        assert (await api.get(PATH, key=key)).json()["data"] == []
        assert (await api.get(one, key=key)).problem() == endpoint
        assert (await api.get(f"{one}/deliveries", key=key)).problem() == endpoint
        assert (await post(api, one, {"status": "disabled"}, key=key)).problem() == endpoint
        assert (await post(api, f"{one}/rotate_secret", key=key)).problem() == endpoint
        assert (await post(api, f"{one}/replay_failed", key=key)).problem() == endpoint
        assert (await api.get(sent, key=key)).problem() == delivery
        assert (await post(api, f"{sent}/replay", key=key)).problem() == delivery
    assert (await api.get(one)).json()["status"] == "enabled"
    assert (await api.get(one)).json()["secret_version"] == 1


@pytest.mark.parametrize("wrong", ["we_1", "x", "ch_01kab5m5wvfb9v1c2m5hfv0d2e", "%00"])
async def test_malformed_endpoint_or_delivery_id_is_not_found(api: Api, wrong: str) -> None:
    for known in (new_webhook_endpoint_id(), wrong):
        assert (await api.get(f"{PATH}/{known}")).problem()[1] == "webhook_endpoint_not_found"
    for known in (new_webhook_delivery_id(), wrong):
        reply = await api.get(f"/v1/webhook_deliveries/{known}")
        assert reply.problem()[1] == "webhook_delivery_not_found"


# Deliveries


async def test_the_log_shows_what_was_sent_and_how_it_went(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    (delivery_id,) = await some_deliveries(api, dsn)
    listed = (await api.get(f"{PATH}/{endpoint_id}/deliveries")).json()
    (waiting,) = listed["data"]
    assert (waiting["id"], waiting["endpoint"], waiting["event_type"]) == (
        delivery_id,
        endpoint_id,
        "charge.created",
    )
    assert (waiting["status"], waiting["attempts"], waiting["last_attempt"]) == ("pending", 0, None)
    clock = HandClock(await now(api))
    # The name leads to this machine, which is not allowed: the attempt fails before anything is sent.
    sender = Sender(only_loopback, clock)
    await Deliverer(api.pool, sender, SecretCipher(SECRETS_KEY), clock).deliver_due()
    await sender.close()
    tried = (await api.get(f"{PATH}/{endpoint_id}/deliveries")).json()["data"][0]
    assert (tried["status"], tried["attempts"]) == ("pending", 1)
    assert tried["last_attempt"].pop("duration_ms") >= 0
    assert tried["last_attempt"].pop("at").endswith("Z")
    assert tried["last_attempt"] == {"attempt": 1, "response_status": None, "error": "address_forbidden"}
    whole = (await api.get(f"/v1/webhook_deliveries/{delivery_id}")).json()
    assert whole["payload"]["type"] == "charge.created"
    assert whole["payload"]["data"]["event_id"] == whole["event"]
    assert [attempt["error"] for attempt in whole["attempt_log"]] == ["address_forbidden"]


async def test_deliveries_are_listed_newest_first_by_page_and_status(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    newest_first = await some_deliveries(api, dsn, count=5)
    await api.pool.execute(
        "update notify.deliveries set status = 'delivered', next_attempt_at = null,"
        " finished_at = clock_timestamp() where delivery_id = $1",
        newest_first[2],
    )
    path = f"{PATH}/{endpoint_id}/deliveries"
    for query, expected in (
        ("", newest_first),
        ("&status=delivered", [newest_first[2]]),
        ("&status=pending", [*newest_first[:2], *newest_first[3:]]),
        ("&status=failed", []),
    ):
        found, cursor = [], ""
        while True:
            page = (await api.get(f"{path}?limit=2{query}{cursor}")).json()
            found += [entry["id"] for entry in page["data"]]
            if not page["has_more"]:
                assert page["next_cursor"] is None
                break
            assert len(page["data"]) == 2
            cursor = f"&cursor={page['next_cursor']}"
        assert found == expected


@on_one_installation(
    ("query", "code", "param"),
    [
        ("status=lost", "parameter_invalid", "status"),
        ("limit=0", "parameter_invalid", "limit"),
        ("limit=101", "parameter_invalid", "limit"),
        ("cursor=abc", "cursor_invalid", "cursor"),
        ("created[gte]=2026-01-01T00:00:00Z", "parameter_unknown", "created[gte]"),
        ("event_type=charge.created", "parameter_unknown", "event_type"),
    ],
)
async def test_a_list_of_deliveries_that_cannot_be_is_refused_by_name(
    api: Api, query: str, code: str, param: str
) -> None:
    endpoint_id = (await created(api))["id"]
    assert (await api.get(f"{PATH}/{endpoint_id}/deliveries?{query}")).problem() == (400, code, param)


async def test_a_replay_makes_a_delivery_due_again_under_its_id(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    (delivery_id,) = await some_deliveries(api, dsn)
    await fail_all(api)
    path = f"/v1/webhook_deliveries/{delivery_id}/replay"
    replayed = await post(api, path, idempotency_key="k")
    assert replayed.status == 200
    body = replayed.json()
    assert (body["id"], body["status"], body["failure"]) == (delivery_id, "pending", None)
    assert body["next_attempt_at"] is not None
    await fail_all(api)
    again = await post(api, path, idempotency_key="k")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (replayed.body, "true")
    assert await api.pool.fetchval("select status from notify.deliveries") == "failed"
    await post(api, f"{PATH}/{endpoint_id}", {"status": "disabled"})
    disabled = (409, "webhook_endpoint_disabled", "delivery_id")
    assert (await post(api, path)).problem() == disabled


async def test_failed_deliveries_are_replayed_all_or_by_time(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    await some_deliveries(api, dsn, count=3)
    await fail_all(api)
    path = f"{PATH}/{endpoint_id}/replay_failed"
    none = (await post(api, path, {"created_before": "2020-01-01T00:00:00Z"})).json()
    assert none == {"object": "webhook_replay", "endpoint": endpoint_id, "deliveries": 0, "has_more": False}
    # In UTC these are beyond what a date in Python can be.
    for never in (
        {"created_from": "9999-12-31T23:59:59-14:00"},
        {"created_before": "0001-01-01T00:00:00+14:00"},
    ):
        assert (await post(api, path, never)).json() == none
    assert (await post(api, path)).json()["deliveries"] == 3
    assert (await post(api, path, {})).json()["deliveries"] == 0
    wrong = await post(api, path, {"created_from": "2020-01-01T00:00:00"})
    assert wrong.problem() == (422, "field_invalid", "created_from")
    await post(api, f"{PATH}/{endpoint_id}", {"status": "disabled"})
    assert (await post(api, path)).problem() == (409, "webhook_endpoint_disabled", "endpoint_id")


async def test_webhook_body_holds_public_fields_only(api: Api, dsn: str) -> None:
    await created(api, event_types=["charge.created"])
    await some_deliveries(api, dsn)
    payload = json.loads(await api.pool.fetchval("select body from notify.deliveries"))
    assert payload["data"]["amount_minor"] == 1999
    assert "payment_method" not in payload["data"]
    assert api.merchant_id not in json.dumps(payload)


# Deleting


async def delete(api: Api, path: str, **options: Any) -> Reply:
    return await api.request("DELETE", path, **options)


async def sweep(api: Api) -> None:
    """What the deliverer does every few seconds."""
    deliverer = Deliverer(
        api.pool,
        Sender(only_loopback, HandClock(await now(api)), allow_loopback=True),
        SecretCipher(SECRETS_KEY),
        HandClock(await now(api)),
    )
    await deliverer.sweep()


async def test_deleted_endpoint_is_not_found(api: Api) -> None:
    kept, gone = (await created(api))["id"], (await created(api))["id"]
    reply = await delete(api, f"{PATH}/{gone}")
    assert (reply.status, reply.body) == (204, b"")
    assert "Content-Length" not in reply.headers
    not_found = (404, "webhook_endpoint_not_found", "endpoint_id")
    assert (await api.get(f"{PATH}/{gone}")).problem() == not_found
    assert (await post(api, f"{PATH}/{gone}", {"status": "enabled"})).problem() == not_found
    assert (await post(api, f"{PATH}/{gone}/rotate_secret")).problem() == not_found
    assert (await post(api, f"{PATH}/{gone}/replay_failed")).problem() == not_found
    assert [one["id"] for one in (await api.get(PATH)).json()["data"]] == [kept]


async def test_endpoint_deleted_twice_is_answered_alike(api: Api) -> None:
    path = f"{PATH}/{(await created(api))['id']}"
    replies = [await delete(api, path) for _ in range(2)]
    replies += [await delete(api, path, headers={"Idempotency-Key": "d"}) for _ in range(2)]
    assert [reply.status for reply in replies] == [204] * 4
    assert replies[-1].headers["Idempotent-Replayed"] == "true"


async def test_endpoint_of_others_or_none_cannot_be_deleted(api: Api) -> None:
    path = f"{PATH}/{(await created(api))['id']}"
    stranger = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (stranger, await api.new_key(livemode=True)):
        assert (await delete(api, path, key=key)).problem()[1] == "webhook_endpoint_not_found"
    for unknown in (new_webhook_endpoint_id(), "nonsense"):
        assert (await delete(api, f"{PATH}/{unknown}")).problem()[1] == "webhook_endpoint_not_found"
    assert (await api.get(path)).status == 200


async def test_secrets_of_a_deleted_endpoint_are_forgotten(api: Api) -> None:
    made = await created(api)
    await post(api, f"{PATH}/{made['id']}/rotate_secret")
    await delete(api, f"{PATH}/{made['id']}")
    row = await api.pool.fetchrow("select secret, previous_secret from notify.endpoints")
    assert row is not None
    assert (row["secret"], row["previous_secret"]) == (None, None)


async def test_endpoints_that_were_deleted_do_not_count(api: Api) -> None:
    for _ in range(ENDPOINTS_MAX):
        last = await created(api)
    assert (await post(api, PATH, {"url": URL})).problem()[1] == "webhook_endpoints_too_many"
    await delete(api, f"{PATH}/{last['id']}")
    assert (await post(api, PATH, {"url": URL})).status == 201


async def test_pending_delivery_of_deleted_endpoint_fails(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    (waiting,) = await some_deliveries(api, dsn)
    await delete(api, f"{PATH}/{endpoint_id}")
    await sweep(api)
    (listed,) = (await api.get(f"{PATH}/{endpoint_id}/deliveries")).json()["data"]
    assert (listed["id"], listed["status"], listed["failure"]) == (waiting, "failed", "endpoint_deleted")
    assert (await api.get(f"/v1/webhook_deliveries/{waiting}")).json()["failure"] == "endpoint_deleted"
    replay = await post(api, f"/v1/webhook_deliveries/{waiting}/replay")
    assert replay.problem() == (404, "webhook_endpoint_not_found", "delivery_id")


async def test_deleted_endpoint_gets_no_more_deliveries(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    await delete(api, f"{PATH}/{endpoint_id}")
    assert await some_deliveries(api, dsn) == []


async def test_endpoint_deleted_is_forgotten_after_its_deliveries(api: Api, dsn: str) -> None:
    endpoint_id = (await created(api))["id"]
    await some_deliveries(api, dsn)
    await delete(api, f"{PATH}/{endpoint_id}")
    await sweep(api)
    await api.pool.execute("update notify.endpoints set deleted_at = deleted_at - interval '31 days'")
    await sweep(api)
    assert await api.pool.fetchval("select count(*) from notify.endpoints") == 1
    await api.pool.execute("update notify.deliveries set finished_at = finished_at - interval '31 days'")
    await sweep(api)
    assert await api.pool.fetchval("select count(*) from notify.endpoints") == 0
    assert (await delete(api, f"{PATH}/{endpoint_id}")).status == 404
