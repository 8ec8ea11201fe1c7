"""Changes that write no event, each made once for its idempotency key: change and response are one transaction."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fincore.eventstore.commit import IdempotencyKey, StoredResponse
from fincore.eventstore.commit_rows import stored_response_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool, Statements

_SQL = load_sql("fincore.eventstore", "idempotent_changes.sql")
_WRITER_SQL = load_sql("fincore.eventstore", "writer.sql")

Transaction = Connection
"""The open transaction of a change, for callers that only pass it on to what makes the change."""
Change = Callable[[Transaction], Awaitable[StoredResponse]]
"""Makes a change inside the given transaction, in the event store's database, and returns the response to store."""


class ChangeResult(NamedTuple):
    """The response to send. `is_replay`: an earlier request with the key got it, and nothing was changed now."""

    stored: StoredResponse
    is_replay: bool


class _UsedMeanwhile(Exception):
    """Another request with the key committed first; ours is rolled back."""


class IdempotentChanges:
    """Makes changes in the event store's database, each once for its idempotency key."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def once(self, key: IdempotencyKey | None, change: Change) -> ChangeResult:
        """Make a change once for a key, or return the response that the key got before; without a key, make the change.

        What `change` raises is raised, and the key stays unused. Two requests with one key that come at the same time are made one
        after the other, so that the second is not told of what the first has changed. The caller compares the fingerprint of a
        replayed response: the key may have been used for another request.
        """
        if key is not None and (earlier := await self.find(key)) is not None:
            return ChangeResult(earlier, is_replay=True)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if key is not None:
                    await _take_turn(connection, key)
                    if (earlier := await _find(connection, key)) is not None:
                        return ChangeResult(earlier, is_replay=True)
                response = await change(connection)
                if key is not None:
                    await _store(connection, key, response)
        except _UsedMeanwhile:
            if key is None or (earlier := await self.find(key)) is None:
                raise
            return ChangeResult(earlier, is_replay=True)
        return ChangeResult(response, is_replay=False)

    async def find(self, key: IdempotencyKey) -> StoredResponse | None:
        """The response that a key got before, or None."""
        return await _find(self._pool, key)


async def _take_turn(transaction: Connection, key: IdempotencyKey) -> None:
    await transaction.execute(_SQL.take_turn_of_key, key.merchant_id, key.livemode, key.key)


async def _find(store: Statements, key: IdempotencyKey) -> StoredResponse | None:
    row = await store.fetchrow(_WRITER_SQL.find_responses, [key.merchant_id], [key.livemode], [key.key])
    return stored_response_of(row) if row else None


async def _store(connection: Connection, key: IdempotencyKey, stored: StoredResponse) -> None:
    is_first = await connection.fetchval(
        _SQL.store_response,
        key.merchant_id,
        key.livemode,
        key.key,
        stored.fingerprint,
        stored.response.status,
        stored.response.body,
        stored.response.location,
    )
    if not is_first:
        raise _UsedMeanwhile
