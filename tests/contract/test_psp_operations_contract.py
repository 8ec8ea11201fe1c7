"""What every PSP gateway promises after the authorization: captures, cancellations, refunds, and finding each again.

The suite runs on Stripe, by token and by page, and on PayPal, over real HTTP, and on the scripted PSP that the worker's tests use, so that they do not
drift apart. What only a PSP with rules of its own can refuse is asked of Stripe alone.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import pytest

from fincore.domain.events import CancelReason
from fincore.domain.ids import ChargeId, RefundId, new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Expired,
    OperationOutcome,
    Outcome,
    PspReference,
    RefundOutcome,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import CardToken, PaymentMethod
from fincore.write.psp.port import (
    CancelRequest,
    CaptureRequest,
    Inquiry,
    NotFound,
    PspGateway,
    RefundInquiry,
    RefundRequest,
)
from fixtures.hosted_page import HostedPageGateway
from fixtures.paypal_sandbox import kept_wallet
from fixtures.paypal_stub import paypal_gateway
from fixtures.sandbox import SandboxProcess
from fixtures.scripted_psp import ScriptedPsp, lost_after, lost_before
from fixtures.stripe_gateways import TEST, USD_19_99, authorization, stripe_gateway

Operation = Literal["capture", "cancel", "refund"]
USD_5 = Money(500, USD_19_99.currency)


@runtime_checkable
class PspUnderTest(Protocol):
    """A gateway, and how to make the next call of an operation go wrong."""

    payment_method: PaymentMethod
    """What pays in the call that authorizes."""
    searches: bool
    """Whether the PSP can be searched for a payment by our id."""
    keeps_reasons: bool
    """Whether its record of a canceled payment tells why."""

    @property
    def gateway(self) -> PspGateway: ...

    def lose_call(self, operation: Operation) -> None:
        """The next call never arrives."""

    def lose_answer(self, operation: Operation) -> None:
        """The next call is carried out, and its answer is lost."""

    def turn_away(self, operation: Operation) -> None:
        """The next call is refused before anything looks at it."""


class StripeUnderTest:
    """Stripe's gateway before the PSP sandbox."""

    payment_method: PaymentMethod = CardToken("pm_card_visa")
    searches = True
    keeps_reasons = True

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.gateway = stripe_gateway(sandbox.url)
        self._sandbox = sandbox

    def lose_call(self, operation: Operation) -> None:
        self._break("connection_reset", operation)

    def lose_answer(self, operation: Operation) -> None:
        self._break("malformed_json", operation)

    def turn_away(self, operation: Operation) -> None:
        self._break("rate_limited_429", operation)

    def _break(self, fault: str, operation: Operation) -> None:
        path = "/v1/refunds" if operation == "refund" else "/v1/payment_intents/pi_"
        self._sandbox.add_fault(fault, match={"method": "POST", "path": path})


class HostedPageUnderTest(StripeUnderTest):
    """Stripe's gateway, where customers pay on Stripe's page: what they paid is found by the id of its session."""

    searches = False

    def __init__(self, sandbox: SandboxProcess) -> None:
        super().__init__(sandbox)
        self.gateway = stripe_gateway(sandbox.url, kind=HostedPageGateway)


class PayPalUnderTest:
    """PayPal's gateway before the PSP sandbox, with a kept wallet."""

    searches = False
    keeps_reasons = False

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.gateway = paypal_gateway(sandbox.url)
        self.payment_method: PaymentMethod = kept_wallet(sandbox.url)
        self._sandbox = sandbox

    def lose_call(self, operation: Operation) -> None:
        self._break("connection_reset", operation)

    def lose_answer(self, operation: Operation) -> None:
        self._break("timeout_after_apply", operation, seconds=0.05)

    def turn_away(self, operation: Operation) -> None:
        self._break("rate_limited_429", operation)

    def _break(self, fault: str, operation: Operation, **fields: float) -> None:
        paths: dict[Operation, str] = {
            "capture": "authorizations/{}/capture",
            "cancel": "authorizations/{}/void",
            "refund": "captures/{}/refund",
        }
        self._sandbox.add_fault(fault, **fields, match={"operation": f"POST v2/payments/{paths[operation]}"})


