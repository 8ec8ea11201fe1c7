"""Two accounts at one PSP in one mode, side by side: one of the settings, one of a file, each with its own charges and webhooks.

A card that comes by its number, under TLS, is made into a token at each of them.
"""

import asyncio
import base64
import json
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from harness.accounts import SandboxAccount

from fincore.bootstrap.operator_stores import operator_stores
from fincore.domain.ids import MerchantId
from fixtures.merchant_api import signed
from fixtures.shop import Reply, Shop
from fixtures.system import System
from fixtures.tls_files import ServerTls, server_tls

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


VISA, MASTERCARD, ASKS_THE_CUSTOMER = "4242424242424242", "5555555555554444", "4000000000003220"

OF_A_PLAIN_USER = """
import ctypes, pathlib, sys
header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
system = ctypes.CDLL(None, use_errno=True)
assert system.capget(header, held) == 0
held[:] = [held[0] & 2, held[1] & 2, 0, 0, 0, 0]
assert system.capset(header, held) == 0
"""
"""A process that begins so may look into no other, also where the tests run as root: it keeps the right to open files alone."""

CARD_EDGE = f"{OF_A_PLAIN_USER}from fincore.__main__ import main\nmain()\n"
READER = f"""{OF_A_PLAIN_USER}
try:
    print(len(pathlib.Path(f"/proc/{{sys.argv[1]}}/environ").read_bytes()) > 0)
except PermissionError:
    print("refused")
"""
READABLE = f"{OF_A_PLAIN_USER}print('begun', flush=True)\ninput()\n"


def read_by_another_process(pid: int) -> str:
    """What a process of the same user gets of the memory of another."""
    done = subprocess.run(
        [sys.executable, "-c", READER, str(pid)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def tls(system: System) -> ServerTls:
    """The card edge runs, under a certificate of its own, with two accounts in the plan of each card."""
    files = server_tls(system.folder)
    rules = system.folder / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "cards"\nwhen = "true"\naccounts = ["stripe/test", "stripe/second", "paypal/shop"]\n'
    )
    system.printed("routes", "set", str(rules), "--reason=two accounts", "--by=Ada")
    system.settings |= {
        "FINCORE_CARD_EDGE_HMAC_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "FINCORE_CARD_EDGE_TLS_CERTIFICATE": str(files.certificate),
        "FINCORE_CARD_EDGE_TLS_KEY": str(files.key),
    }
    system.launch("card-edge", program=("-c", CARD_EDGE))

    def is_ready() -> bool:
        system.require_alive("card-edge")
        url = f"{card_edge_url(system)}/readyz"
        try:
            with urllib.request.urlopen(url, context=files.trust, timeout=5) as answer:  # noqa: S310 -- our own
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    system.until("the card edge is ready", is_ready)
    return files


def card_edge_url(system: System) -> str:
    return system.card_edge_url.replace("http://", "https://")


class RawCards:
    """A merchant that sends card numbers."""

    def __init__(self, system: System, shop: Shop, tls: ServerTls, session: aiohttp.ClientSession) -> None:
        self._url = f"{card_edge_url(system)}/v1/charges"
        self.shop = shop
        self._tls = tls
        self._session = session

    async def charge(
        self, number: str, *, key: str | None = None, cvc: str = "739", **fields: object
    ) -> Reply:
        """Charge a card, and wait for what comes of it."""
        card = {"number": number, "expiry_month": 11, "expiry_year": 2037, "cvc": cvc}
        body = {
            "amount_minor": 1999,
            "currency": "eur",
            "payment_method": {"type": "card", "card": card},
        } | fields
        headers = self.shop.headers | {"Idempotency-Key": key or str(uuid4()), "Prefer": "wait=30"}
        async with self._session.post(self._url, json=body, headers=headers, ssl=self._tls.trust) as answer:
            return Reply(answer.status, answer.headers.copy(), await answer.read())


@pytest.fixture
async def cards(system: System, tls: ServerTls) -> AsyncIterator[RawCards]:
    merchant = await system.add_merchant()
    async with operator_stores(system.databases, "eventstore") as stores:
        await stores.raw_cards.add(
            MerchantId(merchant.merchant_id), livemode=False, is_enabled=True, by="Ada", reason="SAQ D 2026"
        )
    async with Shop(system, merchant.api_key) as shop, aiohttp.ClientSession() as session:
        yield RawCards(system, shop, tls, session)


async def test_card_edge_speaks_tls_only(system: System, tls: ServerTls) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{system.card_edge_url}/healthz")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{card_edge_url(system)}/healthz")
        async with session.get(f"{card_edge_url(system)}/healthz", ssl=tls.trust) as answer:
            assert answer.status == 200


