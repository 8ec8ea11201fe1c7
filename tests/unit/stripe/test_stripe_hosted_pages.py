"""What a Checkout session says of a payment, and what the gateway makes of a Stripe that says something false of one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    DisputeReport,
    Expired,
    Pending,
    PspReference,
    Rejected,
    Retryable,
    SubReference,
    Unknown,
    Unreadable,
)
from fincore.domain.payment_method import HostedCard
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    DisputeInquiry,
    Inquiry,
    NotFound,
    RefundInquiry,
    RefundRequest,
)
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.hosted_pages import DECIDED_WITHIN, SESSION_STATUSES, read_session
from fincore.write.psp.stripe.wire import CheckoutSession
from fixtures.stripe_gateways import TEST, USD_19_99, authorization, stripe_gateway
from psp_sandbox.stripe.wire_checkout import SessionStatus

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = int(NOW.timestamp()) - 600
CHARGE, OTHER = new_charge_id(), new_charge_id()
CS, PI = PspReference("cs_test_1"), PspReference("pi_1")
PAGE = "https://checkout.stripe.example/c/pay/cs_test_1"
BROKE = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Broke.",
}


def intent(status: str, **fields: Any) -> dict[str, Any]:
    money = {"succeeded": {"amount_received": 1999}, "requires_capture": {"amount_capturable": 1999}}
    return (
        {
            "object": "payment_intent",
            "id": "pi_1",
            "status": status,
            "currency": "usd",
            "created": CREATED,
            "metadata": {"fincore_charge_id": CHARGE},
        }
        | money.get(status, {})
        | fields
    )


def session(status: str | None, payment: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "object": "checkout.session",
        "id": "cs_test_1",
        "status": status,
        "payment_status": "unpaid",
        "currency": "usd",
        "amount_total": 1999,
        "client_reference_id": CHARGE,
        "created": CREATED,
        "expires_at": CREATED + 86_400,
        "payment_intent": payment,
        "url": PAGE if status == "open" else None,
    } | fields


def read(*given: Any, **fields: Any) -> object:
    return read_session(msgspec.convert(session(*given, **fields), CheckoutSession), now=NOW)


CREATED_AT = datetime.fromtimestamp(CREATED, UTC)
CAPTURED = Approved(
    kind="captured",
    money=USD_19_99,
    psp_reference=CS,
    occurred_at=CREATED_AT,
    sub_references=(SubReference("capture", PI),),
)
HELD = msgspec.structs.replace(
    CAPTURED, kind="authorized", sub_references=(SubReference("authorization", PI),)
)
TO_PAY = ActionRequired(psp_reference=CS, redirect_url=PAGE)
ABANDONED = Expired(reason="abandoned", psp_reference=CS, occurred_at=NOW)


def pending(status: str) -> Pending:
    return Pending(
        psp_reference=CS,
        reason=f"{status} at the PSP",
        occurred_at=CREATED_AT,
        pending_until=CREATED_AT + DECIDED_WITHIN,
        sub_references=(SubReference("capture", PI),),
    )


@pytest.mark.parametrize(
    ("status", "payment", "outcome"),
    [
        ("open", None, TO_PAY),
        ("open", intent("requires_payment_method"), TO_PAY),
        ("open", intent("requires_payment_method", last_payment_error=BROKE), TO_PAY),
        ("open", intent("requires_action"), TO_PAY),
        ("open", intent("requires_confirmation"), TO_PAY),
        ("open", intent("canceled"), TO_PAY),
        # The money is there before the session has noticed.
        ("open", intent("succeeded"), CAPTURED),
        ("open", intent("processing"), pending("processing")),
        ("complete", intent("succeeded"), CAPTURED),
        ("complete", intent("requires_capture"), HELD),
        ("complete", intent("processing"), pending("processing")),
        ("complete", intent("requires_action"), pending("requires_action")),
        (
            "complete",
            intent("canceled", cancellation_reason="automatic", canceled_at=CREATED),
            Expired(reason="authorization_lapsed", psp_reference=CS, occurred_at=CREATED_AT),
        ),
        (
            "complete",
            intent("canceled", cancellation_reason="duplicate", canceled_at=CREATED),
            Canceled(reason="duplicate", psp_reference=CS, occurred_at=CREATED_AT),
        ),
        ("expired", None, ABANDONED),
        ("expired", intent("canceled"), ABANDONED),
        ("expired", intent("requires_payment_method", last_payment_error=BROKE), ABANDONED),
        ("expired", intent("succeeded"), CAPTURED),
    ],
)
def test_session_and_its_payment_intent_become_an_outcome(status: str, payment: Any, outcome: object) -> None:
    assert read(status, payment) == outcome


def test_asynchronous_payment_that_failed_is_declined() -> None:
    declined = read("complete", intent("requires_payment_method", last_payment_error=BROKE))
    assert isinstance(declined, Declined)
    assert (declined.psp_reference, declined.failure.decline_code) == (CS, "insufficient_funds")


def test_session_that_ran_out_expired_at_its_time() -> None:
    expires_at = CREATED_AT + timedelta(minutes=5)
    expired = read("expired", expires_at=int(expires_at.timestamp()))
    assert expired == Expired(reason="abandoned", psp_reference=CS, occurred_at=expires_at)


@pytest.mark.parametrize(
    ("status", "payment", "fields"),
    [
        ("paid", intent("succeeded"), {}),
        (None, None, {}),
        ("complete", None, {}),
        ("complete", "pi_1", {}),
        ("open", "pi_1", {}),
        ("complete", intent("settled"), {}),
        ("complete", intent("succeeded", amount_received=0), {}),
        ("complete", intent("succeeded", amount_received=2000), {}),
        ("complete", intent("requires_capture", amount_capturable=2000), {}),
        ("complete", intent("succeeded", currency="eur"), {}),
        ("complete", intent("succeeded"), {"currency": "eur"}),
        ("complete", intent("succeeded"), {"amount_total": None}),
        ("complete", intent("requires_action", amount_received=1999), {}),
    ],
)
def test_session_that_makes_no_sense_is_unreadable(status: Any, payment: Any, fields: Any) -> None:
    assert isinstance(read(status, payment, **fields), Unreadable)


def test_every_documented_session_status_is_read() -> None:
    assert set(SESSION_STATUSES) == set(get_args(SessionStatus))


class FalseStripe:
    """Answers each `METHOD path` with what a test puts there, in turn; the last answer stays. All else is missing."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[str] = []
        self.keys: list[str] = []

    def says(self, call: str, *answers: Any) -> None:
        self.answers[call] = list(answers)

    async def answer(self, request: web.Request) -> web.Response:
        call = f"{request.method} {request.path.removeprefix('/v1/')}"
        self.asked.append(call)
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        left = self.answers.get(call)
        if not left:
            missing = {"type": "invalid_request_error", "code": "resource_missing"}
            return web.json_response({"error": missing}, status=404)
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer if isinstance(answer, web.Response) else web.json_response(answer)


