"""Which site may hold a page of FinCore in a frame: none, but for the frame of PayPal's script, which the shop that asked for it holds.

Every route of each server that browsers reach is asked, so that a new route is held to the same. A page that its operation
documents has to be seen, not only a refusal at its address.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from fincore.api import app as api_app
from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.bootstrap.staff_application import StaffOptions
from fincore.checkout import app as checkout_app
from fincore.domain.checkout_page import CHECKOUT_PATH
from fincore.http.endpoint import Route
from fincore.http.resource import router_of
from fincore.postgres.pool import Pool
from fincore.staff import app as staff_app
from fincore.staff.dashboard.body import ConfigurationBody, LogoutBody
from fincore.staff.report_download import report_file
from fincore.write.merchants.origin import Origin
from fincore.write.merchants.origins import Origins
from fixtures.checkout_server import serving_checkout
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import ACCESSES, ACCOUNTS
from fixtures.staff_issuer import PASSWORD, serving_issuer
from fixtures.staff_server import serving_staff

SHOP: Final = Origin("https://shop.example")
SESSION_PAGE: Final = f"{CHECKOUT_PATH}/{{session_id}}/{{word}}"
OWN: Final = "https://pay.example"
NONE: Final = "'none'"
ACCEPT: Final = {"Accept": "text/html"}
CONFIGURATION: Final = ConfigurationBody(
    issuer="https://login.example.com",
    client_id="fincore-dashboard",
    scope="openid",
    logout=LogoutBody(form="oidc", address=None),
)
Ask = Callable[[str, str], Awaitable[Reply]]
"""Sends a request by method and path."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Route]:
    """The routes of each server that is made from now on."""
    routes: list[Route] = []

    def remember(given: Iterable[Route], **bounds: Any) -> object:
        given = list(given)
        routes.extend(given)
        return router_of(given, **bounds)

    for module in (api_app, checkout_app, staff_app):
        monkeypatch.setattr(module, "router_of", remember)
    return routes


@pytest.fixture
async def api(served: list[Route], pool: Pool) -> AsyncIterator[Api]:
    options = ApplicationOptions(public_url=OWN)
    async with serving_api(pool, accounts=ACCOUNTS, options=options) as api:
        yield api


def ancestors(reply: Reply) -> str | None:
    """What a browser lets hold the answer in a frame; None where the answer does not say, so that any site may."""
    policies = [value for name, value in reply.headers.items() if name.lower() == "content-security-policy"]
    found = [match for one in policies if (match := re.search(r"(?:^|; ?)frame-ancestors ([^;]*)", one))]
    return found[0].group(1) if len(found) == len(policies) == 1 else None


def is_page(reply: Reply) -> bool:
    return reply.headers.get("Content-Type", "").startswith("text/html")


def documented_pages(routes: Iterable[Route]) -> set[str]:
    """The paths that a browser opens and gets a page from."""
    return {
        route.path
        for route in routes
        if route.method == "GET"
        and (found := route.operation.responses.get(200)) is not None
        and (found.media_type or "").startswith("text/html")
    }


async def answers(
    routes: Iterable[Route], ask: Ask, real: Mapping[str, str] | None = None
) -> dict[tuple[str, str], Reply]:
    """What each route answers to a browser. `real` has addresses of things that exist, by the path of the route."""
    found: dict[tuple[str, str], Reply] = {}
    for route in routes:
        path = re.sub(r"\{\w+\}", "x", (real or {}).get(route.path, route.path))
        found[(route.method, route.path)] = await ask(route.method, path)
    return found


def seen(found: Mapping[tuple[str, str], Reply]) -> set[str]:
    """The paths at which there was a page, or a page that leads on."""
    return {
        path for (_, path), reply in found.items() if reply.status < HTTPStatus.BAD_REQUEST and is_page(reply)
    }


