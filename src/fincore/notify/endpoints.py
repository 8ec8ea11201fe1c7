"""The store of merchants' webhook endpoints."""

from datetime import timedelta
from typing import Final, NamedTuple

import asyncpg
from msgspec import UNSET
from msgspec.structs import fields

from fincore.domain.clock import Clock
from fincore.domain.ids import WebhookEndpointId, new_webhook_endpoint_id
from fincore.domain.secret import Secret
from fincore.notify.endpoint import ENDPOINTS_MAX, Endpoint, EndpointChanges, Owner
from fincore.notify.secret_cipher import SecretCipher, SecretUnreadable
from fincore.notify.webhook_secret import mint_secret
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.notify", "endpoints.sql")
_SHOWN: Final = tuple(field.name for field in fields(Endpoint))

OVERLAP_SECONDS_DEFAULT: Final = 86_400
OVERLAP_SECONDS_MAX: Final = 7 * 86_400
"""How long a secret signs beside the one that replaced it."""
SECRETS_CHECKED_MAX: Final = 1_000


class EndpointWithSecret(NamedTuple):
    """An endpoint and the secret it was just given. It is seen here only."""

    endpoint: Endpoint
    secret: Secret


class CheckedSecrets(NamedTuple):
    """How many of the secrets looked at cannot be read."""

    unreadable: int
    looked_at: int


class Endpoints:
    """Makes, shows and changes endpoints. Changes are made in the transaction of the connection they are given."""

    def __init__(self, pool: Pool, cipher: SecretCipher, clock: Clock) -> None:
        self._pool = pool
        self._cipher = cipher
        self._clock = clock

    async def create(
        self,
        connection: Connection,
        owner: Owner,
        *,
        url: str,
        description: str | None,
        event_types: tuple[str, ...],
    ) -> EndpointWithSecret | None:
        """A new endpoint that hears of what happens from now on; None for one more than `ENDPOINTS_MAX`."""
        await connection.execute(_SQL.lock_owner, owner.merchant_id, owner.livemode)
        count = await connection.fetchval(_SQL.count_endpoints, owner.merchant_id, owner.livemode)
        if count >= ENDPOINTS_MAX:
            return None
        endpoint_id, secret = new_webhook_endpoint_id(), mint_secret()
        row = await connection.fetchrow(
            _SQL.insert_endpoint,
            endpoint_id,
            owner.merchant_id,
            owner.livemode,
            url,
            description,
            list(event_types),
            self._cipher.encrypt(secret, endpoint_id),
            self._clock.now(),
        )
        return EndpointWithSecret(self._shown(row), secret)

    async def list_all(self, owner: Owner) -> list[Endpoint]:
        """All endpoints of an owner, oldest first; there are at most `ENDPOINTS_MAX`."""
        rows = await self._pool.fetch(_SQL.list_endpoints, owner.merchant_id, owner.livemode)
        return [self._shown(row) for row in rows]

    async def find(self, owner: Owner, endpoint_id: WebhookEndpointId) -> Endpoint | None:
        """An endpoint, or None where the owner has no such one."""
        row = await self._pool.fetchrow(_SQL.find_endpoint, owner.merchant_id, owner.livemode, endpoint_id)
        return self._shown(row) if row else None

    async def update(
        self,
        connection: Connection,
        owner: Owner,
        endpoint_id: WebhookEndpointId,
        changes: EndpointChanges,
    ) -> Endpoint | None:
        """The endpoint as changed, or None where the owner has no such one."""
        row = await connection.fetchrow(_SQL.lock_endpoint, owner.merchant_id, owner.livemode, endpoint_id)
        if row is None:
            return None
        wanted = [
            row[name] if (new := getattr(changes, name)) is UNSET else new
            for name in ("url", "description", "event_types", "status")
        ]
        return self._shown(await connection.fetchrow(_SQL.update_endpoint, endpoint_id, *wanted))

    async def existed(self, owner: Owner, endpoint_id: WebhookEndpointId) -> bool:
        """Whether the owner has an endpoint, or had it and deleted it: its deliveries can still be seen."""
        return bool(
            await self._pool.fetchval(_SQL.endpoint_existed, owner.merchant_id, owner.livemode, endpoint_id)
        )

    async def delete(self, connection: Connection, owner: Owner, endpoint_id: WebhookEndpointId) -> bool:
        """Delete an endpoint, also one that was deleted before; False where the owner never had such one.

        Its secrets are forgotten at once. What waits for it is ended by the next sweep of the deliverer.
        """
        deleted = await connection.fetchval(
            _SQL.delete_endpoint, owner.merchant_id, owner.livemode, endpoint_id, self._clock.now()
        )
        return deleted is not None

    async def rotate(
        self,
        connection: Connection,
        owner: Owner,
        endpoint_id: WebhookEndpointId,
        *,
        overlap_seconds: int,
    ) -> EndpointWithSecret | None:
        """A new secret, while the one before signs too for `overlap_seconds`; None where there is no such endpoint.

        A secret that was still overlapping stops: two sign at a time, never three.
        """
        row = await connection.fetchrow(_SQL.lock_endpoint, owner.merchant_id, owner.livemode, endpoint_id)
        if row is None:
            return None
        secret = mint_secret()
        expires_at = self._clock.now() + timedelta(seconds=overlap_seconds) if overlap_seconds else None
        encrypted = self._cipher.encrypt(secret, endpoint_id)
        rotated = await connection.fetchrow(_SQL.rotate_secret, endpoint_id, encrypted, expires_at)
        return EndpointWithSecret(self._shown(rotated), secret)

    async def secret(self, owner: Owner, endpoint_id: WebhookEndpointId, version: int) -> Secret | None:
        """The endpoint's secret, as long as it is still the one of this version.

        Raises `SecretUnreadable` where it was encrypted under another key.
        """
        row = await self._pool.fetchrow(_SQL.find_endpoint, owner.merchant_id, owner.livemode, endpoint_id)
        if row is None or row["secret_version"] != version:
            return None
        return self._cipher.decrypt(row["secret"], endpoint_id)

    async def count_unreadable(self) -> CheckedSecrets:
        """Whether this installation's key opens what is stored, over the newest enabled endpoints."""
        rows = await self._pool.fetch(_SQL.newest_secrets, SECRETS_CHECKED_MAX)
        unreadable = 0
        for row in rows:
            try:
                self._cipher.decrypt(row["secret"], row["endpoint_id"])
            except SecretUnreadable:
                unreadable += 1
        return CheckedSecrets(unreadable, len(rows))

    def _shown(self, row: asyncpg.Record | None) -> Endpoint:
        if row is None:
            raise AssertionError("a statement that returns its row returned none")
        shown = {name: row[name] for name in _SHOWN}
        expires_at = shown["previous_expires_at"]
        if expires_at is not None and expires_at <= self._clock.now():
            shown["previous_expires_at"] = None
        return Endpoint(**shown)
