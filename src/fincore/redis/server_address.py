"""Where a server of Redis or Valkey is, as one URL says it."""

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

PORT: Final = 6379


class ServerAddress(NamedTuple):
    """`is_tls`: the server's certificate must be one that the system trusts, for this host. `user` is one of its access list."""

    host: str
    port: int
    is_tls: bool
    user: str | None = None


def server_address(url: str) -> ServerAddress | None:
    """The server of `redis://` or, with TLS, `rediss://[USER@]HOST[:PORT]`; None for another text, and for one with a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    is_server_alone = parts.path in ("", "/", "/0") and not parts.query and not parts.fragment
    if parts.scheme not in ("redis", "rediss") or not host or not is_server_alone or port == 0:
        return None
    if parts.password is not None:
        return None
    user = unquote(parts.username) if parts.username else None
    return ServerAddress(host, port or PORT, parts.scheme == "rediss", user)