SESSIONS, SESSION = "checkout/sessions", "checkout/sessions/cs_test_1"
EXPIRE, RELEASE = f"POST {SESSION}/expire", "POST payment_intents/pi_1/cancel"
TOO_LATE = {"error": {"type": "invalid_request_error", "message": "can be expired"}}


def too_late() -> web.Response:
    return web.json_response(TOO_LATE, status=400)


@pytest.fixture
def stripe() -> FalseStripe:
    return FalseStripe()


@pytest.fixture
async def gateway(stripe: FalseStripe) -> AsyncIterator[StripeGateway]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stripe.answer)
    async with TestServer(app) as server:
        gateway = stripe_gateway(str(server.make_url("")))
        yield gateway
        await gateway.close()


def asking(**changes: Any) -> AuthorizeRequest:
    given = {"payment_method": HostedCard(), "cancel_url": "https://shop.example/basket"}
    return authorization(CHARGE, **(given | changes))


def about(reported: str | None = None, known: PspReference | None = CS) -> Inquiry:
    return Inquiry(
        charge_id=CHARGE,
        psp_account=TEST,
        created_at=NOW,
        psp_reference=known,
        reported_reference=None if reported is None else PspReference(reported),
        payment_method=HostedCard(),
    )


def giving_up(authorization: PspReference | None = None) -> CancelRequest:
    return CancelRequest(
        charge_id=CHARGE,
        idempotency_key=f"{CHARGE}:cancel:1",
        psp_account=TEST,
        psp_reference=CS,
        reason="requested_by_customer",
        authorization=authorization,
    )


