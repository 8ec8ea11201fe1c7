"""What PayPal's webhooks come to in the log, with the worker, the gateway and PayPal's record between them."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import RefundSucceeded
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import PayPalWallet
from fincore.postgres.pool import Pool
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.paypal.account import PAYPAL, PayPalWebhookEndpoint
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.paypal.webhooks import PayPalWebhooks
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.worker.worker import Worker
from fixtures.paypal_signing import Authority, pem, rsa_key, signed_headers, with_checksum_of
from fixtures.paypal_stub import (
    AT,
    CAPTURE_ID,
    ORDER_ID,
    TEST,
    Json,
    PayPalStub,
    capture_json,
    error,
    order_json,
    paypal_gateway,
    paypal_stub,
    stamp,
    usd,
)
from fixtures.scripted_psp import ScriptedPsp, SteppedClock
from fixtures.waiting import PATIENCE_SECONDS
from fixtures.worker_harness import QUICK_JANITOR, QUICK_RETRIES, HarnessInMemory

ROOT, SIGNER = Authority.named("PayPal simulator"), rsa_key("signer")
CERTIFICATE = "/v1/notifications/certs/CERT-360caa42"
WEBHOOK_ID = "1JE4291016473214C"
ORDERS = "/v2/checkout/orders"
ORDER = f"{ORDERS}/{ORDER_ID}"
DISPUTE_ID = "PP-D-27803"


class PayPalHarness(HarnessInMemory):
    """A worker with PayPal alone, which the stub plays, and its signed webhooks."""

    def __init__(self, stub: PayPalStub, gateway: PayPalGateway, webhooks: PayPalWebhooks) -> None:
        clock = SteppedClock(AT)
        super().__init__(ScriptedPsp(), clock)
        self.stub = stub
        self.inbox = WebhookInbox(self.writer, {PAYPAL: webhooks}, clock)
        self.worker = Worker(
            queue=self._queue,
            pool=cast("Pool", self.writer),
            log=self.log,
            writer=self.writer,
            gateways={PAYPAL: gateway},
            webhooks={PAYPAL: webhooks},
            clock=clock,
            concurrency=16,
            retry_policy=QUICK_RETRIES,
            janitor_policy=QUICK_JANITOR,
            draw=lambda: 0.5,
        )

    async def asked(self) -> ChargeId:
        """A charge of which the customer was sent to PayPal's page."""
        charge_id = await self.charge(
            jobs=(),
            amount_minor=1999,
            psp=PAYPAL,
            psp_account=PspAccount(TEST),
            payment_method=PayPalWallet(),
            created_at=AT,
            return_url="https://shop.example/back",
            cancel_url="https://shop.example/cancel",
        )
        self.stub.put("POST", ORDERS, 201, order_json(charge_id, "PAYER_ACTION_REQUIRED"))
        await self.put(authorize_job(charge_id))
        await self.idle()
        assert (await self.state(charge_id)).status == "requires_action"
        return charge_id

    async def paid(self) -> ChargeId:
        """A charge that PayPal captured."""
        charge_id = await self.asked()
        self.shows(order_json(charge_id, captures=[capture_json(charge_id)]))
        await self.hear(event("PAYMENT.CAPTURE.COMPLETED", {"id": CAPTURE_ID, "custom_id": charge_id}))
        assert (await self.state(charge_id)).status == "succeeded"
        return charge_id

    def shows(self, order: Json) -> None:
        """What PayPal's record of the order is from now on."""
        self.stub.answer_only("GET", ORDER, 200, order)

    async def hear(self, body: bytes, signed: bytes | None = None) -> None:
        """A webhook arrives under the signature of `signed`, or of itself; all jobs are done."""
        address = f"{self.stub.url}{CERTIFICATE}"
        headers = signed_headers(
            SIGNER, WEBHOOK_ID, signed or body, certificate_url=address, sent_at=self.clock.now()
        )
        assert await self.inbox.receive(PAYPAL, TEST, headers, body) in ("accepted", "duplicate")
        await self.idle()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PayPalHarness]:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(ROOT.pem)
    async with paypal_stub() as stub:
        stub.put("GET", CERTIFICATE, 200, pem(ROOT.certificate_for(SIGNER)))
        endpoint = PayPalWebhookEndpoint(
            webhook_id=WEBHOOK_ID, expects_livemode=False, simulator_url=stub.url, ca_file=ca_file
        )
        gateway, webhooks = paypal_gateway(stub.url, clock=SteppedClock(AT)), PayPalWebhooks({TEST: endpoint})
        harness = PayPalHarness(stub, gateway, webhooks)
        working = asyncio.create_task(harness.worker.run())
        yield harness
        harness.worker.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await working
        await gateway.close()
        await webhooks.close()


