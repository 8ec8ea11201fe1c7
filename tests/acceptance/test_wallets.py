"""What customers' browsers do, whole way: the configuration of a page, PayPal's page, the way back, money, books, webhook."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from fincore.domain.secret import Secret
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.shop import Shop
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

WALLET = {"type": "paypal"}
PAGES = {"return_url": "https://shop.example/back?basket=7", "cancel_url": "https://shop.example/cart"}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, with an account at PayPal."""
    system = System(serves_customers=True, settings={"FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true"})
    try:
        system.start_stores()
        system.add_account("paypal", "shop", is_default=True)
        system.start_roles()
        yield system
    finally:
        system.stop()


@pytest.fixture
async def shop(system: System) -> AsyncIterator[Shop]:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        yield shop


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """The customer's: it keeps no key, and shows where it is sent before it goes there."""
    async with aiohttp.ClientSession() as browser:
        yield browser


async def sent_to_paypal(shop: Shop, **fields: object) -> dict[str, Any]:
    """A charge of which the customer has to approve, with the address of PayPal's page."""
    reply = await shop.post_charge(WALLET, wait_seconds=20, **PAGES, **fields)  # type: ignore[arg-type]
    charge: dict[str, Any] = reply.json
    assert (reply.status, charge["status"]) == (201, "requires_action"), reply
    assert (charge["psp"], charge["psp_account"], charge["payment_method"]) == ("paypal", "shop", None)
    return charge


