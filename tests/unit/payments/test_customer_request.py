"""What a merchant tells of the customer who pays: what is refused, what is kept of it, and what it does to fingerprints."""

import msgspec
import pytest

from fincore.domain.country import COUNTRIES
from fincore.domain.risk import CustomerContext
from fincore.http.idempotency_key import fingerprint_of
from fincore.write.payments.charge_request import ChargeRequest, checked
from fincore.write.payments.customer_request import (
    CustomerRequest,
    customer_context,
    customer_flaw,
    seen_user_agent,
)
from fincore.write.payments.flaw import Flaw

_DECODER = msgspec.json.Decoder(CustomerRequest)


def request(**changes: object) -> ChargeRequest:
    fields: dict[str, object] = {"amount_minor": 1, "currency": "usd", "payment_method": "pm_1"}
    return ChargeRequest(**(fields | changes))  # type: ignore[arg-type]


def flaw(customer: CustomerRequest | None = None, **changes: object) -> tuple[str, str]:
    found = checked(request(customer=customer, **changes))
    assert isinstance(found, Flaw)
    return found.code, found.param


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("0.99.199.249", "0.99.199.249"),
        ("255.100.10.1", "255.100.10.1"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::", "::"),
    ],
)
def test_ip_address_is_kept_in_its_shortest_form(sent: str, kept: str) -> None:
    customer = CustomerRequest(ip=sent)
    assert customer_flaw(customer) is None
    assert customer_context(customer) == CustomerContext(ip=kept)


@pytest.mark.parametrize(
    "ip",
    [
        "192.0.2.256",
        "192.0.2.260",
        "192.0.2.300",
        "192.0.2.07",
        "192.0.2",
        "192.0.2.7.7",
        "192.0.2.7\n",
        "192.0.2.\u0667",
        "192.0.2.7:443",
        "fe80::1%eth0",
        "192.0.2.0/24",
        "localhost",
        "0\0",
    ],
)
def test_text_that_is_no_ip_address_is_refused(ip: str) -> None:
    assert flaw(CustomerRequest(ip=ip)) == ("field_invalid", "customer.ip")


@pytest.mark.parametrize("code", ["de", "ZZ", "D\0", "UK"])
def test_code_that_is_no_country_is_refused(code: str) -> None:
    assert flaw(CustomerRequest(country=code)) == ("field_invalid", "customer.country")
    assert flaw(billing_country=code) == ("field_invalid", "billing_country")
    assert flaw(shipping_country=code) == ("field_invalid", "shipping_country")


def test_each_country_is_taken() -> None:
    assert len(COUNTRIES) == 250
    assert {len(code) for code in COUNTRIES} == {2}
    assert all(customer_flaw(CustomerRequest(country=code)) is None for code in COUNTRIES)


def test_two_different_addresses_contradict_each_other() -> None:
    customer = CustomerRequest(email="Ada@example.com")
    assert flaw(customer, customer_email="bob@example.com") == ("field_invalid", "customer.email")
    assert isinstance(checked(request(customer=customer, customer_email="ada@Example.com")), ChargeRequest)
    assert flaw(CustomerRequest(email="ada")) == ("field_invalid", "customer.email")


@pytest.mark.parametrize("field", ["id", "user_agent", "device_id"])
def test_texts_of_customer_hold_no_nul_and_no_card_number(field: str) -> None:
    assert flaw(CustomerRequest(**{field: "a\0b"})) == ("text_not_storable", f"customer.{field}")
    number = CustomerRequest(**{field: "4242 4242 4242 4242"})
    assert flaw(number) == ("card_number_not_allowed", f"customer.{field}")


@pytest.mark.parametrize(
    ("field", "most"),
    [("id", 255), ("email", 254), ("ip", 45), ("user_agent", 512), ("device_id", 255), ("country", 2)],
)
def test_texts_of_customer_have_bounds(field: str, most: int) -> None:
    for text in ("a" * (most + 1), *(() if field == "email" else ("",))):
        with pytest.raises(msgspec.ValidationError, match=field):
            _DECODER.decode(msgspec.json.encode({field: text}))
    assert getattr(_DECODER.decode(msgspec.json.encode({field: "a" * most})), field) == "a" * most


def test_customer_without_any_fact_is_unknown() -> None:
    assert customer_context(CustomerRequest()) is None
    assert customer_context(None) is None


def test_request_without_customer_keeps_its_fingerprint() -> None:
    before = b'{"amount_minor":1,"currency":"usd","payment_method":"pm_1"}'
    sent = msgspec.json.decode(before, type=ChargeRequest)
    assert msgspec.json.encode(sent) == before
    other = request(customer=CustomerRequest(ip="192.0.2.7"))
    assert fingerprint_of("POST", "/v1/charges", sent) != fingerprint_of("POST", "/v1/charges", other)


def test_browsers_own_words_are_cut_and_never_hold_a_card_number() -> None:
    assert seen_user_agent("  Mozilla/5.0 ") == "Mozilla/5.0"
    assert seen_user_agent("x" * 600) == "x" * 512
    assert seen_user_agent("4242 4242 4242 4242") is None
    assert seen_user_agent("") is None
    assert seen_user_agent(None) is None
