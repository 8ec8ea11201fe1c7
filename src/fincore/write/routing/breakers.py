"""The breakers of one process, which agree with those of all others through the database within a second.

A call asks and tells in memory. While the database is away, each process goes by what it sees itself.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.failures import is_outage
from fincore.write.routing.breaker import (
    Allowed,
    Availability,
    BreakerPolicy,
    Condition,
    Counts,
    Open,
    RollingCounts,
    after,
    trips,
)
from fincore.write.routing.breaker_store import NOTHING_KNOWN, AccountKey, BreakerStore, SharedBreaker
from fincore.write.routing.metrics import BREAKER_OPENINGS, BREAKER_STATE

SYNC_SECONDS: Final = 1.0
"""How often a process tells what it has seen and reads what others have; a change of state is told at once."""
SYNC_TIMEOUT_SECONDS: Final = 5.0
"""How long one exchange with the database may take."""
RETRY_SECONDS_MIN: Final = 1.0
"""What a caller is told to wait at least."""
_GAUGE: Final = {"closed": 0, "half_open": 1, "open": 2}
_log = structlog.get_logger(__name__)


class _Breaker:
    """One account. `shared` is what all have counted as of the last exchange, `untold` what only this process knows.

    `change` is a change of state that the others do not know yet. `may_probe`: the next caller is the probe; `is_probing`: it is under way.
    """

    def __init__(self, key: AccountKey, policy: BreakerPolicy) -> None:
        self.key = key
        self._policy = policy
        self.condition = Condition()
        self.untold = RollingCounts(policy.window_seconds)
        self.shared = Counts()
        self.is_wanted = False
        self.may_probe = False
        self.is_probing = False
        self.change: Condition | None = None

    def become(self, condition: Condition) -> None:
        """Take a state on. A breaker that closes forgets what was counted before."""
        if condition.state != self.condition.state:
            _log.warning(
                "breaker.changed",
                psp=self.key.psp,
                psp_account=self.key.account,
                state=condition.state,
                reason=condition.reason,
            )
            if condition.state == "closed":
                self.shared, self.untold = Counts(), RollingCounts(self._policy.window_seconds)
        self.condition = condition
        BREAKER_STATE.labels(*self.key).set(_GAUGE[condition.state])
        if condition.state != "half_open":
            self.may_probe = self.is_probing = False


class Breakers:
    """A `CircuitBreaker` for every account. `run` must be running for processes to agree; without a store each is alone."""

    def __init__(
        self,
        store: BreakerStore | None,
        policy: BreakerPolicy,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = monotonic
        self._breakers: dict[AccountKey, _Breaker] = {}
        self._changed = asyncio.Event()
        self._is_failing = False

    def may_call(self, psp: PspName, account: PspAccount) -> Allowed | Open:
        """Whether a call may be made now; see `CircuitBreaker`."""
        one = self._of(AccountKey(psp, account))
        if one.condition.state == "closed":
            return Allowed()
        left_seconds = one.condition.until - self._now()
        if one.may_probe and left_seconds > 0:
            one.may_probe, one.is_probing = False, True
            return Allowed()
        one.is_wanted = True
        return Open(one.condition.reason, max(left_seconds, RETRY_SECONDS_MIN))

    def observe(self, psp: PspName, account: PspAccount, availability: Availability) -> None:
        """Count how a call went; see `CircuitBreaker`."""
        one = self._of(AccountKey(psp, account))
        now = self._now()
        one.untold.add(Counts(1, 0) if availability == "available" else Counts(0, 1), now)
        counts = one.shared.plus(one.untold.total(now))
        if one.is_probing:
            self._change(one, after(one.condition, availability, self._policy, counts, now))
        elif one.condition.state == "closed" and trips(self._policy, counts):
            self._change(one, after(one.condition, "tripped", self._policy, counts, now))

    async def run(self) -> None:
        """Exchange with the database until it is canceled; it never ends by itself."""
        while True:
            await self.sync()
            try:
                async with asyncio.timeout(SYNC_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def sync(self) -> None:
        """One exchange: tell, claim the probes that callers wait for, read. Without the database, decide alone."""
        self._changed.clear()
        if self._store is not None:
            try:
                async with asyncio.timeout(SYNC_TIMEOUT_SECONDS):
                    await self._exchange(self._store)
            except Exception as error:  # noqa: BLE001 -- a breaker that cannot be shared still works for its process
                if not is_outage(error) and not self._is_failing:
                    _log.exception("breaker.not_synchronised")
                self._is_failing = True
            else:
                self._is_failing = False
                return
        for one in self._breakers.values():
            one.shared, one.change = Counts(), None
            if self._is_due(one):
                self._probe(one)

    async def _exchange(self, store: BreakerStore) -> None:
        await self._tell(store)
        for one in tuple(self._breakers.values()):
            if one.change is not None:
                await self._tell_change(store, one, one.change)
            elif self._is_due(one) and await store.claim_probe(one.key, self._policy.probe_seconds):
                self._probe(one)
        found = await store.read()
        now = self._now()
        for key in {**self._breakers, **found}:
            one = self._of(key)
            if one.change is None:
                self._adopt(one, found.get(key, NOTHING_KNOWN), now)

    async def _tell(self, store: BreakerStore) -> None:
        """Give the others what this process has counted; what cannot be given is counted here on."""
        now = self._now()
        untold = {one.key: one.untold.total(now) for one in self._breakers.values()}
        seen = {key: counts for key, counts in untold.items() if counts != Counts()}
        if not seen:
            return
        for key in seen:
            self._breakers[key].untold = RollingCounts(self._policy.window_seconds)
        try:
            await store.add(seen)
        except BaseException:
            for key, counts in seen.items():
                self._breakers[key].untold.add(counts, now)
            raise

    async def _tell_change(self, store: BreakerStore, one: _Breaker, change: Condition) -> None:
        """Move the shared breaker as this process has moved its own; where another was faster, its state counts."""
        wait_seconds = max(change.until - self._now(), 0.0)
        if change.state == "closed":
            await store.close(one.key)
        elif change.waits > 1:
            await store.reopen(one.key, wait_seconds, change)
        elif await store.open(one.key, wait_seconds, change.reason):
            BREAKER_OPENINGS.labels(*one.key).inc()
        if one.change is change:
            one.change = None

    def _adopt(self, one: _Breaker, shared: SharedBreaker, now: float) -> None:
        one.become(
            Condition(
                state=shared.state,
                until=now + shared.seconds_left if shared.state != "closed" else 0.0,
                waits=shared.waits,
                reason=shared.reason,
            )
        )
        one.shared = shared.counts
        if shared.state == "closed" and trips(self._policy, shared.counts):
            self._change(one, after(one.condition, "tripped", self._policy, shared.counts, now))

    def _is_due(self, one: _Breaker) -> bool:
        """Whether a caller waits for an account that may be tried: its wait, or the time for the last probe, is over."""
        return one.is_wanted and one.condition.state != "closed" and one.condition.until <= self._now()

    def _probe(self, one: _Breaker) -> None:
        one.become(after(one.condition, "probe_claimed", self._policy, Counts(), self._now()))
        one.may_probe, one.is_probing, one.is_wanted = True, False, False

    def _change(self, one: _Breaker, condition: Condition) -> None:
        one.become(condition)
        one.change = condition
        self._changed.set()

    def _of(self, key: AccountKey) -> _Breaker:
        found = self._breakers.get(key)
        if found is None:
            found = self._breakers[key] = _Breaker(key, self._policy)
        return found