async def test_opened_page_is_where_the_customer_acts(stripe: FalseStripe, gateway: StripeGateway) -> None:
    stripe.says(f"POST {SESSIONS}", session("open"))
    assert await gateway.authorize(asking()) == TO_PAY
    assert stripe.keys == [f"{CHARGE}:authorize:1"]


@pytest.mark.parametrize(
    "false",
    [
        session("open", client_reference_id=OTHER),
        session("open", client_reference_id=None),
        session("open", amount_total=1998),
        session("open", currency="eur"),
        session("open", id="pi_1"),
        intent("succeeded"),
    ],
)
async def test_answer_about_something_else_is_unknown(
    stripe: FalseStripe, gateway: StripeGateway, false: Any
) -> None:
    stripe.says(f"POST {SESSIONS}", false)
    assert isinstance(await gateway.authorize(asking()), Unknown)


async def test_page_without_a_way_back_is_not_asked_for(stripe: FalseStripe, gateway: StripeGateway) -> None:
    declined = await gateway.authorize(asking(return_url=None))
    assert isinstance(declined, Declined)
    assert declined.failure.code == "authentication_required"
    assert stripe.asked == []


async def test_answer_without_its_payment_waits_for_the_record(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    """Completed before the answer to the call that opened it."""
    stripe.says(f"POST {SESSIONS}", session("complete", "pi_1"))
    assert isinstance(await gateway.authorize(asking()), Unknown)
    stripe.says(f"GET {SESSION}", session("complete", intent("succeeded")))
    assert await gateway.inquire(about()) == CAPTURED


@pytest.mark.parametrize("known", [CS, None])
async def test_session_of_another_charge_says_nothing_of_this_one(
    stripe: FalseStripe, gateway: StripeGateway, known: PspReference | None
) -> None:
    stripe.says(f"GET {SESSION}", session("complete", intent("succeeded"), client_reference_id=OTHER))
    found = await gateway.inquire(about("cs_test_1", known))
    assert isinstance(found, NotFound if known is None else Unknown)


async def test_record_of_another_session_is_no_answer(stripe: FalseStripe, gateway: StripeGateway) -> None:
    stripe.says(f"GET {SESSION}", session("complete", intent("succeeded"), id="cs_test_2"))
    assert isinstance(await gateway.inquire(about()), Retryable)


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([session("complete", intent("succeeded"))], CAPTURED),
        ([session("complete", intent("succeeded", id="pi_2"))], NotFound()),
        ([session("complete", intent("succeeded"), client_reference_id=OTHER)], NotFound()),
        ([session("complete", "pi_1")], NotFound()),
        ([session("complete", intent("succeeded"))] * 2, NotFound()),
        ([], NotFound()),
    ],
)
async def test_reported_payment_counts_by_the_session_that_names_it(
    stripe: FalseStripe, gateway: StripeGateway, listed: Any, found: object
) -> None:
    stripe.says(f"GET {SESSIONS}", {"object": "list", "data": listed, "has_more": False})
    assert await gateway.inquire(about("pi_1", known=None)) == found


async def test_session_that_nothing_names_took_nothing(stripe: FalseStripe, gateway: StripeGateway) -> None:
    assert await gateway.inquire(about(known=None)) == NotFound()
    assert stripe.asked == []


async def test_expired_page_is_given_up(stripe: FalseStripe, gateway: StripeGateway) -> None:
    stripe.says(EXPIRE, session("expired"))
    assert isinstance(await gateway.cancel(giving_up()), Expired)
    assert stripe.asked == [EXPIRE]


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (session("complete", intent("succeeded")), Approved),
        (session("expired"), Expired),
        (session("complete", intent("processing")), Rejected),
        (session("open"), Unknown),
        (session("complete", intent("succeeded"), id="cs_test_2"), Unknown),
    ],
)
async def test_expiry_that_comes_too_late_shows_what_happened(
    stripe: FalseStripe, gateway: StripeGateway, shown: Any, outcome: type[object]
) -> None:
    stripe.says(EXPIRE, too_late())
    stripe.says(f"GET {SESSION}", shown)
    assert isinstance(await gateway.cancel(giving_up()), outcome)
    assert stripe.asked == [EXPIRE, f"GET {SESSION}"]


