"""Observations that wait to be counted: a queue for each merchant and mode, taken in turn, so that none holds up the others."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from fincore.domain.errors import Overloaded
from fincore.domain.ids import MerchantId
from fincore.write.risk.observation_rows import Question

OBSERVATIONS_WAITING_MAX: Final = 10_000
"""Observations queued in one process; one more is answered `Overloaded`."""
OBSERVATIONS_OF_ONE_MAX: Final = 2_000
"""The same for one merchant and mode; the others go on."""
PASSED_OVER_MAX: Final = 1_000
"""Observations of one merchant and mode that stay queued, because their items are busy, while what comes after them is taken."""


class Owner(NamedTuple):
    """The merchant and mode that an observation is about: no counter is of two."""

    merchant_id: MerchantId
    livemode: bool


class Waiting(NamedTuple):
    """An observation, or a part of one: the ids of the items that it is about, and the future that its caller awaits."""

    question: Question
    items: frozenset[bytes]
    answer: asyncio.Future[dict[int, int]]


class AttemptQueue:
    """The queues of one process. What is taken from one keeps its order, but for what is passed over."""

    def __init__(
        self, *, waiting_max: int = OBSERVATIONS_WAITING_MAX, of_one_max: int = OBSERVATIONS_OF_ONE_MAX
    ) -> None:
        self._waiting_max = waiting_max
        self._of_one_max = of_one_max
        self._waiting = 0
        # In the order of their turns; none is empty.
        self._queues: dict[Owner, deque[Waiting]] = {}

    def add(self, owner: Owner, parts: Sequence[Waiting]) -> None:
        """Queue all parts of an observation, or none: raises `Overloaded` where they do not fit."""
        if self._waiting + len(parts) > self._waiting_max:
            raise Overloaded("the queue of the risk store")
        if len(self._queues.get(owner, ())) + len(parts) > self._of_one_max:
            raise Overloaded("this merchant's queue of the risk store")
        if parts:
            self._queues.setdefault(owner, deque()).extend(parts)
            self._waiting += len(parts)

    def take(self, busy: Collection[bytes], *, items_max: int) -> list[Waiting]:
        """Take what is about no busy item and about `items_max` items together.

        The queue that has its turn comes first, and the others fill up what it leaves. Those from which something was taken have
        their next turn after all others.
        """
        batch: list[Waiting] = []
        items: set[bytes] = set()
        for owner in tuple(self._queues):
            queue = self._queues[owner]
            taken, is_full = _take_from(queue, busy, items, items_max=items_max)
            if taken:
                batch += taken
                del self._queues[owner]
                if queue:
                    self._queues[owner] = queue
            if is_full:
                break
        self._waiting -= len(batch)
        return batch


def _take_from(
    queue: deque[Waiting], busy: Collection[bytes], items: set[bytes], *, items_max: int
) -> tuple[list[Waiting], bool]:
    """What is taken from a queue, and whether the next does not fit; the items of what is taken are added to `items`."""
    taken: list[Waiting] = []
    passed_over: list[Waiting] = []
    is_full = False
    while queue and not is_full and len(passed_over) < PASSED_OVER_MAX:
        waiting = queue.popleft()
        if not waiting.items.isdisjoint(busy):
            passed_over.append(waiting)
        elif len(items | waiting.items) > items_max:
            passed_over.append(waiting)
            is_full = True
        else:
            items |= waiting.items
            taken.append(waiting)
    queue.extendleft(reversed(passed_over))
    return taken, is_full
