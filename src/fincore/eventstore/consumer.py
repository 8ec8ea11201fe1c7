"""What reads the log and has an effect."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from fincore.domain.recorded_event import RecordedEvent
from fincore.postgres.pool import Connection

E_contra = TypeVar("E_contra", contravariant=True)


class Consumer(Protocol[E_contra]):
    """Turns events into effects. Its name is the key of its checkpoint.

    What it wrote may be rolled back and asked for again: it remembers nothing that the database could have forgotten.
    """

    name: str

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[E_contra]]) -> None:
        """Write the effects of events, in log order, inside the transaction of `connection`."""
        ...
