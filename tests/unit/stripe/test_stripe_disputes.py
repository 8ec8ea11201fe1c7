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
from fincore.domain.outcome import DisputeReport, PspReference, Unknown
from fincore.write.psp.stripe.disputes import dispute_report_of
from fincore.write.psp.stripe.vocabulary import DISPUTE_STATUSES
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


def said(*movements: dict[str, Any], **fields: Any) -> DisputeReport | Unknown:
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
    return dispute_report_of(msgspec.convert(known | fields, StripeDispute), occurred_at=NOW)


def reported(*movements: dict[str, Any], **fields: Any) -> DisputeReport:
    report = said(*movements, **fields)
    assert isinstance(report, DisputeReport), report
    return report


def movement(amount: int, fee: int, currency: str = "usd") -> dict[str, Any]:
    return {"amount": amount, "fee": fee, "currency": currency, "created": DUE - 1000}


def test_the_expectations_here_cover_the_table_and_the_official_sdk() -> None:
    assert set(EVERY_STATUS) == set(DISPUTE_STATUSES)
    source = inspect.getsource(stripe.Dispute).split("The current status of a dispute.")[1].split('"""')[0]
    assert set(re.findall(r"`(\w+)`", source)) == set(DISPUTE_STATUSES)


@pytest.mark.parametrize("word", sorted(EVERY_STATUS))
def test_a_dispute_stands_where_its_status_says(word: str) -> None:
    report = reported(status=word)
    assert (report.status, report.is_inquiry) == EVERY_STATUS[word]


def test_a_dispute_that_moved_nothing_says_so() -> None:
    assert reported() == DisputeReport(
        psp_reference=PspReference("dp_1"),
        status="needs_response",
        money=Money(1999, USD),
        reason="product_not_received",
        is_inquiry=False,
        occurred_at=NOW,
        evidence_due_by=datetime.fromtimestamp(DUE, UTC),
    )


@pytest.mark.parametrize("details", [None, {"due_by": None}], ids=["no details", "no date"])
def test_a_dispute_without_a_date_for_evidence_has_none(details: object) -> None:
    assert reported(evidence_details=details).evidence_due_by is None


@pytest.mark.parametrize(
    ("movements", "withdrawn", "reinstated"),
    [
        ([movement(-1999, 1500)], (1999, 1500), (None, 0)),
        ([movement(-1999, 1500), movement(1999, 0)], (1999, 1500), (1999, 0)),
        ([movement(-1999, 1500), movement(1999, -1500)], (1999, 1500), (1999, 1500)),
        ([movement(-1000, 1500), movement(-999, 0), movement(500, 0)], (1999, 1500), (500, 0)),
        ([movement(-1999, 0), movement(0, 1500)], (1999, 1500), (None, 0)),
        ([movement(0, 1500)], (0, 1500), (None, 0)),
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
    movements: list[dict[str, Any]], withdrawn: tuple[int | None, int], reinstated: tuple[int | None, int]
) -> None:
    report = reported(*movements)
    assert (report.withdrawn and report.withdrawn.amount_minor, report.withdrawn_fee_minor) == withdrawn
    assert (report.reinstated and report.reinstated.amount_minor, report.reinstated_fee_minor) == reinstated


def test_what_moved_is_in_the_currency_stripe_settles_in() -> None:
    report = reported(movement(-1850, 1400, "eur"))
    assert (report.money, report.withdrawn) == (Money(1999, USD), Money(1850, EUR))


def test_stripes_amounts_are_read_in_stripes_exponent() -> None:
    isk = Currency("isk")
    report = reported(movement(-500, 200, "isk"), amount=700, currency="isk")
    assert (report.money, report.withdrawn, report.withdrawn_fee_minor) == (Money(7, isk), Money(5, isk), 2)


@pytest.mark.parametrize(
    ("movements", "fields", "reason"),
    [
        ([], {"status": "blessed"}, "Stripe reports a dispute status that FinCore does not know"),
        ([], {"currency": "zzz"}, "Stripe reports a currency that FinCore does not know"),
        (
            [movement(-550, 0, "isk")],
            {},
            "Stripe reports 550 isk, finer than the minor unit of ISK",
        ),
        (
            [movement(-500, 0, "isk"), movement(500, -50, "isk")],
            {},
            "Stripe reports 50 isk, finer than the minor unit of ISK",
        ),
        (
            [movement(-100, 0, "usd"), movement(100, 0, "eur")],
            {},
            "Stripe reports a dispute that moved several currencies",
        ),
    ],
    ids=["status", "currency", "amount moved", "fee moved", "currencies"],
)
def test_a_dispute_that_fincore_cannot_read_is_unknown(
    movements: list[dict[str, Any]], fields: dict[str, Any], reason: str
) -> None:
    assert said(*movements, **fields) == Unknown(reason=reason, since=NOW)


def test_a_reason_is_bounded() -> None:
    assert reported(reason="x" * 5000).reason == "x" * 100
