"""What a request with a card number is checked for and known by again, in words and bytes that hold nothing of the card."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fincore.cardedge.cards import requests as kept
from fincore.cardedge.charges import requests as charged
from fincore.domain.secret import Secret
from fincore.write.payments.flaw import Flaw
from fincore.write.raw_cards.number_hmac import NumberHmac

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HMAC = NumberHmac(Secret(b64encode(bytes(32)).decode()))
BOTH = NumberHmac(Secret(b64encode(bytes(range(32))).decode()), Secret(b64encode(bytes(32)).decode()))
CARD: dict[str, Any] = {
    "number": "4242424242424242",
    "expiry_month": 12,
    "expiry_year": 2034,
    "cvc": "123",
    "holder": "Ada Byron",
}
CHARGE: dict[str, Any] = {
    "amount_minor": 1999,
    "currency": "usd",
    "capture": False,
    "description": "Two books",
    "customer_email": "ada@example.com",
    "metadata": {"order": "1"},
    "return_url": "https://shop.example/back",
    "cancel_url": "https://shop.example/cart",
    "billing_country": "DE",
    "shipping_country": "AT",
}
PATH = ("POST", "/v1/charges")


def charge_of(**changes: Any) -> charged.CheckedRequest | Flaw:
    card = CARD | {name: changes.pop(name) for name in list(changes) if name in CARD}
    body = {**CHARGE, **changes, "payment_method": {"type": "card", "card": card}}
    return charged.checked_request(msgspec.convert(body, charged.RawCardChargeRequest), NOW)


def kept_of(**changes: Any) -> Any:
    card = {name: value for name, value in (CARD | changes).items() if name != "cvc"}
    return kept.checked_card(msgspec.convert({"card": card}, kept.KeepCardRequest), NOW)


def fingerprints(hmac: NumberHmac = HMAC, **changes: Any) -> charged.Fingerprints:
    checked = charge_of(**changes)
    assert isinstance(checked, charged.CheckedRequest)
    return charged.fingerprints_of(*PATH, checked, hmac)


def fingerprints_to_keep(hmac: NumberHmac = HMAC, **changes: Any) -> tuple[bytes, ...]:
    return kept.fingerprints_of("POST", "/v1/cards", kept_of(**changes), hmac)


def test_each_field_reaches_the_terms_and_the_card() -> None:
    checked = charge_of()
    assert isinstance(checked, charged.CheckedRequest)
    assert {name: getattr(checked.terms, name) for name in CHARGE} == CHARGE
    card = checked.card
    assert card.cvc is not None
    assert card.holder is not None
    shown = (
        card.number.reveal(),
        card.expiry_month,
        card.expiry_year,
        card.cvc.reveal(),
        card.holder.reveal(),
    )
    assert shown == tuple(CARD.values())
    to_keep = kept_of()
    assert (to_keep.number, to_keep.expiry_month, to_keep.expiry_year) == (card.number, 12, 2034)
    assert (to_keep.cvc, to_keep.holder) == (None, card.holder)
    nameless = charge_of(holder=None)
    assert isinstance(nameless, charged.CheckedRequest)
    assert (nameless.card.holder, kept_of(holder=None).holder) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "4242424242424241"}, "number"),
        ({"expiry_year": 2025}, "expiry_year"),
        ({"holder": "4242424242424242"}, "holder"),
    ],
)
def test_flaw_of_a_card_names_its_field_and_not_the_card(changes: dict[str, Any], field: str) -> None:
    for found, prefix in ((charge_of(**changes), "payment_method.card"), (kept_of(**changes), "card")):
        assert isinstance(found, Flaw)
        assert found.code == "field_invalid"
        assert found.param == f"{prefix}.{field}"
        assert "42424242" not in str(found.detail)


def test_name_on_a_card_that_cannot_be_stored_is_refused() -> None:
    for found in (charge_of(holder="Ada\x00"), kept_of(holder="Ada\x00")):
        assert isinstance(found, Flaw)
        assert found.code == "text_not_storable"


def test_flaw_of_the_terms_comes_before_the_card() -> None:
    found = charge_of(return_url="ftp://shop.example", number="1")
    assert isinstance(found, Flaw)
    assert found.param == "return_url"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "5555555555554444"},
        {"expiry_month": 11},
        {"expiry_year": 2035},
        {"holder": None},
        {"holder": "Ada"},
    ],
)
def test_fingerprint_changes_with_the_card(changes: dict[str, Any]) -> None:
    assert fingerprints(**changes).now != fingerprints().now
    assert fingerprints_to_keep(**changes) != fingerprints_to_keep()


@pytest.mark.parametrize("name", CHARGE)
def test_fingerprint_changes_with_each_term(name: str) -> None:
    other: dict[str, Any] = {
        "amount_minor": 2000,
        "currency": "eur",
        "capture": True,
        "description": None,
        "customer_email": None,
        "metadata": {},
        "return_url": "https://shop.example/other",
        "cancel_url": "https://shop.example/other",
        "billing_country": "FR",
        "shipping_country": None,
    }
    assert fingerprints(HMAC, **{name: other[name]}).now != fingerprints().now


def test_security_code_is_in_no_fingerprint() -> None:
    assert fingerprints(cvc="999") == fingerprints()


def test_fingerprint_is_of_one_method_and_path() -> None:
    checked = charge_of()
    assert isinstance(checked, charged.CheckedRequest)
    found = {
        charged.fingerprints_of(method, path, checked, HMAC).now
        for method, path in (PATH, ("PUT", PATH[1]), ("POST", "/v1/other"))
    }
    assert len(found) == 3
    card = kept_of()
    others = {
        kept.fingerprints_of(method, path, card, HMAC)
        for method, path in (PATH, ("PUT", PATH[1]), ("POST", "/v1/other"))
    }
    assert len(others) == 3


def test_request_is_known_by_the_key_before_as_well() -> None:
    assert fingerprints().before is None
    assert fingerprints(BOTH).before == fingerprints().now
    assert fingerprints(BOTH).now != fingerprints().now
    assert len(fingerprints_to_keep()) == 1
    now, before = fingerprints_to_keep(BOTH)
    assert (before,) == fingerprints_to_keep()
    assert now != before


def test_longer_security_code_is_refused_by_its_length() -> None:
    with pytest.raises(msgspec.ValidationError, match="length <= 4"):
        charge_of(cvc="12345")


def test_customer_reaches_the_terms_and_the_fingerprint() -> None:
    known = charge_of(customer={"id": "c_1"})
    assert isinstance(known, charged.CheckedRequest)
    assert known.terms.customer is not None
    assert known.terms.customer.id == "c_1"
    assert fingerprints(customer={"id": "c_1"}).now != fingerprints(customer={"id": "c_2"}).now


def test_cards_print_as_a_mask() -> None:
    method = {"type": "card", "card": CARD}
    request = msgspec.convert({**CHARGE, "payment_method": method}, charged.RawCardChargeRequest)
    checked = charge_of()
    to_keep = msgspec.convert(
        {"card": {name: value for name, value in CARD.items() if name != "cvc"}}, kept.KeepCardRequest
    )
    for one in (request, checked, to_keep):
        assert not any(word in repr(one) for word in ("4242", "'123'", "Byron"))