class ScriptedUnderTest:
    """The PSP in memory."""

    payment_method: PaymentMethod = CardToken("pm_card_visa")
    searches = True
    keeps_reasons = True

    def __init__(self) -> None:
        self.gateway = ScriptedPsp(capture=(), cancel=(), refund=())

    def lose_call(self, operation: Operation) -> None:
        self.gateway.scripts[operation].append(lost_before)

    def lose_answer(self, operation: Operation) -> None:
        self.gateway.scripts[operation].append(lost_after)

    def turn_away(self, operation: Operation) -> None:
        self.gateway.scripts[operation].append(Retryable(reason="too many calls", retry_after_seconds=2.0))


@pytest.fixture(params=["stripe", "paypal", "hosted_page", "scripted"])
async def psp(request: pytest.FixtureRequest) -> AsyncIterator[PspUnderTest]:
    """A PSP that remembers nothing of other tests."""
    under_test: PspUnderTest
    if request.param == "stripe":
        under_test = StripeUnderTest(request.getfixturevalue("psp_sandbox"))
    elif request.param == "hosted_page":
        under_test = HostedPageUnderTest(request.getfixturevalue("psp_sandbox"))
    elif request.param == "paypal":
        under_test = PayPalUnderTest(request.getfixturevalue("psp_sandbox"))
    else:
        under_test = ScriptedUnderTest()
    yield under_test
    await under_test.gateway.close()


@pytest.fixture
async def stripe(psp_sandbox: SandboxProcess) -> AsyncIterator[PspGateway]:
    gateway = stripe_gateway(psp_sandbox.url)
    yield gateway
    await gateway.close()


@pytest.fixture
def charge_id() -> ChargeId:
    return new_charge_id()


@pytest.fixture
def refund_id() -> RefundId:
    return new_refund_id()


async def authorized(psp: PspUnderTest | PspGateway, charge_id: ChargeId, **changes: Any) -> PspReference:
    """The reference of a payment that holds, or has taken, 19.99 US dollars."""
    if isinstance(psp, PspUnderTest):
        changes = {"payment_method": psp.payment_method, **changes}
        gateway = psp.gateway
    else:
        gateway = psp
    outcome = await gateway.authorize(authorization(charge_id, **changes))
    assert isinstance(outcome, Approved)
    return outcome.psp_reference


async def held(psp: PspUnderTest | PspGateway, charge_id: ChargeId) -> PspReference:
    return await authorized(psp, charge_id, capture_method="manual")


async def capture(
    gateway: PspGateway,
    charge_id: ChargeId,
    reference: PspReference,
    money: Money = USD_19_99,
    number: int = 1,
) -> OperationOutcome:
    return await gateway.capture(
        CaptureRequest(
            charge_id=charge_id,
            idempotency_key=f"{charge_id}:capture:{number}",
            psp_account=TEST,
            psp_reference=reference,
            money=money,
        )
    )


async def cancel(
    gateway: PspGateway,
    charge_id: ChargeId,
    reference: PspReference,
    reason: CancelReason = "duplicate",
    number: int = 1,
) -> OperationOutcome:
    return await gateway.cancel(
        CancelRequest(
            charge_id=charge_id,
            idempotency_key=f"{charge_id}:cancel:{number}",
            psp_account=TEST,
            psp_reference=reference,
            reason=reason,
        )
    )


async def refund(
    gateway: PspGateway,
    charge_id: ChargeId,
    refund_id: RefundId,
    reference: PspReference,
    money: Money = USD_5,
) -> RefundOutcome:
    return await gateway.refund(
        RefundRequest(
            charge_id=charge_id,
            refund_id=refund_id,
            idempotency_key=f"{refund_id}:refund:1",
            psp_account=TEST,
            psp_reference=reference,
            money=money,
            reason="requested_by_customer",
        )
    )


async def found(
    psp: PspUnderTest | PspGateway, charge_id: ChargeId, reference: PspReference
) -> Outcome | NotFound:
    inquiry = Inquiry(
        charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC), psp_reference=reference
    )
    gateway = psp.gateway if isinstance(psp, PspUnderTest) else psp
    by_reference = await gateway.inquire(inquiry)
    if not isinstance(psp, PspUnderTest) or psp.searches:
        assert await gateway.inquire(msgspec.structs.replace(inquiry, psp_reference=None)) == by_reference
    return by_reference


