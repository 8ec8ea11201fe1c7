"""A customer pays a checkout session, whole way over HTTP: the page, the PSP's page, the way back, tabs, declines, the end."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from typing import Any, Final
from uuid import uuid4

import aiohttp
import pytest

from fincore.backoffice.risk_rules import draft_rules, use_rules
from fincore.bootstrap.operator_stores import operator_stores
from fixtures.hosted_page import pay_page
from fixtures.shop import Shop
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

OPENS: Final = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
LEADS_ON: Final = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')
WHO_AND_WHY: Final = ("--by", "ada", "--reason", "Called the customer.")
RULES: Final = """
[[rules]]
name = "large_order"
when = "amount_minor >= 5000"
action = "review"
fallback = "block"
"""


async def put_rules_live(system: System) -> None:
    """In this process: three commands take seconds to start."""
    async with operator_stores(system.databases, "eventstore") as stores:
        rules, now = stores.risk_rules, stores.clock.now()
        version, _ = await draft_rules(rules, RULES, now=now, by="ada", reason="Large orders.")
        for state in ("shadow", "live"):
            await use_rules(rules, version, state, now=now, by="ada", reason="Large orders.")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, with an account at PayPal, the customers' server, and rules that send large orders to review."""
    system = System(serves_customers=True)
    try:
        system.start_stores()
        system.add_account("paypal", "shop", is_default=True)
        asyncio.run(put_rules_live(system))
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
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=OPENS) as browser:
        yield browser


async def created(shop: Shop, **fields: object) -> dict[str, Any]:
    body = {
        "amount_minor": 1000,
        "currency": "usd",
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
    }
    headers = {"Idempotency-Key": str(uuid4())}
    reply = await shop.request("POST", "/v1/checkout_sessions", json=body | fields, headers=headers)
    assert reply.status == 201, reply
    session: dict[str, Any] = reply.json
    return session


async def shown(shop: Shop, session: dict[str, Any]) -> dict[str, Any]:
    reply = await shop.request("GET", f"/v1/checkout_sessions/{session['id']}")
    found: dict[str, Any] = reply.json
    return found


