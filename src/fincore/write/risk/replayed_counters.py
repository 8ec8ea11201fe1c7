"""The counters of attempts in memory, by a time that is given with each of them: they count as a store of risk counts. Pure.

What lies further back than a counter's window is dropped as time goes on. At most `COUNTERS_MAX` counters are kept, each of 0.3 to
2.5 kB; beyond that, the one that was touched longest ago is forgotten, and that is counted.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from math import floor
from typing import Final, NamedTuple

from fincore.write.risk.counted_rings import (
    bytes_of_cards,
    bytes_of_ring,
    cards_of_bytes,
    cards_with,
    ring_of_bytes,
    ring_with,
    total_of,
)
from fincore.write.risk.rings import (
    ATTEMPT_MEASURES,
    BUCKETS_PER_WINDOW,
    bucket_seconds,
    card_number_of,
    ring_of,
)
from fincore.write.risk.store import Counter, Observation, Window

COUNTERS_MAX: Final = 1_000_000
_KEPT_BUCKETS: Final = 2 * BUCKETS_PER_WINDOW
"""A counter is dropped one window after it counts nothing any more: charges stand in the log a little out of the order of their times."""


class _Kept(NamedTuple):
    """A counter as bytes, which take a tenth of the memory, and its newest bucket."""

    written: bytes
    newest: int


_Row = OrderedDict[bytes, _Kept]
"""The counters of one window by their names, those touched longest ago first."""
_NEW: Final = _Kept(b"", 0)


class ReplayedCounters:
    """Counts attempts in the order in which they are told. `forgotten`: counters that were dropped while they still counted."""

    def __init__(self, *, counters_max: int = COUNTERS_MAX) -> None:
        self._counters_max = counters_max
        self._rings: dict[Window, _Row] = {}
        self._card_sets: dict[Window, _Row] = {}
        self.forgotten = 0

    def __len__(self) -> int:
        return sum(map(len, self._rings.values())) + sum(map(len, self._card_sets.values()))

    def observe(
        self, observation: Observation, counters: Iterable[Counter], at: datetime
    ) -> dict[Counter, int]:
        """Count an attempt once in those of the counters that count attempts, and read them with it.

        Counters of outcomes, and those that are unknown of the attempt, are left out.
        """
        second = floor(at.timestamp())
        card = None if observation.card is None else card_number_of(observation.card)
        counts: dict[Counter, int] = {}
        for counter in counters:
            value = observation.values.get(counter.key)
            if value is None or counter.measure not in ATTEMPT_MEASURES:
                continue
            name = ring_of(
                counter,
                value,
                merchant_id=observation.merchant_id,
                livemode=observation.livemode,
                currency=observation.money.currency,
            )
            bucket = second // bucket_seconds(counter.window)
            if counter.measure != "distinct_cards":
                amount = observation.money.amount_minor if counter.measure == "attempted_minor" else 1
                rings = self._rings.setdefault(counter.window, OrderedDict())
                ring = ring_with(ring_of_bytes(rings.get(name, _NEW).written), bucket, amount)
                _put(rings, name, _Kept(bytes_of_ring(ring), ring[-1].bucket), bucket)
                counts[counter] = total_of(ring)
            elif card is not None:
                sets = self._card_sets.setdefault(counter.window, OrderedDict())
                cards = cards_with(cards_of_bytes(sets.get(name, _NEW).written), bucket, card)
                _put(sets, name, _Kept(bytes_of_cards(cards), cards[-1].bucket), bucket)
                counts[counter] = len(cards)
        while len(self) > self._counters_max:
            rows = [*self._rings.values(), *self._card_sets.values()]
            max(rows, key=len).popitem(last=False)
            self.forgotten += 1
        return counts


def _put(row: _Row, name: bytes, counter: _Kept, bucket: int) -> None:
    """Put a counter behind all others of its window; those in front that count nothing any more are dropped."""
    row[name] = counter
    row.move_to_end(name)
    while next(iter(row.values())).newest < bucket - _KEPT_BUCKETS:
        row.popitem(last=False)
