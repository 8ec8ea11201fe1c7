"""Access tokens: the signature of an issuer that we trust, by a key that it publishes, and claims that are for us.

Nothing that a token says leads anywhere: `jku`, `jwk`, `x5u` and `x5c` in its header are not read (RFC 8725, 3.10).
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from msgspec import Meta

from fincore.domain.clock import Clock
from fincore.staff.access.claims import Audience, Claims, TokenRefused, read_claims

TOKEN_CHARACTERS_MAX: Final = 8_192
Algorithm = Literal["RS256", "ES256"]
KEY_TYPES: Final[Mapping[Algorithm, type[RSAKey | ECKey]]] = {"RS256": RSAKey, "ES256": ECKey}
"""The algorithms that are accepted, and the kind of key of each: none that a public key could be used as a secret of."""

_SEGMENTS: Final = 3
_FORM: Final = "The token is no signed JWT."


class VerificationKeys(Protocol):
    """The public keys of the issuer."""

    async def find(self, key_id: str) -> RSAKey | ECKey | None:
        """The key that the issuer publishes under an id; None where it publishes none. Raises `IssuerUnavailable`."""
        ...


class IssuerUnavailable(Exception):
    """The issuer does not answer, and what it answered before is too old: no token can be checked."""


class _Header(msgspec.Struct, frozen=True):
    alg: Algorithm
    kid: Annotated[str, Meta(min_length=1, max_length=256)]
    crit: object = None
    b64: object = None


class AccessTokens:
    """Verifies access tokens."""

    def __init__(self, keys: VerificationKeys, audience: Audience, clock: Clock) -> None:
        self._keys = keys
        self._audience = audience
        self._clock = clock

    async def verify(self, token: str) -> Claims:
        """What a token says. Raises `TokenRefused` for one that is not accepted, and `IssuerUnavailable`."""
        header = _header(token)
        key = await self._keys.find(header.kid)
        if key is None or not isinstance(key, KEY_TYPES[header.alg]):
            raise TokenRefused("The token is signed with a key that the issuer does not publish.")
        return read_claims(_signed_claims(token, key, header.alg), self._audience, self._clock.now())


def _header(token: str) -> _Header:
    segments = token.split(".") if len(token) <= TOKEN_CHARACTERS_MAX else []
    if len(segments) != _SEGMENTS or not token.isascii():
        raise TokenRefused(_FORM)
    try:
        raw = urlsafe_b64decode(segments[0] + "=" * (-len(segments[0]) % 4))
        header = msgspec.json.decode(raw, type=_Header)
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise TokenRefused("The token is signed in a way that is not accepted.") from None
    if header.crit is not None or header.b64 is not None:
        raise TokenRefused("The token asks for what is not supported.")
    return header


def _signed_claims(token: str, key: RSAKey | ECKey, algorithm: Algorithm) -> dict[str, Any]:
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = TOKEN_CHARACTERS_MAX
    try:
        return jwt.decode(token, key, registry=registry).claims
    except (JoseError, ValueError, RecursionError):
        raise TokenRefused("The signature of the token does not fit.") from None