async def opened(browser: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    """The page at an address, and where its redirect leads."""
    async with browser.get(url, allow_redirects=False) as answer:
        assert answer.status in (200, 303), await answer.text()
        return await answer.text(), answer.headers.get("Location", "")


async def chosen(browser: aiohttp.ClientSession, session: dict[str, Any], method: str) -> str:
    """The PSP's page to which the customer is led after a button."""
    async with browser.post(
        session["url"],
        data={"payment_method": method},
        headers={"Sec-Fetch-Site": "same-origin"},
        allow_redirects=False,
    ) as answer:
        assert answer.status == 303, await answer.text()
        next_page = answer.headers["Location"]
    found: list[str] = []

    async def leads_on() -> bool:
        page, _ = await opened(browser, next_page)
        found[:] = LEADS_ON.findall(page)
        return bool(found)

    await eventually(leads_on)
    return unescape(found[0])


async def at_paypal(
    browser: aiohttp.ClientSession, page: str, action: str, funding: str = "completes"
) -> str:
    """Where PayPal's page sends the customer after a button."""
    form = {"action": action, "email": "ada@example.com", "funding": funding}
    async with browser.post(page, data=form, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def sent_to_shop(browser: aiohttp.ClientSession, url: str, session: dict[str, Any]) -> None:
    """The customer is sent on as soon as the payment is known."""

    async def is_sent() -> bool:
        _, location = await opened(browser, url)
        return location == f"https://shop.example/thanks?checkout_session={session['id']}"

    await eventually(is_sent)


async def test_two_tabs_pay_one_session_once(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    session = await created(shop)
    pages = await asyncio.gather(*(chosen(browser, session, "card") for _ in range(3)))
    assert len(set(pages)) == 1
    page, _ = await opened(browser, session["url"])
    assert f'<a href="{pages[0]}" class="button">Continue by card</a>' in page
    status, back = await pay_page(pages[0])
    assert (status, back.partition("?")[0]) == (303, f"{session['url']}/returned")
    await sent_to_shop(browser, back, session)
    await sent_to_shop(browser, session["url"], session)
    paid = await shown(shop, session)
    assert paid["status"] == "completed"
    system.until_idle()
    charges = await shop.request("GET", "/v1/charges")
    assert [(one["id"], one["amount_captured_minor"]) for one in charges.json["data"]] == [
        (paid["charge_id"], 1000)
    ]


async def paid_by_card(
    system: System, shop: Shop, browser: aiohttp.ClientSession, session: dict[str, Any]
) -> str:
    """The charge of a session that its customer paid by card, and which the rules sent to review."""
    status, _ = await pay_page(await chosen(browser, session, "card"))
    assert status == 303
    system.until_idle()
    charges = await shop.request("GET", "/v1/charges")
    charge = charges.json["data"][0]
    assert (charge["status"], charge["review"]["status"]) == ("authorized", "open")
    page, location = await opened(browser, session["url"])
    assert (location, 'name="payment_method"' in page, LEADS_ON.findall(page)) == ("", False, [])
    assert (await shown(shop, session))["status"] == "open"
    return str(charge["id"])


async def decided(system: System, verdict: str, charge_id: str) -> None:
    done = await asyncio.to_thread(system.fincore, "risk", "cases", verdict, charge_id, *WHO_AND_WHY)
    assert done.code == 0, done
    system.until_idle()


async def test_session_under_review_is_completed_by_its_approval(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    session = await created(shop, amount_minor=5000)
    charge_id = await paid_by_card(system, shop, browser, session)
    await decided(system, "approve", charge_id)
    await sent_to_shop(browser, session["url"], session)
    paid = await shown(shop, session)
    assert (paid["status"], paid["charge_id"]) == ("completed", charge_id)
    assert (await shop.get(charge_id))["amount_captured_minor"] == 5000


async def test_session_under_review_is_declined_then_ended(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    """The customer tries again, and the merchant does not wait for the second review."""
    session = await created(shop, amount_minor=5000)
    first = await paid_by_card(system, shop, browser, session)
    await decided(system, "decline", first)
    page, _ = await opened(browser, session["url"])
    assert 'role="alert"' in page
    assert 'name="payment_method"' in page
    second = await paid_by_card(system, shop, browser, session)
    ended = await shop.request(
        "POST",
        f"/v1/checkout_sessions/{session['id']}/expire",
        headers={"Idempotency-Key": str(uuid4()), "Prefer": "wait=20"},
    )
    assert (ended.status, ended.json["status"]) == (200, "expired")
    system.until_idle()
    ends = [await shop.get(one) for one in (first, second)]
    assert [(one["status"], one["review"]["status"]) for one in ends] == [
        ("canceled", "declined"),
        ("canceled", "closed"),
    ]


async def test_lone_method_leads_straight_to_psp(shop: Shop, browser: aiohttp.ClientSession) -> None:
    session = await created(shop, payment_methods=["paypal"])
    found: list[str] = []

    async def is_sent() -> bool:
        found[:] = [(await opened(browser, session["url"]))[1]]
        return bool(found[0])

    await eventually(is_sent)
    left = await at_paypal(browser, found[0], "cancel")
    assert left.startswith(f"{session['url']}/canceled")
    assert "Continue with PayPal" in (await opened(browser, left))[0]
    back = await at_paypal(browser, found[0], "approve")
    assert back.startswith(f"{session['url']}/returned")
    await sent_to_shop(browser, back, session)


async def test_customer_pays_by_card_after_paypal(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    """The first payment is closed at its PSP before the second begins."""
    session = await created(shop)
    await chosen(browser, session, "paypal")
    page = await chosen(browser, session, "card")
    assert "/c/pay/cs_" in page
    _, back = await pay_page(page)
    await sent_to_shop(browser, back, session)
    system.until_idle()
    charges = await shop.request("GET", "/v1/charges")
    assert sorted(one["status"] for one in charges.json["data"]) == ["canceled", "succeeded"]


async def test_declined_customer_pays_another_way(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    session = await created(shop)
    back = await at_paypal(browser, await chosen(browser, session, "paypal"), "approve", "declined")

    async def is_told() -> bool:
        page, _ = await opened(browser, back)
        return 'role="alert"' in page and 'value="card"' in page

    await eventually(is_told)
    _, back = await pay_page(await chosen(browser, session, "card"))
    await sent_to_shop(browser, back, session)
    system.until_idle()
    charges = await shop.request("GET", "/v1/charges")
    assert sorted(one["status"] for one in charges.json["data"]) == ["failed", "succeeded"]


async def test_ended_session_cannot_be_paid(shop: Shop, browser: aiohttp.ClientSession) -> None:
    session = await created(shop)
    page = await chosen(browser, session, "card")
    headers = {"Idempotency-Key": str(uuid4())}
    await shop.request("POST", f"/v1/checkout_sessions/{session['id']}/expire", headers=headers)

    async def is_expired() -> bool:
        return "This payment has expired" in (await opened(browser, session["url"]))[0]

    await eventually(is_expired)
    assert (await pay_page(page))[0] == 410


def move_the_end_to_now(system: System, session: dict[str, Any]) -> None:
    """As if the time of a session had passed: the least that a merchant can ask for is half an hour."""
    system.execute(
        "set local session_replication_role = replica",
        "update eventstore.events set data = jsonb_set(data, '{expires_at}', data -> 'created_at') "  # noqa: S608 -- our own
        f"where type = 'checkout_session.created' and data ->> 'page' = '{session['url']}'",
        "update queue.pgqueuer set execute_after = now() where entrypoint = 'checkout_session.expire' "  # noqa: S608
        f"and convert_from(payload, 'UTF8') like '%{session['id']}%'",
    )


async def test_session_ends_when_its_time_is_over(
    system: System, shop: Shop, browser: aiohttp.ClientSession
) -> None:
    """The worker closes the page of the PSP first; then nothing of the session can be paid, and staff see why."""
    session = await created(shop)
    page = await chosen(browser, session, "card")
    move_the_end_to_now(system, session)

    async def is_expired() -> bool:
        return bool((await shown(shop, session))["status"] == "expired")

    await eventually(is_expired)
    assert (await pay_page(page))[0] == 410
    assert "This payment has expired" in (await opened(browser, session["url"]))[0]
    system.until_idle()
    charges = (await shop.request("GET", "/v1/charges")).json["data"]
    assert [one["status"] for one in charges] == ["expired"]
    line, ends, *_ = system.printed("sessions", "show", session["id"]).splitlines()
    assert line.startswith(f"{session['id']} of mer_")
    assert line.endswith(" (test): expired; 10.00 USD, automatic capture")
    assert ends.startswith("offers card, paypal; expired by time at ")
    merchant_id = line.split()[2]
    ((listed, status),) = [
        row.split()[:2] for row in system.printed("sessions", "list", merchant_id).splitlines()[1:]
    ]
    assert (listed, status) == (session["id"], "expired")
