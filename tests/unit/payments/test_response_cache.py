"""The cache in front of the rows of idempotency keys, and whether a stored response is final."""

from datetime import UTC, datetime, timedelta

from fincore.domain.ids import MerchantId
from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.write.payments.in_flight import CLOCK_SKEW_SECONDS_MAX, is_in_flight
from fincore.write.payments.response_cache import CACHE_SECONDS, ResponseCache

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def key(name: str) -> IdempotencyKey:
    return IdempotencyKey(MerchantId("mer_1"), False, name)


def answer(body: bytes = b"{}", *, in_flight_until: datetime | None = None) -> StoredResponse:
    return StoredResponse(
        fingerprint=b"f", response=RenderedResponse(201, body), in_flight_until=in_flight_until
    )


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