def event(event_type: str, resource: Json, event_id: str = "WH-1") -> bytes:
    return json.dumps({"id": event_id, "event_type": event_type, "resource": resource}).encode()


def refund_json(refund_id: str, value: str, total: str) -> Json:
    return {
        "id": refund_id,
        "status": "COMPLETED",
        "amount": usd(value),
        "seller_payable_breakdown": {"paypal_fee": usd("0.10"), "total_refunded_amount": usd(total)},
        "create_time": stamp(),
        "links": [{"href": f"https://api.paypal.com/v2/payments/captures/{CAPTURE_ID}", "rel": "up"}],
    }


@pytest.mark.parametrize("shown", ["PAYER_ACTION_REQUIRED", "DECLINED"])
async def test_forged_capture_under_valid_signature_moves_no_money(
    harness: PayPalHarness, shown: str
) -> None:
    """A signed webhook that a capture was denied lends its checksum to one that says it was completed."""
    charge_id = await harness.asked()
    denied = event("PAYMENT.CAPTURE.DENIED", {"id": CAPTURE_ID, "custom_id": charge_id})
    forged = event(
        "PAYMENT.CAPTURE.COMPLETED",
        {**capture_json(charge_id), "supplementary_data": {"related_ids": {"order_id": ORDER_ID}}},
    )
    if shown == "DECLINED":
        harness.shows(order_json(charge_id, captures=[capture_json(charge_id, "DECLINED")]))
    else:
        harness.shows(order_json(charge_id, shown))
    await harness.hear(with_checksum_of(forged, denied), signed=denied)
    charge = await harness.state(charge_id)
    assert (charge.captured_minor, charge.authorized_minor) == (0, 0)
    assert charge.status == ("failed" if shown == "DECLINED" else "requires_action")


async def test_forged_refund_under_valid_signature_gives_nothing_back(harness: PayPalHarness) -> None:
    charge_id = await harness.paid()
    said = event("PAYMENT.CAPTURE.PENDING", {"id": CAPTURE_ID}, "WH-2")
    forged = event("PAYMENT.CAPTURE.REFUNDED", refund_json("1FORGED", "19.99", "19.99"), "WH-3")
    await harness.hear(with_checksum_of(forged, said), signed=said)
    assert (await harness.state(charge_id)).refunds == ()


async def test_approval_told_twice_is_captured_once(harness: PayPalHarness) -> None:
    charge_id = await harness.asked()
    harness.shows(order_json(charge_id, "APPROVED"))
    completed = order_json(charge_id, captures=[capture_json(charge_id)])
    harness.stub.put("POST", f"{ORDER}/capture", 201, completed)
    approved = {"id": ORDER_ID, "purchase_units": [{"custom_id": charge_id}]}
    for event_id in ("WH-1", "WH-1", "WH-2"):
        await harness.hear(event("CHECKOUT.ORDER.APPROVED", approved, event_id))
    assert (await harness.state(charge_id)).status == "succeeded"
    assert len(harness.stub.calls("POST", f"{ORDER}/capture")) == 1


