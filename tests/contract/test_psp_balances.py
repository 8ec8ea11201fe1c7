"""What PSPs say that they hold for us: asked at the sandbox over HTTP, and at PSPs that answer wrongly."""

from typing import Any, Final

import pytest
import stripe

from fincore.domain.currency import Currency
from fincore.domain.secret import Secret
from fincore.write.psp.paypal.balance import PATH as PAYPAL_PATH
from fincore.write.psp.paypal.balance import paypal_balance
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.stated_balance import StatedBalance
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.balance import PATH as STRIPE_PATH
from fincore.write.psp.stripe.balance import stripe_balance
from fincore.write.psp.stripe.client import StripeClient
from fixtures.paypal_client import PayPalClient as Merchant
from fixtures.paypal_stub import error, paypal_account, paypal_stub
from fixtures.sandbox import SandboxProcess

USD: Final = Currency("usd")
EUR: Final = Currency("eur")
KEY: Final = "sk_test_balances"
PAYMENT: Final[Any] = {
    "amount": 10_000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}


async def ask_stripe(url: str) -> StatedBalance:
    client = StripeClient()
    account = StripeAccount(secret_key=Secret(KEY), expects_livemode=False, base_url=url)
    try:
        return await stripe_balance(client, account)
    finally:
        await client.close()


async def ask_paypal(url: str) -> StatedBalance:
    client = PayPalClient()
    try:
        return await paypal_balance(client, paypal_account(url))
    finally:
        await client.close()


async def test_stripe_tells_what_is_available_and_pending(psp_sandbox: SandboxProcess) -> None:
    merchant = stripe.StripeClient(KEY, base_addresses={"api": psp_sandbox.url})
    before = (await ask_stripe(psp_sandbox.url)).amounts
    merchant.v1.payment_intents.create(PAYMENT)
    after = await ask_stripe(psp_sandbox.url)
    assert after.problem is None
    assert after.amounts[USD] - before.get(USD, 0) == 10_000 - 320


async def test_paypal_tells_the_total_with_what_is_put_aside(psp_sandbox: SandboxProcess) -> None:
    merchant = Merchant(psp_sandbox.url)
    merchant.captured(value="100.00")
    move = {"code": "T2103", "currency": "USD", "amount_minor": -500}
    psp_sandbox.call("POST", "/sandbox/paypal/balances/client-a/move", move)
    told = await ask_paypal(psp_sandbox.url)
    assert (told.problem, dict(told.amounts)) == (None, {USD: 10_000 - 398})
    assert told.as_of is not None
    reply = merchant.call("GET", PAYPAL_PATH)
    (usd,) = reply.json["balances"]
    assert [usd[f"{one}_balance"]["value"] for one in ("total", "available", "withheld")] == [
        "96.02",
        "91.02",
        "5.00",
    ]
    assert merchant.call("GET", f"{PAYPAL_PATH}?currency_code=EUR").json["balances"] == []


def of_stripe(**changes: Any) -> dict[str, Any]:
    return {
        "object": "balance",
        "livemode": False,
        "available": [{"amount": -700, "currency": "usd"}, {"amount": 5, "currency": "eur"}],
        "pending": [{"amount": 500, "currency": "usd"}],
    } | changes


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, of_stripe(livemode=True), "Stripe answers for the other mode"),
        (200, of_stripe(pending=[{"amount": 1, "currency": "xxx"}]), "update FinCore"),
        (200, of_stripe(pending=[{"amount": "1", "currency": "usd"}]), "Stripe answered 200"),
        (403, {"error": {"type": "invalid_request_error", "message": "hidden"}}, "give the secret key"),
        (500, b"down", "repeat later"),
    ],
    ids=str,
)
async def test_stripe_that_tells_no_balance_is_a_problem(status: int, body: object, problem: str) -> None:
    async with paypal_stub() as stub:
        stub.put("GET", STRIPE_PATH, 200, of_stripe())
        assert (await ask_stripe(stub.url)).amounts == {USD: -200, EUR: 5}
        stub.answer_only("GET", STRIPE_PATH, status, body)
        told = await ask_stripe(stub.url)
    assert told.amounts == {}
    assert problem in (told.problem or "")
    assert "hidden" not in (told.problem or "")


def of_paypal(*values: tuple[str, str], as_of: str = "2026-11-26T12:00:00Z") -> dict[str, Any]:
    return {
        "balances": [
            {"currency": code, "total_balance": {"currency_code": code, "value": value}}
            for code, value in values
        ],
        "as_of_time": as_of,
    }


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, of_paypal(("USD", "1.00"), ("USD", "2.00")), "twice"),
        (200, of_paypal(("USD", "1.001")), "update FinCore"),
        (200, of_paypal(("USD", "--1.00")), "update FinCore"),
        (200, of_paypal(("USD", "1.00"), as_of="2026-11-26T12:00:00"), "offset"),
        (200, {"balances": "all"}, "PayPal answered 200"),
        (403, error("NOT_AUTHORIZED", "PERMISSION_DENIED"), "may not read balances"),
        (500, b"down", "repeat later"),
    ],
    ids=str,
)
async def test_paypal_that_tells_no_balance_is_a_problem(status: int, body: object, problem: str) -> None:
    async with paypal_stub() as stub:
        stub.put("GET", PAYPAL_PATH, 200, of_paypal(("USD", "-2.00"), ("EUR", "0.05")))
        assert (await ask_paypal(stub.url)).amounts == {USD: -200, EUR: 5}
        stub.answer_only("GET", PAYPAL_PATH, status, body)
        told = await ask_paypal(stub.url)
    assert told.amounts == {}
    assert problem in (told.problem or "")
    assert "hidden" not in (told.problem or "")


async def test_psp_that_cannot_be_reached_is_a_problem() -> None:
    nowhere = "http://127.0.0.1:9"
    for told in (await ask_stripe(nowhere), await ask_paypal(nowhere)):
        assert told.amounts == {}
        assert "repeat later" in (told.problem or "")
