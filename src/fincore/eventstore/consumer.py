"""What follows the log."""

from collections.abc import Sequence
from typing import Protocol

from fincore.domain.events import RecordedEvent
from fincore.postgres.pool import Connection


class Consumer(Protocol):
    """Turns events into effects. Its name is the key of its checkpoint.

    What it wrote may be rolled back and asked for again: it remembers nothing that the database could have forgotten.
    """

    name: str

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        """Write the effects of events, in log order, inside the transaction of `connection`."""
        ...
