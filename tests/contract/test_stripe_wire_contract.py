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

from fincore.domain.currency import Currency
from fincore.domain.events import CancelReason, RefundReason
from fincore.domain.ids import ChargeId, new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import ActionRequired, Approved, Declined, Expired, PspReference, RefundReport
from fincore.domain.payment_method import CardInstrument, HostedCard, Initiator
from fincore.write.psp.port import CancelRequest, CaptureRequest, Inquiry, RefundInquiry, RefundRequest
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.wire import (
    BalanceTransaction,
    CardDetails,
    CardFacts,
    CheckoutSession,
    PaymentIntent,
    StripeCharge,
    StripeDispute,
    StripeRefund,
)
from fixtures.hosted_page import pay_page
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_gateways import TEST, authorization, stripe_gateway
from fixtures.stripe_spec import FIXTURES, SPEC, data_or_skip, problems_of_answer, problems_of_request

WIRE_KEY = "sk_test_wire"
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

    def spoken(self) -> list[str]:
        """The method and path of each request."""
        return [f"{exchange.method} {exchange.url.partition('?')[0]}" for exchange in self.exchanges]

    def problems(self) -> list[str]:
        """What the specification has against any exchange."""
        return [problem for exchange in self.exchanges for problem in exchange.problems()]

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
        gateway = stripe_gateway(str(server.make_url("")), key=WIRE_KEY)
        yield gateway
        await gateway.close()


async def paid(gateway: StripeGateway, charge_id: ChargeId, **changes: Any) -> PspReference:
    outcome = await gateway.authorize(authorization(charge_id, **changes))
    assert isinstance(outcome, Approved)
    return outcome.psp_reference


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
        {"payment_method": "pm_card_threeDSecure2Required", "return_url": None},
        {"payment_method": "pm_card_threeDSecureOptional", "challenge": True},
        {"payment_method": "pm_nobody_has_this"},
        {"money": Money(1, Currency("usd"))},
        {"initiator": "merchant", "return_url": None},
        {"initiator": "merchant", "return_url": None, "payment_method": "pm_card_authenticationRequired"},
    ],
)
async def test_authorizing_and_asking_again_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, changes: dict[str, Any]
) -> None:
    charge_id = new_charge_id()
    await gateway.authorize(authorization(charge_id, **changes))
    await gateway.inquire(Inquiry(charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC)))
    assert len(recorder.exchanges) == 3
    assert recorder.problems() == []


@pytest.mark.parametrize(
    ("token", "initiator", "status"),
    [
        ("pm_card_authenticationRequiredSetupForOffSession", "merchant", "succeeded"),
        ("pm_card_authenticationRequiredSetupForOffSession", "customer", "authentication_required"),
        ("pm_card_authenticationRequired", "merchant", "authentication_required"),
    ],
)
async def test_payment_without_its_customer_is_asked_for_as_one(
    gateway: StripeGateway, token: str, initiator: Initiator, status: str
) -> None:
    request = authorization(new_charge_id(), payment_method=token, initiator=initiator, return_url=None)
    outcome = await gateway.authorize(request)
    assert isinstance(outcome, Approved | Declined)
    assert status == (outcome.failure.code if isinstance(outcome, Declined) else "succeeded")
    assert isinstance(outcome.instrument, CardInstrument)
    assert bool(outcome.instrument.network_transaction_id) == isinstance(outcome, Approved)


@pytest.mark.parametrize("amount_minor", [1999, 500, 2000], ids=["all", "a part", "too much"])
async def test_capturing_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, amount_minor: int
) -> None:
    charge_id = new_charge_id()
    reference = await paid(gateway, charge_id, capture_method="manual")
    for number in (1, 2):
        await gateway.capture(
            CaptureRequest(
                charge_id=charge_id,
                idempotency_key=f"{charge_id}:capture:{number}",
                psp_account=TEST,
                psp_reference=reference,
                money=Money(amount_minor, Currency("usd")),
            )
        )
    await gateway.inquire(
        Inquiry(charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC), psp_reference=reference)
    )
    assert recorder.spoken() == [
        "POST /v1/payment_intents",
        f"POST /v1/payment_intents/{reference}/capture",
        f"POST /v1/payment_intents/{reference}/capture",
        f"GET /v1/payment_intents/{reference}",
    ]
    assert recorder.problems() == []


@pytest.mark.parametrize("reason", ["abandoned", "duplicate", "fraudulent", "requested_by_customer"])
async def test_canceling_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, reason: CancelReason
) -> None:
    charge_id = new_charge_id()
    reference = await paid(gateway, charge_id, capture_method="manual")
    for number in (1, 2):
        await gateway.cancel(
            CancelRequest(
                charge_id=charge_id,
                idempotency_key=f"{charge_id}:cancel:{number}",
                psp_account=TEST,
                psp_reference=reference,
                reason=reason,
            )
        )
    assert recorder.spoken()[1:] == 2 * [f"POST /v1/payment_intents/{reference}/cancel"]
    assert recorder.problems() == []


