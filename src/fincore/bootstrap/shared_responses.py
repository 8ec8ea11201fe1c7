"""The cache of responses that the processes of the API share, as the settings name it."""

import contextlib
from base64 import b64decode
from collections.abc import AsyncIterator

from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.redis.connection import RedisConnection, kept_up
from fincore.redis.response_cipher import ResponseCipher
from fincore.redis.shared_responses import RedisResponses
from fincore.write.payments.shared_responses import SharedResponses


@contextlib.asynccontextmanager
async def running_shared_responses(settings: Settings) -> AsyncIterator[SharedResponses | None]:
    """The cache, connected in the background: the API serves before it is there, and without it. None: there is no cache.

    Raises `ConfigurationError` for a user without a password.
    """
    address = settings.shared_responses_url
    if address is None:
        yield None
        return
    password = settings.shared_responses_password
    if address.user is not None and password is None:
        raise ConfigurationError(
            "FINCORE_SHARED_RESPONSES_URL names a user: set FINCORE_SHARED_RESPONSES_PASSWORD"
        )
    cipher = ResponseCipher(b64decode(secrets_key(settings).reveal()))
    async with kept_up(RedisConnection(address, password=password)) as connection:
        yield RedisResponses(connection, cipher)
