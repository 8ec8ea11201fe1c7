"""Refunds and disputes at PayPal: what is sent, what its records say, and of which payment they count."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    DisputeMovements,
    DisputeReport,
    PspReference,
    RefundOutcome,
    RefundRejected,
    RefundReport,
    Retryable,
    Unknown,
    Unreadable,
)
from fincore.write.psp.paypal.disputes import read_dispute
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.paypal.status_tables import DISPUTE_CATEGORIES
from fincore.write.psp.paypal.wire import PayPalDispute
from fincore.write.psp.port import DisputeInquiry, NotFound, RefundInquiry, RefundRequest
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
    unprocessable,
    usd,
)
from fixtures.scripted_psp import SteppedClock

CHARGE, REFUND = new_charge_id(), new_refund_id()
REFUND_AT_PAYPAL = "1JU08902781691411"
DISPUTE_ID = "PP-D-27803"
USD = Currency("usd")
ORDER = f"/v2/checkout/orders/{ORDER_ID}"
REFUNDING = f"/v2/payments/captures/{CAPTURE_ID}/refund"
REFUND_PATH = f"/v2/payments/refunds/{REFUND_AT_PAYPAL}"
DISPUTE_PATH = f"/v1/customer/disputes/{DISPUTE_ID}"


@pytest.fixture
async def paypal() -> AsyncIterator[PayPalStub]:
    async with paypal_stub() as stub:
        yield stub


@pytest.fixture
async def gateway(paypal: PayPalStub) -> AsyncIterator[PayPalGateway]:
    gateway = paypal_gateway(paypal.url, clock=SteppedClock(AT))
    yield gateway
    await gateway.close()


def refund_json(status: str = "COMPLETED", **changes: Any) -> Json:
    return {
        "id": REFUND_AT_PAYPAL,
        "status": status,
        "amount": usd("5.00"),
        "custom_id": REFUND,
        "seller_payable_breakdown": {
            "gross_amount": usd("5.00"),
            "paypal_fee": usd("0.17"),
            "net_amount": usd("4.83"),
            "total_refunded_amount": usd("7.00"),
        },
        "create_time": stamp(),
        "update_time": stamp(),
        "links": [{"href": f"https://api.paypal.com/v2/payments/captures/{CAPTURE_ID}", "rel": "up"}],
    } | changes


def captured(**payments: Any) -> Json:
    return order_json(CHARGE, captures=[capture_json(CHARGE)], **payments)


async def refund(gateway: PayPalGateway, capture: str | None = CAPTURE_ID) -> RefundOutcome:
    return await gateway.refund(
        RefundRequest(
            charge_id=CHARGE,
            refund_id=REFUND,
            idempotency_key=f"{REFUND}:refund",
            psp_account=TEST,
            psp_reference=PspReference(ORDER_ID),
            money=Money(500, USD),
            reason="requested_by_customer",
            capture=None if capture is None else PspReference(capture),
        )
    )


async def inquire_refund(gateway: PayPalGateway, **changes: Any) -> object:
    given: Json = {
        "refund_id": REFUND,
        "psp_account": TEST,
        "payment_reference": PspReference(ORDER_ID),
        "capture": PspReference(CAPTURE_ID),
    }
    return await gateway.inquire_refund(RefundInquiry(**(given | changes)))


REPORT = RefundReport(
    status="succeeded",
    psp_reference=PspReference(REFUND_AT_PAYPAL),
    money=Money(500, USD),
    occurred_at=AT,
    refund_id=REFUND,
    fee=Money(17, USD),
)

# --- refunds


async def test_refund_carries_our_id_and_no_invoice(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    """What was refunded in all (7.00) is not what this refund gave back."""
    paypal.put("POST", REFUNDING, 201, refund_json())
    assert await refund(gateway) == REPORT
    (told,) = paypal.told
    assert told.body == {"amount": usd("5.00"), "custom_id": REFUND}
    assert told.headers["paypal-request-id"] == f"{REFUND}:refund"
    assert told.headers["prefer"] == "return=representation"


async def test_unknown_capture_of_a_refund_is_read_from_the_order(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("GET", ORDER, 200, captured())
    paypal.put("POST", REFUNDING, 201, refund_json())
    assert await refund(gateway, capture=None) == REPORT


async def test_refund_of_what_was_never_captured_is_unknown(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("GET", ORDER, 200, order_json(CHARGE, "APPROVED"))
    assert isinstance(await refund(gateway, capture=None), Unknown)


@pytest.mark.parametrize(
    ("issue", "code"),
    [
        ("TRANSACTION_DISPUTED", "charge_disputed"),
        ("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", "charge_disputed"),
        ("REFUND_FAILED_INSUFFICIENT_FUNDS", "insufficient_funds"),
        ("REFUND_TIME_LIMIT_EXCEEDED", "not_refundable"),
        ("MAX_NUMBER_OF_REFUNDS_EXCEEDED", "not_refundable"),
        ("PAYER_ACCOUNT_LOCKED_OR_CLOSED", "account_closed"),
        ("DECIMAL_PRECISION", "psp_rejected_request"),
    ],
)
async def test_refused_refund_is_rejected_with_its_reason(
    paypal: PayPalStub, gateway: PayPalGateway, issue: str, code: str
) -> None:
    paypal.put("POST", REFUNDING, 422, unprocessable(issue))
    paypal.put("GET", ORDER, 200, captured())
    outcome = await refund(gateway)
    assert isinstance(outcome, RefundRejected)
    assert outcome.code == code


async def test_refund_refused_because_it_was_made_before_is_found(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("POST", REFUNDING, 422, unprocessable("CAPTURE_FULLY_REFUNDED"))
    paypal.put(
        "GET", ORDER, 200, captured(refunds=[refund_json(custom_id="re_other", id="X"), refund_json()])
    )
    assert await refund(gateway) == REPORT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((422, unprocessable("PENDING_CAPTURE")), Retryable),
        ((422, unprocessable("SOMETHING_NEW")), Unknown),
        ((422, unprocessable("DUPLICATE_INVOICE_ID")), Unknown),
        ((409, error("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS")), Unknown),
        ((404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")), Unknown),
        ((429, b""), Retryable),
        ((500, b""), Unknown),
        ((201, b""), Unknown),
        ((201, refund_json(custom_id="re_another")), Unknown),
        ((201, refund_json(links=[{"href": "https://x/captures/ANOTHER", "rel": "up"}])), Unknown),
        ((201, refund_json("SOMETHING_NEW")), Unknown),
        ((201, refund_json(amount=usd("-5.00"))), Unknown),
    ],
)
async def test_answer_to_refund_comes_to_what_it_is_known_to_be(
    paypal: PayPalStub, gateway: PayPalGateway, answer: tuple[int, Any], kind: type
) -> None:
    """A capture that PayPal says it does not hold is looked for in the order, which it does not hold either."""
    paypal.put("POST", REFUNDING, *answer)
    assert isinstance(await refund(gateway), kind)


@pytest.mark.parametrize(
    ("status", "ours", "fee"),
    [("PENDING", "pending", None), ("FAILED", "failed", None), ("CANCELLED", "failed", None)],
)
async def test_refund_not_paid_gives_no_fee_back(
    paypal: PayPalStub, gateway: PayPalGateway, status: str, ours: str, fee: Money | None
) -> None:
    paypal.put("POST", REFUNDING, 201, refund_json(status))
    outcome = await refund(gateway)
    assert isinstance(outcome, RefundReport)
    assert (outcome.status, outcome.fee) == (ours, fee)
    assert outcome.failure_code == {"FAILED": "unknown_reason", "CANCELLED": "canceled"}.get(status)


async def test_refund_with_lost_answer_is_found_by_our_id(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", ORDER, 200, captured(refunds=[refund_json()]))
    assert await inquire_refund(gateway) == REPORT
    assert await inquire_refund(gateway, refund_id=new_refund_id()) == NotFound()


async def test_refund_made_at_paypal_is_read_by_its_id(paypal: PayPalStub, gateway: PayPalGateway) -> None:
    paypal.put("GET", REFUND_PATH, 200, refund_json(custom_id=None))
    report = await inquire_refund(gateway, refund_id=None, psp_reference=PspReference(REFUND_AT_PAYPAL))
    assert report == msgspec.structs.replace(REPORT, refund_id=None)


@pytest.mark.parametrize("capture", [None, PspReference("ANOTHER")])
async def test_refund_counts_only_for_a_payment_with_its_capture(
    paypal: PayPalStub, gateway: PayPalGateway, capture: PspReference | None
) -> None:
    paypal.put("GET", REFUND_PATH, 200, refund_json())
    paypal.put("GET", ORDER, 200, captured())
    paypal.put("GET", ORDER, 200, order_json(CHARGE, captures=[capture_json(CHARGE, id="ANOTHER")]))
    named = PspReference(REFUND_AT_PAYPAL)
    assert await inquire_refund(gateway, psp_reference=named, capture=capture) == REPORT
    assert isinstance(await inquire_refund(gateway, psp_reference=named, capture=capture), Unknown)


async def test_refund_that_names_no_capture_counts_for_no_payment(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("GET", REFUND_PATH, 200, refund_json(links=[]))
    assert isinstance(
        await inquire_refund(gateway, psp_reference=PspReference(REFUND_AT_PAYPAL), capture=None), Unknown
    )


@pytest.mark.parametrize(("status", "kind"), [(404, Unknown), (503, Retryable)])
async def test_refund_is_not_found_only_by_an_order_that_is_shown(
    paypal: PayPalStub, gateway: PayPalGateway, status: int, kind: type
) -> None:
    paypal.put("GET", ORDER, status, error("RESOURCE_NOT_FOUND"))
    assert isinstance(await inquire_refund(gateway), kind)


# --- disputes


def movement(kind: str, value: str, reason: str = "DISPUTE_SETTLEMENT", party: str = "SELLER") -> Json:
    return {"affected_party": party, "amount": usd(value), "type": kind, "reason": reason}


def dispute_json(**changes: Any) -> Json:
    return {
        "dispute_id": DISPUTE_ID,
        "status": "OPEN",
        "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_amount": usd("19.99"),
        "disputed_transactions": [
            {"seller_transaction_id": CAPTURE_ID, "custom": CHARGE, "gross_amount": usd("19.99")}
        ],
        "seller_response_due_date": stamp(),
        "create_time": stamp(),
        "update_time": stamp(),
    } | changes


def read(*known: DisputeMovements, **changes: Any) -> DisputeReport | Unreadable:
    dispute = msgspec.convert(dispute_json(**changes), PayPalDispute)
    return read_dispute(dispute, dispute.disputed_transactions[0], known, now=AT)


def held_transaction(status: str) -> list[Json]:
    return [{"seller_transaction_id": CAPTURE_ID, "transaction_status": status}]


def moved(**amounts: int) -> tuple[DisputeMovements, ...]:
    return (DisputeMovements(currency=USD, **amounts),)


def test_only_movements_of_the_seller_count() -> None:
    report = read(
        money_movements=[
            movement("DEBIT", "19.99"),
            movement("CREDIT", "19.99", party="BUYER"),
            movement("DEBIT", "20.00", "CHARGEBACK_FEE"),
            movement("DEBIT", "20.00", party="PAYMENT_PROCESSOR"),
        ]
    )
    assert isinstance(report, DisputeReport)
    assert report.movements == moved(withdrawn_minor=1999, withdrawn_fee_minor=2000)
    assert (report.status, report.is_inquiry, report.money) == ("needs_response", False, Money(1999, USD))


EVERY_CATEGORY = {
    "MERCHANDISE_OR_SERVICE_NOT_RECEIVED": "not_received",
    "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED": "not_as_described",
    "UNAUTHORISED": "fraud",
    "CREDIT_NOT_PROCESSED": "credit_not_processed",
    "DUPLICATE_TRANSACTION": "duplicate",
    "INCORRECT_AMOUNT": "incorrect_amount",
    "PAYMENT_BY_OTHER_MEANS": "paid_by_other_means",
    "CANCELED_RECURRING_BILLING": "canceled_subscription",
    "PROBLEM_WITH_REMITTANCE": "processing_error",
    "OTHER": "other",
}


@pytest.mark.parametrize("reason", [*EVERY_CATEGORY, "FLAT_EARTH", ""])
def test_reason_of_a_dispute_becomes_a_category_of_all_psps(reason: str) -> None:
    report = read(reason=reason)
    assert isinstance(report, DisputeReport)
    assert (report.reason, report.category) == (reason, EVERY_CATEGORY.get(reason, "other"))
    assert set(EVERY_CATEGORY) == set(DISPUTE_CATEGORIES)


def test_money_put_aside_in_an_inquiry_is_held() -> None:
    report = read(dispute_life_cycle_stage="INQUIRY", disputed_transactions=held_transaction("HELD"))
    assert isinstance(report, DisputeReport)
    assert report.is_inquiry
    assert report.movements == moved(held_minor=1999)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"status": "RESOLVED"}, {"held_minor": 1999, "released_minor": 1999}),
        (
            {"status": "RESOLVED", "disputed_transactions": held_transaction("HELD")},
            {"held_minor": 1999, "released_minor": 1999},
        ),
        ({"disputed_transactions": held_transaction("HELD")}, {"held_minor": 1999}),
        (
            {
                "disputed_transactions": held_transaction("REVERSED"),
                "money_movements": [movement("DEBIT", "19.99")],
            },
            {"held_minor": 1999, "released_minor": 1999, "withdrawn_minor": 1999},
        ),
    ],
)
def test_known_hold_is_released_when_paypal_shows_it_no_more(changes: Json, after: Any) -> None:
    report = read(*moved(held_minor=1999), **changes)
    assert isinstance(report, DisputeReport)
    assert report.movements == moved(**after)


@pytest.mark.parametrize(
    ("known", "now", "after"),
    [
        ((1999, 1999), "19.99", (2 * 1999, 1999)),
        ((1999, 1999), None, (1999, 1999)),
        ((2 * 1999, 1999), "19.99", (2 * 1999, 1999)),
        ((2 * 1999, 1999), None, (2 * 1999, 2 * 1999)),
        ((1999, 0), "5.00", (1999, 1499)),
        ((1999, 1499), "5.00", (1999, 1499)),
        ((1999, 1499), "19.99", (1999 + 1499, 1499)),
        ((0, 0), "5.00", (500, 0)),
    ],
)
def test_hold_shown_continues_what_is_known_of_earlier_ones(
    known: tuple[int, int], now: str | None, after: tuple[int, int]
) -> None:
    """Put aside, released, put aside again, in whole or in part: each step is told once, as a difference to what is known."""
    transaction = held_transaction("HELD" if now else "COMPLETED")
    before = moved(held_minor=known[0], released_minor=known[1])
    amount = usd(now or "19.99")
    report = read(*before, disputed_transactions=transaction, dispute_amount=amount)
    assert isinstance(report, DisputeReport)
    ((held_minor, released_minor),) = [(one.held_minor, one.released_minor) for one in report.movements]
    assert (held_minor, released_minor) == after


def test_hold_in_another_currency_releases_the_first_one() -> None:
    euros = DisputeMovements(currency=Currency("eur"), held_minor=1800)
    report = read(euros, disputed_transactions=held_transaction("HELD"))
    assert isinstance(report, DisputeReport)
    released = DisputeMovements(currency=Currency("eur"), held_minor=1800, released_minor=1800)
    assert report.movements == (released, *moved(held_minor=1999))


@pytest.mark.parametrize(
    ("outcome", "movements", "ending"),
    [
        ("RESOLVED_BUYER_FAVOUR", [movement("DEBIT", "19.99")], "lost"),
        ("RESOLVED_SELLER_FAVOUR", [movement("DEBIT", "19.99")], "lost"),
        ("RESOLVED_WITH_PAYOUT", [movement("DEBIT", "19.99"), movement("CREDIT", "19.99")], "won"),
        ("RESOLVED_BUYER_FAVOUR", [movement("DEBIT", "19.99"), movement("CREDIT", "19.99")], "won"),
        ("RESOLVED_BUYER_FAVOUR", [movement("DEBIT", "19.99"), movement("CREDIT", "9.99")], "lost"),
        ("RESOLVED_WITH_PAYOUT", [], "won"),
        ("ACCEPTED", [], "lost"),
        ("CANCELED_BY_BUYER", [], "closed"),
    ],
)
def test_resolved_dispute_ends_by_the_sums_of_money_moved(
    outcome: str, movements: list[Json], ending: str
) -> None:
    report = read(status="RESOLVED", dispute_outcome={"outcome_code": outcome}, money_movements=movements)
    assert isinstance(report, DisputeReport)
    assert (report.status, report.evidence_due_by) == (ending, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "SOMETHING_NEW"},
        {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "SOMETHING_NEW"}},
        {"dispute_life_cycle_stage": "SOMETHING_NEW"},
        {"dispute_amount": usd("0.00")},
        {"dispute_amount": usd("-1.00")},
        {"money_movements": [movement("DEBIT", "19.99", "SOMETHING_NEW")]},
        {"money_movements": [movement("MOVED", "19.99")]},
        {"money_movements": [movement("DEBIT", "x")]},
        {"money_movements": [movement("DEBIT", "9999999999999.99")] * 2},
        {
            "money_movements": [movement("DEBIT", "19.99")],
            "disputed_transactions": [
                {"seller_transaction_id": CAPTURE_ID, "gross_amount": usd("19.99")},
                {"seller_transaction_id": "X"},
            ],
        },
    ],
)
def test_dispute_without_sense_is_unreadable(changes: Json) -> None:
    assert isinstance(read(**changes), Unreadable)


async def test_dispute_counts_only_for_a_payment_it_is_about(
    paypal: PayPalStub, gateway: PayPalGateway
) -> None:
    paypal.put("GET", DISPUTE_PATH, 200, dispute_json())
    paypal.put("GET", ORDER, 200, order_json(CHARGE, captures=[capture_json(CHARGE, id="ANOTHER")]))

    async def asked(capture: str) -> object:
        return await gateway.inquire_dispute(
            DisputeInquiry(
                psp_account=TEST,
                payment_reference=PspReference(ORDER_ID),
                psp_reference=PspReference(DISPUTE_ID),
                capture=PspReference(capture),
            )
        )

    assert isinstance(await asked(CAPTURE_ID), DisputeReport)
    assert isinstance(await asked("ANOTHER"), Unknown)
