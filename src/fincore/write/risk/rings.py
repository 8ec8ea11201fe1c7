"""How counters are named and how their time is divided, in every store alike. Pure.

A window is counted in buckets of a 60th of it. The oldest bucket counts whole: a count is never lower than what happened in the
window, and higher by what happened in one bucket at most.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, Literal

from fincore.domain.ids import MerchantId
from fincore.write.risk.store import Counter, Key, Measure, Observation, Window

BUCKETS_PER_WINDOW: Final = 60
WINDOW_SECONDS: Final[Mapping[Window, int]] = MappingProxyType(
    {"1m": 60, "10m": 600, "1h": 3_600, "24h": 86_400, "7d": 604_800}
)
ATTEMPTS_KEPT_FOR: Final = timedelta(hours=72)
"""How long a repeated request counts no further attempt. Idempotency keys are kept as long: after that, the same key is of another
request."""
DISTINCT_CARDS_MAX: Final = 250
"""How many different cards are told apart for one key: a count of `distinct_cards` goes no higher."""

ATTEMPT_MEASURES: Final[frozenset[Measure]] = frozenset({"attempts", "attempted_minor", "distinct_cards"})
"""What an attempt itself is counted in; the other measures follow the log."""
SUMS: Final[frozenset[Measure]] = frozenset({"attempted_minor", "captured_minor"})
"""The sums of amounts, each in one currency."""

RING_BYTES: Final = 16
NAMES_KEPT_MAX: Final = 10_000
"""Names of counters, without the value, that a process keeps."""


def bucket_seconds(window: Window) -> int:
    """How long a bucket of a window is."""
    return WINDOW_SECONDS[window] // BUCKETS_PER_WINDOW


def ring_of(counter: Counter, value: str, *, merchant_id: MerchantId, livemode: bool, currency: str) -> bytes:
    """The name of a counter for one value of its key: a hash that is other for each merchant and mode, 16 bytes.

    No store holds the value itself. It can be guessed from the hash by trying values, as any e-mail address can.
    """
    name = _name_of(*counter, merchant_id=merchant_id, livemode=livemode, currency=currency)
    return _hash(name, value)


def outcome_of(
    measure: Measure, key: Key, value: str, *, merchant_id: MerchantId, livemode: bool, currency: str
) -> bytes:
    """The same for what becomes of charges, which is kept for all windows together."""
    name = _name_of(measure, key, "", merchant_id=merchant_id, livemode=livemode, currency=currency)
    return _hash(name, value)


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _name_of(
    measure: Measure,
    key: Key,
    window: Window | Literal[""],
    *,
    merchant_id: MerchantId,
    livemode: bool,
    currency: str,
) -> bytes:
    """What stands before the value: it comes last, and none of the others holds a NUL, so that no two names run into each other."""
    of_currency = currency if measure in SUMS else ""
    return f"{merchant_id}\0{livemode:d}\0{measure}\0{key}\0{window}\0{of_currency}\0".encode()


def _hash(name: bytes, value: str) -> bytes:
    return blake2b(name + value.encode("utf-8", "surrogatepass"), digest_size=RING_BYTES).digest()


def card_number_of(card: str) -> int:
    """What stands for a card among the different cards of a counter: a hash, as a signed number of 64 bits."""
    return int.from_bytes(blake2b(card.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def attempt_of(observation: Observation) -> bytes:
    """What an attempt is told apart by, 16 bytes.

    A request that is refused may come again under its idempotency key with another body: that is another attempt.
    """
    parts = [observation.money.currency, str(observation.money.amount_minor), observation.card or ""]
    parts += [f"{key}={observation.values[key]}" for key in sorted(observation.values)]
    text = "\0".join(parts)
    return blake2b(
        observation.dedupe + text.encode("utf-8", "surrogatepass"), digest_size=RING_BYTES
    ).digest()
