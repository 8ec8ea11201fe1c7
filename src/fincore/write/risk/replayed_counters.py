"""The counters of attempts and of outcomes in memory, by a time that is given with each: they count as a store of risk counts. Pure.

What lies further back than a counter's window is dropped as time goes on. At most `COUNTERS_MAX` counters are kept, each of 0.3 to
6.7 kB; beyond that, the one that was touched longest ago is forgotten, and that is counted.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import floor
from typing import Final, NamedTuple

from fincore.write.risk.counted_outcomes import (
    COUNTED_SECONDS,
    Outcomes,
    no_outcomes,
    outcomes_since,
    outcomes_with,
)
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
    WINDOW_SECONDS,
    bucket_seconds,
    card_number_of,
    outcome_of,
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


class _KeptOutcomes(NamedTuple):
    """A counter of outcomes, and its newest second."""

    state: Outcomes
    newest: int


_OutcomeRow = OrderedDict[bytes, _KeptOutcomes]
_Row = OrderedDict[bytes, _Kept]
"""The counters of one window by their names, those touched longest ago first."""
_NEW: Final = _Kept(b"", 0)


class ReplayedCounters:
    """Counts attempts and outcomes in the order in which they are told.

    `forgotten`: counters that were dropped while they still counted.
    """

    def __init__(self, *, counters_max: int = COUNTERS_MAX) -> None:
        self._counters_max = counters_max
        self._rings: dict[Window, _Row] = {}
        self._card_sets: dict[Window, _Row] = {}
        self._outcomes: _OutcomeRow = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        return sum(map(len, self._rows()))

    def add_outcome(self, name: bytes, second: int, amount: int) -> None:
        """Add an amount to a counter of outcomes, at a second since 1970; all windows of it are one counter."""
        row = self._outcomes
        state = outcomes_with(row[name].state if name in row else no_outcomes(), second, amount)
        row[name] = _KeptOutcomes(state, max(row[name].newest, second) if name in row else second)
        row.move_to_end(name)
        while next(iter(row.values())).newest < second - COUNTED_SECONDS:
            row.popitem(last=False)
        self._forget()

    def observe(
        self, observation: Observation, counters: Iterable[Counter], at: datetime
    ) -> dict[Counter, int]:
        """Count an attempt once in those of the counters that count attempts, and read all of them with it.

        Those that are unknown of the attempt are left out; a counter of outcomes of which nothing was told is 0.
        """
        second = floor(at.timestamp())
        card = None if observation.card is None else card_number_of(observation.card)
        counts: dict[Counter, int] = {}
        for counter in counters:
            for value in observation.values_of(counter.key):
                if counter.measure not in ATTEMPT_MEASURES:
                    count = self._outcomes_of(observation, counter, value, second)
                    counts[counter] = max(count, counts.get(counter, count))
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
                    counts[counter] = max(total_of(ring), counts.get(counter, 0))
                elif card is not None:
                    sets = self._card_sets.setdefault(counter.window, OrderedDict())
                    cards = cards_with(cards_of_bytes(sets.get(name, _NEW).written), bucket, card)
                    _put(sets, name, _Kept(bytes_of_cards(cards), cards[-1].bucket), bucket)
                    counts[counter] = len(cards)
        self._forget()
        return counts

    def _outcomes_of(self, observation: Observation, counter: Counter, value: str, second: int) -> int:
        """What a counter of outcomes has come to for an attempt."""
        name = outcome_of(
            counter.measure,
            counter.key,
            value,
            merchant_id=observation.merchant_id,
            livemode=observation.livemode,
            currency=observation.money.currency,
        )
        kept = self._outcomes.get(name)
        return 0 if kept is None else outcomes_since(kept.state, second - WINDOW_SECONDS[counter.window])

    def _forget(self) -> None:
        while len(self) > self._counters_max:
            max(self._rows(), key=len).popitem(last=False)
            self.forgotten += 1

    def _rows(self) -> "Sequence[_Row | _OutcomeRow]":
        return [*self._rings.values(), *self._card_sets.values(), self._outcomes]


def _put(row: _Row, name: bytes, counter: _Kept, bucket: int) -> None:
    """Put a counter behind all others of its window; those in front that count nothing any more are dropped."""
    row[name] = counter
    row.move_to_end(name)
    while next(iter(row.values())).newest < bucket - _KEPT_BUCKETS:
        row.popitem(last=False)
