"""The page of a checkout session over HTTP: what it shows for each step, what it begins, and what it refuses."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.checkout import address_limit
from fincore.checkout.address_limit import AT_ONCE_MAX
from fincore.domain.checkout_session import CheckoutSession, fold_session
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId, parse_checkout_session_id, session_stream_of, stream_of
from fincore.domain.log_events import LogEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.risk import CustomerContext
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.checkout.attempt_charge import new_charge
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.checkout_sessions import ACTION
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import paypal, stripe

ACCOUNTS: Final = (
    stripe("us", is_default=True, payment_method_types=frozenset({"card", "hosted_card"})),
    paypal("shop", is_default=True),
)
ORIGIN: Final = "https://pay.example"
BROWSER: Final = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
NOW: Final = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOSTILE: Final = "</li><script>alert(1)</script>\"'&"


class Customer:
    """A customer with the address of one session's page."""

    def __init__(self, api: Api, checkout: Checkout, created: dict[str, Any]) -> None:
        self.id: str = created["id"]
        self.path = urlsplit(created["url"]).path
        self._api = api
        self._checkout = checkout

    async def opens(self, below: str = "", method: str = "GET", **headers: str) -> Reply:
        """Ask as a browser does that opens the page; a header of None's place is left out by an empty value."""
        given = {name: value for name, value in (BROWSER | _named(headers)).items() if value}
        return await self._checkout.request(method, self.path + below, headers=given)

    async def chooses(self, method: str, **headers: str) -> Reply:
        """Send the form."""
        body = urlencode({"payment_method": method}).encode()
        return await self._checkout.request("POST", self.path, headers=FORM | _named(headers), data=body)

    async def session(self) -> CheckoutSession:
        """The session as the log has it."""
        stream = session_stream_of(parse_checkout_session_id(self.id))
        log = EventLog(self._api.pool, CHECKOUT_SESSION_EVENTS)
        session = fold_session(recorded.event for recorded in await log.load(stream))
        assert session is not None
        return session


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS, options=ApplicationOptions(public_url=ORIGIN)) as api:
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    options = CheckoutOptions(public_url=ORIGIN, return_wait_seconds=0.05)
    async with serving_checkout(api, options=options, accounts=ACCOUNTS) as checkout:
        yield checkout


async def customer_of(api: Api, checkout: Checkout, **fields: object) -> Customer:
    body = {
        "amount_minor": 1999,
        "currency": "usd",
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart?a=1&b=2",
    }
    reply = await api.post("/v1/checkout_sessions", "one", body | fields)
    assert reply.status == 201, reply.body
    return Customer(api, checkout, reply.json())


async def test_page_shows_amount_items_and_methods(api: Api, checkout: Checkout) -> None:
    items = [{"name": HOSTILE, "quantity": 2, "amount_minor": 1999}]
    customer = await customer_of(api, checkout, line_items=items)
    reply = await customer.opens(Accept_Language="de-AT,en;q=0.5")
    page = reply.body.decode()
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="de">' in page
    assert "<h1>19,99\u00a0USD bezahlen</h1>" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.index('value="card"') < page.index('value="paypal"')
    assert 'href="https://shop.example/cart?a=1&amp;b=2"' in page
    assert not (await customer.session()).attempts


async def test_page_keeps_to_its_policy(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    reply = await customer.opens()
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    )
    expected = {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "origin, accept-language",
        "Content-Language": "en",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: reply.headers[name] for name in expected} == expected
    page = reply.body.decode()
    assert "style=" not in page
    path = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    style = await checkout.visit(path)
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["Cache-Control"]


