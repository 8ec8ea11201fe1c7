"""/v1/checkout_sessions over HTTP: created once for a key, shown, listed, ended."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from fincore.bootstrap.application import ApplicationOptions
from fincore.domain.checkout_decisions import end_session
from fincore.domain.checkout_session_events import (
    CHECKOUT_SESSION_EVENTS,
    CheckoutSessionEvent,
    SessionPaymentMethod,
)
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.route_plan import RoutePlan
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import rebuild, verify
from fincore.write.checkout.customer_checkout import CheckoutSessions, Choose, Wait
from fincore.write.checkout.sessions import session_recorder
from fincore.write.payments.inquiries import Inquiries
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.router import NoRoute, Router, RouteRequest
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Api, serving_api
from fixtures.routing import paypal, stripe
from fixtures.traffic import follow, store_pool

ACCOUNTS = (
    stripe("us", is_default=True, payment_method_types=frozenset({"card", "hosted_card"})),
    paypal("shop", is_default=True),
)
PUBLIC = ApplicationOptions(public_url="https://pay.example")
BODY: dict[str, Any] = {
    "amount_minor": 1999,
    "currency": "usd",
    "success_url": "https://shop.example/thanks",
    "cancel_url": "https://shop.example/cart",
}
PATH = "/v1/checkout_sessions"


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS, options=PUBLIC) as api:
        yield api


async def create(api: Api, key: str = "one", **fields: object) -> dict[str, Any]:
    reply = await api.post(PATH, key, BODY | fields)
    assert reply.status == 201, reply.body
    created: dict[str, Any] = reply.json()
    return created


async def test_session_is_created_once_for_its_key(api: Api) -> None:
    items = [{"name": "A book", "quantity": 1, "amount_minor": 1999}]
    fields: dict[str, Any] = {
        "metadata": {"order": "1"},
        "line_items": items,
        "capture": False,
        "expires_in_seconds": 1800,
    }
    created = await create(api, **fields)
    again = await api.post(PATH, "one", BODY | fields)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (created, "true")
    assert created["url"].startswith(f"https://pay.example/checkout/{created['id']}/")
    lasts = datetime.fromisoformat(created["expires_at"]) - datetime.fromisoformat(created["created_at"])
    assert lasts == timedelta(minutes=30)
    expected = {"status": "open", "capture": False, "payment_methods": ["card", "paypal"], "charge_id": None}
    assert {name: created[name] for name in expected} == expected
    assert (created["metadata"], created["line_items"]) == ({"order": "1"}, items)
    found = await api.request("GET", f"{PATH}/{created['id']}")
    assert found.json() == created
    other = await api.post(PATH, "one", BODY | {"amount_minor": 1})
    assert other.problem()[1] == "idempotency_key_reused"


async def test_session_offers_only_what_an_account_takes(pool: Pool) -> None:
    async with serving_api(pool, accounts=(paypal("shop", is_default=True),), options=PUBLIC) as api:
        assert (await create(api))["payment_methods"] == ["paypal"]
        none = await api.post(PATH, "two", BODY | {"payment_methods": ["card"]})
        assert none.problem() == (422, "payment_method_not_taken", "payment_methods")
        large = await api.post(PATH, "three", BODY | {"amount_minor": 9_999_999})
        assert large.problem() == (422, "amount_too_large", "amount_minor")


async def test_session_without_public_url_is_refused(pool: Pool) -> None:
    async with serving_api(pool, accounts=ACCOUNTS) as api:
        reply = await api.post(PATH, "one", BODY)
        assert reply.problem()[:2] == (422, "checkout_not_configured")
        assert "FINCORE_PUBLIC_URL" in reply.json()["detail"]


@on_one_installation(
    ("fields", "code", "param"),
    [
        ({"amount_minor": 0}, "amount_too_small", "amount_minor"),
        ({"currency": "xyz"}, "currency_unknown", "currency"),
        ({"success_url": "ftp://shop.example"}, "field_invalid", "success_url"),
        ({"cancel_url": "https://shop.example/#a"}, "field_invalid", "cancel_url"),
        ({"expires_in_seconds": 1799}, "field_invalid", "expires_in_seconds"),
        ({"expires_in_seconds": 86401}, "field_invalid", "expires_in_seconds"),
        ({"payment_methods": []}, "field_invalid", "payment_methods"),
        ({"payment_methods": ["card", "card"]}, "field_invalid", "payment_methods"),
        ({"payment_methods": ["sepa"]}, "field_invalid", "payment_methods[0]"),
        (
            {"line_items": [{"name": "x", "quantity": 1, "amount_minor": 1}] * 51},
            "field_invalid",
            "line_items",
        ),
        (
            {"line_items": [{"name": "4242 4242 4242 4242", "quantity": 1, "amount_minor": 1}]},
            "card_number_not_allowed",
            "line_items[0].name",
        ),
    ],
)
async def test_bad_field_of_a_session_is_named(
    api: Api, fields: dict[str, object], code: str, param: str
) -> None:
    reply = await api.post(PATH, "bad", BODY | fields)
    assert reply.problem() == (422, code, param)


async def test_open_session_is_ended_once(api: Api) -> None:
    created = await create(api)
    path = f"{PATH}/{created['id']}/expire"
    ended = await api.post(path, "end")
    assert (ended.status, ended.json()["status"], ended.json()["url"]) == (200, "expired", None)
    assert (await api.post(path, "end")).json() == ended.json()
    assert (await api.post(path, "again")).problem()[:2] == (409, "checkout_session_not_open")


@pytest.mark.parametrize(("ends_by_time", "why"), [(False, "you asked for it"), (True, "its time is over")])
async def test_session_that_is_ending_says_why(api: Api, *, ends_by_time: bool, why: str) -> None:
    """An attempt of it can still be paid: its end is under way, for the reason that came first."""
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    await customers(api).begin(session_id, word, "card", request="req_1")
    path = f"{PATH}/{session_id}/expire"
    if ends_by_time:
        sessions = session_recorder(EventLog(api.pool, CHECKOUT_SESSION_EVENTS), api.writer)
        over = SystemClock().now() + timedelta(days=1)
        tests = Provenance(correlation="req_tests", actor="tests")
        await sessions.record(session_id, lambda one: end_session(one, "time", over), tests)
    else:
        assert (await api.post(path, "end")).json()["status"] == "open"
    again = await api.post(path, "again")
    assert again.problem()[:2] == (409, "checkout_session_not_open")
    assert f"The session is ending already: {why}." in again.json()["detail"]
    assert (await api.request("GET", f"{PATH}/{session_id}")).json()["status"] == "open"


async def test_session_of_another_merchant_or_mode_is_unknown(api: Api) -> None:
    created = await create(api)
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    path = f"{PATH}/{created['id']}"
    for key in (other, live):
        assert (await api.request("GET", path, key=key)).problem()[1] == "checkout_session_not_found"
        assert (await api.post(f"{path}/expire", "end", key=key)).problem()[1] == "checkout_session_not_found"
    assert (await api.request("GET", f"{PATH}/cos_none")).problem()[1] == "checkout_session_not_found"


async def test_sessions_are_listed_newest_first_by_page(api: Api, dsn: str) -> None:
    created = [await create(api, str(number)) for number in range(3)]
    await api.post(f"{PATH}/{created[0]['id']}/expire", "end")
    async with store_pool(dsn, "paymentdb") as paymentdb:
        await follow(EventLog(api.pool, LOG_EVENTS), paymentdb, Projectionist())
    first = (await api.request("GET", f"{PATH}?limit=2")).json()
    rest = (await api.request("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}")).json()
    listed = [one["id"] for one in first["data"] + rest["data"]]
    assert listed == [one["id"] for one in reversed(created)]
    assert first["data"][0] == created[2]
    expired = (await api.request("GET", f"{PATH}?status=expired")).json()
    assert [one["id"] for one in expired["data"]] == [created[0]["id"]]


async def test_rebuilt_view_shows_sessions_as_the_live_one(api: Api, dsn: str, owner_pool: Pool) -> None:
    created = [await create(api, str(number)) for number in range(2)]
    log = EventLog(api.pool, LOG_EVENTS)
    async with store_pool(dsn, "paymentdb") as paymentdb:
        await follow(log, paymentdb, Projectionist())
        # What comes after the place of the live view is caught up with.
        await api.post(f"{PATH}/{created[0]['id']}/expire", "end")
        _, before = await verify(log, owner_pool)
        assert before == []
        await follow(log, paymentdb, Projectionist())
        await owner_pool.execute("update paymentdb.checkout_sessions set status = 'open'")
        _, (difference,) = await verify(log, owner_pool)
        assert (difference.table, difference.rows) == ("checkout_sessions", 1)
        await rebuild(log, owner_pool)
        assert (await verify(log, owner_pool))[1] == []
    expired = (await api.request("GET", f"{PATH}?status=expired")).json()
    assert [one["id"] for one in expired["data"]] == [created[0]["id"]]


def customers(
    api: Api, *, log: EventLog[CheckoutSessionEvent] | None = None, router: Router | None = None
) -> CheckoutSessions:
    charges = EventLog(api.pool, CHARGE_EVENTS)
    return CheckoutSessions(
        sessions=session_recorder(log or EventLog(api.pool, CHECKOUT_SESSION_EVENTS), api.writer),
        log=charges,
        watch=StreamWatch(charges),
        inquiries=Inquiries(api.writer),
        router=router or AccountRouter(ACCOUNTS),
        clock=SystemClock(),
    )


async def test_page_of_a_session_needs_its_word(api: Api) -> None:
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    checkout = customers(api)
    view = await checkout.view(session_id, word)
    assert view is not None
    assert view.step == Choose(("card", "paypal"))
    assert await checkout.view(session_id, "word") is None
    assert await checkout.view("cos_none", word) is None
    assert await checkout.begin(session_id, "word", "card", request="req_1") is None


async def test_customer_who_begins_twice_has_one_attempt(api: Api) -> None:
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    checkout = customers(api)
    for _ in range(2):
        begun = await checkout.begin(session_id, word, "card", request="req_1")
        assert getattr(begun, "step", None) == Wait()
    view = await checkout.view(session_id, word)
    assert view is not None
    assert [one.payment_method for one in view.session.attempts] == ["card"]


class CountingLog(EventLog[CheckoutSessionEvent]):
    """Counts how often a session is loaded."""

    loads = 0

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[CheckoutSessionEvent]]:
        self.loads += 1
        return await super().load(stream_id)


class CountingRouter:
    """Counts what is routed; None where no account takes it."""

    def __init__(self, *, takes: bool = True) -> None:
        self.routed: list[str] = []
        self._router = AccountRouter(ACCOUNTS if takes else ACCOUNTS[1:])

    def route(self, request: RouteRequest) -> RoutePlan | NoRoute:
        self.routed.append(request.key)
        return self._router.route(request)


async def test_choice_loads_once_and_routes_new_attempts_only(api: Api) -> None:
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    log, router = CountingLog(api.pool, CHECKOUT_SESSION_EVENTS), CountingRouter()
    checkout = customers(api, log=log, router=router)

    async def chosen(method: SessionPaymentMethod, word: str = word) -> tuple[object, int, int]:
        before = log.loads, len(router.routed)
        begun = await checkout.begin(session_id, word, method, request="req_1")
        told = getattr(begun, "step", None) or getattr(begun, "code", None)
        return told, log.loads - before[0], len(router.routed) - before[1]

    assert await chosen("card", "another word") == (None, 1, 0)
    assert await chosen("card") == (Wait(), 1, 1)
    assert await chosen("card") == (Wait(), 1, 0)
    assert await chosen("paypal") == (Wait(), 1, 1)
    assert await chosen("paypal") == (Wait(), 1, 0)
    assert router.routed[0] != router.routed[1]
    assert (await api.post(f"{PATH}/{session_id}/expire", "end", {})).status == 200
    assert await chosen("card") == ("checkout_session_not_open", 1, 0)


async def test_choice_on_a_session_just_seen_loads_no_more(api: Api) -> None:
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    log, router = CountingLog(api.pool, CHECKOUT_SESSION_EVENTS), CountingRouter()
    checkout = customers(api, log=log, router=router)
    seen = await checkout.view(session_id, word)
    assert seen is not None
    for loads in (1, 2):
        # The second is of a tab that saw the session before the first: it loads anew, and finds the live attempt.
        begun = await checkout.begin(session_id, word, "card", request="req_1", seen=seen.session)
        assert (getattr(begun, "step", None), log.loads) == (Wait(), loads)
    other = await checkout.begin(session_id, "another word", "card", request="req_1", seen=seen.session)
    assert other is None
    last = await checkout.view(session_id, word)
    assert last is not None
    assert len(last.session.attempts) == 1


async def test_session_that_no_account_takes_now_begins_nothing(api: Api) -> None:
    created = await create(api)
    session_id, word = created["url"].split("/")[-2:]
    checkout = customers(api, router=CountingRouter(takes=False))
    assert isinstance(await checkout.begin(session_id, word, "card", request="req_1"), NoRoute)
    view = await checkout.view(session_id, word)
    assert view is not None
    assert view.session.attempts == ()
