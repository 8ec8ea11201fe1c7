"""A key may ask so many times a second, and for what it saved up at once; the headers say what is left."""

from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.http.rate_limit import RateLimiter
from fincore.write.merchants.api_key import Principal


def key(name: str = "key_a", *, livemode: bool = False) -> Principal:
    return Principal(merchant_id=MerchantId("mer_a"), key_id=ApiKeyId(name), kind="secret", livemode=livemode)


class Limited:
    """A limiter of 2 requests a second in test mode and 10 in live mode, and its clock."""

    def __init__(self, *, keys_max: int = 10) -> None:
        self.now = 1_000.0
        self.limiter = RateLimiter(
            live_per_second=10, test_per_second=2, keys_max=keys_max, monotonic=lambda: self.now
        )

    def allowed(self, who: Principal, count: int) -> int:
        """How many of some requests at once are allowed."""
        return sum(self.limiter.take(who).retry_after_seconds == 0 for _ in range(count))


def test_a_burst_is_allowed_and_what_is_beyond_is_refused() -> None:
    limited = Limited()
    assert limited.allowed(key(), 50) == 10
    assert limited.limiter.take(key()).retry_after_seconds == 1


def test_a_key_gets_its_rate_again_as_time_goes_by() -> None:
    limited = Limited()
    limited.allowed(key(), 50)
    limited.now += 1
    assert limited.allowed(key(), 50) == 2
    limited.now += 3_600
    assert limited.allowed(key(), 50) == 10


def test_clock_going_back_leaves_tokens_unchanged() -> None:
    limited = Limited()
    assert limited.allowed(key(), 5) == 5
    limited.now -= 100
    assert limited.allowed(key(), 50) == 5


def test_each_key_and_each_mode_has_a_limit_of_its_own() -> None:
    limited = Limited()
    assert limited.allowed(key(), 50) == 10
    assert limited.allowed(key("key_b"), 50) == 10
    assert limited.allowed(key("key_live", livemode=True), 99) == 50


def test_rate_limit_headers_show_policy_and_remaining() -> None:
    limited = Limited()
    assert limited.limiter.take(key()).headers == (
        ("ratelimit-policy", '"test";q=10;w=5'),
        ("ratelimit", '"test";r=9;t=1'),
    )
    limited.allowed(key(), 50)
    assert limited.limiter.take(key()).headers[1] == ("ratelimit", '"test";r=0;t=5')


def test_slow_rate_gives_retry_after() -> None:
    limiter = RateLimiter(live_per_second=1, test_per_second=0.1, monotonic=lambda: 0.0)
    assert [limiter.take(key()).retry_after_seconds for _ in range(2)] == [0, 10]


def test_the_number_of_keys_remembered_is_bounded() -> None:
    limited = Limited(keys_max=3)
    for number in range(100):
        limited.limiter.take(key(f"key_{number}"))
        limited.limiter.take(key("key_always"))
        assert len(limited.limiter) <= 3
    assert limited.allowed(key("key_always"), 50) == 0, "a key in use is not forgotten"
