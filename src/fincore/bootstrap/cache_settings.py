"""The settings of the cache in front of the rows of idempotency keys."""

from dataclasses import dataclass
from typing import Final

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import SECRET, Form
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.redis.server_address import ServerAddress, server_address


def _server(name: str, text: str) -> ServerAddress | None:
    if not text:
        return None
    address = server_address(text)
    if address is None:
        # It may hold a password: it is not repeated.
        raise ConfigurationError(
            f"{name} must be redis:// or rediss:// with [USER@]HOST[:PORT] and nothing after it; a password goes into "
            "FINCORE_SHARED_RESPONSES_PASSWORD"
        )
    return address


_SERVER: Final = Form("redis://... or, with TLS, rediss://..., without a password", _server)


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """A part of `Settings`."""

    shared_responses_url: ServerAddress | None = setting(
        _SERVER,
        "server of Redis or Valkey, without cluster mode, in which processes of the role `api` share responses to repeated requests; "
        "empty: each process knows its own and the rows",
    )
    shared_responses_password: Secret | None = setting(
        SECRET, "password of that server; empty: it asks for none", is_secret=True
    )
