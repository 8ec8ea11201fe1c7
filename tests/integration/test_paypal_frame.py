"""The frame of PayPal's script: who may hold it, under which policy it runs, and what a hostile page gets."""

import re
from collections.abc import AsyncIterator, Sequence
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fincore.checkout.inventory.inventory import INVENTORY
from fincore.domain.outcome import PspAccount
from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.write.merchants.origin import Origin
from fincore.write.merchants.origins import Origins
from fincore.write.psp.account import BrowserAccess
from fincore.write.routing.plan import AccountName
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import ACCESSES, ACCOUNTS, PAYPAL

SHOP = Origin("https://shop.example")
REAL = ACCESSES | {
    AccountName(PAYPAL, PspAccount("outlet")): BrowserAccess(
        script_url="https://www.paypal.com/sdk/js", client_id="Areal"
    )
}


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS) as api:
        await Origins(pool, HandClock(NOON)).add(api.merchant_id, SHOP, livemode=False)
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    async with serving_checkout(api, accesses=REAL) as checkout:
        yield checkout


@pytest.fixture
async def key(api: Api) -> str:
    return (await api.new_key(kind="publishable")).reveal()


async def ask(checkout: Checkout, own_key: str, **changed: str | None) -> Reply:
    given: dict[str, Any] = {"key": own_key, "origin": SHOP, "account": "shop", "currency": "usd"} | changed
    return await checkout.visit(
        f"/frames/paypal?{urlencode({name: value for name, value in given.items() if value is not None})}"
    )


def policy(reply: Reply) -> dict[str, str]:
    directives = (one.partition(" ") for one in reply.headers["Content-Security-Policy"].split("; "))
    return {name: sources for name, _, sources in directives}


async def test_only_the_asking_registered_origin_may_hold_it(checkout: Checkout, key: str) -> None:
    reply = await ask(checkout, key)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    found = policy(reply)
    assert found["frame-ancestors"] == "https://shop.example"
    assert found["default-src"] == "'none'"
    assert found["script-src"].startswith("'self' https://paypal.example 'nonce-")
    assert found["connect-src"] == "'self' https://paypal.example"
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "no-store"


async def test_frame_of_the_real_paypal_names_its_origins(checkout: Checkout, key: str) -> None:
    found = policy(await ask(checkout, key, account="outlet"))
    assert found["frame-src"] == "https://*.paypal.com https://*.paypalobjects.com"
    assert found["style-src"].startswith("https://*.paypal.com https://*.paypalobjects.com 'nonce-")
    assert "unsafe" not in str(found)


async def test_frame_is_served_as_it_is_listed(checkout: Checkout, key: str) -> None:
    (listed,) = INVENTORY.frames
    reply = await ask(checkout, key, account="outlet")
    nonce = policy(reply)["style-src"].rpartition("'nonce-")[2][:-1]
    filled = {"{psp}": "https://*.paypal.com https://*.paypalobjects.com", "{nonce}": nonce, "{origin}": SHOP}
    for name, value in listed.headers.items():
        expected = re.sub(r"\{\w+\}", lambda found: filled[found[0]], value)
        assert reply.headers[name] == expected, name
    own, of_paypal = listed.scripts
    assert f'<script src="{own}"' in reply.body.decode()
    assert f'data-script="{of_paypal}?' in reply.body.decode()


async def test_each_frame_has_a_nonce_of_its_own(checkout: Checkout, key: str) -> None:
    first, second = [await ask(checkout, key) for _ in range(2)]
    nonces = {policy(one)["style-src"].rpartition("'nonce-")[2][:-1] for one in (first, second)}
    assert len(nonces) == 2
    assert all(len(nonce) == 24 for nonce in nonces)
    assert sum(f'nonce="{nonce}"' in first.body.decode() for nonce in nonces) == 1


async def test_frame_tells_how_the_script_is_loaded(checkout: Checkout, key: str) -> None:
    body = (await ask(checkout, key, intent="authorize", locale="de-DE")).body.decode()
    script = urlsplit(unescape(body.partition('data-script="')[2].partition('"')[0]))
    assert f"{script.scheme}://{script.netloc}{script.path}" == "https://paypal.example/js"
    assert parse_qs(script.query) == {
        "client-id": ["Ashop"],
        "currency": ["USD"],
        "intent": ["authorize"],
        "components": ["buttons"],
        "locale": ["de_DE"],
    }
    assert "<script>" not in body
    assert "style=" not in body
    assert "locale" not in (await ask(checkout, key, locale="de")).body.decode()


REFUSED: Final[Sequence[tuple[dict[str, str | None], tuple[int, str, str | None]]]] = (
    ({"origin": "https://evil.example"}, (403, "origin_not_registered", "origin")),
    ({"origin": "https://shop.example; script-src *"}, (403, "origin_not_registered", "origin")),
    ({"origin": "*"}, (403, "origin_not_registered", "origin")),
    ({"key": "pk_test_unknown"}, (401, "api_key_invalid", "key")),
    ({"key": None}, (400, "parameter_invalid", "key")),
    ({"account": "us"}, (422, "account_unknown", "account")),
    ({"account": "live"}, (422, "account_unknown", "account")),
    ({"account": '"><script>'}, (422, "account_unknown", "account")),
    ({"currency": "xxx"}, (422, "currency_unknown", "currency")),
    ({"intent": "steal"}, (400, "parameter_invalid", "intent")),
    ({"locale": "de-DE;x"}, (400, "parameter_invalid", "locale")),
    ({"script_url": "https://evil.example"}, (400, "parameter_unknown", None)),
)


async def test_frame_is_refused_to_a_page_that_may_not(
    checkout: Checkout, key: str, subtests: pytest.Subtests
) -> None:
    for changed, problem in REFUSED:
        with subtests.test(changed=changed):
            reply = await ask(checkout, key, **changed)
            assert reply.problem() == problem
            assert policy(reply)["frame-ancestors"] == "'none'"


async def test_frame_is_refused_for_a_secret_key(api: Api, checkout: Checkout) -> None:
    secret: Secret = await api.new_key(kind="secret")
    assert (await ask(checkout, secret.reveal())).problem() == (403, "publishable_key_required", "key")


async def test_live_key_gets_no_frame_of_a_test_account(api: Api, checkout: Checkout, pool: Pool) -> None:
    await Origins(pool, HandClock(NOON)).add(api.merchant_id, SHOP, livemode=True)
    live: Secret = await api.new_key(kind="publishable", livemode=True)
    assert (await ask(checkout, live.reveal())).problem() == (422, "account_unknown", "account")
