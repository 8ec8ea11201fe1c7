"""How long to wait before a call, so that no shard is given more in any second than it takes. Pure but for its own memory."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from fincore.relay.event_call import ShardOf, StreamLimits
from fincore.relay.stream_record import StreamRecord

WINDOW_SECONDS: Final = 1.0


class _Given(NamedTuple):
    """What a shard was given by one call, and until when that counts."""

    counts_until: float
    records: int
    size_bytes: int


class ShardPace:
    """What each shard was given in the last second."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._given: dict[str, deque[_Given]] = {}

    def delay_seconds(self, records: Sequence[StreamRecord], shard_of: ShardOf, now_seconds: float) -> float:
        """How long a call with some records has to wait from now; it counts as made then.

        No call holds more for one shard than it takes in a second: see `plan_call`.
        """
        wanted: dict[str, tuple[int, int]] = {}
        for record in records:
            shard = shard_of(record.partition_key)
            count, size_bytes = wanted.get(shard, (0, 0))
            wanted[shard] = count + 1, size_bytes + record.size_bytes
        at_seconds = max(
            (self._free_at(shard, *load, now_seconds) for shard, load in wanted.items()), default=now_seconds
        )
        for shard, load in wanted.items():
            self._given.setdefault(shard, deque()).append(_Given(at_seconds + WINDOW_SECONDS, *load))
        return at_seconds - now_seconds

    def _free_at(self, shard: str, count: int, size_bytes: int, now_seconds: float) -> float:
        """When a shard can take some records."""
        given = self._given.setdefault(shard, deque())
        free_at = now_seconds
        while given:
            is_over = given[0].counts_until <= free_at
            fits = (
                count + sum(one.records for one in given) <= self._limits.shard_records_per_second
                and size_bytes + sum(one.size_bytes for one in given) <= self._limits.shard_bytes_per_second
            )
            if fits and not is_over:
                break
            free_at = max(free_at, given.popleft().counts_until)
        return free_at
