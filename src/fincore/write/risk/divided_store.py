"""The risk store where attempts are counted in a store of their own; outcomes and lists are asked of another, at the same time."""

import asyncio
from collections.abc import Collection

from fincore.write.risk.rings import ATTEMPT_MEASURES
from fincore.write.risk.store import Counter, Membership, Observation, Readings, RiskStore


class DividedRiskStore:
    """A `RiskStore`. Where one of the two does not answer, nothing is known, as the port says."""

    def __init__(self, *, attempts: RiskStore, others: RiskStore) -> None:
        self._attempts = attempts
        self._others = others

    async def observe(
        self, observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        """Count an attempt and read what is asked, each in its store; a store that is asked nothing is not called."""
        of_attempts = [counter for counter in counters if counter.measure in ATTEMPT_MEASURES]
        of_outcomes = [counter for counter in counters if counter.measure not in ATTEMPT_MEASURES]
        asked = []
        if of_attempts:
            asked.append(self._attempts.observe(observation, of_attempts, ()))
        if of_outcomes or memberships:
            asked.append(self._others.observe(observation, of_outcomes, memberships))
        found = await asyncio.gather(*asked)
        return Readings(
            counts={counter: count for one in found for counter, count in one.counts.items()},
            members=frozenset[Membership]().union(*(one.members for one in found)),
        )
