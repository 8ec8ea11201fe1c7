"""What an order says: the capture or the authorization decides, never the order's own status."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    Pending,
    PspReference,
    SubReference,
    Unreadable,
)
from fincore.domain.payment_method import CardInstrument, PayPalInstrument
from fincore.write.psp.paypal.orders import OrderReading, names, read_order
from fincore.write.psp.paypal.wire import Order
from fixtures.paypal_stub import (
    AT,
    AUTHORIZATION_ID,
    CAPTURE_ID,
    ORDER_ID,
    USD_19_99,
    authorization_json,
    capture_json,
    order_json,
    stamp,
    usd,
)

CHARGE = new_charge_id()
NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
CAPTURE_PART = SubReference("capture", PspReference(CAPTURE_ID))
HOLD_PART = SubReference("authorization", PspReference(AUTHORIZATION_ID))


def order(body: dict[str, Any]) -> Order:
    return msgspec.json.decode(msgspec.json.encode(body), type=Order)


def read(body: dict[str, Any]) -> OrderReading:
    return read_order(order(body), now=NOW)


def test_completed_capture_is_approved_with_fee_parts_and_payer() -> None:
    assert read(order_json(CHARGE, captures=[capture_json(CHARGE)])) == Approved(
        kind="captured",
        money=USD_19_99,
        psp_reference=PspReference(ORDER_ID),
        occurred_at=AT,
        fee=Money(119, Currency("usd")),
        sub_references=(CAPTURE_PART,),
        instrument=PayPalInstrument(payer_id="QYR5Z8XDVJNXQ", country="GB", email_masked="a***@example.com"),
    )


def test_fee_is_in_the_currency_in_which_paypal_credits_us() -> None:
    breakdown = {
        "paypal_fee": usd("1.19"),
        "paypal_fee_in_receivable_currency": {"currency_code": "EUR", "value": "1.02"},
    }
    outcome = read(order_json(CHARGE, captures=[capture_json(CHARGE, seller_receivable_breakdown=breakdown)]))
    assert isinstance(outcome, Approved)
    assert outcome.fee == Money(102, Currency("eur"))


@pytest.mark.parametrize("status", ["DECLINED", "FAILED", "DENIED"])
@pytest.mark.parametrize("order_status", ["COMPLETED", "APPROVED"])
def test_refused_capture_is_declined_in_order_of_any_status(status: str, order_status: str) -> None:
    """The order of a refused card is COMPLETED, answered with HTTP 201."""
    refused = capture_json(CHARGE, status, processor_response={"response_code": "5120"})
    outcome = read(order_json(CHARGE, order_status, captures=[refused]))
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.advice) == ("card_declined", "retry_later")
    assert outcome.failure.decline_code == "5120"


def test_order_completed_without_payment_says_nothing_of_money() -> None:
    assert isinstance(read(order_json(CHARGE, "COMPLETED")), Unreadable)


@pytest.mark.parametrize(
    ("reason", "days"), [("ECHECK", 14), ("PENDING_REVIEW", 7), ("UNILATERAL", 31), ("SOMETHING_NEW", 31)]
)
def test_pending_capture_is_pending_for_days(reason: str, days: int) -> None:
    waiting = capture_json(
        CHARGE, "PENDING", status_details={"reason": reason}, seller_receivable_breakdown=None
    )
    assert read(order_json(CHARGE, captures=[waiting])) == Pending(
        psp_reference=PspReference(ORDER_ID),
        reason=reason,
        occurred_at=AT,
        pending_until=AT + timedelta(days=days),
        sub_references=(CAPTURE_PART,),
    )


def test_pending_capture_begun_in_the_future_is_decided_from_now() -> None:
    waiting = capture_json(CHARGE, "PENDING", create_time="9999-12-31T23:59:59-14:00")
    outcome = read(order_json(CHARGE, captures=[waiting]))
    assert isinstance(outcome, Pending)
    assert outcome.pending_until == NOW + timedelta(days=31)


@pytest.mark.parametrize("status", ["PARTIALLY_REFUNDED", "REFUNDED"])
def test_refunded_capture_was_taken_when_it_was_made(status: str) -> None:
    """A capture turns PARTIALLY_REFUNDED when a dispute opens, too: only refunds tell of refunds."""
    later = stamp(AT + timedelta(days=3))
    outcome = read(order_json(CHARGE, captures=[capture_json(CHARGE, status, update_time=later)]))
    assert isinstance(outcome, Approved)
    assert (outcome.money, outcome.occurred_at) == (USD_19_99, AT)


def test_taken_capture_counts_beside_a_refused_one() -> None:
    refused = capture_json(CHARGE, "DECLINED", id="1AB")
    assert isinstance(read(order_json(CHARGE, captures=[refused, capture_json(CHARGE)])), Approved)


@pytest.mark.parametrize(
    "captures",
    [
        [capture_json(CHARGE), capture_json(CHARGE, id="1AB")],
        [capture_json(CHARGE, "SOMETHING_NEW")],
        [capture_json(CHARGE, amount=None)],
        [capture_json(CHARGE, amount=usd("0.00"))],
        [capture_json(CHARGE, amount=usd("-19.99"))],
        [capture_json(CHARGE, amount=usd("19.999"))],
    ],
)
def test_capture_without_sense_is_unreadable(captures: list[dict[str, Any]]) -> None:
    assert isinstance(read(order_json(CHARGE, captures=captures)), Unreadable)


def test_authorization_is_held_until_paypal_releases_it() -> None:
    outcome = read(order_json(CHARGE, authorizations=[authorization_json(CHARGE)]))
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money, outcome.sub_references) == ("authorized", USD_19_99, (HOLD_PART,))
    assert outcome.capture_before == AT + timedelta(days=29)


def test_newest_authorization_is_the_last_part_of_a_hold() -> None:
    renewed = authorization_json(CHARGE, id="9RENEWED", create_time=stamp(AT + timedelta(days=4)))
    outcome = read(order_json(CHARGE, authorizations=[renewed, authorization_json(CHARGE)]))
    assert isinstance(outcome, Approved)
    assert [part.psp_reference for part in outcome.sub_references] == [AUTHORIZATION_ID, "9RENEWED"]
    assert outcome.occurred_at == AT


def test_refused_renewal_leaves_the_hold_before_it() -> None:
    later = stamp(AT + timedelta(days=4))
    refused = authorization_json(CHARGE, "DENIED", id="9RENEWED", create_time=later)
    outcome = read(order_json(CHARGE, authorizations=[authorization_json(CHARGE), refused]))
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.sub_references) == ("authorized", (HOLD_PART,))


@pytest.mark.parametrize(
    ("changed_after_days", "ending"), [(1, Canceled), (28, Canceled), (29, Expired), (30, Expired)]
)
def test_voided_authorization_was_voided_or_ran_out(changed_after_days: int, ending: type) -> None:
    """PayPal says VOIDED of both."""
    changed = stamp(AT + timedelta(days=changed_after_days))
    outcome = read(
        order_json(CHARGE, authorizations=[authorization_json(CHARGE, "VOIDED", update_time=changed)])
    )
    assert isinstance(outcome, ending)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("DENIED", Declined), ("PENDING", Pending), ("CAPTURED", Unreadable), ("SOMETHING_NEW", Unreadable)],
)
def test_status_of_an_authorization_decides_a_hold(status: str, kind: type) -> None:
    assert isinstance(read(order_json(CHARGE, authorizations=[authorization_json(CHARGE, status)])), kind)


def test_captured_authorization_gives_both_parts() -> None:
    held = authorization_json(CHARGE, "CAPTURED")
    outcome = read(
        order_json(CHARGE, authorizations=[held], captures=[capture_json(CHARGE, amount=usd("5.00"))])
    )
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money.amount_minor) == ("captured", 500)
    assert outcome.sub_references == (HOLD_PART, CAPTURE_PART)


@pytest.mark.parametrize("status", ["CREATED", "PAYER_ACTION_REQUIRED"])
def test_unapproved_order_sends_the_customer_to_paypal(status: str) -> None:
    assert read(order_json(CHARGE, status)) == ActionRequired(
        psp_reference=PspReference(ORDER_ID),
        redirect_url=f"https://www.paypal.com/checkoutnow?token={ORDER_ID}",
    )


def test_approved_order_is_consent_and_no_payment() -> None:
    outcome = read(order_json(CHARGE, "APPROVED"))
    assert isinstance(outcome, Consented)
    assert (outcome.occurred_at, outcome.noticed_at) == (AT, NOW)


@pytest.mark.parametrize(
    ("status", "kind"), [("VOIDED", Canceled), ("SAVED", Unreadable), ("NEW", Unreadable)]
)
def test_status_of_an_order_without_payments_is_read_by_table(status: str, kind: type) -> None:
    assert isinstance(read(order_json(CHARGE, status)), kind)


def test_order_of_several_purchase_units_is_none_of_fincore() -> None:
    body = order_json(CHARGE, captures=[capture_json(CHARGE)])
    body["purchase_units"] *= 2
    assert isinstance(read(body), Unreadable)
    assert not names(order(body), CHARGE)


def test_order_names_the_charge_it_was_made_for() -> None:
    assert names(order(order_json(CHARGE)), CHARGE)
    assert not names(order(order_json(CHARGE)), new_charge_id())


def test_card_behind_a_token_is_told_without_its_holder() -> None:
    body = order_json(CHARGE, captures=[capture_json(CHARGE)])
    body["payment_source"] = {
        "card": {
            "name": "Ada Lovelace",
            "last_digits": "7704",
            "brand": "VISA",
            "type": "CREDIT",
            "expiry": "2031-02",
            "bin_details": {"bin": "40123456", "bin_country_code": "GB"},
        }
    }
    outcome = read(body)
    assert isinstance(outcome, Approved)
    assert outcome.instrument == CardInstrument(
        brand="visa",
        last4="7704",
        expiry_month=2,
        expiry_year=2031,
        country="GB",
        funding="credit",
        bin="401234",
    )


@pytest.mark.parametrize(
    "wallet",
    [
        {
            "email_address": "no address",
            "account_id": "<script>",
            "address": {"country_code": "Great Britain"},
        },
        {"email_address": "a@b@c.example"},
        {"email_address": "@example.com"},
        {},
    ],
)
def test_payer_that_makes_no_sense_is_no_instrument(wallet: dict[str, Any]) -> None:
    body = order_json(CHARGE, captures=[capture_json(CHARGE)])
    body["payment_source"] = {"paypal": wallet}
    outcome = read(body)
    assert isinstance(outcome, Approved)
    assert outcome.instrument is None


def test_order_shows_nothing_else_of_its_payer() -> None:
    body = order_json(CHARGE, captures=[capture_json(CHARGE)])
    shown = repr(read(body)) + repr(order(body).purchase_units)
    assert not {"Ada", "Lovelace", "lovelace"} & set(shown.replace("'", " ").replace(".", " ").split())
