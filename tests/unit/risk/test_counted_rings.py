"""How counters are written as bytes, and what of an attempt is remembered, in stores of versioned items."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fincore.write.risk.counted_batch import ATTEMPT_RINGS_MAX, Item, count_batch
from fincore.write.risk.counted_rings import (
    TOTAL_MAX,
    CardSet,
    Ring,
    bytes_of_cards,
    bytes_of_ring,
    cards_of_bytes,
    cards_with,
    ring_of_bytes,
    ring_with,
    total_of,
)
from fincore.write.risk.observation_rows import Question, Step

AMOUNT_MAX = 999_999_999_999_999
SEEN = st.lists(st.tuples(st.integers(-5, 500), st.integers(-(2**63), 2**63 - 1)), max_size=300)
"""Buckets, in any order, as clocks of several processes tell them, with cards or amounts."""


@given(SEEN)
def test_ring_is_read_as_it_was_written(seen: list[tuple[int, int]]) -> None:
    ring: Ring = ()
    for bucket, number in seen:
        ring = ring_with(ring, bucket, abs(number) % AMOUNT_MAX)
        written = bytes_of_ring(ring)
        assert ring_of_bytes(written) == ring
        assert len(written) <= 557


@given(SEEN)
def test_cards_are_read_as_they_were_written(seen: list[tuple[int, int]]) -> None:
    cards: CardSet = ()
    for bucket, card in seen:
        cards = cards_with(cards, bucket, card)
        assert cards[-1].card == card
        assert all(one.bucket <= other.bucket for one, other in pairwise(cards))
    assert cards_of_bytes(bytes_of_cards(cards)) == cards
    assert len(bytes_of_cards(cards)) <= 2_258


def test_counter_at_its_bound_does_not_overflow() -> None:
    ring = ring_with((), 1, TOTAL_MAX)
    ring = ring_with(ring_with(ring, 1, AMOUNT_MAX), 1, AMOUNT_MAX)
    assert TOTAL_MAX < total_of(ring) < 2**63
    assert ring_of_bytes(bytes_of_ring(ring)) == ring


def test_attempt_in_too_many_counters_counts_again() -> None:
    """It is never lower for that, and its item does not grow without end."""
    items: dict[bytes, Item] = {}

    def count(first: int, steps: int) -> list[int]:
        asked = tuple(Step(n, n.to_bytes(16), 60, False, 1, None) for n in range(first, first + steps))
        question = Question("mer_1", b"attempt-of-16-by", (), asked, (), (), ())
        counted = count_batch([question], items, now_seconds=1_000, attempts_kept_for=timedelta(hours=72))
        items.update({write.item_id: Item(b"v", write.state) for write in counted.writes})
        return [counted.answers[0][n] for n in range(first, first + steps)]

    for first in range(0, ATTEMPT_RINGS_MAX, 64):
        assert count(first, 64) == [1] * 64
    assert count(ATTEMPT_RINGS_MAX, 3) == [1] * 3
    assert count(ATTEMPT_RINGS_MAX, 3) == [2] * 3
    assert count(0, 64) == [1] * 64
    assert len(items[b"aattempt-of-16-by"].state) == 8 + 16 * ATTEMPT_RINGS_MAX


def test_what_is_relied_on_is_all_that_is_not_written() -> None:
    step = Step(0, b"ring-of-16-bytes", 60, False, 1, None)
    question = Question("mer_1", b"attempt-of-16-by", (), (step,), (), (), ())
    first = count_batch([question], {}, now_seconds=1_000, attempts_kept_for=timedelta(hours=72))
    assert {write.item_id for write in first.writes} == {b"aattempt-of-16-by", b"rring-of-16-bytes"}
    assert first.relied_on == frozenset()
    items = {write.item_id: Item(b"v", write.state) for write in first.writes}
    again = count_batch([question], items, now_seconds=1_001, attempts_kept_for=timedelta(hours=72))
    assert again.writes == ()
    assert again.relied_on == {b"aattempt-of-16-by", b"rring-of-16-bytes"}
    assert [*first.answers, *again.answers] == [{0: 1}, {0: 1}]
