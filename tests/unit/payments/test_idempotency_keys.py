"""Reading keys, fingerprints, and the cache in front of the rows."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from fincore.domain.ids import MerchantId
from fincore.eventstore.commit import IdempotencyKey, Response, StoredResponse
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.idempotency import (
    CACHE_SECONDS,
    CLOCK_SKEW_SECONDS_MAX,
    ResponseCache,
    fingerprint_of,
    is_in_flight,
    read_key,
)

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
GOOD = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")


def key(name: str) -> IdempotencyKey:
    return IdempotencyKey(MerchantId("mer_1"), False, name)


def answer(body: bytes = b"{}", *, in_flight_until: datetime | None = None) -> StoredResponse:
    return StoredResponse(fingerprint=b"f", response=Response(201, body), in_flight_until=in_flight_until)


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


def test_answer_is_in_flight_until_deadline_plus_clock_skew() -> None:
    in_flight = answer(in_flight_until=NOON)
    last = NOON + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
    assert is_in_flight(in_flight, last - timedelta(microseconds=1))
    assert not is_in_flight(in_flight, last)
    assert not is_in_flight(answer(), NOON)


def test_cache_evicts_least_recently_used_answer() -> None:
    cache = ResponseCache(entries_max=2)
    cache.put(key("a"), answer())
    cache.put(key("b"), answer())
    cache.get(key("a"))
    cache.put(key("c"), answer())
    assert (cache.get(key("a")), cache.get(key("b")), cache.get(key("c"))) == (answer(), None, answer())


def test_the_cache_holds_no_more_bytes_than_it_may() -> None:
    cache = ResponseCache(bytes_max=10)
    for name in "abc":
        cache.put(key(name), answer(b"1234"))
    assert (cache.get(key("a")), len(cache)) == (None, 2)
    cache.put(key("b"), answer(b"12"))  # replaced, not added
    cache.put(key("d"), answer(b"1234"))
    assert len(cache) == 3
    cache.put(key("e"), answer(b"x" * 11))
    assert len(cache) == 0


def test_the_cache_forgets_long_before_the_rows_are_purged() -> None:
    now = 0.0
    cache = ResponseCache(monotonic=lambda: now)
    cache.put(key("a"), answer())
    now = CACHE_SECONDS - 0.1
    assert cache.get(key("a")) == answer()
    now = CACHE_SECONDS
    assert cache.get(key("a")) is None
    assert len(cache) == 0


def test_keys_of_other_merchants_and_modes_are_other_keys() -> None:
    cache = ResponseCache()
    cache.put(key("a"), answer())
    assert cache.get(IdempotencyKey(MerchantId("mer_2"), False, "a")) is None
    assert cache.get(IdempotencyKey(MerchantId("mer_1"), True, "a")) is None