async def test_expiry_that_was_turned_away_can_be_repeated(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    stripe.says(EXPIRE, web.json_response({"error": {"code": "rate_limit"}}, status=429))
    assert isinstance(await gateway.cancel(giving_up()), Retryable)
    assert stripe.asked == [EXPIRE]


async def test_hold_found_at_a_late_expiry_is_released(stripe: FalseStripe, gateway: StripeGateway) -> None:
    stripe.says(EXPIRE, too_late())
    stripe.says(f"GET {SESSION}", session("complete", intent("requires_capture")))
    stripe.says(RELEASE, intent("canceled", cancellation_reason="requested_by_customer"))
    canceled = await gateway.cancel(giving_up())
    assert isinstance(canceled, Canceled)
    assert (canceled.psp_reference, canceled.reason) == (CS, "requested_by_customer")
    assert stripe.keys == [f"{CHARGE}:cancel:1", "", f"{CHARGE}:cancel:1:release"]


async def test_known_hold_is_released_without_looking(stripe: FalseStripe, gateway: StripeGateway) -> None:
    stripe.says(RELEASE, intent("canceled", cancellation_reason="requested_by_customer"))
    assert isinstance(await gateway.cancel(giving_up(PI)), Canceled)
    assert stripe.asked == [RELEASE]


async def test_answer_to_expiry_about_another_session_is_looked_at(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    stripe.says(EXPIRE, session("expired", id="cs_test_2"))
    stripe.says(f"GET {SESSION}", session("complete", intent("succeeded")))
    assert await gateway.cancel(giving_up()) == CAPTURED


async def test_capture_and_refund_name_the_payment_intent(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    stripe.says("POST payment_intents/pi_1/capture", intent("succeeded"))
    captured = await gateway.capture(
        CaptureRequest(
            charge_id=CHARGE,
            idempotency_key="k",
            psp_account=TEST,
            psp_reference=CS,
            money=USD_19_99,
            authorization=PI,
        )
    )
    assert isinstance(captured, Approved)
    assert (captured.psp_reference, captured.sub_references) == (CS, (SubReference("capture", PI),))
    refund_id = new_refund_id()
    stripe.says("POST refunds", refunded(refund_id, "pi_2"), refunded(refund_id, "pi_1"))
    asked = RefundRequest(
        charge_id=CHARGE,
        refund_id=refund_id,
        idempotency_key="r",
        psp_account=TEST,
        psp_reference=CS,
        money=Money(500, Currency("usd")),
        reason=None,
        capture=PI,
    )
    assert isinstance(await gateway.refund(asked), Unknown)
    assert not isinstance(await gateway.refund(asked), Unknown)


def refunded(refund_id: str, payment: str) -> dict[str, Any]:
    return {
        "object": "refund",
        "id": "re_1",
        "amount": 500,
        "currency": "usd",
        "created": CREATED,
        "status": "succeeded",
        "payment_intent": payment,
        "balance_transaction": "txn_1",
        "metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": refund_id},
    }


async def test_records_of_another_payment_intent_say_nothing(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    refund_id = new_refund_id()
    stripe.says("GET refunds/re_1", refunded(refund_id, "pi_2"))
    stripe.says(f"GET {SESSION}", session("complete", intent("succeeded")))
    inquiry = RefundInquiry(
        refund_id=refund_id, psp_account=TEST, payment_reference=CS, psp_reference=PspReference("re_1")
    )
    assert isinstance(await gateway.inquire_refund(inquiry), Unknown)
    of_payment = DisputeInquiry(psp_account=TEST, payment_reference=CS, psp_reference=PspReference("dp_1"))
    stripe.says("GET disputes/dp_1", disputed("pi_2"), disputed("pi_1"))
    assert isinstance(await gateway.inquire_dispute(of_payment), Unknown)
    assert isinstance(await gateway.inquire_dispute(of_payment), DisputeReport)


def disputed(payment: str) -> dict[str, Any]:
    return {
        "object": "dispute",
        "id": "dp_1",
        "amount": 1999,
        "currency": "usd",
        "status": "needs_response",
        "reason": "fraudulent",
        "payment_intent": payment,
        "balance_transactions": [],
    }


async def test_charge_of_a_session_is_what_it_was_opened_for(
    stripe: FalseStripe, gateway: StripeGateway
) -> None:
    stripe.says(f"GET {SESSION}", session("open"), session("open", client_reference_id="order-7"))
    assert await gateway.charge_of(TEST, CS) == CHARGE
    assert await gateway.charge_of(TEST, CS) == NotFound()
