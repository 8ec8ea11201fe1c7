"""What a batch of attempts changes in a store of versioned items, and what it reads there. Pure.

An attempt has an item that says when it was counted and in which counters; a counter has one. What a batch reads and writes is
written or checked by one transaction, which fails where any of its items has changed since it was read. So attempts count in one
order everywhere, each once, and none reads a counter without itself.
"""

import struct
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
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
from fincore.write.risk.observation_rows import Question, Step
from fincore.write.risk.rings import BUCKETS_PER_WINDOW, RING_BYTES

ATTEMPT_RINGS_MAX: Final = 512
"""In how many counters an attempt is known to be counted. In one more, a repetition counts again."""

_COUNTED_AT: Final = struct.Struct(">q")


class Item(NamedTuple):
    """An item as it is stored. `version` is another one after every change."""

    version: bytes
    state: bytes


class Write(NamedTuple):
    """A state to store in an item. It counts nothing from `lapses_at` on, in seconds since 1970."""

    item_id: bytes
    state: bytes
    lapses_at: int


class CountedBatch(NamedTuple):
    """What a batch changes; which items it only relies on; and the answers, one to each question, by the places asked."""

    writes: tuple[Write, ...]
    relied_on: frozenset[bytes]
    answers: tuple[Mapping[int, int], ...]


def attempt_item(question: Question) -> bytes:
    """The id of the item of an attempt."""
    return b"a" + question.attempt


def counter_item(step: Step) -> bytes:
    """The id of the item of a counter."""
    return (b"c" if step.is_set else b"r") + step.ring


def items_of(question: Question) -> frozenset[bytes]:
    """The ids of all items that a question is about."""
    return frozenset((attempt_item(question), *map(counter_item, question.steps)))


def count_batch(
    questions: Sequence[Question],
    found: Mapping[bytes, Item],
    *,
    now_seconds: int,
    attempts_kept_for: timedelta,
) -> CountedBatch:
    """Count the attempts of some questions, one after the other, in the items that were found; those not found are new."""
    batch = _Batch({item_id: item.state for item_id, item in found.items()}, now_seconds, attempts_kept_for)
    answers = tuple(batch.count(question) for question in questions)
    read = frozenset[bytes]().union(*map(items_of, questions))
    return CountedBatch(tuple(batch.writes.values()), read - batch.writes.keys(), answers)


class _Batch:
    """The states of items, as the attempts counted so far leave them."""

    def __init__(self, states: dict[bytes, bytes], now_seconds: int, attempts_kept_for: timedelta) -> None:
        self._states = states
        self._now_seconds = now_seconds
        self._kept_seconds = int(attempts_kept_for.total_seconds())
        self.writes: dict[bytes, Write] = {}

    def count(self, question: Question) -> dict[int, int]:
        item_id = attempt_item(question)
        counted_at, before = self._counted(item_id)
        answers: dict[int, int] = {}
        for step in question.steps:
            counted = self._step(step, is_new=step.ring not in before)
            answers[step.place] = max(counted, answers.get(step.place, counted))
        fresh = [step.ring for step in question.steps if step.ring not in before]
        room = ATTEMPT_RINGS_MAX - len(before)
        if added := list(dict.fromkeys(fresh))[: max(room, 0)]:
            state = _COUNTED_AT.pack(counted_at) + b"".join((*before, *added))
            self._write(item_id, state, counted_at + self._kept_seconds)
        return answers

    def _counted(self, item_id: bytes) -> tuple[int, Collection[bytes]]:
        """When an attempt was counted first, and in which counters; an item past its time says nothing."""
        state = self._states.get(item_id)
        if state is None:
            return self._now_seconds, ()
        (counted_at,) = _COUNTED_AT.unpack_from(state)
        if abs(self._now_seconds - counted_at) > self._kept_seconds:
            return self._now_seconds, ()
        rings = range(_COUNTED_AT.size, len(state), RING_BYTES)
        return counted_at, dict.fromkeys(state[place : place + RING_BYTES] for place in rings)

    def _step(self, step: Step, *, is_new: bool) -> int:
        """Count in one counter where that is not done yet; return what it has then."""
        item_id = counter_item(step)
        before = self._states.get(item_id, b"")
        bucket = self._now_seconds // step.bucket_seconds
        if step.is_set:
            cards = cards_with(cards_of_bytes(before), bucket, step.card if is_new else None)
            counted, state, newest = (
                len(cards),
                bytes_of_cards(cards),
                max((one.bucket for one in cards), default=bucket),
            )
        else:
            ring = ring_with(ring_of_bytes(before), bucket, step.amount if is_new else 0)
            counted, state, newest = (
                total_of(ring),
                bytes_of_ring(ring),
                max((one.bucket for one in ring), default=bucket),
            )
        if is_new:
            lapses_at = (newest + BUCKETS_PER_WINDOW + 2) * step.bucket_seconds
            self._write(item_id, state, lapses_at)
        return counted

    def _write(self, item_id: bytes, state: bytes, lapses_at: int) -> None:
        self._states[item_id] = state
        self.writes[item_id] = Write(item_id, state, lapses_at)


def parts_of(question: Question, *, items_max: int) -> list[Question]:
    """A question as several about the same attempt, none of them about more items than that."""
    size = items_max - 1
    return [
        question._replace(steps=question.steps[first : first + size])
        for first in range(0, len(question.steps), size)
    ]
