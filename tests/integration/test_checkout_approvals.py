"""What fincore.js is told of a customer's approval in the merchant's page, and what its word of it does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.domain.outcome import ActionRequired, Consented, PspReference
from fincore.domain.payment_method import PayPalInstrument
from fincore.postgres.pool import Pool
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import Api, Reply, captured, declined, serving_api
from fixtures.routing import ACCOUNTS
from fixtures.waiting import eventually

PUBLIC_URL = "https://pay.example"
PAGES = {"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cart"}
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
ORDER = PspReference("pi_1")
PATIENT = CheckoutOptions(return_wait_seconds=3_600.0)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    options = ApplicationOptions(public_url=PUBLIC_URL)
    async with serving_api(pool, accounts=ACCOUNTS, options=options) as api:
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    async with serving_checkout(api, options=PATIENT) as checkout:
        yield checkout


def to_paypal(page: int = 1) -> ActionRequired:
    return ActionRequired(psp_reference=ORDER, redirect_url=f"https://paypal.example/{page}")


def approved(minute: int = 0) -> Consented:
    at = NOW.replace(minute=minute)
    return Consented(
        psp_reference=ORDER, occurred_at=at, noticed_at=at, instrument=PayPalInstrument(payer_id="P1")
    )


async def at_paypal(api: Api, idempotency_key: str = "k") -> str:
    """The id of a charge that waits for the customer's approval."""
    reply = await api.charge(idempotency_key, payment_method={"type": "paypal"}, **PAGES)  # type: ignore[arg-type]
    charge_id: str = reply.json()["id"]
    await api.record(charge_id, to_paypal())
    return charge_id


async def address(api: Api, dsn: str, charge_id: str) -> str:
    """The path of the approval, as the merchant's page gets it."""
    await api.project(dsn)
    url: str = (await api.get(f"/v1/charges/{charge_id}")).json()["next_action"]["approval_url"]
    assert url.startswith(f"{PUBLIC_URL}/approvals/{charge_id}/")
    return urlsplit(url).path


async def telling(api: Api, checkout: Checkout, path: str) -> asyncio.Task[Reply]:
    """Word of an approval, which waits for the PSP."""
    before = await api.written()
    task = asyncio.create_task(checkout.request("POST", path))

    async def is_asked() -> bool:
        return await api.written() != before

    await eventually(is_asked)
    return task


def told(status: str, times_asked: int = 1) -> dict[str, Any]:
    return {
        "object": "approval",
        "status": status,
        "psp": "paypal",
        "psp_account": "shop",
        "psp_reference": ORDER,
        "times_asked": times_asked,
    }


async def test_approval_names_the_payment_at_the_psp(api: Api, checkout: Checkout, dsn: str) -> None:
    charge_id = await at_paypal(api)
    before = await api.written()
    reply = await checkout.visit(await address(api, dsn, charge_id))
    assert (reply.status, reply.json()) == (200, told("requires_action"))
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert await api.written() == before


async def test_told_approval_waits_until_it_is_paid(api: Api, checkout: Checkout, dsn: str) -> None:
    charge_id = await at_paypal(api)
    path = await address(api, dsn, charge_id)
    task = await telling(api, checkout, path)
    await api.record(charge_id, approved())
    await api.record(charge_id, captured())
    assert (await task).json() == told("succeeded")
    assert (await checkout.request("POST", path)).json() == told("succeeded")


async def test_refused_approval_is_told_at_once(api: Api, checkout: Checkout, dsn: str) -> None:
    charge_id = await at_paypal(api)
    task = await telling(api, checkout, await address(api, dsn, charge_id))
    await api.record(charge_id, approved())
    await api.record(charge_id, to_paypal(2))
    # The wait of an hour is not over: the customer is asked again.
    assert (await task).json() == told("requires_action", times_asked=2)


async def test_told_approval_of_a_failed_charge_says_so(api: Api, checkout: Checkout, dsn: str) -> None:
    charge_id = await at_paypal(api)
    path = await address(api, dsn, charge_id)
    await api.record(charge_id, declined())
    assert (await checkout.request("POST", path)).json() == told("failed")


async def test_approval_address_not_given_out_is_unknown(
    api: Api, checkout: Checkout, dsn: str, subtests: pytest.Subtests
) -> None:
    charge_id, other = await at_paypal(api), await at_paypal(api, "other")
    path = await address(api, dsn, charge_id)
    page = (await api.folded(charge_id)).return_page
    assert page is not None
    word, word_of_page = path.rpartition("/")[2], page.rpartition("/")[2]
    before = await api.written()
    for part in (
        f"{charge_id}/{word[:-1]}",
        f"{charge_id}/{word_of_page}",
        f"{other}/{word}",
        f"ch_x/{word}",
    ):
        for method in ("GET", "POST"):
            with subtests.test(path=part, method=method):
                reply = await checkout.request(method, f"/approvals/{part}")
                assert reply.problem()[:2] == (404, "route_not_found")
    assert (await checkout.visit(f"/return/{charge_id}/{word}")).status == 404
    assert await api.written() == before


async def test_card_that_asks_its_customer_has_no_approval(api: Api, dsn: str) -> None:
    charge_id = (await api.charge("card", return_url="https://shop.example/back")).json()["id"]
    await api.record(
        charge_id, ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example")
    )
    await api.project(dsn)
    next_action = (await api.get(f"/v1/charges/{charge_id}")).json()["next_action"]
    assert next_action == {"redirect_url": "https://bank.example", "approval_url": None}
