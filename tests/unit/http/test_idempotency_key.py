"""Reading the header of an idempotency key, and fingerprints of requests."""

from hashlib import sha256

import pytest

from fincore.http.idempotency_key import fingerprint_of, read_key
from fincore.write.payments.charge_request import ChargeRequest

GOOD = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a", "a"),
        ('"a"', "a"),
        ('"a b, c"', "a b, c"),
        ('"\\"\\\\"', '"\\'),
        ("~!#$%&'()*+-./:;<=>?@[\\]^_`{|}", "~!#$%&'()*+-./:;<=>?@[\\]^_`{|}"),
        ("x" * 255, "x" * 255),
        (f'"{"x" * 255}"', "x" * 255),
        ("4242424242424241", "4242424242424241"),  # sixteen digits, but no card
    ],
)
def test_a_key_is_the_same_bare_or_quoted(header: str, expected: str) -> None:
    assert read_key(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        '""',
        '"',
        "a b",
        "a,b",
        'a"',
        '"a',
        '"a"b"',
        '"a\\"',
        '"\\a"',
        '"a";b',
        "a\n",
        "a\0",
        "é",
        "x" * 256,
        f'"{"x" * 256}"',
        "4242424242424242",
        '"4242 4242 4242 4242"',
    ],
)
def test_malformed_idempotency_key_header_reads_as_none(header: str) -> None:
    assert read_key(header) is None


def test_fingerprint_covers_method_path_and_body() -> None:
    same = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1", capture=True, metadata={})
    assert fingerprint_of("POST", "/v1/charges", GOOD) == fingerprint_of("POST", "/v1/charges", same)
    ordered = [
        ChargeRequest(amount_minor=1, currency="usd", payment_method="p", metadata=metadata)
        for metadata in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    ]
    assert len({fingerprint_of("POST", "/v1/charges", request) for request in ordered}) == 1
    others = {
        fingerprint_of("POST", "/v1/charges", GOOD),
        fingerprint_of("PUT", "/v1/charges", GOOD),
        fingerprint_of("POST", "/v1/charge", GOOD),
        *(fingerprint_of("POST", "/v1/charges", request) for request in ordered),
        fingerprint_of(
            "POST",
            "/v1/charges",
            ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1", capture=False),
        ),
    }
    assert len(others) == 5


def test_fingerprint_is_stable_across_versions() -> None:
    canonical = b'POST /v1/charges\n{"amount_minor":1,"currency":"usd","payment_method":"pm_1"}'
    assert fingerprint_of("POST", "/v1/charges", GOOD) == sha256(canonical).digest()