@pytest.mark.usefixtures("tls")
def test_memory_of_the_running_card_edge_is_its_own(system: System) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READABLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as any_other:
        assert any_other.stdout is not None
        assert any_other.stdout.readline() == "begun\n"
        assert read_by_another_process(any_other.pid) == "True"
        any_other.communicate("\n")
    assert read_by_another_process(system.pid("card-edge")) == "refused"


async def test_raw_card_is_paid_once_the_customer_authenticates(cards: RawCards) -> None:
    reply = await cards.charge(ASKS_THE_CUSTOMER, return_url="https://shop.example/back")
    assert (reply.status, reply.json["status"]) == (201, "requires_action"), reply
    url = reply.json["next_action"]["redirect_url"]
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(url, data=b"action=complete", allow_redirects=False) as landing,
    ):
        assert landing.status == 303
    paid = await cards.shop.get(reply.json["id"], wait_seconds=30)
    assert (paid["status"], paid["psp_account"]) == ("succeeded", "test")
    refused = await cards.charge(ASKS_THE_CUSTOMER)
    assert (refused.status, refused.json["charge"]["failure"]["code"]) == (402, "authentication_required")


async def test_raw_card_sent_many_times_at_once_is_charged_once(system: System, cards: RawCards) -> None:
    key = str(uuid4())
    replies = await asyncio.gather(*(cards.charge(VISA, key=key) for _ in range(5)))
    assert {reply.status for reply in replies} <= {201, 409}
    (charge_id,) = {reply.json["id"] for reply in replies if reply.status == 201}
    again = await cards.charge(VISA, key=key, cvc="111")
    assert (again.status, again.json["id"]) == (201, charge_id)
    other = await cards.charge(MASTERCARD, key=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    system.until_idle()
    shown = [
        intent
        for account in (system.stripe_key, system.accounts[0].secrets["secret_key"])
        for intent in intents(system, account).values()
        if intent["metadata"]["fincore_charge_id"] == charge_id
    ]
    assert [intent["amount_received"] for intent in shown] == [1999]


async def test_raw_card_fails_over_with_the_token_of_the_other_account(
    system: System, cards: RawCards, second: SandboxAccount
) -> None:
    """Its token there was made while the card was in memory: nothing of the card is left when the first account is given up."""
    match = {"path": "/v1/payment_intents", "method": "POST"}
    system.sandbox.add_fault("rate_limited_429", count=2, match=match)
    reply = await cards.charge(MASTERCARD)
    assert (reply.status, reply.json["status"], reply.json["psp_account"]) == (201, "succeeded", "second"), (
        reply
    )
    at_second = intents(system, second.secrets["secret_key"])[reply.json["id"]]
    tokens = system.rows(
        "select jsonb_path_query_array(data, '$.plan.attempts[*].payment_method.token') from eventstore.events "
        "where type = 'charge.created' and stream_id = (select stream_id from eventstore.events "
        "where type = 'charge.rerouted')"
    )
    ((of_first, of_second),) = tokens[0]
    assert at_second["payment_method"] == of_second != of_first
    assert reply.json["payment_method_details"]["card"]["last4"] == MASTERCARD[-4:]
