"""Observations that wait to be counted are taken merchant by merchant, in turn."""

import asyncio
from collections.abc import Collection

import pytest

from fincore.domain.errors import Overloaded
from fincore.domain.ids import new_merchant_id
from fincore.write.risk.attempt_queue import PASSED_OVER_MAX, AttemptQueue, Owner, Waiting
from fincore.write.risk.observation_rows import Question

LARGE, SMALL, OTHER = (Owner(new_merchant_id(), livemode=True) for _ in range(3))


def about(number: int, *items: str) -> Waiting:
    """An observation, known by its number, about some items."""
    question = Question(str(number), b"", (), (), (), (), ())
    return Waiting(question, frozenset(item.encode() for item in items), asyncio.Future())


def taken(queue: AttemptQueue, *, busy: Collection[bytes] = (), items_max: int = 2) -> list[int]:
    return [int(one.question.merchant_id) for one in queue.take(frozenset(busy), items_max=items_max)]


async def test_merchants_are_taken_in_turn() -> None:
    queue = AttemptQueue()
    queue.add(LARGE, [about(number, f"large-{number}") for number in range(5)])
    queue.add(SMALL, [about(10, "small")])
    queue.add(OTHER, [about(20, "other"), about(21, "other-1")])
    assert [taken(queue) for _ in range(6)] == [[0, 1], [10, 20], [2, 3], [21, 4], [], []]


async def test_busy_items_of_a_merchant_hold_up_no_other() -> None:
    queue = AttemptQueue()
    queue.add(LARGE, [about(number, "hot") for number in range(PASSED_OVER_MAX + 1)])
    queue.add(SMALL, [about(-1, "small")])
    assert taken(queue, busy=[b"hot"]) == [-1]
    assert taken(queue, busy=[b"hot"]) == []
    assert taken(queue) == list(range(PASSED_OVER_MAX + 1))


async def test_merchant_passed_over_keeps_its_turn() -> None:
    queue = AttemptQueue()
    queue.add(LARGE, [about(0, "hot"), about(1, "hot")])
    queue.add(SMALL, [about(number, f"small-{number}") for number in range(10, 14)])
    queue.add(OTHER, [about(20, "other")])
    assert taken(queue, busy=[b"hot"]) == [10, 11]
    assert taken(queue, items_max=1) == [0, 1]


async def test_what_is_passed_over_stays_in_its_order() -> None:
    queue = AttemptQueue()
    queue.add(LARGE, [about(0, "a"), about(1, "b"), about(2, "a"), about(3, "c"), about(4, "d")])
    assert taken(queue, busy=[b"a"]) == [1, 3]
    assert taken(queue) == [0, 2, 4]


async def test_full_queue_of_a_merchant_stops_no_other() -> None:
    queue = AttemptQueue(of_one_max=2)
    queue.add(LARGE, [about(0, "a")])
    with pytest.raises(Overloaded, match="this merchant"):
        queue.add(LARGE, [about(1, "b"), about(2, "c")])
    queue.add(LARGE, [about(3, "d")])
    queue.add(LARGE._replace(livemode=False), [about(4, "e")])
    queue.add(SMALL, [about(5, "f")])
    assert taken(queue, items_max=9) == [0, 3, 4, 5]
    queue.add(LARGE, [about(6, "a"), about(7, "b")])


async def test_full_queues_of_all_merchants_are_told() -> None:
    queue = AttemptQueue(waiting_max=2)
    queue.add(LARGE, [about(0, "a")])
    queue.add(SMALL, [about(1, "b")])
    with pytest.raises(Overloaded, match="the queue of the risk store"):
        queue.add(OTHER, [about(2, "c")])
    assert taken(queue) == [0, 1]
    queue.add(OTHER, [about(3, "c")])
    assert taken(queue) == [3]
