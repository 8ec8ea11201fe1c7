"""Webhooks to merchants as staff see them: endpoints that fail, what was sent, enabling and replaying."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest

from fincore.domain.ids import MerchantId, charge_of
from fincore.notify.endpoint import Owner
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.commits import MERCHANT, created
from fixtures.merchant_api import serving_api
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import Notify, notifying
from fixtures.staff_server import StaffServer, serving_staff

ENDPOINTS = "/staff/v1/webhook_endpoints"
DELIVERIES = "/staff/v1/webhook_deliveries"
OTHER = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")


class Setting(NamedTuple):
    """A server of staff, the outgoing side, and a merchant's server."""

    staff: StaffServer
    notify: Notify
    receiver: MerchantReceiver
    pool: Pool

    async def listed(self, path: str, **person: Any) -> list[dict[str, Any]]:
        """What a viewer finds."""
        reply = await self.staff.person("viewer", **person).get(path)
        assert reply.status == 200, reply.json()
        data: list[dict[str, Any]] = reply.json()["data"]
        return data

    async def gone(self) -> dict[str, Any]:
        """An endpoint that answered 410, with one delivery that failed."""
        await self.notify.listen(f"{self.receiver.url}/token-4711", "charge.created")
        self.receiver.answer(410)
        await self.notify.happen(created())
        await self.notify.deliverer.deliver_due()
        await self.notify.deliverer.sweep()
        (endpoint,) = await self.listed(f"{ENDPOINTS}?mode=test&condition=failing")
        return endpoint


@pytest.fixture
async def at(dsn: str, pool: Pool) -> AsyncIterator[Setting]:
    async with AsyncExitStack() as stack:
        notify = await stack.enter_async_context(notifying(dsn, pool))
        receiver = await stack.enter_async_context(receiving())
        api = await stack.enter_async_context(serving_api(pool))
        staff = await stack.enter_async_context(serving_staff(api))
        yield Setting(staff, notify, receiver, pool)


async def test_failing_endpoint_is_enabled_and_what_failed_is_replayed(at: Setting) -> None:
    endpoint = await at.gone()
    one = f"{ENDPOINTS}/{endpoint['id']}"
    assert (endpoint["host"], endpoint["disabled_reason"], endpoint["given_up"]) == ("127.0.0.1", "gone", 1)
    admin, support = at.staff.person("admin"), at.staff.person("support", subject="sub-bob")
    refused = await support.act(f"{one}/replay_failed", "k1")
    assert (refused.status, refused.json()["code"]) == (409, "webhook_endpoint_disabled")
    enabled = await admin.act(f"{one}/enable", "k1", "the merchant mended it")
    assert (enabled.status, enabled.json()["status"]) == (200, "enabled")
    replayed = await support.act(f"{one}/replay_failed", "k2", "the merchant asked for it")
    assert (replayed.json()["deliveries"], replayed.json()["has_more"]) == (1, False)
    again = await support.act(f"{one}/replay_failed", "k2", "the merchant asked for it")
    assert again.headers["Idempotent-Replayed"] == "true"
    at.notify.later(60)  # the clock of the test stood still
    await at.notify.deliverer.deliver_due()
    (delivery,) = await at.listed(f"{DELIVERIES}?mode=test&endpoint={endpoint['id']}")
    assert (delivery["status"], delivery["last_attempt"]["response_status"]) == ("delivered", 204)
    acts = await at.pool.fetch("select * from staff.acts order by act_no")
    assert [(act["action"], act["object_id"], act["merchant_id"]) for act in acts] == [
        ("enable", endpoint["id"], MERCHANT),
        ("replay_failed", endpoint["id"], MERCHANT),
    ]


async def test_endpoint_that_staff_disabled_says_so_to_its_merchant(at: Setting) -> None:
    made = await at.notify.listen(at.receiver.url, "charge.created")
    one = f"{ENDPOINTS}/{made.endpoint.endpoint_id}"
    reply = await at.staff.person("admin").act(f"{one}/disable", "k1", "it floods its own network")
    assert (reply.json()["status"], reply.json()["disabled_reason"]) == ("disabled", "by_staff")
    stored = await at.notify.endpoint(made.endpoint.endpoint_id)
    assert stored["disabled_reason"] == "by_staff"
    assert await at.listed(f"{ENDPOINTS}?mode=test&condition=failing") == []
    assert len(await at.listed(f"{ENDPOINTS}?mode=test&condition=disabled")) == 1
    for role in ("viewer", "support", "finance"):
        refused = await at.staff.person(role).act(f"{one}/disable", "k1")
        assert (refused.status, refused.json()["code"]) == (403, "permission_missing")


