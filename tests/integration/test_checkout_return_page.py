"""The page to which a wallet's PSP sends the customer back: what it believes, where it sends them, and what it waits for."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest

from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.checkout import address_limit
from fincore.checkout.address_limit import AT_ONCE_MAX
from fincore.domain.ids import new_charge_id
from fincore.domain.outcome import ActionRequired, Consented, Pending, PspReference
from fincore.domain.payment_method import PayPalInstrument
from fincore.postgres.pool import Pool
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import Api, Reply, captured, serving_api
from fixtures.routing import ACCOUNTS
from fixtures.waiting import eventually

PUBLIC_URL = "https://pay.example"
PAGES = {"return_url": "https://shop.example/back?basket=7", "cancel_url": "https://shop.example/cart"}
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ORDER = PspReference("pi_1")
TO_PAYPAL = ActionRequired(psp_reference=ORDER, redirect_url="https://paypal.example/checkoutnow?token=1")
APPROVED = Consented(
    psp_reference=ORDER, occurred_at=NOW, noticed_at=NOW, instrument=PayPalInstrument(payer_id="P1")
)
OPTIONS = ApplicationOptions(public_url=PUBLIC_URL)
PATIENT = CheckoutOptions(return_wait_seconds=3_600.0)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS, options=OPTIONS) as api:
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    async with serving_checkout(api, options=PATIENT) as checkout:
        yield checkout


async def at_paypal(api: Api, idempotency_key: str = "k") -> str:
    """The id of a charge that waits for the customer's approval."""
    reply = await api.charge(idempotency_key, payment_method={"type": "paypal"}, **PAGES)  # type: ignore[arg-type]
    charge_id: str = reply.json()["id"]
    await api.record(charge_id, TO_PAYPAL)
    return charge_id


async def page_of(api: Api, charge_id: str) -> str:
    """The path of a charge's page."""
    page = (await api.folded(charge_id)).return_page
    assert page is not None
    assert page.startswith(f"{PUBLIC_URL}/return/{charge_id}/")
    return urlsplit(page).path


async def inquiries(pool: Pool) -> list[str]:
    rows = await pool.fetch("select payload from queue.pgqueuer where entrypoint = 'charge.inquire'")
    return sorted(json.loads(row["payload"])["charge_id"] for row in rows)


def assert_sent_on(reply: Reply, url: str) -> None:
    assert (reply.status, reply.headers["Location"]) == (303, url)
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<a href="{url.replace("&", "&amp;")}">' in reply.body.decode()


async def test_return_has_psp_asked_and_goes_on_when_paid(api: Api, checkout: Checkout, pool: Pool) -> None:
    charge_id = await at_paypal(api)
    coming = asyncio.create_task(checkout.visit(await page_of(api, charge_id)))

    async def is_asked() -> bool:
        return await inquiries(pool) == [charge_id]

    await eventually(is_asked)
    await api.record(charge_id, APPROVED)
    assert not coming.done(), "an approval is no outcome yet"
    await api.record(charge_id, captured())
    assert_sent_on(await coming, f"https://shop.example/back?basket=7&charge={charge_id}")


async def test_return_goes_on_when_its_time_is_over(api: Api, pool: Pool) -> None:
    async with serving_checkout(api, options=CheckoutOptions(return_wait_seconds=0.1)) as checkout:
        charge_id = await at_paypal(api)
        reply = await checkout.visit(await page_of(api, charge_id))
        assert_sent_on(reply, f"https://shop.example/back?basket=7&charge={charge_id}")
        assert (await api.folded(charge_id)).status == "requires_action"
        assert await inquiries(pool) == [charge_id]


async def test_return_of_a_decided_charge_asks_no_psp(api: Api, checkout: Checkout, pool: Pool) -> None:
    paid, in_review = await at_paypal(api, "paid"), await at_paypal(api, "in-review")
    await api.record(paid, captured())
    await api.record(in_review, APPROVED)
    review = Pending(psp_reference=ORDER, reason="review", occurred_at=NOW, pending_until=NOW)
    await api.record(in_review, review)
    for charge_id in (paid, in_review):
        reply = await checkout.visit(await page_of(api, charge_id))
        assert_sent_on(reply, f"https://shop.example/back?basket=7&charge={charge_id}")
    assert await inquiries(pool) == []


