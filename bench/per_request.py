"""The reference of `accept`: the product's API with a writer that opens one transaction for each request.

`python -m bench.per_request run api` is `fincore run api` but for that writer. Route, validation, authentication and
answers are the product's own; each Commit is BEGIN, one insert per row, the enqueueing of its job, COMMIT.
"""

import functools
from typing import Final
from unittest.mock import patch

import msgspec

from fincore import __main__ as command
from fincore.bootstrap import processes, roles
from fincore.bootstrap.databases import open_stores
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.commit import Commit, CommitResult, Committed
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection

POOL_CONNECTIONS: Final = 32
"""More connections than the product needs: each request holds one for its whole transaction. Of 8, 16, 32 and 64 this
gave the reference its best rate."""

_INSERT_EVENT: Final = """
insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)
values ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb)
"""
_INSERT_KEY: Final = """
insert into eventstore.idempotency_keys
    (merchant_id, livemode, key, fingerprint, response_status, response_body, location, in_flight_until)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class TransactionPerRequest(Writer[ChargeEvent]):
    """Writes each Commit at once, by itself."""

    async def commit(self, commit: Commit[ChargeEvent]) -> CommitResult:
        """Make a new charge durable; what the product's writer would refuse raises here."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._insert_rows(connection, commit)
        return Committed()

    async def _insert_rows(self, connection: Connection, commit: Commit[ChargeEvent]) -> None:
        if commit.idempotency:
            key, stored = commit.idempotency
            await connection.execute(
                _INSERT_KEY,
                *msgspec.structs.astuple(key),
                stored.fingerprint,
                stored.response.status,
                stored.response.body,
                stored.response.location,
                stored.in_flight_until,
            )
        metadata = msgspec.json.encode(commit.provenance).decode()
        for version, new in enumerate(commit.events, start=commit.expected_version + 1):
            name, schema_version, data = CHARGE_EVENTS.encode(new.event)
            await connection.execute(
                _INSERT_EVENT,
                commit.stream_id,
                version,
                new.event_id,
                name,
                schema_version,
                data.decode(),
                metadata,
            )
        await connection.execute(
            f"with {self._queue.expressions} select", *self._queue.columns_of(commit.jobs)
        )


def main() -> None:
    """Entry point: the `fincore` command with the other writer."""
    wider = functools.partial(open_stores, size_max=POOL_CONNECTIONS)
    with (
        patch.object(processes, "Writer", TransactionPerRequest),
        patch.object(roles, "open_stores", wider),
    ):
        command.main()


if __name__ == "__main__":
    main()
