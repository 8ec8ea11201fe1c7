"""Encrypting the secrets of endpoints again, when the key has been changed."""

from typing import Final, NamedTuple

from fincore.domain.clock import Clock
from fincore.domain.ids import WebhookEndpointId
from fincore.notify.attempt import columns
from fincore.notify.secret_cipher import SecretCipher, SecretUnreadable
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.notify", "reencryption.sql")

BATCH_ENDPOINTS_MAX: Final = 500
"""In one transaction; their merchants' changes wait for it."""


class Reencrypted(NamedTuple):
    """Endpoints encrypted again, those encrypted with the present key before, those that no key decrypts."""

    reencrypted: int
    current: int
    unreadable: tuple[WebhookEndpointId, ...]


async def reencrypt(
    pool: Pool, cipher: SecretCipher, clock: Clock, *, batch_endpoints_max: int = BATCH_ENDPOINTS_MAX
) -> Reencrypted:
    """Encrypt with the present key what is encrypted with the one before it, batch by batch, disabled endpoints too.

    What an earlier run has done is left as it is: a run that was broken off is simply run again. `pool` must be one
    with durable commits: afterwards the key before is thrown away.
    """
    reencrypted, current, unreadable, after = 0, 0, [], ""
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL.lock_batch, after, batch_endpoints_max)
            changed: list[tuple[object, ...]] = []
            for row in rows:
                endpoint_id, previous = row["endpoint_id"], row["previous_secret"]
                if previous is not None and row["previous_expires_at"] <= clock.now():
                    previous = None  # nothing is signed with it any more
                try:
                    encrypted = cipher.reencrypt(row["secret"], endpoint_id)
                    encrypted_previous = None if previous is None else cipher.reencrypt(previous, endpoint_id)
                except SecretUnreadable:
                    unreadable.append(endpoint_id)
                    continue
                if (encrypted, encrypted_previous) == (row["secret"], row["previous_secret"]):
                    current += 1
                else:
                    changed.append((endpoint_id, encrypted, encrypted_previous))
            if changed:
                await connection.execute(_SQL.store_secrets, *columns(changed))
        reencrypted += len(changed)
        if len(rows) < batch_endpoints_max:
            return Reencrypted(reencrypted, current, tuple(unreadable))
        after = rows[-1]["endpoint_id"]