def without_instrument(outcome: object) -> object:
    """The outcome without what paid, which the response to a capture need not tell again."""
    return msgspec.structs.replace(outcome, instrument=None) if isinstance(outcome, Approved) else outcome


async def found_refund(
    gateway: PspGateway,
    refund_id: RefundId,
    payment_reference: PspReference,
    reference: PspReference | None = None,
) -> RefundReport | NotFound | Retryable | Unknown:
    return await gateway.inquire_refund(
        RefundInquiry(
            refund_id=refund_id,
            psp_account=TEST,
            payment_reference=payment_reference,
            psp_reference=reference,
        )
    )


# --- captures


@pytest.mark.parametrize("money", [USD_19_99, USD_5], ids=["all", "a part"])
async def test_capture_is_approved_with_fee_and_inquiry_agrees(
    psp: PspUnderTest, charge_id: ChargeId, money: Money
) -> None:
    reference = await held(psp, charge_id)
    outcome = await capture(psp.gateway, charge_id, reference, money)
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money, outcome.psp_reference) == ("captured", money, reference)
    assert outcome.fee is not None
    assert outcome.fee.amount_minor > 0
    assert without_instrument(await found(psp, charge_id, reference)) == without_instrument(outcome)


async def test_the_same_key_twice_captures_once_and_gives_one_outcome(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    reference = await held(psp, charge_id)
    first = await capture(psp.gateway, charge_id, reference, USD_5)
    again = await capture(psp.gateway, charge_id, reference, USD_5)
    assert without_instrument(again) == without_instrument(first)


async def test_a_capture_under_another_key_recognises_the_first(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    reference = await held(psp, charge_id)
    await capture(psp.gateway, charge_id, reference, USD_5)
    again = await capture(psp.gateway, charge_id, reference, USD_5, number=2)
    assert isinstance(again, Approved)
    assert (again.kind, again.money) == ("captured", USD_5)


# --- cancellations


@pytest.mark.parametrize("reason", ["requested_by_customer", "duplicate", "fraudulent"])
async def test_cancellation_has_reason_and_inquiry_agrees(
    psp: PspUnderTest, charge_id: ChargeId, reason: CancelReason
) -> None:
    reference = await held(psp, charge_id)
    outcome = await cancel(psp.gateway, charge_id, reference, reason)
    assert isinstance(outcome, Canceled)
    assert (outcome.reason, outcome.psp_reference) == (reason, reference)
    shown = await found(psp, charge_id, reference)
    assert isinstance(shown, Canceled)
    assert shown == outcome or not psp.keeps_reasons


async def test_cancellation_as_abandoned_is_expired(psp: PspUnderTest, charge_id: ChargeId) -> None:
    reference = await held(psp, charge_id)
    outcome = await cancel(psp.gateway, charge_id, reference, "abandoned")
    assert isinstance(outcome, Expired)
    assert outcome.reason == "abandoned"
    shown = await found(psp, charge_id, reference)
    assert isinstance(shown, Expired if psp.keeps_reasons else Canceled)


# --- refunds


async def test_refund_is_found_by_our_id_and_by_psp_reference(
    psp: PspUnderTest, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(psp, charge_id)
    report = await refund(psp.gateway, charge_id, refund_id, reference)
    assert isinstance(report, RefundReport)
    assert (report.status, report.money, report.refund_id) == ("succeeded", USD_5, refund_id)
    assert await found_refund(psp.gateway, refund_id, reference) == report
    assert await found_refund(psp.gateway, refund_id, reference, report.psp_reference) == report


async def test_two_refunds_of_a_payment_are_found_apart(psp: PspUnderTest, charge_id: ChargeId) -> None:
    reference = await authorized(psp, charge_id)
    one, other = new_refund_id(), new_refund_id()
    reports = [await refund(psp.gateway, charge_id, each, reference) for each in (one, other)]
    assert [await found_refund(psp.gateway, each, reference) for each in (one, other)] == reports
    assert reports[0] != reports[1]


async def test_the_same_key_twice_refunds_once(
    psp: PspUnderTest, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(psp, charge_id)
    first = await refund(psp.gateway, charge_id, refund_id, reference)
    assert await refund(psp.gateway, charge_id, refund_id, reference) == first


async def test_refund_never_made_is_not_found(
    psp: PspUnderTest, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(psp, charge_id)
    await refund(psp.gateway, charge_id, new_refund_id(), reference)
    assert await found_refund(psp.gateway, refund_id, reference) == NotFound()


# --- what breaks


async def test_lost_capture_call_leaves_hold_and_can_be_repeated(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    reference = await held(psp, charge_id)
    psp.lose_call("capture")
    assert isinstance(await capture(psp.gateway, charge_id, reference), Unknown)
    still = await found(psp, charge_id, reference)
    assert isinstance(still, Approved)
    assert still.kind == "authorized"
    assert isinstance(await capture(psp.gateway, charge_id, reference), Approved)


async def test_capture_with_lost_answer_is_found_and_repeats_safely(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    reference = await held(psp, charge_id)
    psp.lose_answer("capture")
    assert isinstance(await capture(psp.gateway, charge_id, reference, USD_5), Unknown)
    captured = await found(psp, charge_id, reference)
    assert isinstance(captured, Approved)
    assert (captured.kind, captured.money) == ("captured", USD_5)
    again = await capture(psp.gateway, charge_id, reference, USD_5)
    assert without_instrument(again) == without_instrument(captured)


async def test_cancellation_with_lost_answer_is_found(psp: PspUnderTest, charge_id: ChargeId) -> None:
    reference = await held(psp, charge_id)
    psp.lose_answer("cancel")
    assert isinstance(await cancel(psp.gateway, charge_id, reference), Unknown)
    canceled = await found(psp, charge_id, reference)
    assert isinstance(canceled, Canceled)
    assert await cancel(psp.gateway, charge_id, reference) == canceled


async def test_lost_refund_call_is_not_found_and_can_be_repeated(
    psp: PspUnderTest, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(psp, charge_id)
    psp.lose_call("refund")
    assert isinstance(await refund(psp.gateway, charge_id, refund_id, reference), Unknown)
    assert await found_refund(psp.gateway, refund_id, reference) == NotFound()
    assert isinstance(await refund(psp.gateway, charge_id, refund_id, reference), RefundReport)


async def test_refund_with_lost_answer_is_found_and_repeats_safely(
    psp: PspUnderTest, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(psp, charge_id)
    psp.lose_answer("refund")
    assert isinstance(await refund(psp.gateway, charge_id, refund_id, reference), Unknown)
    report = await found_refund(psp.gateway, refund_id, reference)
    assert isinstance(report, RefundReport)
    assert await refund(psp.gateway, charge_id, refund_id, reference) == report


async def test_rate_limited_operation_can_be_repeated(psp: PspUnderTest, charge_id: ChargeId) -> None:
    reference = await held(psp, charge_id)
    psp.turn_away("capture")
    assert isinstance(await capture(psp.gateway, charge_id, reference), Retryable)
    assert isinstance(await capture(psp.gateway, charge_id, reference), Approved)
    refund_id = new_refund_id()
    psp.turn_away("refund")
    assert isinstance(await refund(psp.gateway, charge_id, refund_id, reference), Retryable)
    assert isinstance(await refund(psp.gateway, charge_id, refund_id, reference), RefundReport)


# --- the charge of a payment


async def test_a_payment_belongs_to_the_charge_it_was_made_for(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    await authorized(psp, new_charge_id())
    reference = await authorized(psp, charge_id)
    assert await psp.gateway.charge_of(TEST, reference) == charge_id


async def test_a_payment_the_psp_does_not_have_belongs_to_no_charge(psp: PspUnderTest) -> None:
    assert await psp.gateway.charge_of(TEST, PspReference("pi_nobody_made")) == NotFound()


# --- what Stripe refuses


async def test_more_than_is_held_is_not_captured_and_the_hold_stands(
    stripe: PspGateway, charge_id: ChargeId
) -> None:
    reference = await held(stripe, charge_id)
    outcome = await capture(stripe, charge_id, reference, Money(2000, USD_19_99.currency))
    assert isinstance(outcome, Rejected)
    assert (outcome.failure.code, outcome.failure.decline_code) == (
        "psp_rejected_request",
        "amount_too_large",
    )
    still = await found(stripe, charge_id, reference)
    assert isinstance(still, Approved)
    assert (still.kind, still.money) == ("authorized", USD_19_99)


async def test_capture_and_cancel_of_lapsed_hold_are_expired(
    stripe: PspGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    reference = await held(stripe, charge_id)
    psp_sandbox.call("POST", f"/sandbox/payment_intents/{reference}/expire")
    captured = await capture(stripe, charge_id, reference)
    assert isinstance(captured, Expired)
    assert captured.reason == "authorization_lapsed"
    assert await cancel(stripe, charge_id, reference) == captured
    assert await found(stripe, charge_id, reference) == captured


async def test_a_canceled_payment_is_not_captured_but_canceled(
    stripe: PspGateway, charge_id: ChargeId
) -> None:
    reference = await held(stripe, charge_id)
    canceled = await cancel(stripe, charge_id, reference)
    assert isinstance(canceled, Canceled)
    assert await capture(stripe, charge_id, reference) == canceled
    assert await cancel(stripe, charge_id, reference, number=2) == canceled


async def test_a_captured_payment_is_not_canceled_but_captured(
    stripe: PspGateway, charge_id: ChargeId
) -> None:
    reference = await held(stripe, charge_id)
    await capture(stripe, charge_id, reference, USD_5)
    outcome = await cancel(stripe, charge_id, reference)
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money, outcome.psp_reference) == ("captured", USD_5, reference)


async def test_a_key_used_for_another_capture_is_unknown(stripe: PspGateway, charge_id: ChargeId) -> None:
    reference = await held(stripe, charge_id)
    await capture(stripe, charge_id, reference, USD_5)
    assert isinstance(await capture(stripe, charge_id, reference, USD_19_99), Unknown)


@pytest.mark.parametrize("amount_minor", [2000, 1999], ids=["more than was captured", "more than is left"])
async def test_more_than_is_left_is_not_refunded(
    stripe: PspGateway, charge_id: ChargeId, refund_id: RefundId, amount_minor: int
) -> None:
    reference = await authorized(stripe, charge_id)
    await refund(stripe, charge_id, new_refund_id(), reference)
    outcome = await refund(stripe, charge_id, refund_id, reference, Money(amount_minor, USD_5.currency))
    assert isinstance(outcome, RefundRejected)
    assert outcome.code == "not_refundable"
    assert await found_refund(stripe, refund_id, reference) == NotFound()


async def test_fully_refunded_payment_is_not_refunded_again(
    stripe: PspGateway, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(stripe, charge_id)
    await refund(stripe, charge_id, new_refund_id(), reference, USD_19_99)
    outcome = await refund(stripe, charge_id, refund_id, reference)
    assert isinstance(outcome, RefundRejected)
    assert outcome.code == "not_refundable"


async def test_a_payment_that_stripe_does_not_have_is_not_refunded(
    stripe: PspGateway, charge_id: ChargeId, refund_id: RefundId
) -> None:
    outcome = await refund(stripe, charge_id, refund_id, PspReference("pi_nobody_made"))
    assert isinstance(outcome, RefundRejected)
    assert outcome.code == "psp_rejected_request"


async def test_slow_refund_is_pending_then_succeeds(
    stripe: PspGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId, refund_id: RefundId
) -> None:
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 86_400})
    reference = await authorized(stripe, charge_id, payment_method="pm_card_pendingRefund")
    pending = await refund(stripe, charge_id, refund_id, reference)
    assert isinstance(pending, RefundReport)
    assert pending.status == "pending"
    psp_sandbox.call("POST", f"/sandbox/refunds/{pending.psp_reference}/succeed")
    later = await found_refund(stripe, refund_id, reference)
    assert later == msgspec.structs.replace(pending, status="succeeded")


async def test_refund_failing_later_has_failure_code(
    stripe: PspGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId, refund_id: RefundId
) -> None:
    reference = await authorized(stripe, charge_id)
    succeeded = await refund(stripe, charge_id, refund_id, reference)
    assert isinstance(succeeded, RefundReport)
    psp_sandbox.call(
        "POST", f"/sandbox/refunds/{succeeded.psp_reference}/fail", {"reason": "lost_or_stolen_card"}
    )
    failed = await found_refund(stripe, refund_id, reference, succeeded.psp_reference)
    assert isinstance(failed, RefundReport)
    assert (failed.status, failed.failure_code) == ("failed", "card_lost_or_stolen")
