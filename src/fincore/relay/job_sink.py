"""The two sides of a relay of jobs: due jobs, and a queue outside PostgreSQL that takes messages about them."""

from collections.abc import Sequence
from typing import Protocol


class DueJobs(Protocol):
    """Jobs that are due, by their ids. Each call raises what PostgreSQL raises."""

    async def reserve(self, *, jobs_max: int) -> list[str]:
        """The ids of due jobs of which no message is under way. They count as sent from now on, and as lost after a while."""
        ...

    async def release(self, job_ids: Sequence[str]) -> None:
        """Let reserved jobs be reserved again at once: no message about them was sent."""
        ...

    async def under_way(self) -> int:
        """Of how many jobs a message is under way that no worker has answered."""
        ...

    async def lag_seconds(self) -> float:
        """How long the job has been due that waits longest for its first message."""
        ...

    async def forget(self) -> None:
        """Forget messages about jobs that are no more."""
        ...


class JobSink(Protocol):
    """Takes messages, each about one job. It may repeat and lose them, and keeps no order."""

    @property
    def jobs_per_call(self) -> int:
        """How many messages one call sends at most."""
        ...

    async def send(self, job_ids: Sequence[str]) -> frozenset[int]:
        """Send one message about each job; return the indexes of those that did not get in. Raises `SinkUnavailable`."""
        ...
