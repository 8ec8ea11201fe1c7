"""From a request to the fact and the job."""

from datetime import UTC, datetime

from fincore.domain.charge_fold import evolve
from fincore.domain.ids import ApiKeyId, ChargeId, MerchantId, RequestId
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.payments.acceptance import ChargeCommand, accept
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.routing.router import Route

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ROUTE = Route(PspName("psp"), PspAccount("eu"))
CHARGE_ID = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")


def command(request: ChargeRequest) -> ChargeCommand:
    return ChargeCommand(
        merchant_id=MerchantId("mer_1"),
        livemode=True,
        key_id=ApiKeyId("key_1"),
        request_id=RequestId("req_1"),
        idempotency_key="k",
        fingerprint=b"f",
        request=request,
    )


def test_accepted_request_becomes_event_with_route_and_job() -> None:
    request = ChargeRequest(
        amount_minor=1999,
        currency="jpy",
        payment_method="pm_1",
        capture=False,
        description="Order",
        customer_email="a@example.com",
        metadata={"a": "1"},
    )
    created, job = accept(command(request), CHARGE_ID, ROUTE, NOON)
    charge = evolve(None, created)
    assert (charge.status, charge.capture_method, charge.livemode) == ("processing", "manual", True)
    assert str(charge.amount) == "1,999 JPY"
    assert (charge.psp, charge.psp_account, charge.created_at) == ("psp", "eu", NOON)
    assert (charge.description, charge.customer_email, charge.metadata) == (
        "Order",
        "a@example.com",
        {"a": "1"},
    )
    assert (job.kind, job.payload) == ("charge.authorize", b'{"charge_id":"%b"}' % CHARGE_ID.encode())


def test_charge_is_captured_automatically_by_default() -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")
    created, _ = accept(command(request), CHARGE_ID, ROUTE, NOON)
    assert created.capture_method == "automatic"
