"""By what requests of merchants are counted: the class of the key that they show, purpose and result."""

from base64 import b64encode

import pytest
from prometheus_client import REGISTRY

from fincore.http.merchant_requests import KeyClass, count_request, key_class_of

KEY = b"sk_live_" + b"a" * 32
LIVE = KeyClass("live", "secret")
UNKNOWN = KeyClass("unknown", "unknown")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Bearer " + KEY, LIVE),
        (b"bearer  " + KEY, LIVE),
        (b"Basic " + b64encode(KEY + b":"), LIVE),
        (b"Bearer pk_test_" + b"a" * 32, KeyClass("test", "publishable")),
        (b"Bearer hostile_" + b"a" * 100_000, UNKNOWN),
        (b"Basic not base64", UNKNOWN),
        (b"", UNKNOWN),
    ],
    ids=["bearer", "spaces", "basic", "publishable", "foreign", "no base64", "empty"],
)
def test_class_of_key_is_read_from_its_text(header: bytes, expected: KeyClass) -> None:
    assert key_class_of([(b"host", b"x"), (b"authorization", header)]) == expected


def test_request_without_key_is_of_an_unknown_class() -> None:
    assert key_class_of([(b"host", b"x")]) == UNKNOWN


@pytest.mark.parametrize(
    ("method", "status", "purpose", "result"),
    [
        ("POST", 201, "accept", "answered"),
        ("POST", 402, "accept", "answered"),
        ("GET", 429, "read", "limited"),
        ("POST", 401, "accept", "unauthorized"),
        ("DELETE", 503, "accept", "unavailable"),
        ("HEAD", 500, "read", "failed"),
    ],
)
def test_answer_is_counted_by_purpose_and_result(method: str, status: int, purpose: str, result: str) -> None:
    labels = {"mode": "live", "key": "secret", "purpose": purpose}
    before = REGISTRY.get_sample_value("fincore_merchant_requests_total", {**labels, "result": result})
    measured = REGISTRY.get_sample_value("fincore_merchant_request_seconds_count", labels)
    assert before is not None
    assert measured is not None
    headers = [(b"authorization", b"Bearer " + KEY)]
    count_request(headers, method, status, 0.01, has_waited=False)
    count_request(headers, method, status, 9.0, has_waited=True)
    after = REGISTRY.get_sample_value("fincore_merchant_requests_total", {**labels, "result": result})
    assert after == before + 2
    is_measured = result == "answered"
    assert (
        REGISTRY.get_sample_value("fincore_merchant_request_seconds_count", labels) == measured + is_measured
    )


def test_strangers_make_no_further_series() -> None:
    def series() -> int:
        return sum(
            len(family.samples)
            for family in REGISTRY.collect()
            if family.name.startswith("fincore_merchant_request")
        )

    before = series()
    for number in range(200):
        count_request(
            [(b"authorization", b"Bearer sk_%d" % number)], f"M{number}", 200, 1.0, has_waited=False
        )
    assert series() == before
