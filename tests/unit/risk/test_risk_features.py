"""The facts of a charge: what is not known is left out, and never a value."""

import pytest
from msgspec.structs import replace

from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext
from fincore.write.risk.features import (
    COUNTERS,
    FACT_NAMES,
    FACTS,
    MEASURES,
    address_key,
    card_key,
    email_domain,
    known_of,
)
from fincore.write.risk.store import Counter
from fixtures.risk import MERCHANT, NOON, REQUEST

BARE = replace(REQUEST, customer=None, payment_token=None)


def test_facts_of_bare_charge_say_what_is_unknown() -> None:
    known = known_of(BARE, None, NOON)
    unsure = {name for name, fact in FACTS.items() if fact.may_be_unknown}
    assert known.facts.keys() == {name for name in FACT_NAMES if name not in COUNTERS} - unsure
    assert {name for name in known.facts if name.startswith("has_") and known.facts[name]} == set()
    assert known.keys == {"merchant": MERCHANT}


def test_facts_of_known_customer_are_in_one_spelling() -> None:
    customer = CustomerContext(
        id="cus_1",
        email=" Ann@Shop.EXAMPLE ",
        ip="2001:db8::1",
        user_agent="Curl",
        device_id="d1",
        country="de",
    )
    card = CardInstrument(brand="Visa", country="us", funding="Credit", fingerprint="fp_1")
    request = replace(
        REQUEST, customer=customer, billing_country="fr", shipping_country="it", first_digits="424242"
    )
    known = known_of(request, card, NOON)
    assert {name: known.facts[name] for name, fact in FACTS.items() if fact.may_be_unknown} == {
        "customer_id": "cus_1",
        "email": "ann@shop.example",
        "email_domain": "shop.example",
        "ip": "2001:db8::1",
        "user_agent": "Curl",
        "device_id": "d1",
        "customer_country": "DE",
        "billing_country": "FR",
        "shipping_country": "IT",
        "card_fingerprint": "fp_1",
        "card_bin": "424242",
        "card_brand": "visa",
        "card_country": "US",
        "card_funding": "credit",
    }
    assert all(known.facts[f"has_{name}"] for name, fact in FACTS.items() if fact.may_be_unknown)
    assert known.facts["has_card"] is True
    assert known.facts["hour_utc"] == 12
    assert known.keys == {
        "ip": "2001:db8::/64",
        "email": "ann@shop.example",
        "email_domain": "shop.example",
        "customer": "cus_1",
        "device": "d1",
        "card": "pm_card_visa",
        "bin": "424242",
        "merchant": MERCHANT,
    }
    assert known.fingerprint == "fp_1"


def test_fact_of_empty_text_is_unknown() -> None:
    known = known_of(replace(BARE, customer=CustomerContext(id="", email="@")), None, NOON)
    assert known.facts["has_customer_id"] is False
    assert known.facts["has_email_domain"] is False
    assert "customer" not in known.keys


def test_email_of_charge_goes_before_that_of_customer() -> None:
    known = known_of(replace(REQUEST, email="other@example.com"), None, NOON)
    assert known.facts["email"] == "other@example.com"


def test_card_is_counted_by_token_until_fingerprint_is_known() -> None:
    assert known_of(REQUEST, None, NOON).keys["card"] == "pm_card_visa"
    by_number = known_of(replace(BARE, number_hmac="a1"), None, NOON)
    assert (by_number.keys["card"], by_number.facts["has_card"]) == ("a1", True)
    assert card_key(None, None, None) is None
    assert card_key("", "", "") is None


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.2", "192.0.2.2"),
        ("unknown", "unknown"),
    ],
)
def test_ipv6_network_of_64_bits_is_counted_as_one(ip: str, counted: str) -> None:
    known = known_of(replace(BARE, customer=CustomerContext(ip=ip)), None, NOON)
    assert (known.facts["ip"], known.keys["ip"]) == (ip, counted)
    assert address_key(ip) == counted


def test_email_is_the_same_with_the_dot_of_the_root() -> None:
    known = known_of(replace(REQUEST, email="ann@shop.example."), None, NOON)
    assert (known.facts["email"], known.facts["email_domain"]) == ("ann@shop.example", "shop.example")
    assert (known.keys["email"], known.keys["email_domain"]) == ("ann@shop.example", "shop.example")


def test_email_domain_of_address_without_one_is_unknown() -> None:
    assert [email_domain(text) for text in (None, "ann", "ann@", "a@b@C.example")] == [
        None,
        None,
        None,
        "c.example",
    ]


def test_counters_have_names_that_tell_them() -> None:
    assert COUNTERS["attempted_minor_by_email_domain_24h"] == Counter(
        "attempted_minor", "email_domain", "24h"
    )
    assert "distinct_cards_by_card_1h" not in COUNTERS
    assert "disputes_by_ip_1h" not in COUNTERS
    assert len(COUNTERS) == sum(len(one.keys) * len(one.windows) for one in MEASURES.values())
