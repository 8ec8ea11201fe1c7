"""A charge under review, whole way: held at the PSP, shown to staff, approved or declined by command, and told to the merchant."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from harness.installation import Merchant

from fincore.domain.payment_method import HostedCard
from fixtures.hosted_page import pay_page
from fixtures.reviewed_charge import put_under_review
from fixtures.shop import Shop, events_of
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

PAGES = {"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cart"}
WHO_AND_WHY = ("--by", "ada", "--reason", "Called the customer.")
APIS = (1, 2, 3)
RULES = """
[[rules]]
name = "embargo"
when = 'has_shipping_country && shipping_country == "KP"'
action = "block"
merchants = ["{merchant}"]

[[rules]]
name = "large_order"
when = "amount_minor >= 5000"
action = "review"
fallback = "block"
merchants = ["{merchant}"]
"""


@pytest.fixture
async def guarded(system: System, tmp_path: Path) -> AsyncIterator[Shop]:
    """The back end of a merchant with live rules that send large orders to review; they are retired at the end."""
    merchant = await system.add_merchant()
    file = tmp_path / "rules.toml"
    file.write_text(RULES.format(merchant=merchant.merchant_id))

    async def risk(*arguments: str) -> str:
        done = await asyncio.to_thread(system.fincore, "risk", *arguments, *WHO_AND_WHY)
        assert done.code == 0, done.stderr
        return str(done.stdout)

    version = (await risk("draft", str(file))).split()[1]
    await risk("shadow", version)
    await risk("live", version)
    async with Shop(system, merchant.api_key) as shop:
        try:

            async def is_live_everywhere() -> bool:
                replies = [await shop.post_charge(api=api, shipping_country="KP") for api in APIS]
                return all(reply.status == 402 for reply in replies)

            await eventually(is_live_everywhere)
            yield shop
        finally:
            await risk("retire", version)


def at_psp(system: System, charge_id: str) -> tuple[str, int]:
    """How the payment stands at the PSP, and what it took."""
    (intent,) = [
        one
        for one in system.sandbox.call("GET", "/sandbox/payment_intents")["data"]
        if one["metadata"].get("fincore_charge_id") == charge_id
    ]
    return intent["status"], intent["amount_received"]


async def fincore(system: System, *arguments: str) -> Any:
    return await asyncio.to_thread(system.fincore, "risk", "cases", *arguments)


async def test_charge_under_review_is_taken_once_approved(system: System, guarded: Shop) -> None:
    shop = guarded
    small = (await shop.charge())["id"]
    assert (await shop.until_status(small, "succeeded"))["review"] is None
    charge_id = (await shop.charge(amount_minor=5000))["id"]
    held = await shop.until_status(charge_id, "authorized")
    assert (held["capture"], held["review"]["status"]) == (True, "open")
    assert at_psp(system, charge_id) == ("requires_capture", 0)
    refused = await shop.capture(charge_id)
    assert (refused.status, refused.json["code"]) == (409, "charge_under_review")
    system.until_idle()
    listed = await fincore(system, "list")
    (row,) = [line for line in listed.stdout.splitlines() if line.startswith(charge_id)]
    assert row.split()[3:8] == ["50.00", "USD", "authorized", "large_order", "open"]
    shown = await fincore(system, "show", charge_id)
    assert "risk: review; rule large_order of version" in shown.stdout
    assert "amount_minor 5000" in shown.stdout
    approved = await fincore(system, "approve", charge_id, *WHO_AND_WHY)
    assert (approved.code, approved.stdout) == (0, f"{charge_id}: approved; the capture is under way")
    system.until_idle()
    taken = await shop.get(charge_id)
    assert (taken["status"], taken["review"]["status"]) == ("succeeded", "approved")
    assert at_psp(system, charge_id) == ("succeeded", 5000)
    assert events_of(taken)[-3:] == ["charge.review_decided", "charge.capture_requested", "charge.captured"]
    again = await fincore(system, "decline", charge_id, *WHO_AND_WHY)
    assert (again.code, again.stdout) == (1, "")
    assert f"{charge_id}: the charge was approved by ada, " in again.stderr


async def test_card_typed_in_under_review_is_given_up_once_declined(
    system: System, shop: Shop, merchant: Merchant
) -> None:
    charge_id = await put_under_review(system, merchant.merchant_id, payment_method=HostedCard(), **PAGES)
    asked = await shop.until_status(charge_id, "requires_action")
    await pay_page(asked["next_action"]["redirect_url"])
    held = await shop.get(charge_id, wait_seconds=20)
    assert (held["status"], at_psp(system, charge_id)) == ("authorized", ("requires_capture", 0))
    declined = await fincore(system, "decline", charge_id, *WHO_AND_WHY)
    assert (declined.code, declined.stdout) == (0, f"{charge_id}: declined; the hold is being given up")
    system.until_idle()
    given_up = await shop.get(charge_id)
    assert (given_up["status"], given_up["review"]["status"]) == ("canceled", "declined")
    assert at_psp(system, charge_id) == ("canceled", 0)
