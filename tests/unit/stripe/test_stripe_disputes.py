"""What Stripe's word on a dispute means. The expectations stand apart from the tables they check."""

import inspect
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import stripe

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import DisputeMovements, DisputeReport, PspReference
from fincore.write.psp.stripe.disputes import ReadDispute, read_dispute
from fincore.write.psp.stripe.status_tables import DISPUTE_STATUSES
from fincore.write.psp.stripe.wire import StripeDispute

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DUE = 1_796_000_000
USD, EUR = Currency("usd"), Currency("eur")

EVERY_STATUS = {
    "warning_needs_response": ("needs_response", True),
    "warning_under_review": ("under_review", True),
    "warning_closed": ("closed", True),
    "needs_response": ("needs_response", False),
    "under_review": ("under_review", False),
    "appeal_needs_response": ("under_review", False),
    "appeal_under_review": ("under_review", False),
    "won": ("won", False),
    "lost": ("lost", False),
    "prevented": ("closed", False),
}


def read(*movements: dict[str, Any], **fields: Any) -> ReadDispute:
    known = {
        "object": "dispute",
        "id": "dp_1",
        "amount": 1999,
        "currency": "usd",
        "status": "needs_response",
        "reason": "product_not_received",
        "payment_intent": "pi_1",
        "balance_transactions": movements,
        "evidence_details": {"due_by": DUE},
    }
    return read_dispute(msgspec.convert(known | fields, StripeDispute), occurred_at=NOW)


def reported(*movements: dict[str, Any], **fields: Any) -> DisputeReport:
    report, unreadable = read(*movements, **fields)
    assert report is not None
    assert unreadable is None
    return report


def movement(amount: int, fee: int, currency: str = "usd") -> dict[str, Any]:
    return {
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": currency,
        "created": DUE - 1000,
    }


def test_dispute_statuses_cover_table_and_official_sdk() -> None:
    assert set(EVERY_STATUS) == set(DISPUTE_STATUSES)
    source = inspect.getsource(stripe.Dispute).split("The current status of a dispute.")[1].split('"""')[0]
    assert set(re.findall(r"`(\w+)`", source)) == set(DISPUTE_STATUSES)


@pytest.mark.parametrize("word", sorted(EVERY_STATUS))
def test_dispute_status_is_mapped_by_table(word: str) -> None:
    report = reported(status=word)
    assert (report.status, report.is_inquiry) == EVERY_STATUS[word]


def test_dispute_without_movements_reports_none() -> None:
    assert reported() == DisputeReport(
        psp_reference=PspReference("dp_1"),
        status="needs_response",
        money=Money(1999, USD),
        reason="product_not_received",
        is_inquiry=False,
        occurred_at=NOW,
        evidence_due_by=datetime.fromtimestamp(DUE, UTC),
        category="not_received",
    )


@pytest.mark.parametrize("details", [None, {"due_by": None}], ids=["no details", "no date"])
def test_a_dispute_without_a_date_for_evidence_has_none(details: object) -> None:
    assert reported(evidence_details=details).evidence_due_by is None


@pytest.mark.parametrize(
    ("movements", "withdrawn", "reinstated"),
    [
        ([movement(-1999, 1500)], (1999, 1500), (0, 0)),
        ([movement(-1999, 1500), movement(1999, 0)], (1999, 1500), (1999, 0)),
        ([movement(-1999, 1500), movement(1999, -1500)], (1999, 1500), (1999, 1500)),
        ([movement(-1000, 1500), movement(-999, 0), movement(500, 0)], (1999, 1500), (500, 0)),
        ([movement(-1999, 0), movement(0, 1500)], (1999, 1500), (0, 0)),
        ([movement(0, 1500)], (0, 1500), (0, 0)),
        ([movement(-1999, 1500), movement(0, -1500)], (1999, 1500), (0, 1500)),
        ([movement(-1999, 1500), movement(1999, 250)], (1999, 1750), (1999, 0)),
    ],
    ids=[
        "withdrawn",
        "reinstated, the fee kept",
        "reinstated with the fee",
        "in parts",
        "the fee apart",
        "a fee alone",
        "a fee given back alone",
        "a fee charged as money comes back",
    ],
)
def test_all_that_moved_is_summed_by_the_way_it_went(
    movements: list[dict[str, Any]], withdrawn: tuple[int, int], reinstated: tuple[int, int]
) -> None:
    report = reported(*movements)
    (moved,) = report.movements
    assert (moved.withdrawn_minor, moved.withdrawn_fee_minor) == withdrawn
    assert (moved.reinstated_minor, moved.reinstated_fee_minor) == reinstated


def test_dispute_movement_is_in_settlement_currency() -> None:
    report = reported(movement(-1850, 1400, "eur"))
    assert report.money == Money(1999, USD)
    assert report.movements == (
        DisputeMovements(currency=EUR, withdrawn_minor=1850, withdrawn_fee_minor=1400),
    )


def test_movements_in_two_currencies_are_kept_apart() -> None:
    report = reported(movement(-1850, 1400, "eur"), movement(-100, 0, "usd"), movement(1850, 0, "eur"))
    assert report.movements == (
        DisputeMovements(currency=EUR, withdrawn_minor=1850, withdrawn_fee_minor=1400, reinstated_minor=1850),
        DisputeMovements(currency=USD, withdrawn_minor=100),
    )


def test_stripes_amounts_are_read_in_stripes_exponent() -> None:
    isk = Currency("isk")
    report = reported(movement(-500, 200, "isk"), amount=700, currency="isk")
    assert report.money == Money(7, isk)
    assert report.movements == (DisputeMovements(currency=isk, withdrawn_minor=5, withdrawn_fee_minor=2),)


def test_a_dispute_of_an_unknown_status_keeps_what_is_certain() -> None:
    report, unreadable = read(movement(-1999, 1500), status="blessed")
    assert unreadable == "Stripe reports a dispute status that FinCore does not know"
    assert report is not None
    assert report.status is None
    assert report.movements == (
        DisputeMovements(currency=USD, withdrawn_minor=1999, withdrawn_fee_minor=1500),
    )


@pytest.mark.parametrize(
    ("movements", "reason"),
    [
        ([movement(-550, 0, "isk")], "Stripe reports 550 isk, finer than the minor unit of ISK"),
        (
            [movement(-500, 0, "isk"), movement(500, -50, "isk")],
            "Stripe reports 50 isk, finer than the minor unit of ISK",
        ),
        ([movement(-500, 0, "zzz")], "Stripe reports a currency that FinCore does not know"),
        (
            [movement(-500, 0) | {"net": -501}],
            "Stripe reports a movement of money with amount, fee and net that do not add up",
        ),
    ],
    ids=["amount", "fee", "currency", "sum"],
)
def test_an_unreadable_movement_leaves_the_others_certain(
    movements: list[dict[str, Any]], reason: str
) -> None:
    report, unreadable = read(movement(-1999, 1500), *movements)
    assert unreadable == reason
    assert report is not None
    assert report.movements == (
        DisputeMovements(currency=USD, withdrawn_minor=1999, withdrawn_fee_minor=1500),
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"currency": "zzz"}, "Stripe reports a currency that FinCore does not know"),
        ({"amount": 0}, "Stripe reports a dispute over nothing"),
    ],
    ids=["currency", "amount"],
)
def test_a_dispute_over_no_money_is_unreadable(fields: dict[str, Any], reason: str) -> None:
    assert read(**fields) == ReadDispute(None, reason)


def test_a_reason_is_bounded() -> None:
    assert reported(reason="x" * 5000).reason == "x" * 100
