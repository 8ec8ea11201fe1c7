"""A card typed in on the PSP's page, whole way: a charge, the page, declines, money, refund, dispute, books."""

import asyncio
from typing import Any

import pytest

from fixtures.hosted_page import pay_page
from fixtures.shop import Shop, events_of
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

HOSTED = {"type": "hosted_card"}
PAGES = {"return_url": "https://shop.example/back?basket=7", "cancel_url": "https://shop.example/cart"}


async def sent_to_page(shop: Shop, **fields: object) -> tuple[str, str]:
    """A charge of which the customer has to pay on the page, and the page."""
    reply = await shop.post_charge(HOSTED, wait_seconds=20, **PAGES, **fields)  # type: ignore[arg-type]
    charge: dict[str, Any] = reply.json
    assert (reply.status, charge["status"]) == (201, "requires_action"), reply
    assert (charge["psp"], charge["payment_method"]) == ("stripe", None)
    return charge["id"], charge["next_action"]["redirect_url"]


def taken_of(system: System, charge_id: str) -> int:
    """Minor units that the PSP itself took for a charge."""
    of_charges = system.sandbox.state("fincore_charge_id")["by_metadata"]
    return int(of_charges.get(charge_id, {"amount_received": 0})["amount_received"])


def intent_of(system: System, charge_id: str) -> str:
    """What the PSP calls the payment that was made on the page of a charge."""
    (intent,) = [
        one["id"]
        for one in system.sandbox.call("GET", "/sandbox/payment_intents")["data"]
        if one["metadata"].get("fincore_charge_id") == charge_id
    ]
    return str(intent)


async def test_customer_pays_on_the_page_after_a_decline(system: System, shop: Shop) -> None:
    charge_id, page = await sent_to_page(shop)
    assert (await pay_page(page, "pm_card_visa_chargeDeclined"))[0] == 200
    system.until_idle()
    declined = await shop.get(charge_id)
    assert (declined["status"], events_of(declined)[1:]) == ("requires_action", ["charge.action_required"])
    status, landing = await pay_page(page)
    assert (status, landing) == (303, f"https://shop.example/back?basket=7&charge={charge_id}")
    paid = await shop.get(charge_id, wait_seconds=20)
    assert (paid["status"], paid["amount_captured_minor"]) == ("succeeded", 1000)
    details = paid["payment_method_details"]
    assert (details["type"], details["card"]["last4"]) == ("hosted_card", "4242")
    system.until_idle()
    paid = await shop.get(charge_id)
    assert events_of(paid).count("charge.captured") == 1
    found = await shop.request("GET", f"/v1/charges?psp_reference={paid['psp_reference']}")
    assert [one["id"] for one in found.json["data"]] == [charge_id]
    balance = await shop.request("GET", f"/v1/balance_transactions?charge={charge_id}")
    assert [one["amount_minor"] for one in balance.json["data"]] == [1000]


async def test_payment_of_the_page_is_refunded_and_disputed(system: System, shop: Shop) -> None:
    charge_id, page = await sent_to_page(shop)
    await pay_page(page)
    await shop.get(charge_id, wait_seconds=20)
    refund = (await shop.refund(charge_id, amount_minor=300)).json
    system.until_idle()
    system.sandbox.call("POST", f"/sandbox/payment_intents/{intent_of(system, charge_id)}/dispute")
    system.sandbox.call("POST", f"/sandbox/payment_intents/{intent_of(system, charge_id)}/warn_of_fraud")
    system.until_idle()
    disputed = await shop.get(charge_id)
    assert [one["is_actionable"] for one in disputed["fraud_warnings"]] == [False]
    assert [one["category"] for one in disputed["disputes"]] == ["fraud"]
    assert [(one["id"], one["status"]) for one in disputed["refunds"]] == [(refund["id"], "succeeded")]
    assert [one["amount_minor"] for one in disputed["disputes"]] == [700]


async def test_hold_made_on_the_page_is_captured(system: System, shop: Shop) -> None:
    charge_id, page = await sent_to_page(shop, capture=False)
    await pay_page(page, "pm_card_mastercard")
    assert (await shop.get(charge_id, wait_seconds=20))["status"] == "authorized"
    assert (await shop.capture(charge_id, amount_minor=400)).status == 200
    system.until_idle()
    captured = await shop.get(charge_id)
    assert (captured["status"], captured["amount_captured_minor"]) == ("succeeded", 400)
    assert taken_of(system, charge_id) == 400


async def test_hold_made_on_the_page_is_released(system: System, shop: Shop) -> None:
    charge_id, page = await sent_to_page(shop, capture=False)
    await pay_page(page)
    assert (await shop.get(charge_id, wait_seconds=20))["status"] == "authorized"
    await shop.cancel(charge_id)
    system.until_idle()
    assert (await shop.get(charge_id))["status"] == "canceled"


@pytest.mark.parametrize(("timing", "status"), [("succeeds_later", "succeeded"), ("fails_later", "failed")])
async def test_payment_decided_later_is_waited_for(
    system: System, shop: Shop, timing: str, status: str
) -> None:
    charge_id, page = await sent_to_page(shop)
    system.sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 3_600})
    assert (await pay_page(page, timing=timing))[0] == 303
    system.sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 1})

    async def is_pending() -> bool:
        return (await shop.get(charge_id))["pending_until"] is not None

    await eventually(is_pending)
    assert (await shop.get(charge_id))["status"] == "processing"
    system.sandbox.call("POST", f"/sandbox/payment_intents/{intent_of(system, charge_id)}/decide")
    decided = await shop.until_status(charge_id, status)
    assert decided["amount_captured_minor"] == taken_of(system, charge_id)


async def test_canceled_page_takes_no_payment(system: System, shop: Shop) -> None:
    charge_id, page = await sent_to_page(shop)
    await shop.cancel(charge_id)
    system.until_idle()
    assert (await shop.get(charge_id))["status"] == "canceled"
    assert (await pay_page(page))[0] == 410
    assert taken_of(system, charge_id) == 0


async def test_payment_and_cancellation_at_once_agree(system: System, shop: Shop) -> None:
    for _ in range(3):
        charge_id, page = await sent_to_page(shop)
        await asyncio.gather(shop.cancel(charge_id), pay_page(page), shop.get(charge_id))
        system.until_idle()
        ended = await shop.get(charge_id)
        assert ended["status"] in ("succeeded", "canceled")
        assert ended["amount_captured_minor"] == taken_of(system, charge_id)
        assert system.sandbox.call("GET", "/sandbox/faults")["faults"] == []


async def test_page_without_addresses_to_return_to_is_refused(shop: Shop) -> None:
    reply = await shop.post_charge(HOSTED, return_url=PAGES["return_url"])
    assert (reply.status, reply.json["code"], reply.json["param"]) == (422, "field_missing", "cancel_url")
