"""How the gateway asks: what it never sends, and how it finds a payment again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Declined, PspAccount, Retryable
from fincore.domain.secret import Secret
from fincore.write.psp.port import AuthorizeRequest, Inquiry, NotFound, PspGateway
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEST, MISSING = PspAccount("test"), PspAccount("missing")
CHARGE = new_charge_id()
Page = list[dict[str, Any]] | int


class FrozenClock:
    """NOW."""

    def now(self) -> datetime:
        return NOW


def payment(name: str, *, status: str = "succeeded", charge_id: str = CHARGE) -> dict[str, Any]:
    return {
        "object": "payment_intent",
        "id": name,
        "status": status,
        "currency": "usd",
        "created": 1_795_000_000,
        "amount_received": 1999,
        "metadata": {"fincore_charge_id": charge_id},
    }


class ScriptedStripe:
    """Answers searches, pages of a list and payments with what a test puts there: pages, or a status of an error."""

    def __init__(self) -> None:
        self.search: Page = []
        self.pages: list[Page] = [[]]
        self.payments: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.queries: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/v1/payment_intents").lstrip("/")
        self.asked.append(f"{request.method} {name or 'list'}")
        self.queries.append(dict(request.query))
        if name == "search":
            return self._page(self.search, has_more=False)
        if not name:
            turn = self.asked.count("GET list") - 1
            return self._page(self.pages[turn], has_more=turn + 1 < len(self.pages))
        found = self.payments.get(name)
        return self._page(500, has_more=False) if found is None else web.json_response(found)

    def _page(self, page: Page, *, has_more: bool) -> web.Response:
        if isinstance(page, int):
            return web.json_response({"error": {"type": "api_error"}}, status=page)
        return web.json_response({"object": "list", "data": page, "has_more": has_more})


@pytest.fixture
def stripe() -> ScriptedStripe:
    return ScriptedStripe()


@pytest.fixture
async def gateway(stripe: ScriptedStripe) -> AsyncIterator[PspGateway]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stripe.answer)
    async with TestServer(app) as server:
        account = StripeAccount(secret_key=Secret("sk_test_1"), webhook_secrets=(), expects_livemode=False)
        client = StripeClient(base_url=str(server.make_url("")))
        gateway = StripeGateway({TEST: account}, client=client, clock=FrozenClock())
        yield gateway
        await gateway.close()


def authorization(
    money: Money, account: PspAccount = TEST, capture_method: Literal["automatic", "manual"] = "automatic"
) -> AuthorizeRequest:
    return AuthorizeRequest(
        charge_id=CHARGE,
        idempotency_key=f"{CHARGE}:authorize:1",
        psp_account=account,
        money=money,
        capture_method=capture_method,
        payment_method="pm_card_visa",
        description=None,
        customer_email=None,
    )


def inquiry(*, age: timedelta = timedelta(seconds=40), account: PspAccount = TEST) -> Inquiry:
    return Inquiry(charge_id=CHARGE, psp_account=account, created_at=NOW - age)


# --- what is never sent


async def test_an_account_nobody_configured_is_retryable_and_nothing_is_sent(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    asked = (
        await gateway.authorize(authorization(Money(1999, Currency("usd")), MISSING)),
        await gateway.inquire(inquiry(account=MISSING)),
    )
    for outcome in asked:
        assert isinstance(outcome, Retryable)
        assert outcome.reason == "no such account: Stripe account 'missing' is not configured"
    assert stripe.asked == []


async def test_money_stripe_has_no_amount_for_is_declined_and_nothing_is_sent(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    outcome = await gateway.authorize(authorization(Money(5124, Currency("kwd"))))
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "psp_rejected_request"
    assert outcome.failure.advice == "do_not_retry"
    assert outcome.failure.message == (
        "Stripe takes KWD only with 0 as the third decimal, and this is 5.124 KWD"
    )
    assert stripe.asked == []


# --- finding a payment again


async def test_what_the_search_finds_is_read_again_because_its_status_may_be_old(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_1", status="requires_confirmation")]
    stripe.payments = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)
    assert stripe.asked == ["GET search", "GET pi_1"]
    assert stripe.queries[0]["query"] == f"metadata['fincore_charge_id']:'{CHARGE}'"


async def test_what_the_search_misses_is_found_in_the_list_page_by_page(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    other = new_charge_id()
    stripe.pages = [
        [payment("pi_9", charge_id=other), payment("pi_8", charge_id=other)],
        [payment("pi_7", charge_id=other), payment("pi_1")],
    ]
    stripe.payments = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)
    assert stripe.asked == ["GET search", "GET list", "GET list", "GET pi_1"]
    first, second = stripe.queries[1:3]
    assert first == {"created[gte]": str(int((NOW - timedelta(seconds=100)).timestamp())), "limit": "100"}
    assert second == first | {"starting_after": "pi_8"}


async def test_a_payment_that_neither_search_nor_list_knows_is_not_found(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_9", charge_id=new_charge_id())]
    stripe.pages = [[payment("pi_9", charge_id=new_charge_id())], []]
    assert await gateway.inquire(inquiry()) == NotFound()


async def test_a_list_longer_than_the_bound_proves_nothing_while_the_search_may_lag(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.pages = [[payment(f"pi_{page}", charge_id=new_charge_id())] for page in range(9)]
    outcome = await gateway.inquire(inquiry(age=timedelta(seconds=119)))
    assert isinstance(outcome, Retryable)
    assert outcome.retry_after_seconds == 60.0
    assert stripe.asked == ["GET search"] + 3 * ["GET list"]


async def test_a_search_that_has_settled_is_enough_where_the_list_is_longer_than_the_bound(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.pages = [[payment(f"pi_{page}", charge_id=new_charge_id())] for page in range(9)]
    assert await gateway.inquire(inquiry(age=timedelta(minutes=2))) == NotFound()


@pytest.mark.parametrize("age", [timedelta(seconds=40), timedelta(hours=2)])
async def test_a_search_that_failed_proves_nothing_where_the_list_finds_nothing(
    gateway: PspGateway, stripe: ScriptedStripe, age: timedelta
) -> None:
    stripe.search = 500
    outcome = await gateway.inquire(inquiry(age=age))
    assert isinstance(outcome, Retryable)
    assert outcome.reason.startswith("Stripe's search of payments gave no answer: HTTP 500")


async def test_a_search_that_failed_does_not_matter_where_the_list_finds_the_payment(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = 500
    stripe.pages = [[payment("pi_1")]]
    stripe.payments = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)


async def test_a_list_that_failed_proves_nothing(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [500]
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Retryable)
    assert outcome.reason.startswith("Stripe's list of payments gave no answer: HTTP 500")


async def test_a_payment_that_cannot_be_read_is_asked_for_again(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_1")]
    assert isinstance(await gateway.inquire(inquiry()), Retryable)


@pytest.mark.parametrize(("status", "pause"), [(401, 60.0), (429, 2.0), (500, None)])
async def test_where_asking_was_turned_away_the_pause_is_the_one_of_the_table(
    gateway: PspGateway, stripe: ScriptedStripe, status: int, pause: float | None
) -> None:
    stripe.search = status
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Retryable)
    assert outcome.retry_after_seconds == pause


async def test_of_several_payments_of_a_charge_the_one_that_got_furthest_counts(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [
        payment("pi_2", status="canceled"),
        payment("pi_1"),
        payment("pi_3", status="processing"),
    ]
    stripe.payments = {"pi_1": payment("pi_1")}
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Approved)
    assert outcome.psp_reference == "pi_1"
