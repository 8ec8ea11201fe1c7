"""The keys with which the built-in issuer signs: one at a time, made when it is first needed, encrypted for the database.

A key that cannot be decrypted, as after a change of FINCORE_SECRETS_KEY, is replaced: what it signed counts for minutes and can
still be verified.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fincore.domain.secret import Secret
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.remembered_fetch import RememberedFetch

_SQL = load_sql("fincore.write.staff", "signing_keys.sql")

PUBLISHED_SECONDS: Final = 7_200.0
"""How long a key is published after it was retired: longer than what it signed counts, and is remembered by others."""
KNOWN_SECONDS: Final = 60.0
UNKNOWN_SECONDS: Final = 1.0
"""How long a public key is remembered, and that there is none with an id."""
_NONCE_BYTES: Final = 12
_BOUND_TO: Final = b"staff-signing-key:"

_log = structlog.get_logger(__name__)


class SigningKey(NamedTuple):
    """A key by its id: the private part as PEM, and the public one as a JWK."""

    key_id: str
    private_pem: Secret
    public_jwk: Mapping[str, Any]


class SigningKeys:
    """The store of keys; `encryption_key` is 32 bytes."""

    def __init__(self, pool: Pool, encryption_key: bytes) -> None:
        self._pool = pool
        self._cipher = AESGCM(encryption_key)
        self._public: RememberedFetch[str, dict[str, Any]] = RememberedFetch(
            self._find_public, known_seconds=KNOWN_SECONDS, unknown_seconds=UNKNOWN_SECONDS
        )

    async def current(self) -> SigningKey | None:
        """The key that signs now; None where there is none, or it cannot be decrypted."""
        row = await self._pool.fetchrow(_SQL.find_signing_key)
        if row is None:
            return None
        key_id, encrypted = str(row["key_id"]), bytes(row["private_key"])
        try:
            pem = self._cipher.decrypt(
                encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], _BOUND_TO + key_id.encode()
            )
        except InvalidTag:
            _log.warning("staff.signing_key_unreadable", key_id=key_id)
            return None
        return SigningKey(key_id, Secret(pem.decode()), msgspec.json.decode(row["public_key"]))

    async def replace(self, key: SigningKey, *, replaced: str | None) -> bool:
        """Let a key sign from now on in place of `replaced`, which is retired; False where another process was first."""
        nonce = os.urandom(_NONCE_BYTES)
        encrypted = nonce + self._cipher.encrypt(
            nonce, key.private_pem.reveal().encode(), _BOUND_TO + key.key_id.encode()
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.retire_signing_key, replaced)
            added = await connection.fetchval(
                _SQL.add_signing_key, key.key_id, msgspec.json.encode(key.public_jwk).decode(), encrypted
            )
        return added is not None

    async def current_id(self) -> str | None:
        """The id of the key that signs now, readable or not."""
        row = await self._pool.fetchrow(_SQL.find_signing_key)
        return None if row is None else str(row["key_id"])

    async def find_public(self, key_id: str) -> dict[str, Any] | None:
        """The public key with an id, as a JWK; None for one that is not published."""
        return await self._public.find(key_id)

    async def _find_public(self, _: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {str(key["kid"]): key for key in await self.published()}

    async def published(self) -> list[dict[str, Any]]:
        """The public keys that verify: of the key that signs, and of those that were retired not long ago."""
        rows = await self._pool.fetch(_SQL.list_public_keys, PUBLISHED_SECONDS)
        return [msgspec.json.decode(row["public_key"], type=dict[str, Any]) for row in rows]
