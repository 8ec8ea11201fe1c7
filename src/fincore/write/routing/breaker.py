"""Whether an account at a PSP may be called, after how its last calls went: the port, the states and the decisions. Pure.

Only unavailability counts: calls that are known not to have reached the PSP, or that it refused as a server that cannot serve. A
decline is an answer, so its account is available.
"""

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from fincore.domain.counting import counted
from fincore.domain.outcome import PspAccount, PspName

Availability = Literal["available", "unavailable"]
BreakerState = Literal["closed", "open", "half_open"]
Happening = Literal["tripped", "probe_claimed", "available", "unavailable"]

BREAKER_TRANSITIONS: Final[Mapping[tuple[BreakerState, Happening], BreakerState]] = MappingProxyType(
    {
        ("closed", "tripped"): "open",
        ("open", "probe_claimed"): "half_open",
        ("half_open", "probe_claimed"): "half_open",
        ("half_open", "available"): "closed",
        ("half_open", "unavailable"): "open",
    }
)
"""(state, what happened) -> next state. A second claim of a half-open breaker is that of a process which took over the probe."""


class Allowed(msgspec.Struct, frozen=True):
    """The account may be called. The caller then tells how it went: `observe`."""


class Open(msgspec.Struct, frozen=True):
    """The account must not be called now. `reason` is a sentence for staff."""

    reason: str
    retry_after_seconds: float


class CircuitBreaker(Protocol):
    """Says whether accounts may be called. Both calls are cheap, and wait for nothing."""

    def may_call(self, psp: PspName, account: PspAccount) -> Allowed | Open:
        """Whether a call may be made now. Where the breaker is half-open, one caller is allowed: the probe."""
        ...

    def observe(self, psp: PspName, account: PspAccount, availability: Availability) -> None:
        """Count how a call went."""
        ...


class BreakerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a breaker opens and for how long. Raise `ValueError` for bounds that contradict each other.

    It opens when at least `calls_min` calls were made within `window_seconds` and at least `unavailable_share` of them did not
    reach the account. It waits `wait_seconds`, twice as long after each probe that failed, up to `wait_seconds_max`.
    `probe_seconds` is how long one process may take for the probe: longer than any call to a PSP.
    """

    window_seconds: float = 60.0
    calls_min: int = 10
    unavailable_share: float = 0.5
    wait_seconds: float = 15.0
    wait_seconds_max: float = 240.0
    probe_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not (
            0 < self.wait_seconds <= self.wait_seconds_max
            and min(self.window_seconds, self.probe_seconds) > 0
            and self.calls_min >= 1
            and 0 < self.unavailable_share <= 1
        ):
            raise ValueError(f"a breaker cannot work with these bounds: {self}")

    @property
    def longest_wait_seconds(self) -> float:
        """No breaker waits longer than this, for its account or for a probe."""
        return max(self.wait_seconds_max, self.probe_seconds)

    def wait_after(self, waits: int) -> float:
        """How many seconds the breaker waits when it opens for the `waits`-th time in a row, from 1."""
        doublings = min(
            waits - 1, 32
        )  # more would be a number without meaning, and the maximum is reached long before
        return float(min(self.wait_seconds * 2**doublings, self.wait_seconds_max))


class Counts(NamedTuple):
    """Calls by how they went."""

    available: int = 0
    unavailable: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """The sum."""
        return Counts(self.available + other.available, self.unavailable + other.unavailable)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one breaker. `until` is when its wait, or the time for its probe, is over, by the clock of the decisions.

    `waits` is how often in a row it has opened. `reason` says why it is not closed.
    """

    state: BreakerState = "closed"
    until: float = 0.0
    waits: int = 0
    reason: str = ""


def trips(policy: BreakerPolicy, counts: Counts) -> bool:
    """Whether a closed breaker opens."""
    calls = counts.available + counts.unavailable
    return calls >= policy.calls_min and counts.unavailable >= policy.unavailable_share * calls


def after(
    condition: Condition, happening: Happening, policy: BreakerPolicy, counts: Counts, now: float
) -> Condition:
    """The breaker after something happened; raise `KeyError` for a pair that the table does not hold."""
    state = BREAKER_TRANSITIONS[condition.state, happening]
    match state:
        case "closed":
            return Condition()
        case "half_open":
            return msgspec.structs.replace(condition, state=state, until=now + policy.probe_seconds)
        case "open":
            waits = condition.waits + 1
            calls = counted(counts.available + counts.unavailable, "call")
            reason = (
                f"{counts.unavailable} of {calls} within {policy.window_seconds:g} s did not reach the account"
                if happening == "tripped"
                else "the call that tried the account did not reach it"
            )
            return Condition(state=state, until=now + policy.wait_after(waits), waits=waits, reason=reason)


class RollingCounts:
    """Calls of the last `window_seconds`, in `BUCKETS` parts of it; a part is dropped as a whole."""

    BUCKETS: Final = 6

    def __init__(self, window_seconds: float) -> None:
        self._bucket_seconds = window_seconds / self.BUCKETS
        self._buckets: deque[tuple[int, Counts]] = deque()

    def add(self, counts: Counts, now: float) -> None:
        """Count calls that went this way now."""
        bucket = int(now // self._bucket_seconds)
        self._drop(bucket)
        if self._buckets and self._buckets[-1][0] == bucket:
            counts = self._buckets.pop()[1].plus(counts)
        self._buckets.append((bucket, counts))

    def total(self, now: float) -> Counts:
        """All that is within the window."""
        self._drop(int(now // self._bucket_seconds))
        total = Counts()
        for _, counts in self._buckets:
            total = total.plus(counts)
        return total

    def _drop(self, bucket: int) -> None:
        while self._buckets and self._buckets[0][0] <= bucket - self.BUCKETS:
            self._buckets.popleft()
