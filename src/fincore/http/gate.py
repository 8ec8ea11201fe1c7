"""How many requests this process works on and lets wait, in all and of one merchant. It knows no HTTP."""

from typing import Final

from fincore.domain.errors import Overloaded
from fincore.http.metrics import REQUESTS_IN_FLIGHT, REQUESTS_WAITING
from fincore.write.merchants.api_key import Principal

REQUESTS_IN_FLIGHT_MAX: Final = 2_000
"""Requests one process works on at a time; one more is answered `overloaded`."""
REQUESTS_WAITING_MAX: Final = 4_000
"""Requests that wait for an outcome (`Prefer: wait`); one more is answered with what is known at once."""
WEBHOOKS_IN_FLIGHT_MAX: Final = 1_000
"""Webhooks of PSPs at a time, apart from merchants' requests."""
RETURNS_IN_FLIGHT_MAX: Final = 500
"""Customers at a time who come back from a wallet, or are on the page of a checkout session."""
LIVE_SHARE: Final = 2
"""One merchant's live mode may take one half of the places, and so may the test mode of all merchants together."""
TEST_SHARE: Final = 4
"""One merchant's test mode may take one quarter of the places."""

_Owner = tuple[str, bool]


class Capacity:
    """A number of places, and shares of them. What is kept of merchants is bounded by the places taken."""

    def __init__(self, places: int) -> None:
        self._places = places
        self.taken = 0
        self._taken_in_test_mode = 0
        self._taken_by: dict[_Owner, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether no place is left."""
        return self.taken >= self._places

    def has_share_left(self, owner: _Owner) -> bool:
        """Whether a merchant may take one more place in a mode; each always may have one."""
        _, livemode = owner
        if not livemode and self._taken_in_test_mode >= max(1, self._places // LIVE_SHARE):
            return False
        return self._taken_by.get(owner, 0) < max(1, self._places // (LIVE_SHARE if livemode else TEST_SHARE))

    def claim(self, owner: _Owner) -> None:
        """Count a place that is taken among those of a merchant."""
        self._taken_by[owner] = self._taken_by.get(owner, 0) + 1
        self._taken_in_test_mode += not owner[1]

    def disclaim(self, owner: _Owner) -> None:
        """Count it out again."""
        left = self._taken_by[owner] - 1
        if left:
            self._taken_by[owner] = left
        else:
            del self._taken_by[owner]
        self._taken_in_test_mode -= not owner[1]


class Gate:
    """The places of a process for requests at work, and those for requests that wait."""

    def __init__(
        self, *, in_flight_max: int = REQUESTS_IN_FLIGHT_MAX, waiting_max: int = REQUESTS_WAITING_MAX
    ) -> None:
        self.working = Capacity(in_flight_max)
        self.waiting = Capacity(waiting_max)

    def measure(self, server: str) -> None:
        """Let `/metrics` show this gate as the one of a server, `api` or another."""
        REQUESTS_IN_FLIGHT.labels(server).set_function(lambda: self.working.taken)
        REQUESTS_WAITING.labels(server).set_function(lambda: self.waiting.taken)

    def enter(self) -> "Place":
        """A place at work for a request; raise `Overloaded` where there is none."""
        if self.working.is_full:
            raise Overloaded("the number of requests at work")
        return Place(self)


class Place:
    """The place that one request takes, first unnamed, then as one of its merchant's; given back by `leave`."""

    __slots__ = ("_capacity", "_gate", "_owner")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._owner: _Owner | None = None
        self._capacity = gate.working
        self._capacity.taken += 1

    def claim(self, principal: Principal) -> bool:
        """Count the place among the merchant's; False where its share is used up."""
        owner = (principal.merchant_id, principal.livemode)
        if self._owner is None:
            if not self._capacity.has_share_left(owner):
                return False
            self._capacity.claim(owner)
            self._owner = owner
        return True

    def wait(self) -> bool:
        """Go and wait, so that the place at work is free for others; False where no place to wait is left."""
        waiting, owner = self._gate.waiting, self._owner
        if self._capacity is waiting:
            return True
        if owner is None or waiting.is_full or not waiting.has_share_left(owner):
            return False
        self.leave()
        self._capacity, self._owner = waiting, owner
        waiting.taken += 1
        waiting.claim(owner)
        return True

    @property
    def has_waited(self) -> bool:
        """Whether the request waited for an outcome, so that its duration says nothing of the server."""
        return self._capacity is self._gate.waiting

    def leave(self) -> None:
        """Give the place back."""
        self._capacity.taken -= 1
        if self._owner is not None:
            self._capacity.disclaim(self._owner)
            self._owner = None
