"""What an issuer publishes, fetched with bounds: its discovery, its keys, and what it says of the bearer of a token."""

from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Meta

from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.staff.access.claims import Text
from fincore.staff.access.tokens import IssuerUnavailable

TIMEOUT_SECONDS: Final = 5.0
BODY_BYTES_MAX: Final = 256 * 1024
_OK: Final = 200
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

Shape = TypeVar("Shape", bound=msgspec.Struct)
_Url = Annotated[str, Meta(min_length=1, max_length=2_048)]


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of an issuer (OpenID Connect Discovery 1.0, 3), those that are used here."""

    issuer: _Url
    jwks_uri: _Url
    userinfo_endpoint: _Url | None = None


class UserInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer says of the bearer of a token (OpenID Connect Core 1.0, 5.3)."""

    sub: Text
    name: Text | None = None
    email: Text | None = None
    email_verified: bool | str = False

    @property
    def verified_email(self) -> str | None:
        """The address, where the issuer has verified that it is the bearer's. Amazon Cognito says so by the text `true`.

        What people write down themselves may be the address of another person.
        """
        return self.email if self.email_verified in (True, "true") else None


class IssuerDocuments:
    """Fetches from one issuer. `discovery_url` is the operator's; addresses in the discovery are followed by https, or to this machine."""

    def __init__(self, session: aiohttp.ClientSession, *, issuer: str, discovery_url: str | None) -> None:
        self._session = session
        self._issuer = issuer
        self._discovery_url = discovery_url or f"{issuer}/.well-known/openid-configuration"
        self._discovery: Discovery | None = None

    async def discovery(self) -> Discovery:
        """The addresses of the issuer, fetched once. Raises `IssuerUnavailable`, also for the discovery of another issuer."""
        if self._discovery is None:
            found = await self._fetch(self._discovery_url, Discovery)
            if found.issuer.rstrip("/") != self._issuer:
                raise IssuerUnavailable("the discovery is of another issuer")
            self._discovery = found
        return self._discovery

    async def keys(self, jwks_url: str | None) -> bytes:
        """The key set of the issuer as JSON, from `jwks_url` or where the discovery says. Raises `IssuerUnavailable`."""
        return await self._body(jwks_url or (await self.discovery()).jwks_uri)

    async def user_info(self, token: str) -> UserInfo | None:
        """What the issuer says of the bearer; None where it says nothing of bearers. Raises `IssuerUnavailable`."""
        endpoint = (await self.discovery()).userinfo_endpoint
        if endpoint is None:
            return None
        return await self._fetch(endpoint, UserInfo, token=token)

    async def _fetch(self, url: str, shape: type[Shape], *, token: str | None = None) -> Shape:
        try:
            return msgspec.json.decode(await self._body(url, token=token), type=shape)
        except UNREADABLE_JSON:
            raise IssuerUnavailable("the issuer answers what is no document of its kind") from None

    async def _body(self, url: str, *, token: str | None = None) -> bytes:
        _require_safe(url)
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._session.get(
                url,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            ) as response:
                if response.status != _OK:
                    raise IssuerUnavailable(f"the issuer answers {response.status}")
                return await _bounded(response.content)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise IssuerUnavailable(f"the issuer does not answer ({type(error).__name__})") from None


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = b""
    async for part in content.iter_chunked(65_536):
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise IssuerUnavailable("the issuer answers more than a document of its kind")
    return body


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise IssuerUnavailable("an address of the issuer is not https")
