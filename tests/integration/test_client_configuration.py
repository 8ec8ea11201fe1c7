"""The client configuration: what a page gets, and what a stolen key, another site and a flood get."""

import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.checkout import address_limit
from fincore.checkout.address_limit import AT_ONCE_MAX
from fincore.checkout.app import CheckoutBounds
from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.write.merchants.origin import Origin
from fincore.write.merchants.origins import Origins
from fixtures.cases import on_one_installation
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import ACCOUNTS

SHOP = Origin("https://shop.example")
PATH = "/v1/client_configuration"
QUERY = "?currency=usd&amount_minor=1000"
BEHIND_A_PROXY = CheckoutOptions(trusted_proxies=(ip_network("127.0.0.1"),))


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS) as api:
        await Origins(pool, HandClock(NOON)).add(api.merchant_id, SHOP, livemode=False)
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    async with serving_checkout(api) as checkout:
        yield checkout


@pytest.fixture
async def key(api: Api) -> Secret:
    return await api.new_key(kind="publishable")


async def ask(
    checkout: Checkout,
    key: Secret | str,
    *,
    origin: str | None = SHOP,
    query: str = QUERY,
    forwarded_for: str | None = None,
) -> Reply:
    text = key if isinstance(key, str) else key.reveal()
    headers = {"Authorization": f"Bearer {text}"}
    if origin is not None:
        headers["Origin"] = origin
    if forwarded_for is not None:
        headers["X-Forwarded-For"] = forwarded_for
    return await checkout.request("GET", PATH + query, headers=headers)


def cors_headers(reply: Reply) -> set[str]:
    return {name.lower() for name in reply.headers if name.lower().startswith("access-control-")}


async def test_page_learns_what_it_may_offer(checkout: Checkout, key: Secret) -> None:
    reply = await ask(checkout, key)
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "object": "client_configuration",
        "livemode": False,
        "rule_version": None,
        "methods": [
            {
                "type": "card",
                "psp": "stripe",
                "account": "us",
                "script_url": "https://stripe.example/js",
                "publishable_key": "pk_us",
            },
            {
                "type": "paypal",
                "psp": "paypal",
                "account": "shop",
                "script_url": "https://paypal.example/js",
                "client_id": "Ashop",
            },
        ],
    }
    assert reply.headers["Access-Control-Allow-Origin"] == SHOP
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Vary"] == "origin"
    assert "Access-Control-Allow-Credentials" not in reply.headers


async def test_preflight_names_the_registered_origin_alone(checkout: Checkout) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    reply = await checkout.request("OPTIONS", PATH, headers={"Origin": SHOP, **asked})
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == SHOP
    assert reply.headers["Access-Control-Allow-Methods"] == "GET"
    assert reply.headers["Access-Control-Allow-Headers"] == "authorization"
    assert reply.headers["Vary"] == "origin"


@on_one_installation(
    "origin",
    [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evil-shop.example",
        "https://shop.example:8443",
        "http://shop.example",
        "https://SHOP.example",
        "https://shop.example/",
        "https://shop.example, https://evil.example",
        "null",
        "*",
        "",
        None,
    ],
)
async def test_page_of_another_site_reads_nothing(
    checkout: Checkout, key: Secret, origin: str | None
) -> None:
    reply = await ask(checkout, key, origin=origin)
    assert reply.problem() == (403, "origin_not_registered", "Origin")
    assert cors_headers(reply) == set()
    headers = {} if origin is None else {"Origin": origin}
    preflight = await checkout.request("OPTIONS", PATH, headers=headers)
    assert preflight.problem() == (403, "origin_not_registered", "Origin")
    assert cors_headers(preflight) == set()


async def test_key_of_another_merchant_or_mode_reads_nothing(api: Api, checkout: Checkout) -> None:
    """The preflight, which shows no key, is answered; the answer itself is not readable."""
    other = await api.merchants.create_merchant("Others")
    for key in (
        await api.new_key(merchant_id=other, kind="publishable"),
        await api.new_key(kind="publishable", livemode=True),
    ):
        reply = await ask(checkout, key)
        assert reply.problem() == (403, "origin_not_registered", "Origin")
        assert cors_headers(reply) == set()


async def test_secret_key_in_a_page_is_told_to_be_revoked(api: Api, checkout: Checkout) -> None:
    reply = await ask(checkout, api.key)
    assert reply.problem() == (403, "publishable_key_required", "Authorization")
    assert "have it revoked now" in reply.json()["detail"]
    assert api.key.reveal() not in reply.body.decode()
    assert reply.headers["Access-Control-Allow-Origin"] == SHOP, "the page's console shows the sentence"


