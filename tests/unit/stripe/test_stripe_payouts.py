"""Payouts in Stripe's events: each becomes a report of the payout, and what cannot be read says so."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutReport
from fincore.write.psp.port import PayoutNotice
from fincore.write.psp.stripe.status_tables import PAYOUT_STATUSES
from fincore.write.psp.stripe.webhook_reports import SUBSCRIBED_TYPES, reader_of
from fincore.write.psp.stripe.webhooks import StripeWebhooks

OCCURRED: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
CREATED: Final = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ARRIVES: Final = datetime(2026, 11, 27, tzinfo=UTC)
TYPES: Final = tuple(name for name in SUBSCRIBED_TYPES if name.startswith("payout."))


def event(event_type: str = "payout.paid", **fields: Any) -> bytes:
    payout = {
        "object": "payout",
        "id": "po_1",
        "amount": 9_410,
        "arrival_date": int(ARRIVES.timestamp()),
        "created": int(CREATED.timestamp()),
        "currency": "usd",
        "destination": "ba_1",
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "status": "paid",
    }
    return msgspec.json.encode(
        {
            "id": "evt_1",
            "type": event_type,
            "livemode": False,
            "created": int(OCCURRED.timestamp()),
            "data": {"object": payout | fields},
        }
    )


def read(body: bytes) -> PayoutNotice:
    notice = StripeWebhooks({}).read(body)
    assert isinstance(notice, PayoutNotice)
    return notice


def report(**fields: Any) -> PayoutReport:
    known: dict[str, Any] = {
        "psp_reference": PspReference("po_1"),
        "money": Money(9_410, Currency("usd")),
        "status": "paid",
        "created_at": CREATED,
        "occurred_at": OCCURRED,
        "expected_at": ARRIVES,
    }
    return PayoutReport(**known | fields)


@pytest.mark.parametrize("event_type", TYPES)
def test_payout_events_are_read_by_a_job(event_type: str) -> None:
    assert reader_of(event_type) is not None


@pytest.mark.parametrize("event_type", [*TYPES, "payout.of_a_later_version"])
@pytest.mark.parametrize("status", PAYOUT_STATUSES)
def test_payout_event_becomes_report_with_event_time(event_type: str, status: str) -> None:
    assert read(event(event_type, status=status)) == PayoutNotice(
        psp_reference=PspReference("po_1"),
        livemode=False,
        destination="ba_1",
        content=report(status=PAYOUT_STATUSES[status]),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "money"),
    [
        (-500, "usd", Money(-500, Currency("usd"))),
        (500, "jpy", Money(500, Currency("jpy"))),
        (-50_000, "isk", Money(-500, Currency("isk"))),
        (5_120, "kwd", Money(5_120, Currency("kwd"))),
    ],
)
def test_payouts_amount_is_signed_in_our_minor_units(amount: int, currency: str, money: Money) -> None:
    assert read(event(amount=amount, currency=currency)).content == report(money=money)


def test_failed_payout_says_why_in_the_psps_words() -> None:
    failed = {"status": "failed", "failure_code": "account_closed", "failure_message": "It is closed."}
    assert read(event("payout.failed", **failed)).content == report(
        status="failed", failure_code="account_closed", failure_message="It is closed."
    )


@pytest.mark.parametrize(
    ("trace", "reference"),
    [
        (None, None),
        ({"status": "pending", "value": None}, None),
        ({"status": "pending", "value": "TRACE0001"}, None),
        ({"status": "unsupported", "value": None}, None),
        ({"status": "supported", "value": "091000019876543"}, "091000019876543"),
        ({"status": "supported", "value": "two words"}, None),
        ({"status": "supported", "value": "4242424242424242"}, None),
        ({"status": "supported", "value": 7}, None),
        ("TRACE0001", None),
    ],
    ids=str,
)
def test_trace_is_what_the_bank_calls_a_payout(trace: object, reference: str | None) -> None:
    """What is no trace leaves the payout readable: it moves no money."""
    assert read(event(trace_id=trace)).content == report(bank_reference=reference)


def test_words_of_a_failure_hold_no_card_number() -> None:
    card = "4242424242424242"
    content = read(event(status="failed", failure_code=card, failure_message=f"Card {card}.")).content
    assert content is not None
    assert card not in f"{content.failure_code} {content.failure_message}"


@pytest.mark.parametrize(
    ("destination", "named"),
    [(None, None), ({"id": "ba_1", "object": "bank_account"}, None), ("ba 1", None), ("card_1", "card_1")],
    ids=str,
)
def test_destination_is_named_where_it_is_an_id(destination: object, named: str | None) -> None:
    notice = read(event(destination=destination))
    assert (notice.destination, notice.content) == (named, report())


@pytest.mark.parametrize(
    "strange",
    [
        {"status": "lost"},
        {"amount": 0},
        {"amount": 10**16},
        {"amount": "9410"},
        {"amount": 501, "currency": "isk"},
        {"currency": "xxx"},
        {"created": -1},
        {"livemode": "yes"},
        {"object": "transfer"},
    ],
    ids=str,
)
def test_payout_of_another_shape_is_unreadable_and_named(strange: dict[str, Any]) -> None:
    notice = read(event(**strange))
    assert (notice.psp_reference, notice.content) == (PspReference("po_1"), None)
    assert notice.unreadable


@pytest.mark.parametrize("name", ["", "po 1", None, 7], ids=repr)
def test_payout_without_a_sensible_id_is_unreadable(name: object) -> None:
    notice = read(event(id=name))
    assert (notice.psp_reference, notice.content) == (None, None)
    assert notice.unreadable


def test_payout_without_a_date_of_arrival_is_read() -> None:
    assert read(event(arrival_date=None)).content == report(expected_at=None)
    assert report().expected_at == ARRIVES == CREATED + timedelta(hours=45)