async def test_completion_in_doubt_is_not_ended_by_a_missing_order(harness: PayPalHarness) -> None:
    """As with the credentials of another account: PayPal may have captured, so that its not showing the order proves nothing."""
    charge_id = await harness.asked()
    harness.shows(order_json(charge_id, "APPROVED"))
    harness.stub.put("GET", ORDER, 404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"))
    harness.stub.put("GET", ORDER, 200, order_json(charge_id, captures=[capture_json(charge_id)]))
    harness.stub.put("POST", f"{ORDER}/capture", 500, b"")
    approved = {"id": ORDER_ID, "purchase_units": [{"custom_id": charge_id}]}
    await harness.hear(event("CHECKOUT.ORDER.APPROVED", approved))
    assert (await harness.history(charge_id))[-3:] == [
        "charge.customer_approved",
        "charge.outcome_unknown",
        "charge.captured",
    ]


async def test_partial_refunds_told_doubled_are_counted_once(harness: PayPalHarness) -> None:
    """The second refund carries 5.00 as the total so far; told in the wrong order, and each twice."""
    charge_id = await harness.paid()
    for refund_id, value, total in (("2B", "3.00", "5.00"), ("1A", "2.00", "2.00")):
        refund = refund_json(refund_id, value, total)
        harness.stub.put("GET", f"/v2/payments/refunds/{refund_id}", 200, refund)
        for copy in ("first", "second"):
            await harness.hear(event("PAYMENT.CAPTURE.REFUNDED", refund, f"WH-{refund_id}-{copy}"))
    charge = await harness.state(charge_id)
    assert sorted(refund.amount_minor for refund in charge.refunds) == [200, 300]
    assert charge.refunded_minor == 500
    events = [recorded.event for recorded in await harness.log.load(stream_of(charge_id))]
    assert sum(isinstance(one, RefundSucceeded) for one in events) == 2


@pytest.mark.parametrize(
    ("stage", "transaction", "movements", "moved"),
    [
        ("INQUIRY", "HELD", [], "dispute.funds_held"),
        (
            "CHARGEBACK",
            "REVERSED",
            [
                {
                    "affected_party": "SELLER",
                    "type": "DEBIT",
                    "amount": usd("19.99"),
                    "reason": "DISPUTE_SETTLEMENT",
                }
            ],
            "dispute.funds_withdrawn",
        ),
    ],
)
async def test_opened_dispute_moves_money_and_refunds_nothing(
    harness: PayPalHarness, stage: str, transaction: str, movements: list[Any], moved: str
) -> None:
    """PayPal shows the capture as PARTIALLY_REFUNDED as soon as a dispute opens."""
    charge_id = await harness.paid()
    harness.shows(order_json(charge_id, captures=[capture_json(charge_id, "PARTIALLY_REFUNDED")]))
    disputed = {"seller_transaction_id": CAPTURE_ID, "transaction_status": transaction, "custom": charge_id}
    dispute = {
        "dispute_id": DISPUTE_ID,
        "status": "OPEN",
        "reason": "UNAUTHORISED",
        "dispute_life_cycle_stage": stage,
        "dispute_amount": usd("19.99"),
        "disputed_transactions": [disputed],
        "money_movements": movements,
        "create_time": stamp(),
        "update_time": stamp(),
    }
    harness.stub.put("GET", f"/v1/customer/disputes/{DISPUTE_ID}", 200, dispute)
    await harness.hear(event("CUSTOMER.DISPUTE.CREATED", dispute, "WH-2"))
    await harness.hear(event("PAYMENT.CAPTURE.PENDING", {"id": CAPTURE_ID, "custom_id": charge_id}, "WH-3"))
    assert (await harness.history(charge_id))[-2:] == ["dispute.opened", moved]
    charge = await harness.state(charge_id)
    assert (charge.refunds, charge.captured_minor, charge.status) == ((), 1999, "succeeded")
    # Decided for us: what was held is released, though PayPal shows only that nothing is held any more.
    if stage == "INQUIRY":
        disputed["transaction_status"] = "COMPLETED"
        resolved = {
            **dispute,
            "status": "RESOLVED",
            "dispute_outcome": {"outcome_code": "RESOLVED_SELLER_FAVOUR"},
            "update_time": stamp(AT + timedelta(days=2)),
        }
        harness.stub.answer_only("GET", f"/v1/customer/disputes/{DISPUTE_ID}", 200, resolved)
        await harness.hear(event("CUSTOMER.DISPUTE.RESOLVED", resolved, "WH-4"))
        assert (await harness.history(charge_id))[-2:] == ["dispute.funds_released", "dispute.won"]
        (known,) = (await harness.state(charge_id)).disputes
        in_dollars = known.moved_in(Currency("usd"))
        assert (in_dollars.held_minor, in_dollars.released_minor) == (1999, 1999)
