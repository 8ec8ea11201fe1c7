"""The wallet at PayPal, from the approval to the refund, over real HTTP against the sandbox: what other shops got wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fincore.domain.ids import ChargeId, RefundId, new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    DisputeMovements,
    DisputeReport,
    Expired,
    Outcome,
    Pending,
    PspReference,
    RefundReport,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import PayPalInstrument, PayPalWallet
from fincore.write.psp.paypal.account import PayPalWebhookEndpoint
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.paypal.webhooks import PayPalWebhooks
from fincore.write.psp.port import (
    CancelRequest,
    CompleteRequest,
    DisputeInquiry,
    Inquiry,
    Look,
    NotFound,
    RefundInquiry,
    RefundRequest,
    SignatureRefused,
    VerifiedWebhook,
    WebhookReport,
)
from fixtures.paypal_sandbox import act, payments_of
from fixtures.paypal_stub import TEST, USD_19_99, paypal_authorization, paypal_gateway
from fixtures.sandbox import SandboxProcess
from fixtures.webhook_receiver import Received, WebhookReceiver

WEBHOOK_ID = "8PT597110X687430LKGECATA"
TOKEN_CALL = "POST v1/oauth2/token"
USD_2, USD_3 = Money(200, USD_19_99.currency), Money(300, USD_19_99.currency)


@pytest.fixture
async def gateway(psp_sandbox: SandboxProcess) -> AsyncIterator[PayPalGateway]:
    gateway = paypal_gateway(psp_sandbox.url)
    yield gateway
    await gateway.close()


@pytest.fixture
def charge_id() -> ChargeId:
    return new_charge_id()


async def ordered(gateway: PayPalGateway, charge_id: ChargeId, **changes: Any) -> PspReference:
    """The order that waits for its customer."""
    outcome = await gateway.authorize(paypal_authorization(charge_id, **changes))
    assert isinstance(outcome, ActionRequired)
    return outcome.psp_reference


async def complete(
    gateway: PayPalGateway, charge_id: ChargeId, order: PspReference, *, number: int = 1, **changes: Any
) -> Outcome:
    given: dict[str, Any] = {
        "charge_id": charge_id,
        "idempotency_key": f"{charge_id}:complete:{number}",
        "psp_account": TEST,
        "psp_reference": order,
        "money": USD_19_99,
        "capture_method": "automatic",
    }
    return await gateway.complete(CompleteRequest(**(given | changes)))


async def paid(gateway: PayPalGateway, sandbox: SandboxProcess, charge_id: ChargeId) -> Approved:
    order = await ordered(gateway, charge_id)
    act(sandbox.url, order)
    outcome = await complete(gateway, charge_id, order)
    assert isinstance(outcome, Approved)
    return outcome


async def inquire(
    gateway: PayPalGateway, charge_id: ChargeId, order: PspReference | None
) -> Outcome | NotFound:
    return await gateway.inquire(
        Inquiry(
            charge_id=charge_id,
            psp_account=TEST,
            created_at=datetime.now(UTC),
            psp_reference=order,
            payment_method=PayPalWallet(),
        )
    )


async def refund(
    gateway: PayPalGateway, charge_id: ChargeId, refund_id: RefundId, payment: Approved, money: Money
) -> RefundReport:
    report = await gateway.refund(
        RefundRequest(
            charge_id=charge_id,
            refund_id=refund_id,
            idempotency_key=f"{refund_id}:refund",
            psp_account=TEST,
            psp_reference=payment.psp_reference,
            money=money,
            reason=None,
            capture=payment.sub_references[-1].psp_reference,
        )
    )
    assert isinstance(report, RefundReport)
    return report


async def test_approved_order_is_captured_once_with_payer_and_fee(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    order = await ordered(gateway, charge_id)
    assert isinstance(await inquire(gateway, charge_id, order), ActionRequired)
    act(psp_sandbox.url, order, email="ada@example.com")
    assert isinstance(await inquire(gateway, charge_id, order), Consented)
    outcome = await complete(gateway, charge_id, order)
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money, outcome.psp_reference) == ("captured", USD_19_99, order)
    assert outcome.fee == Money(119, USD_19_99.currency)
    assert isinstance(outcome.instrument, PayPalInstrument)
    assert outcome.instrument.email_masked == "a***@example.com"
    assert await inquire(gateway, charge_id, order) == outcome


async def test_completions_at_once_and_later_capture_once(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    """The webhook and the customer's return come together, under the same key or under others."""
    order = await ordered(gateway, charge_id)
    act(psp_sandbox.url, order)
    psp_sandbox.call("POST", "/sandbox/latency", {"p50_ms": 5.0, "p99_ms": 20.0})
    outcomes = await asyncio.gather(
        *(complete(gateway, charge_id, order, number=number % 3) for number in range(50))
    )
    assert any(isinstance(outcome, Approved) for outcome in outcomes)
    assert all(isinstance(outcome, Approved | Unknown) for outcome in outcomes)
    assert isinstance(await complete(gateway, charge_id, order, number=9), Approved)
    assert payments_of(psp_sandbox, charge_id) == {
        "intents": 1,
        "authorized": 0,
        "succeeded": 1,
        "amount_received": 1999,
    }


