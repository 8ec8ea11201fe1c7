"""Two accounts at one PSP in one mode, side by side: one of the settings, one of a file, each with its own charges and webhooks."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from harness.accounts import SandboxAccount

from fixtures.merchant_api import signed
from fixtures.shop import Shop
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

SECOND = {"type": "card", "token": "pm_card_visa", "account": "second"}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, with a second account at Stripe."""
    system = System()
    try:
        system.start_stores()
        system.add_account("stripe", "second")
        system.add_account("paypal", "shop")
        system.start_roles()
        yield system
    finally:
        system.stop()


@pytest.fixture
def second(system: System) -> SandboxAccount:
    return system.accounts[0]


@pytest.fixture
async def shop(system: System) -> AsyncIterator[Shop]:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        yield shop


def intents(system: System, key: str) -> dict[str, Any]:
    """The payments that an account at Stripe shows, by the charge that made each."""
    page = system.stripe_shows("/v1/payment_intents", key=key)
    return {intent["metadata"]["fincore_charge_id"]: intent for intent in page["data"]}


async def test_charges_of_two_accounts_stay_apart(system: System, shop: Shop, second: SandboxAccount) -> None:
    """The default account takes what names none; refunds go to the account that took the payment."""
    default = await shop.charge()
    named = await shop.charge(SECOND)
    for charge, account in ((default, "test"), (named, "second")):
        paid = await shop.until_status(charge["id"], "succeeded")
        assert (paid["psp"], paid["psp_account"]) == ("stripe", account)
        assert (await shop.refund(charge["id"], amount_minor=300)).status == 201
    system.until_idle()
    at_first, at_second = intents(system, system.stripe_key), intents(system, second.secrets["secret_key"])
    assert (list(at_first), list(at_second)) == ([default["id"]], [named["id"]])
    for charge in (default, named):
        assert (await shop.get(charge["id"]))["amount_refunded_minor"] == 300


async def test_webhook_about_a_charge_of_another_account_is_ignored(
    system: System, shop: Shop, second: SandboxAccount
) -> None:
    charge = await shop.charge(SECOND)
    await shop.until_status(charge["id"], "succeeded")
    system.until_idle()
    shown = intents(system, second.secrets["secret_key"])[charge["id"]]

    def not_understood() -> bytes:
        """A report that is held on the charge, where it is believed to be about it."""
        return json.dumps(
            {
                "id": f"evt_{uuid4().hex}",
                "object": "event",
                "type": "payment_intent.succeeded",
                "created": shown["created"],
                "livemode": False,
                "data": {"object": shown | {"status": "unheard_of"}},
            }
        ).encode()

    def held() -> list[tuple[Any, ...]]:
        return system.rows(
            "select data ->> 'psp_account' from eventstore.events where type = 'charge.report_held'"
        )

    async def deliver(account: str, secret: str) -> int:
        body = not_understood()
        reply = await shop.request(
            "POST", f"/webhooks/stripe/{account}", headers=signed(body, secret), data=body
        )
        system.until_idle()
        return reply.status

    assert await deliver("test", system.webhook_secret) == 200
    assert held() == []
    assert await deliver("second", system.webhook_secret) == 400
    assert await deliver("third", second.secrets["webhook_secrets"]) == 404
    assert held() == []
    assert await deliver("second", second.secrets["webhook_secrets"]) == 200
    assert held() == [("second",)]


def test_accounts_are_listed_and_checked_by_command(system: System) -> None:
    done = system.fincore("psp", "accounts", "--check", settings={"FINCORE_API_URL": "https://pay.example"})
    assert (done.code, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    sandbox = system.sandbox.url.removeprefix("http://")
    assert rows[1][:5] == ["stripe/test", "test", "yes", sandbox, "closed"]
    assert rows[2][:4] == ["stripe/second", "test", sandbox, "closed"]
    assert rows[3][:5] == ["paypal/shop", "test", "yes", sandbox, "closed"]
    assert ["stripe/second", "https://pay.example/webhooks/stripe/second"] in rows
    assert ["paypal/shop", "https://pay.example/webhooks/paypal/shop"] in rows
    assert [row[:2] for row in rows if row[2:3] == ["may"]] == [
        ["stripe/test", "ok"],
        ["stripe/second", "ok"],
        ["paypal/shop", "ok"],
    ]
    secrets = [secret for account in system.accounts for secret in account.secrets.values()]
    for secret in (system.stripe_key, system.webhook_secret, *secrets):
        assert secret not in done.stdout