@pytest.mark.parametrize("reason", ["duplicate", "fraudulent", "requested_by_customer", None])
async def test_refunding_and_asking_again_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, reason: RefundReason | None
) -> None:
    charge_id, refund_id = new_charge_id(), new_refund_id()
    reference = await paid(gateway, charge_id)
    first = RefundRequest(
        charge_id=charge_id,
        refund_id=refund_id,
        idempotency_key=f"{refund_id}:refund:1",
        psp_account=TEST,
        psp_reference=reference,
        money=Money(1500, Currency("usd")),
        reason=reason,
    )
    report = await gateway.refund(first)
    assert isinstance(report, RefundReport)
    await gateway.refund(msgspec.structs.replace(first, idempotency_key=f"{refund_id}:refund:2"))
    inquiry = RefundInquiry(refund_id=refund_id, psp_account=TEST, payment_reference=reference)
    await gateway.inquire_refund(inquiry)
    await gateway.inquire_refund(msgspec.structs.replace(inquiry, psp_reference=report.psp_reference))
    await gateway.charge_of(TEST, reference)
    assert recorder.spoken()[1:] == [
        "POST /v1/refunds",
        "POST /v1/refunds",
        "GET /v1/refunds",
        f"GET /v1/refunds/{report.psp_reference}",
        f"GET /v1/payment_intents/{reference}",
    ]
    assert recorder.problems() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": True},
        {"capture_method": "manual"},
        {"description": None, "customer_email": None},
        {"description": "naïve ☕ & 50 % = [x]", "cancel_url": "https://shop.example/basket"},
        {"money": Money(500, Currency("jpy"))},
        {"money": Money(1, Currency("usd"))},
        {"customer_email": "ada@example..com"},
    ],
)
async def test_opening_a_page_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, changes: dict[str, Any]
) -> None:
    charge_id = new_charge_id()
    await gateway.authorize(authorization(charge_id, payment_method=HostedCard(), **changes))
    assert recorder.spoken() == ["POST /v1/checkout/sessions"]
    assert recorder.problems() == []


async def test_reading_and_ending_a_page_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder
) -> None:
    charge_id = new_charge_id()
    opened = await gateway.authorize(authorization(charge_id, payment_method=HostedCard()))
    assert isinstance(opened, ActionRequired)
    session = opened.psp_reference
    await pay_page(str(opened.redirect_url), "pm_card_visa_chargeDeclined")
    asked = Inquiry(
        charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC), payment_method=HostedCard()
    )
    for known in ({"psp_reference": session}, {"reported_reference": PspReference("pi_made_elsewhere")}):
        await gateway.inquire(msgspec.structs.replace(asked, **known))
    for number in (1, 2):
        ended = await gateway.cancel(
            CancelRequest(
                charge_id=charge_id,
                idempotency_key=f"{charge_id}:cancel:{number}",
                psp_account=TEST,
                psp_reference=session,
                reason="abandoned",
            )
        )
        assert isinstance(ended, Expired)
    assert recorder.spoken()[1:] == [
        f"GET /v1/checkout/sessions/{session}",
        "GET /v1/checkout/sessions",
        f"POST /v1/checkout/sessions/{session}/expire",
        f"POST /v1/checkout/sessions/{session}/expire",
        f"GET /v1/checkout/sessions/{session}",
    ]
    assert recorder.problems() == []


async def test_inquiry_for_missing_object_matches_stripes_spec(
    gateway: StripeGateway, recorder: Recorder
) -> None:
    nobody = PspReference("pi_nobody_made")
    await gateway.charge_of(TEST, nobody)
    await gateway.inquire_refund(
        RefundInquiry(
            refund_id=new_refund_id(),
            psp_account=TEST,
            payment_reference=nobody,
            psp_reference=PspReference("re_nobody_made"),
        )
    )
    assert [exchange.status for exchange in recorder.exchanges] == [404, 404]
    assert recorder.problems() == []


async def test_listing_page_by_page_is_as_stripe_documents_it(
    gateway: StripeGateway, recorder: Recorder, psp_sandbox: SandboxProcess
) -> None:
    intent = {"amount": "100", "currency": "usd", "payment_method_types[]": "card"}
    headers = {"Authorization": f"Bearer {WIRE_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(101):
            async with session.post(f"{psp_sandbox.url}/v1/payment_intents", data=intent) as response:
                response.raise_for_status()
    await gateway.inquire(Inquiry(charge_id=new_charge_id(), psp_account=TEST, created_at=datetime.now(UTC)))
    assert recorder.spoken() == [
        "GET /v1/payment_intents/search",
        "GET /v1/payment_intents",
        "GET /v1/payment_intents",
    ]
    assert "starting_after=pi_" in recorder.exchanges[2].url
    assert recorder.problems() == []


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("payment_intent", PaymentIntent),
        ("checkout.session", CheckoutSession),
        ("charge", StripeCharge),
        ("balance_transaction", BalanceTransaction),
        ("refund", StripeRefund),
        ("dispute", StripeDispute),
    ],
)
def test_the_objects_stripe_publishes_are_read(kind: str, shape: type[msgspec.Struct]) -> None:
    published = data_or_skip(FIXTURES)["resources"][kind]
    read = msgspec.json.decode(msgspec.json.encode(published), type=shape)
    for name in ("id", "amount", "currency", "status", "created", "payment_intent", "reason", "metadata"):
        found = getattr(read, name, published.get(name))
        # A fact that may be of any shape is kept as it came, and read by itself.
        assert (msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found) == published.get(
            name
        ), name


def test_card_facts_have_the_names_that_stripe_documents() -> None:
    """A name that Stripe does not have would leave a fact unknown for ever, and nothing would tell."""
    published = data_or_skip(FIXTURES)["resources"]
    cards = (
        published["charge"]["payment_method_details"]["card"],
        data_or_skip(SPEC)["components"]["schemas"]["payment_method_card"]["properties"],
    )
    facts = {field.encode_name for field in msgspec.structs.fields(CardFacts)}
    for card in cards:
        assert facts <= set(card)
    assert {field.encode_name for field in msgspec.structs.fields(CardDetails)} - facts <= set(cards[0]) | {
        "capture_before"  # of holds alone
    }
    assert "payment_method" in data_or_skip(SPEC)["components"]["schemas"]["api_errors"]["properties"]
