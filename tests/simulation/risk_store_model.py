"""The risk store in memory: it counts each attempt once, exactly, and is away, slow or gone with its answer when it is told to be."""

from collections import deque
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from fincore.domain.clock import Clock
from fincore.domain.errors import StoreUnavailable
from fincore.write.risk.rings import WINDOW_SECONDS
from fincore.write.risk.store import Counter, Membership, Observation, Readings
from simulation.errands import gate

Trouble = Literal["none", "away", "slow", "lost_answer"]
"""What goes wrong with a call. `slow`: nothing is counted within the caller's bound; `lost_answer`: it is counted, and not told."""
TROUBLES: Final[tuple[Trouble, ...]] = ("none", "away", "slow", "lost_answer")


class _Attempt(NamedTuple):
    observation: Observation
    at: datetime


class RiskStoreModel:
    """A `RiskStore` of all processes. It knows counters of attempts, and no lists."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempts: dict[bytes, _Attempt] = {}
        self.troubles: deque[Trouble] = deque()
        """What goes wrong with the next calls."""

    async def observe(
        self, observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        assert not memberships
        await gate("risk store")
        trouble = self.troubles.popleft() if self.troubles else "none"
        if trouble == "away":
            raise StoreUnavailable
        if trouble == "slow":
            raise TimeoutError
        self._attempts.setdefault(observation.dedupe, _Attempt(observation, self._clock.now()))
        counts = {counter: self._count(observation, counter) for counter in counters}
        await gate("risk counted")
        if trouble == "lost_answer":
            raise TimeoutError
        return Readings(counts=counts)

    def counted_at(self, dedupe: bytes) -> datetime:
        """When a request was counted, which it is once however often it is sent."""
        return self._attempts[dedupe].at

    def _count(self, asking: Observation, counter: Counter) -> int:
        assert counter.measure == "attempts"
        since = self._clock.now() - timedelta(seconds=WINDOW_SECONDS[counter.window])
        scope = (asking.merchant_id, asking.livemode, asking.values[counter.key])
        return sum(
            at > since and (one.merchant_id, one.livemode, one.values.get(counter.key)) == scope
            for one, at in self._attempts.values()
        )
