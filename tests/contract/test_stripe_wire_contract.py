"""Everything the Stripe gateway says and hears, held against Stripe's own specification.

A recorder stands between the gateway and the PSP sandbox, on real HTTP.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount
from fincore.domain.secret import Secret
from fincore.write.psp.port import AuthorizeRequest, Inquiry
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import problems_of_answer, problems_of_request

TEST = PspAccount("test")
HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding"}


class Exchange(NamedTuple):
    """One request and its answer."""

    method: str
    url: str
    form: str
    status: int
    answer: Any

    def problems(self) -> list[str]:
        return problems_of_request(self.method, self.url, self.form) + problems_of_answer(
            self.method, self.url, self.status, self.answer
        )


class Recorder:
    """Passes requests on to the sandbox and keeps what was said."""

    def __init__(self, target: str, session: aiohttp.ClientSession) -> None:
        self._target = target
        self._session = session
        self.exchanges: list[Exchange] = []

    async def pass_on(self, request: web.Request) -> web.Response:
        form = await request.text()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = self._target + request.path_qs
        async with self._session.request(request.method, url, headers=headers, data=form) as response:
            body = await response.read()
        self.exchanges.append(
            Exchange(request.method, request.path_qs, form, response.status, msgspec.json.decode(body))
        )
        return web.Response(status=response.status, body=body, content_type="application/json")


@pytest.fixture
async def recorder(psp_sandbox: SandboxProcess) -> AsyncIterator[Recorder]:
    async with aiohttp.ClientSession() as session:
        yield Recorder(psp_sandbox.url, session)


@pytest.fixture
async def gateway(recorder: Recorder) -> AsyncIterator[StripeGateway]:
    """A gateway that talks to the sandbox through the recorder."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.pass_on)
    async with TestServer(app) as server:
        account = StripeAccount(secret_key=Secret("sk_test_wire"), webhook_secrets=(), expects_livemode=False)
        client = StripeClient(base_url=str(server.make_url("")))
        gateway = StripeGateway({TEST: account}, client=client, clock=SystemClock())
        yield gateway
        await gateway.close()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"capture_method": "manual"},
        {"description": None, "customer_email": None},
        {"description": "naïve ☕ & 50 % = [x]"},
        {"money": Money(5, Currency("isk"))},
        {"payment_method": "pm_card_visa_chargeDeclinedLostCard"},
        {"payment_method": "pm_card_chargeDeclinedExpiredCard", "capture_method": "manual"},
        {"payment_method": "pm_card_threeDSecure2Required"},
        {"payment_method": "pm_nobody_has_this"},
        {"money": Money(1, Currency("usd"))},
    ],
)
async def test_authorizing_and_asking_again_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, changes: dict[str, Any]
) -> None:
    charge_id = new_charge_id()
    given: dict[str, Any] = {
        "charge_id": charge_id,
        "idempotency_key": f"{charge_id}:authorize:1",
        "psp_account": TEST,
        "money": Money(1999, Currency("usd")),
        "capture_method": "automatic",
        "payment_method": "pm_card_visa",
        "description": "two coffees",
        "customer_email": "ada@example.com",
        "return_url": "https://shop.example/back?basket=7",
    }
    await gateway.authorize(AuthorizeRequest(**given | changes))
    await gateway.inquire(Inquiry(charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC)))
    assert len(recorder.exchanges) == 3
    assert [exchange.problems() for exchange in recorder.exchanges] == [[], [], []]


async def test_listing_page_by_page_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, psp_sandbox: SandboxProcess
) -> None:
    intent = {"amount": "100", "currency": "usd", "payment_method_types[]": "card"}
    headers = {"Authorization": "Bearer sk_test_wire"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(101):
            async with session.post(f"{psp_sandbox.url}/v1/payment_intents", data=intent) as response:
                response.raise_for_status()
    await gateway.inquire(Inquiry(charge_id=new_charge_id(), psp_account=TEST, created_at=datetime.now(UTC)))
    assert [exchange.url.partition("?")[0] for exchange in recorder.exchanges] == [
        "/v1/payment_intents/search",
        "/v1/payment_intents",
        "/v1/payment_intents",
    ]
    assert "starting_after=pi_" in recorder.exchanges[2].url
    assert [exchange.problems() for exchange in recorder.exchanges] == [[], [], []]
