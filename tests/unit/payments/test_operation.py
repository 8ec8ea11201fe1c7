"""From a request on a charge to the fact, the job, and when its outcome is known."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve, fold
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CancelFailed,
    CaptureFailed,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeOutcomeUnknown,
    RefundFailed,
    RefundOutcomeUnknown,
    RefundPending,
    RefundReason,
    RefundRequested,
    RefundSucceeded,
)
from fincore.domain.ids import ChargeId, MerchantId, RefundId, RequestId
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardToken
from fincore.domain.refusal import Refusal
from fincore.write.payments.operation import OperationCommand, Wanted, is_final, wanted
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CHARGE_ID = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")
REFUND_ID = RefundId("re_01kab5m5wvfb9v1c2m5hfv0d2e")
MERCHANT = MerchantId("mer_1")
STRIPE = PspName("stripe")
INTENT = PspReference("pi_1")
USD = Currency("usd")

CREATED = ChargeCreated(
    merchant_id=MERCHANT,
    livemode=True,
    amount_minor=1999,
    currency=USD,
    capture_method="manual",
    payment_method=CardToken("pm_1"),
    psp=STRIPE,
    psp_account=PspAccount("eu"),
    created_at=NOON,
)
AUTHORIZED = ChargeAuthorized(
    merchant_id=MERCHANT,
    livemode=True,
    psp=STRIPE,
    psp_account=PspAccount("test"),
    psp_reference=INTENT,
    amount_minor=1999,
    currency=USD,
    occurred_at=NOON,
)
CAPTURED = ChargeCaptured(
    merchant_id=MERCHANT,
    livemode=True,
    psp=STRIPE,
    psp_account=PspAccount("test"),
    psp_reference=INTENT,
    amount_minor=1999,
    currency=USD,
    occurred_at=NOON,
)


def charge(*events: ChargeEvent) -> Charge:
    folded = fold((CREATED, *events))
    assert folded is not None
    return folded


def command(request: OperationRequest) -> OperationCommand:
    return OperationCommand(
        merchant_id=MERCHANT,
        livemode=True,
        actor="key_1",
        request_id=RequestId("req_1"),
        idempotency_key="k",
        fingerprint=b"f",
        charge_id=CHARGE_ID,
        request=request,
    )


def asked(before: Charge, request: OperationRequest) -> tuple[Charge, Wanted]:
    """The charge after an operation was asked for, and the fact."""
    decided = wanted(before, command(request), REFUND_ID, LATER)
    assert not isinstance(decided, Refusal)
    return evolve(before, decided[0]), decided[0]


def test_a_capture_becomes_its_fact_and_its_job() -> None:
    decided = wanted(charge(AUTHORIZED), command(CaptureRequest(amount_minor=500)), REFUND_ID, LATER)
    assert not isinstance(decided, Refusal)
    event, job = decided
    assert msgspec.to_builtins(event) == {"amount_minor": 500, "requested_at": "2026-01-02T13:00:00Z"}
    assert (job.kind, job.payload) == ("charge.capture", b'{"charge_id":"%b"}' % CHARGE_ID.encode())


def test_a_cancellation_becomes_its_fact_and_its_job() -> None:
    decided = wanted(charge(AUTHORIZED), command(CancelRequest(reason="duplicate")), REFUND_ID, LATER)
    assert not isinstance(decided, Refusal)
    event, job = decided
    assert msgspec.to_builtins(event) == {"reason": "duplicate", "requested_at": "2026-01-02T13:00:00Z"}
    assert (job.kind, job.payload) == ("charge.cancel", b'{"charge_id":"%b"}' % CHARGE_ID.encode())


def test_refund_request_becomes_event_and_job_under_its_id() -> None:
    request = RefundRequest(
        charge=CHARGE_ID, amount_minor=500, reason="fraudulent", metadata={"return_id": "R-1"}
    )
    decided = wanted(charge(AUTHORIZED, CAPTURED), command(request), REFUND_ID, LATER)
    assert not isinstance(decided, Refusal)
    event, job = decided
    assert event == RefundRequested(
        refund_id=REFUND_ID,
        merchant_id=MERCHANT,
        livemode=True,
        amount_minor=500,
        currency=USD,
        requested_at=LATER,
        reason="fraudulent",
        metadata={"return_id": "R-1"},
    )
    payload = b'{"charge_id":"%b","refund_id":"%b"}' % (CHARGE_ID.encode(), REFUND_ID.encode())
    assert (job.kind, job.payload) == ("refund.send", payload)


def test_refusal_of_the_domain_is_passed_on() -> None:
    for request in (CaptureRequest(), CancelRequest(), RefundRequest(charge=CHARGE_ID)):
        assert isinstance(wanted(charge(), command(request), REFUND_ID, LATER), Refusal)


def test_merchant_may_give_public_reasons_only() -> None:
    assert set(get_args(RefundReason)) == {"requested_by_customer", "duplicate", "fraudulent"}
    with pytest.raises(msgspec.ValidationError, match="abandoned"):
        msgspec.json.decode(b'{"reason": "abandoned"}', type=CancelRequest)


FAILED = {"code": "processing_error", "message": "", "advice": "retry_later", "occurred_at": LATER}


@pytest.mark.parametrize(
    ("request_", "event", "settles"),
    [
        (CaptureRequest(), ChargeOutcomeUnknown(reason="", since=LATER, operation="capture"), False),
        (CaptureRequest(), CaptureFailed(**FAILED), True),  # type: ignore[arg-type]  # by name, all as declared
        (CaptureRequest(), CAPTURED, True),
        (CaptureRequest(), ChargeExpired(reason="authorization_lapsed", occurred_at=LATER), True),
        (CancelRequest(), ChargeOutcomeUnknown(reason="", since=LATER, operation="cancel"), False),
        (CancelRequest(), CancelFailed(**FAILED), True),  # type: ignore[arg-type]  # by name, all as declared
        (CancelRequest(), ChargeCanceled(reason="", psp_reference=INTENT, occurred_at=LATER), True),
        (CancelRequest(), CAPTURED, True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_operation_is_final_when_over_and_not_while_unknown(
    request_: CaptureRequest | CancelRequest, event: ChargeEvent, *, settles: bool
) -> None:
    after, fact = asked(charge(AUTHORIZED), request_)
    settled = is_final(after, fact)
    assert not settled(after)
    assert settled(evolve(after, event)) == settles


def test_operation_is_final_though_same_kind_is_asked_again() -> None:
    after, fact = asked(charge(AUTHORIZED), CaptureRequest())
    failed = evolve(after, CaptureFailed(**FAILED))  # type: ignore[arg-type]  # by name, all as declared
    again, _ = asked(failed, CaptureRequest())
    assert again.operation is not None
    assert is_final(after, fact)(again)


def refund_event(shape: type[ChargeEvent]) -> ChargeEvent:
    """What a PSP might say of the refund."""
    fields = {
        "refund_id": REFUND_ID,
        "merchant_id": MERCHANT,
        "livemode": True,
        "psp": STRIPE,
        "psp_account": PspAccount("eu"),
        "fee_minor": 0,
        "fee_currency": None,
        "psp_reference": PspReference("re_psp"),
        "amount_minor": 1999,
        "currency": USD,
        "code": "declined",
        "was_succeeded": False,
        "occurred_at": LATER,
        "reason": "timeout",
        "since": LATER,
    }
    return shape(**{name: fields[name] for name in shape.__struct_fields__})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("shape", "settles"),
    [
        (RefundOutcomeUnknown, False),
        (RefundPending, True),
        (RefundSucceeded, True),
        (RefundFailed, True),
    ],
    ids=["unknown", "pending", "succeeded", "failed"],
)
def test_refund_is_final_once_psp_accepted_or_failed_it(shape: type[ChargeEvent], *, settles: bool) -> None:
    after, fact = asked(charge(AUTHORIZED, CAPTURED), RefundRequest(charge=CHARGE_ID))
    settled = is_final(after, fact)
    assert not settled(after)
    assert settled(evolve(after, refund_event(shape))) == settles