async def test_choice_loads_the_session_once(
    api: Api, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await customer_of(api, checkout)
    stream = session_stream_of(parse_checkout_session_id(customer.id))
    loaded: list[StreamId] = []
    load = EventLog.load

    async def counting(log: EventLog[Any], stream_id: StreamId) -> list[RecordedEvent[Any]]:
        loaded.append(stream_id)
        return await load(log, stream_id)

    monkeypatch.setattr(EventLog, "load", counting)
    assert (await customer.chooses("paypal", Sec_Fetch_Site="same-origin")).status == 303
    assert loaded.count(stream) == 1


async def test_choice_begins_one_attempt_for_all_tabs(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    for _ in range(2):
        reply = await customer.chooses("paypal", Sec_Fetch_Site="same-origin", Origin="null")
        assert (reply.status, reply.headers["Location"]) == (303, f"{ORIGIN}{customer.path}/continue")
    assert [one.payment_method for one in (await customer.session()).attempts] == ["paypal"]
    waits = await customer.opens("/continue")
    assert '<meta http-equiv="refresh" content="2">' in waits.body.decode()


async def test_choice_tells_the_customers_address_and_browser(api: Api) -> None:
    options = CheckoutOptions(
        public_url=ORIGIN, trusted_proxies=(ip_network("127.0.0.1"),), return_wait_seconds=0.05
    )
    async with serving_checkout(api, options=options, accounts=ACCOUNTS) as checkout:
        customer = await customer_of(api, checkout)
        headers = {"Sec_Fetch_Site": "same-origin", "User_Agent": "Mozilla/5.0"}
        await customer.chooses("card", X_Forwarded_For="203.0.113.9, ::ffff:192.0.2.7", **headers)
        (attempt,) = (await customer.session()).attempts
        assert attempt.browser == CustomerContext(ip="192.0.2.7", user_agent="Mozilla/5.0")


async def test_address_of_an_untrusted_proxy_is_not_the_customers(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    await customer.chooses("card", Sec_Fetch_Site="same-origin", X_Forwarded_For="192.0.2.7", User_Agent="M")
    (attempt,) = (await customer.session()).attempts
    assert attempt.browser == CustomerContext(user_agent="M")


async def test_one_method_begins_for_a_customer_only(
    api: Api, checkout: Checkout, subtests: pytest.Subtests
) -> None:
    customer = await customer_of(api, checkout, payment_methods=["card"])
    for name, headers in (
        ("prefetch", {"Sec_Purpose": "prefetch;prerender"}),
        ("older prefetch", {"Purpose": "prefetch"}),
        ("frame", {"Sec_Fetch_Dest": "iframe"}),
        ("preview of a link", {"Sec_Fetch_Mode": "", "Sec_Fetch_Dest": ""}),
    ):
        with subtests.test(name):
            assert 'value="card"' in (await customer.opens(**headers)).body.decode()
            assert not (await customer.session()).attempts
    await customer.opens(method="HEAD")
    assert not (await customer.session()).attempts
    await customer.opens()
    await customer.opens()
    assert len((await customer.session()).attempts) == 1


async def test_form_of_another_site_is_refused(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": ORIGIN},
        {"Origin": "https://evil.example"},
    ):
        reply = await customer.chooses("card", **headers)
        assert (reply.status, "Choose again." in reply.body.decode()) == (403, True)
    assert not (await customer.session()).attempts


@pytest.mark.parametrize("method", ["", "cash", "card&payment_method=paypal"])
async def test_choice_of_no_method_begins_nothing(api: Api, checkout: Checkout, method: str) -> None:
    customer = await customer_of(api, checkout)
    reply = await checkout.request(
        "POST", customer.path, headers=FORM, data=f"payment_method={method}".encode()
    )
    assert (reply.status, "Choose one of those below." in reply.body.decode()) == (422, True)
    assert not (await customer.session()).attempts


async def test_method_not_offered_begins_nothing(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout, payment_methods=["card"])
    reply = await customer.chooses("paypal")
    assert (reply.status, "does not offer" in reply.body.decode()) == (422, True)
    assert not (await customer.session()).attempts


async def test_form_too_large_is_refused(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    assert (await customer.chooses("x" * 2_000)).problem()[0] == 413


async def test_expired_session_leads_back_to_the_shop(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    assert (await api.post(f"/v1/checkout_sessions/{customer.id}/expire", "two", {})).status == 200
    for below in ("", "/continue", "/returned", "/canceled"):
        page = (await customer.opens(below)).body.decode()
        assert "<h1>This payment has expired</h1>" in page
        assert 'href="https://shop.example/cart?a=1&amp;b=2"' in page
    chosen = await customer.chooses("card")
    assert (chosen.status, chosen.headers["Location"]) == (303, f"{ORIGIN}{customer.path}/continue")


async def test_page_not_given_out_is_not_found(api: Api, checkout: Checkout) -> None:
    customer = await customer_of(api, checkout)
    unknown = await checkout.visit(f"/return/{customer.id}/word")
    for path in (f"{customer.path}x", "/checkout/cos_1/word", f"{customer.path[:-1]}", "/checkout/%00/%00"):
        for below in ("", "/continue", "/returned", "/canceled"):
            reply = await checkout.visit(path + below)
            assert (reply.status, reply.body) == (404, unknown.body)
        chosen = await checkout.request("POST", path, headers=FORM, data=b"payment_method=card")
        assert (chosen.status, chosen.body) == (404, unknown.body)


async def test_store_that_is_away_is_told_on_a_page(api: Api, checkout: Checkout, owner_pool: Pool) -> None:
    """In the customer's language, with `Retry-After`; what is no page is answered as a program reads it."""
    customer = await customer_of(api, checkout)
    await owner_pool.execute(
        "create function no_space() returns trigger language plpgsql as $$"
        " begin raise exception 'could not extend file' using errcode = '53100'; end $$"
    )
    await owner_pool.execute(
        "create trigger no_space before insert on eventstore.events for each row execute function no_space()"
    )
    reply = await customer.chooses("card", Sec_Fetch_Mode="navigate", Accept_Language="de")
    page = reply.body.decode()
    assert (reply.status, reply.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.headers["Content-Language"] == "de"
    assert "<h1>Im Moment nicht verfügbar</h1>" in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    program = await customer.chooses("card")
    assert program.problem()[:2] == (503, "store_unavailable")


async def test_customer_who_asks_too_often_is_told_on_a_page(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_limit, "PER_SECOND", 0.0)  # a slow machine must not refill the budget
    options = CheckoutOptions(public_url=ORIGIN, trusted_proxies=(ip_network("127.0.0.1"),))
    asking = {"X-Forwarded-For": "192.0.2.7", "Accept-Language": "fr"}
    async with serving_checkout(api, options=options, accounts=ACCOUNTS) as checkout:

        async def refused(headers: dict[str, str]) -> Reply:
            """The next answer; the address has asked as often as it may."""
            return await checkout.visit("/checkout/cos_1/word", asking | headers)

        for _ in range(AT_ONCE_MAX):
            await refused(BROWSER)
        page = await refused(BROWSER)
        assert page.status == 429
        assert page.headers["Retry-After"] == "1"
        assert "<h1>Indisponible pour le moment</h1>" in page.body.decode()
        older = await refused({"Accept": "text/html,*/*"})
        assert older.headers["Content-Type"] == "text/html; charset=utf-8"
        assert (await refused({"Accept": "*/*"})).problem()[1] == "rate_limited"


async def charge_of(api: Api, customer: Customer, *events: ChargeEvent) -> None:
    """The worker has made the charge of the live attempt, and these events came of it."""
    session = await customer.session()
    live = session.live_attempt
    assert live is not None
    created, _ = new_charge(parse_checkout_session_id(customer.id), session, live, NOW)
    commit: Commit[LogEvent] = Commit(
        provenance=Provenance(correlation="req_tests", actor="tests"),
        stream_id=stream_of(live.charge_id),
        events=tuple(NewEvent(event) for event in (created, *events)),
    )
    assert await api.writer.commit(commit) == Committed()


async def test_customer_who_returns_unpaid_is_led_back_to_the_psp(api: Api, checkout: Checkout) -> None:
    """Back from a page on which nothing was paid: the PSP is asked once, the attempt stays, and it can be gone on with."""
    customer = await customer_of(api, checkout)
    await customer.chooses("card", Sec_Fetch_Site="same-origin")
    await charge_of(api, customer, ACTION)
    page = (await customer.opens("/returned")).body.decode()
    assert f'href="{ACTION.redirect_url}" class="button">Continue by card' in page
    assert 'value="paypal"' in page
    asked = await api.pool.fetch("select entrypoint from queue.pgqueuer where entrypoint = 'charge.inquire'")
    assert len(asked) == 1
    assert [one.status for one in (await customer.session()).attempts] == ["live"]
