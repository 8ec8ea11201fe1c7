"""The card that paid or was refused, read out of what Stripe shows of a payment."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fincore.domain.outcome import Approved, Declined
from fincore.domain.payment_method import CardInstrument
from fincore.write.psp.stripe.intents import IntentReading, read_intent
from fincore.write.psp.stripe.wire import PaymentIntent

NOW = datetime(2026, 11, 26, tzinfo=UTC)
CARD: dict[str, Any] = {
    "brand": "visa",
    "last4": "4242",
    "exp_month": 8,
    "exp_year": 2027,
    "country": "US",
    "funding": "credit",
    "fingerprint": "Xt5EWLLDS7FJjR1c",
    "network_transaction_id": "104102978678771",
}
KNOWN: dict[str, Any] = {
    "brand": "visa",
    "last4": "4242",
    "expiry_month": 8,
    "expiry_year": 2027,
    "country": "US",
    "funding": "credit",
    "fingerprint": "Xt5EWLLDS7FJjR1c",
    "network_transaction_id": "104102978678771",
}
NAMES = dict(zip(CARD, KNOWN, strict=True))


def charge_with(card: Any) -> dict[str, Any]:
    return {"id": "ch_1", "created": 1_780_000_000, "payment_method_details": {"card": card, "type": "card"}}


def reading(status: str, **fields: Any) -> IntentReading:
    known = {"object": "payment_intent", "id": "pi_1", "status": status, "currency": "usd", "created": 1}
    body = msgspec.json.encode(known | fields)
    return read_intent(msgspec.json.decode(body, type=PaymentIntent), now=NOW)


def captured_with(card: Any) -> CardInstrument | None:
    outcome = reading("succeeded", amount_received=100, latest_charge=charge_with(card))
    assert isinstance(outcome, Approved)
    assert outcome.instrument is None or isinstance(outcome.instrument, CardInstrument)
    return outcome.instrument


def declined_with(**error: Any) -> CardInstrument | None:
    refusal = {"type": "card_error", "code": "card_declined"} | error
    outcome = reading(
        "requires_payment_method",
        latest_charge=charge_with(CARD | {"last4": "0001"}),
        last_payment_error=refusal,
    )
    assert isinstance(outcome, Declined)
    assert outcome.instrument is None or isinstance(outcome.instrument, CardInstrument)
    return outcome.instrument


def test_a_captured_payment_names_its_card() -> None:
    assert captured_with(CARD) == CardInstrument(**KNOWN)


def test_a_held_payment_names_its_card() -> None:
    outcome = reading("requires_capture", amount_capturable=100, latest_charge=charge_with(CARD))
    assert isinstance(outcome, Approved)
    assert outcome.instrument == CardInstrument(**KNOWN)


def test_a_declined_payment_names_the_card_of_its_error() -> None:
    refused = CardInstrument(**KNOWN | {"network_transaction_id": None})
    assert declined_with(payment_method={"id": "pm_1", "card": CARD}) == refused


@pytest.mark.parametrize("shown", [None, {}, {"card": None}, {"card": []}, [], "pm_1", 1])
def test_error_without_card_leaves_that_of_the_charge(shown: Any) -> None:
    found = declined_with(payment_method=shown)
    assert found is not None
    assert found.last4 == "0001"


def test_a_charge_that_is_not_expanded_names_no_card() -> None:
    outcome = reading("succeeded", amount_received=100, latest_charge="ch_1")
    assert isinstance(outcome, Approved)
    assert outcome.instrument is None


STRANGE: dict[str, list[Any]] = {
    "brand": ["", "Visa", "visa4", "a" * 33, 4242424242424242, ["visa"], "visa\n"],
    "last4": ["", "424", "42424", "424242424242", "a242", 4242, "4242\n", "\u0664\u0662\u0664\u0662"],
    "exp_month": [0, 13, -1, 8.5, "8", 2**70],
    "exp_year": [1999, 2200, "2027", -2027, 4242424242424242],
    "country": ["", "us", "USA", "U", 1, {"code": "US"}],
    "funding": ["", "CREDIT", "credit card", "4242424242424242"],
    "fingerprint": ["", "x" * 65, "with space", "4242424242424242", 1, "x4242424242424242", "\xe9"],
    "network_transaction_id": ["", "x" * 65, "with space", "378282246310005", 1, "\xe9"],
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name in STRANGE for value in STRANGE[name]])
def test_a_strange_fact_is_dropped_and_the_others_stay(field: str, value: Any) -> None:
    assert captured_with(CARD | {field: value}) == CardInstrument(**KNOWN | {NAMES[field]: None})


@pytest.mark.parametrize("value", [b"1" + 5_000 * b"0", b"1e999", b'"\xff"', b"-0.0"])
@pytest.mark.parametrize("field", [b"exp_month", b"funding"])
def test_a_fact_beyond_all_reading_spoils_no_payment(field: bytes, value: bytes) -> None:
    body = (
        b'{"object": "payment_intent", "id": "pi_1", "status": "succeeded", "currency": "usd", "created": 1,'
        b'"amount_received": 100, "latest_charge": {"created": 1, "payment_method_details": {"card":'
        b'{"brand": "visa", "%s": %s}}}}' % (field, value)
    )
    outcome = read_intent(msgspec.json.decode(body, type=PaymentIntent), now=NOW)
    assert isinstance(outcome, Approved)
    assert outcome.instrument == CardInstrument(brand="visa")


@pytest.mark.parametrize("card", [{}, None, dict.fromkeys(CARD), {"wallet": {"type": "apple_pay"}}])
def test_card_without_any_fact_is_no_instrument(card: Any) -> None:
    assert captured_with(card) is None


def test_what_is_not_read_of_a_card_stays_behind() -> None:
    """Not even a card number under a name that Stripe does not have."""
    shown = captured_with(
        CARD | {"number": "4242424242424242", "iin": "424242", "description": "Visa Classic"}
    )
    assert shown == CardInstrument(**KNOWN)
