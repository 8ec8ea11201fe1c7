"""The port to a cache of responses that several processes share, in front of the rows of idempotency keys."""

from typing import Protocol

from fincore.eventstore.commit import IdempotencyKey, StoredResponse


class SharedResponses(Protocol):
    """Final responses of idempotency keys. It may lose any of them at any time: then the row tells, or the Commit."""

    async def find(self, key: IdempotencyKey) -> StoredResponse | None:
        """The final response of a key, byte for byte as it was kept; None where it is not known within the bound.

        An adapter raises nothing and waits no longer than its bound, also where its server is slow, away or false.
        """
        ...

    def keep(self, key: IdempotencyKey, stored: StoredResponse) -> None:
        """Offer a final response, for other processes, without waiting. It may be lost."""
        ...