async def test_key_that_is_none_is_refused_without_cors(checkout: Checkout) -> None:
    for key in ("pk_test_" + "x" * 32, "sk_test_wrong", ""):
        reply = await ask(checkout, key)
        assert reply.status == 401
        assert cors_headers(reply) == set()


async def test_stolen_publishable_key_can_do_nothing_else(api: Api, checkout: Checkout, key: Secret) -> None:
    for method, path in (("POST", "/v1/charges"), ("GET", "/v1/charges"), ("POST", "/v1/refunds")):
        refused = await api.request(method, path, key=key, headers={"Idempotency-Key": "k"})
        assert refused.problem()[:2] == (403, "secret_key_required")
        headers = {"Authorization": f"Bearer {key.reveal()}", "Origin": SHOP}
        assert (await checkout.request(method, path, headers=headers)).status == 404


@on_one_installation(
    ("query", "code", "param"),
    [
        ("", "parameter_invalid", "currency"),
        ("?currency=usd", "parameter_invalid", "amount_minor"),
        ("?currency=usd&amount_minor=0", "parameter_invalid", "amount_minor"),
        ("?currency=usd&amount_minor=-1", "parameter_invalid", "amount_minor"),
        ("?currency=usd&amount_minor=1.5", "parameter_invalid", "amount_minor"),
        ("?currency=usd&amount_minor=" + "9" * 16, "parameter_invalid", "amount_minor"),
        ("?currency=usd&amount_minor=%D9%A1", "parameter_invalid", "amount_minor"),
        ("?currency=xxx&amount_minor=1", "currency_unknown", "currency"),
        ("?currency=kwd&amount_minor=1000", "currency_not_supported", None),
        (QUERY + "&mode=live", "parameter_unknown", None),
        (QUERY + "&currency=eur", "parameter_invalid", "currency"),
    ],
)
async def test_wrong_question_is_answered_to_the_page(
    checkout: Checkout, key: Secret, query: str, code: str, param: str | None
) -> None:
    reply = await ask(checkout, key, query=query)
    assert reply.problem()[1:] == (code, param)
    assert reply.headers["Access-Control-Allow-Origin"] == SHOP


async def test_flood_of_one_address_is_limited_despite_forgeries(
    api: Api, key: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_limit, "PER_SECOND", 0.0)  # a slow machine must not refill the budget
    async with serving_checkout(api, options=BEHIND_A_PROXY) as checkout:

        async def statuses(addresses: list[str]) -> list[int]:
            return [(await ask(checkout, key, forwarded_for=one)).status for one in addresses]

        forged = await statuses([f"198.51.100.{n % 250}, 192.0.2.1" for n in range(AT_ONCE_MAX + 1)])
        assert forged == [200] * AT_ONCE_MAX + [429]
        limited = await ask(checkout, key, forwarded_for="192.0.2.1")
        assert limited.problem()[1] == "rate_limited"
        assert limited.headers["Retry-After"] == "1"
        within = await statuses([f"2001:db8:0:1::{n:x}" for n in range(AT_ONCE_MAX + 1)])
        assert 429 in within, "one customer has all of a network of 64 bits"
        assert await statuses(["2001:db8:0:2::1", "192.0.2.2"]) == [200, 200]


async def test_flood_of_wrong_keys_is_limited_before_the_database(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_limit, "PER_SECOND", 0.0)  # as above
    async with serving_checkout(api, options=BEHIND_A_PROXY) as checkout:
        guesses = [f"pk_test_{n:032}" for n in range(AT_ONCE_MAX + 1)]
        statuses = [(await ask(checkout, one, forwarded_for="192.0.2.9")).status for one in guesses]
        assert statuses == [401] * AT_ONCE_MAX + [429]


async def test_stolen_key_from_many_addresses_is_limited(api: Api, key: Secret) -> None:
    bounds = CheckoutBounds(live_per_second=1, test_per_second=1)
    async with serving_checkout(api, options=BEHIND_A_PROXY, bounds=bounds) as checkout:
        replies = [await ask(checkout, key, forwarded_for=f"192.0.2.{n}") for n in range(1, 30)]
        limited = next(reply for reply in replies if reply.status == 429)
        assert int(limited.headers["Retry-After"]) >= 1
        assert limited.headers["Access-Control-Allow-Origin"] == SHOP
        other = await api.new_key(kind="publishable")
        assert (await ask(checkout, other, forwarded_for="192.0.2.40")).status == 200