async def press(browser: aiohttp.ClientSession, charge: dict[str, Any], action: str) -> str:
    """Where PayPal's page sends the customer after a button."""
    page = charge["next_action"]["redirect_url"]
    async with browser.get(page) as shown:
        assert shown.status == 200
    form = {"action": action, "email": "ada@example.com", "funding": "completes"}
    async with browser.post(page, data=form, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def sent_on(browser: aiohttp.ClientSession, system: System, url: str) -> str:
    """Where our page sends the customer on."""
    assert url.startswith(f"{system.checkout_url}/return/ch_")
    async with browser.get(url, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


def types_of(charge: dict[str, Any]) -> list[str]:
    return [entry["type"] for entry in charge["timeline"]]


async def test_wallet_pays_by_approval_page(
    system: System, shop: Shop, browser: aiohttp.ClientSession, receiver: MerchantReceiver
) -> None:
    reply = await shop.request("POST", "/v1/webhook_endpoints", json={"url": receiver.url})
    secret = Secret(reply.json["secret"])
    charge = await sent_to_paypal(shop)
    back = await press(browser, charge, "approve")
    assert set(parse_qs(urlsplit(back).query)) >= {"token", "PayerID"}
    assert await sent_on(browser, system, back) == f"https://shop.example/back?basket=7&charge={charge['id']}"
    paid = await shop.get(charge["id"], wait_seconds=20)
    assert (paid["status"], paid["amount_captured_minor"]) == ("succeeded", 1000)
    details = paid["payment_method_details"]
    assert (details["type"], details["card"]) == ("paypal", None)
    assert details["paypal"]["email_masked"] == "a***@example.com"
    assert details["paypal"]["payer_id"]

    async def is_told() -> bool:
        told = [hook.verified(secret) for hook in receiver.hooks]
        return [body["type"] for body in told if body["data"]["charge_id"] == charge["id"]].count(
            "charge.captured"
        ) == 1

    await eventually(is_told)
    system.until_idle()
    again = await shop.get(charge["id"])
    assert types_of(again).count("charge.captured") == 1
    booked = system.rows("select name from ledgerdb.accounts where name like 'psp:paypal:shop:clearing:%'")
    assert booked == [("psp:paypal:shop:clearing:usd",)]
    balance = await shop.request("GET", "/v1/balance_transactions")
    assert [(one["charge"], one["amount_minor"]) for one in balance.json["data"]] == [(charge["id"], 1000)]
    found = await shop.request("GET", f"/v1/charges?psp_reference={paid['psp_reference']}")
    assert [one["id"] for one in found.json["data"]] == [charge["id"]]


async def test_page_is_told_where_to_make_a_token_that_pays(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    origin, (merchant,) = (
        "http://localhost:3000",
        system.rows("select merchant_id from merchants.merchants limit 1"),
    )
    merchant_id = str(merchant[0])
    key = system.printed("key", "create", merchant_id, "--kind", "publishable")
    refused = system.fincore("merchant", "origins", "add", merchant_id, f"{origin}/")
    assert (refused.code, refused.stderr.count("leave out what follows the host")) == (1, 1)
    assert system.printed("merchant", "origins", "add", merchant_id, origin).endswith(
        f"{origin} in test mode"
    )
    url = f"{system.checkout_url}/v1/client_configuration?currency=usd&amount_minor=1000"
    headers = {"Authorization": f"Bearer {key}", "Origin": origin}
    async with browser.get(url, headers=headers) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
        told = await answer.json()
    card, wallet = told["methods"]
    assert (card["type"], card["account"], card["script_url"]) == (
        "card",
        "test",
        f"{system.sandbox.url}/v3/",
    )
    assert card["publishable_key"] == system.stripe_key.replace("sk_", "pk_", 1)
    assert (wallet["type"], wallet["account"], wallet["script_url"]) == (
        "paypal",
        "shop",
        f"{system.sandbox.url}/sdk/js",
    )
    method = {"type": "card", "token": "pm_card_visa", "account": card["account"]}
    reply = await shop.post_charge(method, wait_seconds=20)
    assert (reply.json["status"], reply.json["psp_account"]) == ("succeeded", "test")
    assert system.printed("merchant", "origins", "list", merchant_id).splitlines()[1].split()[:2] == [
        origin,
        "test",
    ]
    system.printed("merchant", "origins", "remove", merchant_id, origin)

    async def is_refused() -> bool:
        async with browser.get(url, headers=headers) as answer:
            return answer.status == 403

    await eventually(is_refused)


async def test_operator_sees_what_browsers_kept_out_of_a_page(
    system: System, browser: aiohttp.ClientSession
) -> None:
    body = {
        "documentURL": f"{system.checkout_url}/return/ch_1/word?mail=ada@example.com",
        "effectiveDirective": "script-src-elem",
        "blockedURL": "https://evil.example/x.js",
    }
    headers = {"Content-Type": "application/reports+json"}
    sent = json.dumps([{"type": "csp-violation", "body": body}] * 3)
    async with browser.post(f"{system.checkout_url}/v1/csp-reports", data=sent, headers=headers) as answer:
        assert answer.status == 204

    async def is_listed() -> bool:
        rows = [line.split()[:4] for line in system.printed("pages", "reports").splitlines()]
        return ["/return/{charge_id}/{word}", "script-src-elem", "https://evil.example", "3"] in rows

    await eventually(is_listed)


async def test_customer_who_canceled_may_still_approve(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    charge = await sent_to_paypal(shop)
    back = await press(browser, charge, "cancel")
    assert await sent_on(browser, system, back) == f"https://shop.example/cart?charge={charge['id']}"
    assert (await shop.get(charge["id"]))["status"] == "requires_action"
    await sent_on(browser, system, await press(browser, charge, "approve"))
    assert (await shop.get(charge["id"], wait_seconds=20))["status"] == "succeeded"


async def test_return_webhook_and_looks_at_once_complete_once(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    charge = await sent_to_paypal(shop)
    back = await press(browser, charge, "approve")
    await asyncio.gather(
        *(sent_on(browser, system, back) for _ in range(10)),
        *(shop.get(charge["id"], wait_seconds=10) for _ in range(10)),
    )
    paid = await shop.until_status(charge["id"], "succeeded")
    system.until_idle()
    paid = await shop.get(charge["id"])
    types = types_of(paid)
    assert (types.count("charge.customer_approved"), types.count("charge.captured")) == (1, 1)
    assert paid["amount_captured_minor"] == 1000


async def test_closed_tab_is_completed_by_the_webhook(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    """The customer approves and never comes back."""
    charge = await sent_to_paypal(shop, capture=False)
    await press(browser, charge, "approve")

    async def is_held() -> bool:
        return bool((await shop.get(charge["id"]))["status"] == "authorized")

    await eventually(is_held)
    assert (await shop.capture(charge["id"])).status == 200
    system.until_idle()
    assert (await shop.get(charge["id"]))["status"] == "succeeded"