async def test_completed_order_without_the_money_is_declined(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    """PayPal answers 201 and shows the order as COMPLETED."""
    order = await ordered(gateway, charge_id)
    act(psp_sandbox.url, order, funding="declined")
    assert isinstance(await complete(gateway, charge_id, order), Declined)
    assert isinstance(await inquire(gateway, charge_id, order), Declined)
    assert payments_of(psp_sandbox, charge_id)["amount_received"] == 0


@pytest.mark.parametrize(("denied", "ending"), [(False, Approved), (True, Declined)])
async def test_echeck_is_pending_until_it_is_decided(
    gateway: PayPalGateway,
    psp_sandbox: SandboxProcess,
    charge_id: ChargeId,
    *,
    denied: bool,
    ending: type[Approved | Declined],
) -> None:
    order = await ordered(gateway, charge_id)
    act(psp_sandbox.url, order, funding="echeck")
    outcome = await complete(gateway, charge_id, order)
    assert isinstance(outcome, Pending)
    assert outcome.reason == "ECHECK"
    assert (outcome.pending_until - outcome.occurred_at).days >= 7
    assert await inquire(gateway, charge_id, order) == outcome
    capture = outcome.sub_references[-1].psp_reference
    psp_sandbox.call("POST", f"/sandbox/paypal/captures/{capture}/decide", {"denied": denied})
    assert isinstance(await inquire(gateway, charge_id, order), ending)


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
async def test_customer_chooses_again_after_a_declined_instrument(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId, capture_method: str
) -> None:
    order = await ordered(gateway, charge_id, capture_method=capture_method)
    act(psp_sandbox.url, order, "fail_instrument")
    again = await complete(gateway, charge_id, order, capture_method=capture_method)
    assert isinstance(again, ActionRequired)
    assert again.redirect_url is not None
    assert again.redirect_url.startswith(psp_sandbox.url)
    act(psp_sandbox.url, order)
    outcome = await complete(gateway, charge_id, order, number=2, capture_method=capture_method)
    assert isinstance(outcome, Approved)


async def test_completion_before_the_approval_can_be_repeated(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    order = await ordered(gateway, charge_id)
    assert isinstance(await complete(gateway, charge_id, order), Retryable)
    act(psp_sandbox.url, order)
    assert isinstance(await complete(gateway, charge_id, order), Approved)


async def test_order_with_lost_answer_is_made_once(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    psp_sandbox.add_fault("timeout_after_apply", seconds=0.05, match={"metadata": {"custom_id": charge_id}})
    assert isinstance(await gateway.authorize(paypal_authorization(charge_id)), Unknown)
    assert await inquire(gateway, charge_id, None) == NotFound()
    await ordered(gateway, charge_id)
    assert payments_of(psp_sandbox, charge_id)["intents"] == 1


async def test_order_never_approved_is_expired_in_the_end(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    order = await ordered(gateway, charge_id)
    psp_sandbox.call("POST", f"/sandbox/paypal/orders/{order}/expire")
    for outcome in (await complete(gateway, charge_id, order), await inquire(gateway, charge_id, order)):
        assert isinstance(outcome, Expired)
        assert outcome.reason == "abandoned"


@pytest.mark.parametrize("approved", [False, True])
async def test_order_given_up_takes_nothing(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId, *, approved: bool
) -> None:
    order = await ordered(gateway, charge_id)
    if approved:
        act(psp_sandbox.url, order)
    outcome = await gateway.cancel(
        CancelRequest(
            charge_id=charge_id,
            idempotency_key=f"{charge_id}:cancel:1",
            psp_account=TEST,
            psp_reference=order,
            reason="requested_by_customer",
        )
    )
    assert isinstance(outcome, Canceled)
    assert payments_of(psp_sandbox, charge_id)["amount_received"] == 0


async def test_many_calls_share_a_token_and_renew_it_once(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess
) -> None:
    def fetched() -> int:
        return int(psp_sandbox.state()["requests"].get(TOKEN_CALL, 0))

    await asyncio.gather(*(ordered(gateway, new_charge_id()) for _ in range(50)))
    assert fetched() == 1
    psp_sandbox.call("DELETE", "/sandbox/paypal/tokens")
    await asyncio.gather(*(ordered(gateway, new_charge_id()) for _ in range(10)))
    assert fetched() == 2


async def test_partial_refunds_count_each_for_itself(
    gateway: PayPalGateway, psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    """PayPal's total_refunded_amount says 5.00 beside the second one."""
    payment = await paid(gateway, psp_sandbox, charge_id)
    reports = [await refund(gateway, charge_id, new_refund_id(), payment, money) for money in (USD_2, USD_3)]
    assert [report.money for report in reports] == [USD_2, USD_3]
    assert all(report.fee is not None and report.fee.amount_minor > 0 for report in reports)
    shown = await inquire(gateway, charge_id, payment.psp_reference)
    assert isinstance(shown, Approved)
    assert shown.money == USD_19_99


# --- disputes


@pytest.mark.parametrize(
    ("stage", "step", "status", "held_minor", "after"),
    [
        ("INQUIRY", "win", "won", 1999, {"held_minor": 1999, "released_minor": 1999}),
        ("INQUIRY", "cancel", "closed", 1999, {"held_minor": 1999, "released_minor": 1999}),
        ("INQUIRY", "payout", "won", 1999, {"held_minor": 1999, "released_minor": 1999}),
        (
            "INQUIRY",
            "lose",
            "lost",
            1999,
            {
                "held_minor": 1999,
                "released_minor": 1999,
                "withdrawn_minor": 1999,
                "withdrawn_fee_minor": 1500,
            },
        ),
        (
            "CHARGEBACK",
            "win",
            "won",
            0,
            {"withdrawn_minor": 1999, "withdrawn_fee_minor": 1500, "reinstated_minor": 1999},
        ),
        ("CHARGEBACK", "lose", "lost", 0, {"withdrawn_minor": 1999, "withdrawn_fee_minor": 1500}),
    ],
)
async def test_dispute_tells_all_money_moved_until_its_end(
    gateway: PayPalGateway,
    psp_sandbox: SandboxProcess,
    charge_id: ChargeId,
    *,
    stage: str,
    step: str,
    status: str,
    held_minor: int,
    after: dict[str, int],
) -> None:
    payment = await paid(gateway, psp_sandbox, charge_id)
    capture = payment.sub_references[-1].psp_reference
    dispute = psp_sandbox.call("POST", f"/sandbox/paypal/captures/{capture}/dispute", {"stage": stage})

    async def told(known: tuple[DisputeMovements, ...] = ()) -> DisputeReport:
        report = await gateway.inquire_dispute(
            DisputeInquiry(
                psp_account=TEST,
                payment_reference=payment.psp_reference,
                psp_reference=PspReference(dispute["dispute_id"]),
                known=known,
            )
        )
        assert isinstance(report, DisputeReport)
        assert report.money == USD_19_99
        return report

    opened = await told()
    assert (opened.status, opened.is_inquiry) == ("needs_response", stage == "INQUIRY")
    assert sum(moved.held_minor for moved in opened.movements) == held_minor
    psp_sandbox.call("POST", f"/sandbox/paypal/disputes/{dispute['dispute_id']}/{step}")
    ended = await told(opened.movements)
    assert ended.status == status
    assert ended.movements == (DisputeMovements(currency=USD_19_99.currency, **after),)


# --- webhooks


class Listening:
    """A PayPal of its own that tells, and the half of FinCore that is told."""

    def __init__(self, sandbox: SandboxProcess, receiver: WebhookReceiver, ca_file: Path) -> None:
        self.sandbox = sandbox
        self.gateway = paypal_gateway(sandbox.url)
        endpoint = PayPalWebhookEndpoint(
            webhook_id=WEBHOOK_ID, expects_livemode=False, simulator_url=sandbox.url, ca_file=ca_file
        )
        self.webhooks = PayPalWebhooks({TEST: endpoint})
        self._receiver = receiver

    async def next(self) -> tuple[str, Received]:
        """The next webhook, verified; its type."""
        (one,) = await asyncio.to_thread(self._receiver.take, 1)
        verified = await self.verify(one)
        assert isinstance(verified, VerifiedWebhook)
        return verified.type, one

    async def verify(self, one: Received) -> object:
        headers = {name.lower(): value for name, value in one.headers.items()}
        return await self.webhooks.verify(TEST, headers, one.body, datetime.now(UTC))


def reports_of(webhooks: PayPalWebhooks, told: Received) -> tuple[WebhookReport, ...]:
    reports = webhooks.read(told.body)
    assert isinstance(reports, tuple)
    return reports


@pytest.fixture
async def listening(tmp_path: Path) -> AsyncIterator[Listening]:
    ca_file = tmp_path / "ca.pem"
    with WebhookReceiver() as receiver:
        sandbox = SandboxProcess(
            f"--paypal-webhook-url={receiver.url}",
            f"--paypal-webhook-id={WEBHOOK_ID}",
            f"--paypal-ca-file={ca_file}",
        )
        listening = Listening(sandbox, receiver, ca_file)
        try:
            yield listening
        finally:
            await listening.gateway.close()
            await listening.webhooks.close()
            await asyncio.to_thread(sandbox.stop)


async def test_webhooks_of_sandbox_verify_and_say_where_to_look(
    listening: Listening, charge_id: ChargeId
) -> None:
    gateway, webhooks = listening.gateway, listening.webhooks
    order = await ordered(gateway, charge_id)
    act(listening.sandbox.url, order)
    kind, told = await listening.next()
    assert kind == "CHECKOUT.ORDER.APPROVED"
    (report,) = reports_of(webhooks, told)
    assert (report.payment_reference, report.charge_id) == (order, charge_id)
    assert report.content == Look(subject="payment")
    forged = told._replace(body=told.body.replace(b"APPROVED", b"COMPLETE"))
    assert await listening.verify(forged) == SignatureRefused("mismatch")

    outcome = await complete(gateway, charge_id, order)
    assert isinstance(outcome, Approved)
    captured = {(await listening.next())[0]: None for _ in range(2)}
    assert set(captured) == {"PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.COMPLETED"}

    refund_id = new_refund_id()
    made = await refund(gateway, charge_id, refund_id, outcome, USD_2)
    kind, told = await listening.next()
    assert kind == "PAYMENT.CAPTURE.REFUNDED"
    (report,) = reports_of(webhooks, told)
    assert report.content == Look(subject="refund", psp_reference=made.psp_reference)
    assert report.payment_reference in (order, outcome.sub_references[-1].psp_reference)
    shown = await gateway.inquire_refund(
        RefundInquiry(
            refund_id=None,
            psp_account=TEST,
            payment_reference=order,
            psp_reference=made.psp_reference,
            capture=outcome.sub_references[-1].psp_reference,
        )
    )
    assert shown == made
    assert json.loads(told.body)["resource"]["custom_id"] == refund_id
