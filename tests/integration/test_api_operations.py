"""Capturing and canceling a charge over HTTP: what is answered, what is written, what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest

from fincore.domain.outcome import ActionRequired, Expired, PspReference, Unknown
from fincore.postgres.pool import Pool
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, canceled, captured, declined, refused, serving_api
from fixtures.waiting import eventually

LAPSED = Expired(reason="authorization_lapsed", psp_reference=PspReference("pi_1"), occurred_at=NOON)
ACTION = ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example/")


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def capture(
    api: Api, charge_id: str, key: str = "capture", prefer: str | None = None, **fields: object
) -> Reply:
    return await api.post(f"/v1/charges/{charge_id}/capture", key, fields or None, prefer=prefer)


async def cancel(
    api: Api, charge_id: str, key: str = "cancel", prefer: str | None = None, **fields: object
) -> Reply:
    return await api.post(f"/v1/charges/{charge_id}/cancel", key, fields or None, prefer=prefer)


async def until_pending(api: Api, charge_id: str) -> None:
    """Return once an operation was asked for."""

    async def is_pending() -> bool:
        return (await api.folded(charge_id)).operation is not None

    await eventually(is_pending)


async def jobs(api: Api) -> list[tuple[str, Any]]:
    rows = await api.pool.fetch("select entrypoint, payload from queue.pgqueuer order by id")
    return [(row["entrypoint"], json.loads(row["payload"])) for row in rows]


async def test_capture_is_answered_at_once_and_writes_event_and_job(api: Api) -> None:
    charge_id = await api.held()
    before = await api.written()
    reply = await capture(api, charge_id, amount_minor=1500)
    charge = reply.json()
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert "Location" not in reply.headers
    assert (charge["id"], charge["status"], charge["amount_captured_minor"]) == (charge_id, "authorized", 0)
    pending = charge["pending_operation"]
    assert pending.pop("requested_at").endswith("Z")
    assert pending == {"type": "capture", "amount_minor": 1500, "outcome_unknown_since": None}
    assert await api.written() == tuple(
        count + more for count, more in zip(before, (1, 1, 1, 0), strict=True)
    )
    assert (await jobs(api))[-1] == ("charge.capture", {"charge_id": charge_id})
    assert (await api.get(f"/v1/charges/{charge_id}")).json()["pending_operation"]["amount_minor"] == 1500


async def test_operation_event_names_its_request_and_api_key(api: Api) -> None:
    charge_id = await api.held()
    reply = await capture(api, charge_id)
    metadata = await api.pool.fetchval(
        "select metadata from eventstore.events where type = 'charge.capture_requested'"
    )
    (key,) = await api.merchants.list_keys(api.merchant_id)
    assert json.loads(metadata) == {"correlation": reply.headers["Request-Id"], "actor": key.key_id}


async def test_capture_without_amount_captures_whole_hold(api: Api) -> None:
    for number, body in enumerate((None, {}, {"amount_minor": None})):
        charge_id = await api.held(f"held-{number}")
        reply = await api.post(f"/v1/charges/{charge_id}/capture", f"capture-{number}", body)
        assert reply.json()["pending_operation"]["amount_minor"] == 1999


async def test_a_captured_charge_is_succeeded_and_shows_what_was_taken(api: Api) -> None:
    charge_id = await api.held()
    assert (await api.get(f"/v1/charges/{charge_id}")).json()["capture_before"] == "2026-01-09T12:00:00Z"
    await capture(api, charge_id, amount_minor=1500)
    await api.record(charge_id, captured(1500))
    charge = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert (charge["status"], charge["pending_operation"]) == ("succeeded", None)
    assert (charge["amount_authorized_minor"], charge["amount_captured_minor"]) == (1999, 1500)
    assert (charge["amount_refundable_minor"], charge["capture_before"]) == (1500, None)


async def test_cancellation_is_answered_at_once_and_records_reason(api: Api) -> None:
    for number, (fields, reason) in enumerate(
        (({}, "requested_by_customer"), ({"reason": "fraudulent"}, "fraudulent"))
    ):
        charge_id = await api.held(f"held-{number}")
        reply = await cancel(api, charge_id, f"cancel-{number}", **fields)
        assert reply.status == 200
        assert reply.json()["pending_operation"]["type"] == "cancel"
        assert reply.json()["pending_operation"]["amount_minor"] is None
        operation = (await api.folded(charge_id)).operation
        assert operation is not None
        assert operation.cancel_reason == reason
        assert (await jobs(api))[-1] == ("charge.cancel", {"charge_id": charge_id})


async def test_a_charge_that_waits_for_its_customer_can_be_canceled(api: Api) -> None:
    charge_id = (await api.charge("k")).json()["id"]
    await api.record(charge_id, ACTION)
    assert (await cancel(api, charge_id)).status == 200
    await api.record(charge_id, canceled())
    charge = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert (charge["status"], charge["next_action"], charge["pending_operation"]) == ("canceled", None, None)


async def test_operation_failure_is_shown_until_next_request(api: Api) -> None:
    charge_id = await api.held()
    await capture(api, charge_id)
    await api.record(charge_id, refused())
    charge = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert (charge["status"], charge["pending_operation"]) == ("authorized", None)
    assert charge["operation_failure"] == {
        "operation": "capture",
        "code": "processing_error",
        "decline_code": None,
        "message": "The payment could not be processed.",
        "advice": "retry_later",
        "retryable": True,
    }
    again = await capture(api, charge_id, "again")
    assert (again.status, again.json()["operation_failure"]) == (200, None)


async def test_unknown_operation_outcome_shows_since_when(api: Api) -> None:
    charge_id = await api.held()
    await capture(api, charge_id)
    await api.record(charge_id, Unknown(reason="timeout", since=NOON))
    charge = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert charge["pending_operation"]["outcome_unknown_since"] == "2026-01-02T12:00:00Z"


async def test_operation_in_wrong_state_is_refused_and_writes_nothing(
    api: Api, subtests: pytest.Subtests
) -> None:
    processing = (await api.charge("processing")).json()["id"]
    acting = (await api.charge("acting")).json()["id"]
    await api.record(acting, ACTION)
    failed = (await api.charge("failed")).json()["id"]
    await api.record(failed, declined())
    paid = await api.paid()
    given_up, expired = await api.held("canceled"), await api.held("expired")
    await cancel(api, given_up)
    await api.record(given_up, canceled())
    await api.record(expired, LAPSED)
    before = await api.written()
    for name, charge_id, can_cancel in (
        ("processing", processing, False),
        ("requires_action", acting, True),
        ("failed", failed, False),
        ("succeeded", paid, False),
        ("canceled", given_up, False),
        ("expired", expired, False),
    ):
        with subtests.test(name):
            reply = await capture(api, charge_id, f"capture-{name}")
            assert reply.problem() == (409, "charge_not_capturable", None)
            assert f"is {name};" in reply.json()["detail"]
            if not can_cancel:
                reply = await cancel(api, charge_id, f"cancel-{name}")
                assert reply.problem() == (409, "charge_not_cancelable", None)
                assert f"is {name};" in reply.json()["detail"]
    assert await api.written() == before


async def test_one_operation_at_a_time(api: Api) -> None:
    charge_id = await api.held()
    await capture(api, charge_id)
    for act, key in ((capture, "second"), (cancel, "third")):
        reply = await act(api, charge_id, key)
        assert reply.problem() == (409, "operation_in_progress", None)
        assert reply.json()["retryable"] is True
        assert reply.headers["Retry-After"] == "1"
    await api.record(charge_id, refused())
    assert (await cancel(api, charge_id, "third")).status == 200  # the refusal used no key


async def test_more_than_is_held_cannot_be_captured(api: Api) -> None:
    charge_id = await api.held()
    reply = await capture(api, charge_id, amount_minor=2000)
    assert reply.problem() == (422, "capture_amount_too_large", "amount_minor")
    assert "19.99 USD" in reply.json()["detail"]
    assert (await capture(api, charge_id, amount_minor=1999)).status == 200


async def test_concurrent_captures_and_cancellations_accept_one(api: Api, pool: Pool) -> None:
    charge_id = await api.held()
    async with serving_api(pool) as other:
        replies = await asyncio.gather(
            *(
                process.post(f"/v1/charges/{charge_id}/{action}", f"{action}-{number}", key=api.key)
                for number in range(8)
                for process, action in product((api, other), ("capture", "cancel"))
            )
        )
    # Both processes use each key, so that the one that was taken may be answered twice.
    taken = [reply for reply in replies if reply.status == 200]
    assert len({reply.body for reply in taken}) == 1
    refusals = {reply.problem() for reply in replies if reply.status != 200}
    assert refusals == {(409, "operation_in_progress", None)}
    types = await pool.fetch("select type from eventstore.events order by stream_id, version")
    assert len([row for row in types if row["type"].endswith("_requested")]) == 1


async def test_a_charge_that_is_not_the_merchants_is_not_found(api: Api, subtests: pytest.Subtests) -> None:
    charge_id = await api.held()
    before = await api.written()
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    nobodys = ("ch_01kab5m5wvfb9v1c2m5hfv0d2e", "ch_1", "re_01kab5m5wvfb9v1c2m5hfv0d2e", "x" * 500)
    cases = [*product((charge_id,), (other, live)), *product(nobodys, (api.key,))]
    for (name, key), action in product(cases, ("capture", "cancel")):
        with subtests.test(f"{action} {name[:40]}"):
            reply = await api.post(f"/v1/charges/{name}/{action}", "k", key=key)
            assert reply.problem() == (404, "charge_not_found", "charge_id")
    assert await api.written() == before


async def test_waiting_capture_request_gets_the_outcome(api: Api) -> None:
    charge_id = await api.held()
    request = asyncio.create_task(capture(api, charge_id, prefer="wait=30"))
    await until_pending(api, charge_id)
    await api.record(charge_id, Unknown(reason="timeout", since=NOON))  # no outcome yet
    await api.record(charge_id, captured())
    reply = await request
    assert (reply.status, reply.json()["status"]) == (200, "succeeded")
    assert reply.json()["pending_operation"] is None
    assert reply.headers["Preference-Applied"] == "wait"


async def test_waiting_request_of_failed_capture_gets_402_with_charge(api: Api) -> None:
    charge_id = await api.held()
    request = asyncio.create_task(capture(api, charge_id, prefer="wait=30"))
    await until_pending(api, charge_id)
    await api.record(charge_id, refused())
    reply = await request
    assert reply.problem() == (402, "capture_failed", None)
    body = reply.json()
    assert (body["charge"]["id"], body["charge"]["status"]) == (charge_id, "authorized")
    assert body["charge"]["operation_failure"]["advice"] == "retry_later"
    assert "says the PSP" not in reply.body.decode()


async def test_waiting_capture_of_lapsed_hold_gets_402(api: Api) -> None:
    charge_id = await api.held()
    request = asyncio.create_task(capture(api, charge_id, prefer="wait=30"))
    await until_pending(api, charge_id)
    await api.record(charge_id, LAPSED)
    reply = await request
    assert reply.problem() == (402, "capture_failed", None)
    assert reply.json()["detail"] == "The charge is expired."


async def test_waiting_cancel_request_gets_the_outcome(api: Api) -> None:
    done, taken = await api.held("done"), await api.held("taken")
    replies = []
    for charge_id, fact in ((done, canceled()), (taken, captured())):
        request = asyncio.create_task(cancel(api, charge_id, charge_id, prefer="wait=30"))
        await until_pending(api, charge_id)
        await api.record(charge_id, fact)
        replies.append(await request)
    assert (replies[0].status, replies[0].json()["status"]) == (200, "canceled")
    assert replies[1].problem() == (402, "cancel_failed", None)
    assert replies[1].json()["charge"]["status"] == "succeeded"


async def test_operation_wait_that_times_out_gets_pending_operation(api: Api) -> None:
    charge_id = await api.held()
    reply = await capture(api, charge_id, prefer="wait=1")
    assert (reply.status, reply.json()["pending_operation"]["type"]) == (200, "capture")
    assert reply.headers["Preference-Applied"] == "wait"
