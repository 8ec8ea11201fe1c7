"""How the gateway asks: what it never sends, and how it finds a payment again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Declined,
    Failure,
    PspAccount,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import CardToken
from fincore.domain.secret import Secret
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    Inquiry,
    NotFound,
    PspGateway,
    RefundInquiry,
    RefundRequest,
)
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEST, MISSING = PspAccount("test"), PspAccount("missing")
CHARGE = new_charge_id()
REFUND = new_refund_id()
USD_19_99 = Money(1999, Currency("usd"))
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


def refund(name: str, refund_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "object": "refund",
        "id": name,
        "amount": 500,
        "currency": "usd",
        "created": 1_795_000_000,
        "status": "succeeded",
        "payment_intent": "pi_1",
        "balance_transaction": "txn_1",
        "metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": refund_id},
    } | fields


MISSING_ERROR = (404, {"type": "invalid_request_error", "code": "resource_missing"})


class ScriptedStripe:
    """Answers searches, pages of lists and objects with what a test puts there: pages, or a status of an error."""

    def __init__(self) -> None:
        self.search: Page = []
        self.pages: list[Page] = [[]]
        self.objects: dict[str, dict[str, Any] | tuple[int, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.raw_paths: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/v1/").removeprefix("payment_intents").lstrip("/")
        self.asked.append(f"{request.method} {name or 'list'}")
        self.queries.append(dict(request.query))
        self.raw_paths.append(request.raw_path)
        if name == "search":
            return self._page(self.search, has_more=False)
        if name in ("", "refunds"):
            turn = len([one for one in self.asked if one in ("GET list", "GET refunds")]) - 1
            return self._page(self.pages[turn], has_more=turn + 1 < len(self.pages))
        found = self.objects.get(name)
        if isinstance(found, tuple):
            status, error = found
            return web.json_response({"error": error}, status=status)
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
        account = StripeAccount(
            secret_key=Secret("sk_test_1"),
            expects_livemode=False,
            base_url=str(server.make_url("")).rstrip("/"),
        )
        gateway = StripeGateway({TEST: account}, client=StripeClient(), clock=FrozenClock())
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
        payment_method=CardToken("pm_card_visa"),
        description=None,
        customer_email=None,
    )


def capture(money: Money = USD_19_99, account: PspAccount = TEST) -> CaptureRequest:
    return CaptureRequest(
        charge_id=CHARGE,
        idempotency_key=f"{CHARGE}:capture:1",
        psp_account=account,
        psp_reference=PspReference("pi_1"),
        money=money,
    )


def refunding(money: Money = USD_19_99, account: PspAccount = TEST) -> RefundRequest:
    return RefundRequest(
        charge_id=CHARGE,
        refund_id=REFUND,
        idempotency_key=f"{REFUND}:refund:1",
        psp_account=account,
        psp_reference=PspReference("pi_1"),
        money=money,
        reason=None,
    )


def refund_inquiry(*, psp_reference: str | None = None, account: PspAccount = TEST) -> RefundInquiry:
    return RefundInquiry(
        refund_id=REFUND,
        psp_account=account,
        payment_reference=PspReference("pi_1"),
        psp_reference=None if psp_reference is None else PspReference(psp_reference),
    )


def inquiry(
    *,
    age: timedelta = timedelta(seconds=40),
    account: PspAccount = TEST,
    psp_reference: str | None = None,
    reported_reference: str | None = None,
) -> Inquiry:
    return Inquiry(
        charge_id=CHARGE,
        psp_account=account,
        created_at=NOW - age,
        psp_reference=PspReference(psp_reference) if psp_reference else None,
        reported_reference=PspReference(reported_reference) if reported_reference else None,
    )


# --- what is never sent


async def test_unconfigured_account_is_retryable_without_a_call(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    asked = (
        await gateway.authorize(authorization(Money(1999, Currency("usd")), MISSING)),
        await gateway.capture(capture(account=MISSING)),
        await gateway.cancel(
            CancelRequest(
                charge_id=CHARGE,
                idempotency_key="key",
                psp_account=MISSING,
                psp_reference=PspReference("pi_1"),
                reason="duplicate",
            )
        ),
        await gateway.refund(refunding(account=MISSING)),
        await gateway.inquire(inquiry(account=MISSING)),
        await gateway.inquire_refund(refund_inquiry(account=MISSING)),
        await gateway.charge_of(MISSING, PspReference("pi_1")),
    )
    for outcome in asked:
        assert isinstance(outcome, Retryable)
        assert outcome.reason == "no such account: Stripe account 'missing' is not configured"
    assert stripe.asked == []


async def test_authorize_of_inexpressible_money_is_declined_unsent(
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


async def test_capture_or_refund_of_inexpressible_money_is_rejected(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    reason = "Stripe takes KWD only with 0 as the third decimal, and this is 5.124 KWD"
    money = Money(5124, Currency("kwd"))
    failure = Failure(code="psp_rejected_request", message=reason, advice="do_not_retry")
    assert await gateway.capture(capture(money)) == Rejected(failure=failure, occurred_at=NOW)
    assert await gateway.refund(refunding(money)) == RefundRejected(
        code="psp_rejected_request", message=reason, occurred_at=NOW
    )
    assert stripe.asked == []


# --- finding a payment again


async def test_inquiry_by_reference_reads_payment_and_fee(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    movement = {"amount": 1999, "fee": 88, "net": 1911, "currency": "usd", "created": 1_795_000_005}
    charge = {"created": 1_795_000_000, "balance_transaction": movement}
    stripe.objects = {"pi_1": payment("pi_1") | {"latest_charge": charge}}
    outcome = await gateway.inquire(msgspec.structs.replace(inquiry(), psp_reference=PspReference("pi_1")))
    assert isinstance(outcome, Approved)
    assert outcome.fee == Money(88, Currency("usd"))
    assert stripe.asked == ["GET pi_1"]
    assert stripe.queries == [{"expand[0]": "latest_charge.balance_transaction"}]


async def test_a_payment_found_that_names_another_charge_is_unknown(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_1")]
    stripe.objects = {"pi_1": payment("pi_1", charge_id=new_charge_id())}
    assert await gateway.inquire(inquiry()) == Unknown(
        reason="Stripe's search named a payment that is of another charge", since=NOW
    )


async def test_inquiry_by_reference_stripe_lacks_is_not_found(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.objects = {"pi_1": MISSING_ERROR}
    known = msgspec.structs.replace(inquiry(), psp_reference=PspReference("pi_1"))
    assert await gateway.inquire(known) == NotFound()


@pytest.mark.parametrize(
    "said",
    [
        (404, {}),
        (404, {"type": "invalid_request_error"}),
        (400, {"type": "invalid_request_error", "code": "resource_missing"}),
        (500, {"type": "api_error"}),
    ],
    ids=["404 of a stranger", "404 without a code", "400", "500"],
)
async def test_inquiry_with_other_error_is_retryable(
    gateway: PspGateway, stripe: ScriptedStripe, said: tuple[int, dict[str, str]]
) -> None:
    stripe.objects = {"pi_1": said, "refunds/re_1": said}
    known = msgspec.structs.replace(inquiry(), psp_reference=PspReference("pi_1"))
    asked = (
        await gateway.inquire(known),
        await gateway.charge_of(TEST, PspReference("pi_1")),
        await gateway.inquire_refund(refund_inquiry(psp_reference="re_1")),
    )
    for outcome in asked:
        assert isinstance(outcome, Retryable)
        assert f"gave no response: HTTP {said[0]}" in outcome.reason


async def test_a_reference_is_never_more_than_one_part_of_a_path(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    odd = PspReference("../charges?limit=1")
    await gateway.charge_of(TEST, odd)
    await gateway.capture(msgspec.structs.replace(capture(), psp_reference=odd))
    assert stripe.raw_paths == [
        "/v1/payment_intents/..%2Fcharges%3Flimit%3D1",
        "/v1/payment_intents/..%2Fcharges%3Flimit%3D1/capture",
    ]


async def test_payment_found_by_search_is_read_again(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.search = [payment("pi_1", status="requires_confirmation")]
    stripe.objects = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)
    assert stripe.asked == ["GET search", "GET pi_1"]
    assert stripe.queries[0]["query"] == f"metadata['fincore_charge_id']:'{CHARGE}'"


async def test_payment_missing_from_search_is_found_by_paged_list(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    other = new_charge_id()
    stripe.pages = [
        [payment("pi_9", charge_id=other), payment("pi_8", charge_id=other)],
        [payment("pi_7", charge_id=other), payment("pi_1")],
    ]
    stripe.objects = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)
    assert stripe.asked == ["GET search", "GET list", "GET list", "GET pi_1"]
    first, second = stripe.queries[1:3]
    assert first == {"created[gte]": str(int((NOW - timedelta(seconds=100)).timestamp())), "limit": "100"}
    assert second == first | {"starting_after": "pi_8"}


async def test_payment_in_neither_search_nor_list_is_not_found(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_9", charge_id=new_charge_id())]
    stripe.pages = [[payment("pi_9", charge_id=new_charge_id())], []]
    assert await gateway.inquire(inquiry()) == NotFound()


async def test_truncated_list_with_lagging_search_is_retryable(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.pages = [[payment(f"pi_{page}", charge_id=new_charge_id())] for page in range(9)]
    outcome = await gateway.inquire(inquiry(age=timedelta(seconds=119)))
    assert isinstance(outcome, Retryable)
    assert outcome.retry_after_seconds == 60.0
    assert stripe.asked == ["GET search"] + 3 * ["GET list"]


async def test_truncated_list_after_search_lag_is_not_found(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.pages = [[payment(f"pi_{page}", charge_id=new_charge_id())] for page in range(9)]
    assert await gateway.inquire(inquiry(age=timedelta(minutes=2))) == NotFound()


@pytest.mark.parametrize("age", [timedelta(seconds=40), timedelta(hours=2)])
async def test_failed_search_with_empty_list_is_retryable(
    gateway: PspGateway, stripe: ScriptedStripe, age: timedelta
) -> None:
    stripe.search = 500
    outcome = await gateway.inquire(inquiry(age=age))
    assert isinstance(outcome, Retryable)
    assert outcome.reason.startswith("Stripe's search of payments gave no response: HTTP 500")


async def test_failed_search_is_replaced_by_list_that_finds(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = 500
    stripe.pages = [[payment("pi_1")]]
    stripe.objects = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry()), Approved)


async def test_failed_list_is_retryable(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [500]
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Retryable)
    assert outcome.reason.startswith("Stripe's list of payments gave no response: HTTP 500")


async def test_a_payment_that_cannot_be_read_is_asked_for_again(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.search = [payment("pi_1")]
    assert isinstance(await gateway.inquire(inquiry()), Retryable)


@pytest.mark.parametrize(("status", "pause"), [(401, 60.0), (429, 2.0), (500, None)])
async def test_refused_inquiry_waits_the_pause_of_the_table(
    gateway: PspGateway, stripe: ScriptedStripe, status: int, pause: float | None
) -> None:
    stripe.search = status
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Retryable)
    assert outcome.retry_after_seconds == pause


async def test_most_advanced_of_several_payments_counts(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.search = [
        payment("pi_2", status="canceled"),
        payment("pi_1"),
        payment("pi_3", status="processing"),
    ]
    stripe.objects = {"pi_1": payment("pi_1")}
    outcome = await gateway.inquire(inquiry())
    assert isinstance(outcome, Approved)
    assert outcome.psp_reference == "pi_1"


# --- finding a refund again


async def test_refund_inquiry_by_reference_reads_refund(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.objects = {"refunds/re_1": refund("re_1", REFUND)}
    report = await gateway.inquire_refund(refund_inquiry(psp_reference="re_1"))
    assert isinstance(report, RefundReport)
    assert (report.status, report.refund_id, report.psp_reference) == ("succeeded", REFUND, "re_1")
    assert stripe.asked == ["GET refunds/re_1"]


async def test_refund_inquiry_by_reference_missing_is_not_found(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.objects = {"refunds/re_1": MISSING_ERROR}
    assert await gateway.inquire_refund(refund_inquiry(psp_reference="re_1")) == NotFound()


async def test_refund_is_found_by_our_id_in_paged_list(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [
        [refund("re_9", new_refund_id()), refund("re_8", REFUND, metadata=None)],
        [refund("re_1", REFUND)],
    ]
    report = await gateway.inquire_refund(refund_inquiry())
    assert isinstance(report, RefundReport)
    assert report.psp_reference == "re_1"
    first, second = stripe.queries
    assert first == {"payment_intent": "pi_1", "limit": "100"}
    assert second == first | {"starting_after": "re_8"}


async def test_refund_missing_from_list_is_not_found(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [[refund("re_9", new_refund_id())]]
    assert await gateway.inquire_refund(refund_inquiry()) == NotFound()


async def test_most_advanced_of_several_refunds_counts(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [
        [refund(f"re_{status}", REFUND, status=status) for status in ("failed", "pending", "succeeded")]
    ]
    report = await gateway.inquire_refund(refund_inquiry())
    assert isinstance(report, RefundReport)
    assert report.psp_reference == "re_succeeded"


async def test_truncated_list_of_refunds_is_retryable(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [[refund(f"re_{page}", new_refund_id())] for page in range(9)]
    assert await gateway.inquire_refund(refund_inquiry()) == Retryable(
        reason="the payment has more than 300 refunds"
    )
    assert stripe.asked == 3 * ["GET refunds"]


async def test_failed_list_of_refunds_is_retryable(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.pages = [500]
    outcome = await gateway.inquire_refund(refund_inquiry())
    assert isinstance(outcome, Retryable)
    assert outcome.reason.startswith("Stripe's list of refunds gave no response: HTTP 500")


async def test_a_refund_that_cannot_be_read_is_unknown(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.objects = {"refunds/re_1": refund("re_1", REFUND, status="blessed")}
    found = await gateway.inquire_refund(refund_inquiry(psp_reference="re_1"))
    assert isinstance(found, Unknown)
    assert found.reason == "Stripe reports a refund status that FinCore does not know"


async def test_a_record_of_another_payment_is_no_answer(gateway: PspGateway, stripe: ScriptedStripe) -> None:
    stripe.objects = {"pi_1": payment("pi_2")}
    assert isinstance(await gateway.inquire(inquiry(psp_reference="pi_1")), Retryable)
    assert isinstance(await gateway.charge_of(TEST, PspReference("pi_1")), Retryable)


async def test_webhook_reference_counts_only_if_it_names_charge(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.objects = {"pi_1": payment("pi_1", charge_id=new_charge_id())}
    assert await gateway.inquire(inquiry(reported_reference="pi_1")) == NotFound()
    stripe.objects = {"pi_1": payment("pi_1")}
    assert isinstance(await gateway.inquire(inquiry(reported_reference="pi_1")), Approved)


# --- the charge of a payment


async def test_a_payment_belongs_to_the_charge_its_metadata_names(
    gateway: PspGateway, stripe: ScriptedStripe
) -> None:
    stripe.objects = {"pi_1": payment("pi_1")}
    assert await gateway.charge_of(TEST, PspReference("pi_1")) == CHARGE


@pytest.mark.parametrize(
    "said",
    [payment("pi_1") | {"metadata": {}}, payment("pi_1", charge_id="nonsense"), MISSING_ERROR],
    ids=["no metadata", "no charge id", "no payment"],
)
async def test_payment_not_made_by_fincore_has_no_charge(
    gateway: PspGateway, stripe: ScriptedStripe, said: Any
) -> None:
    stripe.objects = {"pi_1": said}
    assert await gateway.charge_of(TEST, PspReference("pi_1")) == NotFound()
