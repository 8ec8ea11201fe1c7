"""Webhooks to merchants, whole way: a charge is paid, and the merchant's server receives it, though a process was down."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from fincore.domain.secret import Secret
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.shop import Shop
from fixtures.system import System, running_system
from fixtures.waiting import eventually


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(settings={"FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true"}) as system:
        yield system


@pytest.fixture
async def shop(system: System) -> AsyncIterator[Shop]:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        yield shop


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def listening(shop: Shop, receiver: MerchantReceiver) -> dict[str, Any]:
    reply = await shop.request(
        "POST",
        "/v1/webhook_endpoints",
        json={"url": receiver.url, "event_types": ["charge.created", "charge.captured"]},
    )
    assert reply.status == 201, reply
    endpoint: dict[str, Any] = reply.json
    return endpoint


async def heard_of(receiver: MerchantReceiver, secret: str, charge_id: str) -> list[str]:
    """What the receiver was told of a charge, each delivery once, in the order in which it happened."""
    verified = {hook.id: hook.verified(Secret(secret)) for hook in receiver.hooks}
    about = [body for body in verified.values() if body["data"]["charge_id"] == charge_id]
    return [body["type"] for body in sorted(about, key=lambda body: body["data"]["version"])]


async def test_payment_is_delivered_in_signed_webhooks(
    system: System, shop: Shop, receiver: MerchantReceiver
) -> None:
    endpoint = await listening(shop, receiver)
    charge = await shop.paid()

    async def is_told() -> bool:
        told = await heard_of(receiver, endpoint["secret"], charge["id"])
        return told[:2] == ["charge.created", "charge.captured"]

    await eventually(is_told)
    reply = await shop.request("GET", f"/v1/webhook_endpoints/{endpoint['id']}/deliveries?status=delivered")
    assert {hook.id for hook in receiver.hooks} >= {entry["id"] for entry in reply.json["data"]}
    logs = "".join(system.logs().values())
    assert endpoint["secret"] not in logs
    assert endpoint["secret"].removeprefix("whsec_") not in logs


async def test_webhooks_missed_while_notify_is_down_are_sent_later(
    system: System, shop: Shop, receiver: MerchantReceiver
) -> None:
    """The first answer is 503, so one of them is sent twice, under one id."""
    endpoint = await listening(shop, receiver)
    system.kill("notify")
    charge = await shop.paid()
    assert receiver.hooks == []
    receiver.answer(503)
    system.start("notify")
    path = f"/v1/webhook_endpoints/{endpoint['id']}/deliveries"

    async def is_delivered() -> bool:
        reply = await shop.request("GET", path)
        return [entry["status"] for entry in reply.json["data"]] == ["delivered", "delivered"]

    await eventually(is_delivered)
    assert await heard_of(receiver, endpoint["secret"], charge["id"]) == ["charge.created", "charge.captured"]
    # The one that was answered 503 came again, under its id.
    assert len(receiver.hooks) == 3
    assert len({hook.id for hook in receiver.hooks}) == 2
    checked = system.fincore("check")
    assert "holds      wanted_events_have_deliveries" in checked.stdout, checked
    assert system.terminate("notify") == 0
    system.start("notify")


async def test_operator_lists_failing_endpoints_and_failed_deliveries(
    system: System, shop: Shop, receiver: MerchantReceiver
) -> None:
    endpoint = await listening(shop, receiver)
    receiver.answer(*[410] * 10)
    await shop.paid()

    async def is_disabled() -> bool:
        reply = await shop.request("GET", f"/v1/webhook_endpoints/{endpoint['id']}")
        return bool(reply.json["status"] == "disabled")

    await eventually(is_disabled)
    failing = await asyncio.to_thread(system.fincore, "webhooks", "failing")
    (line,) = [line for line in failing.stdout.splitlines() if line.startswith(endpoint["id"])]
    assert "test  127.0.0.1  disabled: it answered 410" in line
    given_up = await asyncio.to_thread(system.fincore, "webhooks", "given-up")
    (line,) = [line for line in given_up.stdout.splitlines() if f"{endpoint['id']}  charge.created" in line]
    assert "gone" in line.split()


async def test_the_key_of_the_secrets_is_changed_while_webhooks_arrive(
    system: System, shop: Shop, receiver: MerchantReceiver
) -> None:
    endpoint = await listening(shop, receiver)
    old = system.secrets_key

    async def is_told_of_a_payment() -> None:
        charge = await shop.paid()

        async def is_told() -> bool:
            return len(await heard_of(receiver, endpoint["secret"], charge["id"])) >= 2

        await eventually(is_told)

    async def restarted() -> None:
        for role in ("notify", "api"):
            assert await asyncio.to_thread(system.terminate, role) == 0
            await asyncio.to_thread(system.start, role)

    system.secrets_key, system.secrets_key_before = b64encode(bytes(range(32))).decode(), old
    await restarted()
    await is_told_of_a_payment()
    first, again = [await asyncio.to_thread(system.fincore, "webhooks", "reencrypt") for _ in range(2)]
    assert (first.code, again.code) == (0, 0)
    assert not first.stdout.startswith("0 ")
    assert first.stdout.endswith(" 0 secrets were encrypted with it before")
    assert again.stdout.startswith("0 secrets encrypted with the present key; ")
    system.secrets_key_before = ""
    await restarted()
    await is_told_of_a_payment()
    refused = await asyncio.to_thread(
        system.fincore, "run", "notify", settings={"FINCORE_SECRETS_KEY": old, "FINCORE_OPS_PORT": "0"}
    )
    assert refused.code == 1


def test_a_wrong_key_is_named_before_it_fails_any_delivery(system: System) -> None:
    refused = system.fincore(
        "run", "notify", settings={"FINCORE_SECRETS_KEY": "A" * 43 + "=", "FINCORE_OPS_PORT": "0"}
    )
    assert refused.code == 1
    assert refused.stderr.splitlines()[-1].startswith("fincore: FINCORE_SECRETS_KEY is not the key")
