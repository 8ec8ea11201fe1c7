"""The port SharedResponses on Redis or Valkey."""

from typing import Final

from fincore.eventstore.commit import IdempotencyKey, StoredResponse
from fincore.redis.connection import Away, RedisConnection
from fincore.redis.metrics import LOOK_UPS
from fincore.redis.response_cipher import ResponseCipher
from fincore.write.payments.response_cache import CACHE_SECONDS

BODY_BYTES_MAX: Final = 64 * 1024
"""A larger response is looked up in its row."""

_FOUND, _ABSENT, _AWAY, _UNREADABLE = (
    LOOK_UPS.labels(result) for result in ("found", "absent", "away", "unreadable")
)


class RedisResponses:
    """Final responses on one server, each for ten minutes. Nothing is believed that our key does not open."""

    def __init__(self, connection: RedisConnection, cipher: ResponseCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def find(self, key: IdempotencyKey) -> StoredResponse | None:
        """What another process kept for a key, if the server says so within its bound."""
        name = self._cipher.name_of(key)
        value = await self._connection.get(name)
        if isinstance(value, Away):
            _AWAY.inc()
            return None
        if value is None:
            _ABSENT.inc()
            return None
        stored = self._cipher.decrypt(name, value)
        (_UNREADABLE if stored is None else _FOUND).inc()
        return stored

    def keep(self, key: IdempotencyKey, stored: StoredResponse) -> None:
        """Send a final response to the server and wait for nothing."""
        if self._connection.is_up and len(stored.response.body) <= BODY_BYTES_MAX:
            name = self._cipher.name_of(key)
            self._connection.set(name, self._cipher.encrypt(name, stored), seconds=int(CACHE_SECONDS))