async def test_pages_of_the_merchants_api_are_in_no_frame(api: Api, served: list[Route]) -> None:
    async def ask(method: str, path: str) -> Reply:
        return await api.request(method, path, headers=ACCEPT)

    found = await answers(served, ask)
    assert documented_pages(served) == seen(found) != set()
    assert {ancestors(reply) for reply in found.values() if is_page(reply)} == {NONE}


async def test_answers_to_staff_are_in_no_frame(api: Api, served: list[Route]) -> None:
    served.clear()
    options = StaffOptions(dashboard=CONFIGURATION)
    async with serving_staff(api, options=options) as staff:
        browser = staff.bearer("")

        async def ask(method: str, path: str) -> Reply:
            return await browser.request(method, path, headers=ACCEPT | {"Authorization": ""})

        found = await answers(served, ask)
        found["GET", "nothing"] = await ask("GET", "/staff/v1/nothing")
    assert {one: ancestors(reply) for one, reply in found.items()} == dict.fromkeys(found, NONE)
    assert {reply.headers["X-Frame-Options"] for reply in found.values()} == {"DENY"}
    reports = documented_pages(served) - seen(found)
    assert all(path.endswith("/report") for path in reports), reports


def test_report_that_staff_save_keeps_the_policy_of_the_server() -> None:
    """A browser saves it. What names no policy of its own is given the one that every answer to staff has."""
    report = report_file("2026-11-02", "html", "<!doctype html>")
    assert [name for name, _ in report.headers] == ["content-disposition"]
    assert report.headers[0][1].startswith("attachment")


async def test_pages_of_the_built_in_issuer_are_in_no_frame(api: Api, served: list[Route]) -> None:
    """The login, a wrong password, the choice of a password, and the way back."""
    served.clear()
    async with serving_issuer(api) as issuer:
        browser = issuer.browser()
        one_time = await issuer.person()
        login = await browser.authorize()
        wrong = await browser.post_form(login, "/issuer/login", username="ada@example.com", password="wrong")
        choice = await browser.log_in("ada@example.com", one_time)
        back = await browser.post_form(choice, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
        assert [is_page(one) for one in (login, wrong, choice)] == [True] * 3
        assert back.status == 303
        found = await answers(
            [route for route in served if route.path.startswith("/issuer/")], browser.request
        )
    for reply in (login, wrong, choice, back, *found.values()):
        assert ancestors(reply) == NONE
        assert reply.headers["X-Frame-Options"] == "DENY"


async def test_only_the_frame_of_paypal_is_framed_and_by_its_shop(api: Api, served: list[Route]) -> None:
    await Origins(api.pool, HandClock(NOON)).add(api.merchant_id, SHOP, livemode=False)
    key = (await api.new_key(kind="publishable")).reveal()
    session = await api.post(
        "/v1/checkout_sessions",
        "one",
        {
            "amount_minor": 1999,
            "currency": "usd",
            "success_url": "https://shop.example/thanks",
            "cancel_url": "https://shop.example/cart",
        },
    )
    assert session.status == 201, session.body
    served.clear()
    async with serving_checkout(api, options=CheckoutOptions(public_url=OWN), accesses=ACCESSES) as checkout:

        async def ask(method: str, path: str) -> Reply:
            return await checkout.request(method, path, headers=ACCEPT)

        frame = {"key": key, "origin": SHOP, "account": "shop", "currency": "usd"}
        page = urlsplit(session.json()["url"]).path
        real = {route.path: route.path.replace(SESSION_PAGE, page) for route in served}
        real["/frames/paypal"] += f"?{urlencode(frame)}"
        found = await answers(served, ask, real)
        found["GET", "nothing"] = await ask("GET", "/nothing")
        found["GET", "another shop"] = await ask(
            "GET", f"/frames/paypal?{urlencode(frame | {'origin': 'https://attacker.example'})}"
        )
    assert documented_pages(served) <= seen(found)
    held = {one: ancestors(reply) for one, reply in found.items()}
    assert held.pop(("GET", "/frames/paypal")) == SHOP
    assert held == dict.fromkeys(held, NONE)
