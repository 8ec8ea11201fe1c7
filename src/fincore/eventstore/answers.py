"""Idempotency keys of changes that are no events: change and answer become true in one transaction, or neither."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fincore.eventstore.commit import IdempotencyKey, StoredAnswer
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.eventstore", "answers.sql")
_WRITER_SQL = load_sql("fincore.eventstore", "writer.sql")

Change = Callable[[Connection], Awaitable[StoredAnswer]]
"""Makes a change inside the transaction of the given connection, in the event store's database, and says the answer."""


class Done(NamedTuple):
    """The answer to give. `is_replay`: the key got it before, and nothing was changed now."""

    answer: StoredAnswer
    is_replay: bool


class _UsedMeanwhile(Exception):
    """Another request with the key committed first; ours is rolled back."""


class Answers:
    """Makes changes in the event store's database, each once for its idempotency key."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def once(self, key: IdempotencyKey | None, change: Change) -> Done:
        """Make a change once for a key, or give the answer that the key got before; without a key, make the change.

        What `change` raises is raised, and the key stays unused. The fingerprint of an answer given again has to be
        compared by the caller: the key may have been used for something else.
        """
        if key is not None and (earlier := await self._find(key)) is not None:
            return Done(earlier, is_replay=True)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                answer = await change(connection)
                if key is not None:
                    await _store(connection, key, answer)
        except _UsedMeanwhile:
            if key is None or (earlier := await self._find(key)) is None:
                raise
            return Done(earlier, is_replay=True)
        return Done(answer, is_replay=False)

    async def _find(self, key: IdempotencyKey) -> StoredAnswer | None:
        row = await self._pool.fetchrow(_WRITER_SQL.find_answer, key.merchant_id, key.livemode, key.key)
        return StoredAnswer(**dict(row)) if row else None


async def _store(connection: Connection, key: IdempotencyKey, answer: StoredAnswer) -> None:
    stored = await connection.fetchval(
        _SQL.store_answer,
        key.merchant_id,
        key.livemode,
        key.key,
        answer.fingerprint,
        answer.response_status,
        answer.response_body,
        answer.location,
    )
    if not stored:
        raise _UsedMeanwhile