async def test_customer_who_canceled_goes_to_the_cart(api: Api, checkout: Checkout) -> None:
    charge_id = await at_paypal(api)
    before = await api.written()
    reply = await checkout.visit(f"{await page_of(api, charge_id)}/canceled?token=EC-1")
    assert_sent_on(reply, f"https://shop.example/cart?charge={charge_id}")
    assert await api.written() == before


async def test_query_of_a_return_is_not_read(api: Api, checkout: Checkout) -> None:
    charge_id = await at_paypal(api)
    await api.record(charge_id, captured())
    path = await page_of(api, charge_id)
    query = "token=EC-1&PayerID=P1&charge=ch_other&return_url=https://evil.example&cancel_url=//evil.example&status=failed"
    for end in (f"?{query}", "?" + "x" * 5_000, "?%00", "/?next=https://evil.example"):
        assert_sent_on(
            await checkout.visit(path + end), f"https://shop.example/back?basket=7&charge={charge_id}"
        )
    assert_sent_on(
        await checkout.visit(f"{path}/canceled?{query}"), f"https://shop.example/cart?charge={charge_id}"
    )


async def test_address_not_given_out_leads_nowhere(
    api: Api, checkout: Checkout, subtests: pytest.Subtests
) -> None:
    charge_id, other = await at_paypal(api), await at_paypal(api, "other")
    card = (await api.charge("card", return_url="https://shop.example/back")).json()["id"]
    word = (await page_of(api, charge_id)).rpartition("/")[2]
    before = await api.written()
    for path in (
        f"{charge_id}/wrong",
        f"{charge_id}/{word[:-1]}",
        f"{charge_id}/{word}x",
        f"{charge_id}/{'x' * 5_000}",
        f"{charge_id}/%00",
        f"{charge_id}/ü",
        f"{other}/{word}",
        f"{card}/{word}",
        f"{new_charge_id()}/{word}",
        f"ch_1/{word}",
        f"{charge_id.upper()}/{word}",
        f"{charge_id}/canceled/canceled",
        f"{charge_id}/wrong/canceled",
    ):
        with subtests.test(path[:80]):
            reply = await checkout.visit(f"/return/{path}")
            assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
            assert reply.headers["Cache-Control"] == "no-store"
            assert "Location" not in reply.headers
    assert await api.written() == before


async def test_one_address_cannot_try_addresses_without_bound(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_limit, "PER_SECOND", 0.0)  # a slow machine must not refill the budget
    options = CheckoutOptions(trusted_proxies=(ip_network("127.0.0.1"),))
    async with serving_checkout(api, options=options) as checkout:

        async def tries(address: str, count: int) -> list[int]:
            path, headers = f"/return/{new_charge_id()}/word", {"X-Forwarded-For": address}
            return [(await checkout.visit(path, headers)).status for _ in range(count)]

        statuses = await tries("192.0.2.1", AT_ONCE_MAX + 1)
        assert statuses == [404] * AT_ONCE_MAX + [429]
        assert await tries("192.0.2.2", 1) == [404]


async def test_a_card_has_no_page_of_ours(api: Api) -> None:
    charge_id = (await api.charge("card", return_url="https://shop.example/back")).json()["id"]
    assert (await api.folded(charge_id)).return_page is None


async def test_no_answer_shows_the_address_of_the_page(api: Api, dsn: str) -> None:
    """Only the PSP and the customer's browser get it."""
    charge_id = await at_paypal(api)
    await api.record(charge_id, captured())
    await api.project(dsn)
    word = (await page_of(api, charge_id)).rpartition("/")[2]
    for path in (f"/v1/charges/{charge_id}", "/v1/charges", "/v1/events", f"/v1/events?charge={charge_id}"):
        reply = await api.get(path)
        assert (reply.status, word in reply.body.decode()) == (200, False)


async def test_the_api_serves_no_page_of_customers(api: Api) -> None:
    reply = await api.get(await page_of(api, await at_paypal(api)))
    assert reply.problem() == (404, "route_not_found", None)