async def test_delivery_is_found_by_its_charge_and_shown_in_full(at: Setting) -> None:
    await at.notify.listen(at.receiver.url, "charge.created")
    stream_id = await at.notify.happen(created())
    await at.notify.happen(created())
    at.receiver.answer(500)
    await at.notify.deliverer.deliver_due()
    path = f"{DELIVERIES}?mode=test&charge={charge_of(stream_id)}"
    (delivery,) = await at.listed(path)
    shown = (await at.staff.person("viewer").get(f"{DELIVERIES}/{delivery['id']}")).json()
    assert charge_of(stream_id) in str(shown["payload"]["data"])
    assert [one["attempt"] for one in shown["attempt_log"]] == [1]
    assert await at.listed(f"{path}&status=delivered") == (
        [delivery] if delivery["status"] == "delivered" else []
    )
    replayed = await at.staff.person("support").act(f"{DELIVERIES}/{delivery['id']}/replay", "k1")
    assert (replayed.status, replayed.json()["status"]) == (200, "pending")
    assert replayed.json()["id"] == delivery["id"]


async def test_webhooks_of_other_merchants_and_modes_are_not_there(at: Setting) -> None:
    theirs = (await at.notify.listen(at.receiver.url, owner=Owner(OTHER, livemode=True))).endpoint
    endpoint = await at.gone()
    (delivery,) = await at.listed(f"{DELIVERIES}?mode=test&status=failed")
    bound = at.staff.person("support", merchant_id=OTHER)
    test_only = at.staff.person("admin", mode="test")
    for person, path, code in (
        (bound, f"{ENDPOINTS}/{endpoint['id']}", "webhook_endpoint_not_found"),
        (bound, f"{DELIVERIES}/{delivery['id']}", "webhook_delivery_not_found"),
        (test_only, f"{ENDPOINTS}/{theirs.endpoint_id}", "webhook_endpoint_not_found"),
    ):
        reply = await person.get(path)
        assert (reply.status, reply.json()["code"]) == (404, code)
    for path, code in (
        (f"{ENDPOINTS}/{endpoint['id']}/replay_failed", "webhook_endpoint_not_found"),
        (f"{DELIVERIES}/{delivery['id']}/replay", "webhook_delivery_not_found"),
    ):
        reply = await bound.act(path, "k1")
        assert (reply.status, reply.json()["code"]) == (404, code)
    assert await at.listed(f"{DELIVERIES}?mode=test", merchant_id=OTHER) == []
    assert [one["id"] for one in await at.listed(f"{ENDPOINTS}?mode=live", merchant_id=OTHER)] == [
        theirs.endpoint_id
    ]
    assert (await test_only.get(f"{ENDPOINTS}?mode=live")).status == 403


async def test_no_answer_about_webhooks_tells_a_secret_or_a_url(at: Setting) -> None:
    made = await at.notify.listen(f"{at.receiver.url}/token-4711?key=abc", "charge.created")
    await at.notify.happen(created())
    admin = at.staff.person("admin")
    one = f"{ENDPOINTS}/{made.endpoint.endpoint_id}"
    answers = [
        await admin.get(f"{ENDPOINTS}?mode=test"),
        await admin.get(one),
        await admin.get(f"{DELIVERIES}?mode=test"),
        await admin.act(f"{one}/disable", "k1"),
        await admin.act(f"{one}/enable", "k2"),
        await admin.get("/staff/v1/audit_trail?mode=test"),
    ]
    said = b"".join(answer.body for answer in answers).decode()
    for secret in (
        made.secret.reveal(),
        made.secret.reveal().removeprefix("whsec_"),
        "token-4711",
        "key=abc",
    ):
        assert secret not in said


@on_one_installation("query", ["endpoint=x", "status=gone", "charge=x", "condition=failing"])
async def test_wrong_filter_of_deliveries_is_refused(at: Setting, query: str) -> None:
    reply = await at.staff.person("viewer").get(f"{DELIVERIES}?mode=test&{query}")
    assert reply.status == 400
