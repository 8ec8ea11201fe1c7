"""Messages that say of a job that it is due: what a worker asks of a queue outside the database.

Such a queue delivers a message at least once, in no order, and may lose all that it holds. A message says nothing but the id of its job.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from fincore.domain.errors import FinCoreError

Item = TypeVar("Item")


class MessagesUnavailable(FinCoreError):
    """The queue cannot be reached or refuses for now. Repeat the call."""


class JobMessage(NamedTuple):
    """A message as it was received. `job_id` is None where it cannot be read; `receipt` names this delivery of it."""

    job_id: str | None
    receipt: str


class JobMessages(Protocol):
    """Each call raises `MessagesUnavailable`."""

    @property
    def messages_per_call(self) -> int:
        """How many messages one call receives, extends or deletes at most."""
        ...

    async def receive(self, *, messages_max: int, wait_seconds: int, hidden_seconds: int) -> list[JobMessage]:
        """The next messages, hidden from others for a while; none if none came within `wait_seconds`."""
        ...

    async def extend(self, receipts: Sequence[str], *, hidden_seconds: int) -> None:
        """Keep messages hidden for so long from now; with 0 they are delivered again at once. One that is gone is left out."""
        ...

    async def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages. One that could not be deleted is delivered again."""
        ...


def calls_of(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Items in as many parts as calls are needed that take `size` each."""
    return (items[start : start + size] for start in range(0, len(items), size))
