"""The tokens of the built-in issuer, with the claims that Amazon Cognito gives its own, so that one way verifies both."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec
import structlog
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fincore.domain.clock import Clock
from fincore.domain.secret import Secret
from fincore.staff.issuer.client import CLIENT_ID, IssuerClient
from fincore.write.staff.sessions import Grant
from fincore.write.staff.signing_keys import SigningKey, SigningKeys

ACCESS_SECONDS: Final = 900
RSA_BITS: Final = 2_048
ALGORITHM: Final = "RS256"
KEY_READ_SECONDS: Final = 60.0
"""How long a process signs with the key that it has read before it looks whether another one signs now."""

_log = structlog.get_logger(__name__)


class IssuedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a code or a refresh token gets."""

    access_token: Secret
    id_token: Secret


class LocalKeys:
    """The keys of the built-in issuer: read from the store, made when there is none, and replaced by command."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._signing: tuple[str, RSAKey, float] | None = None
        self._reading = asyncio.Lock()

    async def find(self, key_id: str) -> RSAKey | ECKey | None:
        """The public key with an id, for the server that verifies."""
        public = await self._keys.find_public(key_id)
        return None if public is None else RSAKey.import_key(public)

    async def document(self) -> bytes:
        """The key set as JSON (RFC 7517). A key is made where there is none, so that it is never empty."""
        await self.signing()
        return msgspec.json.encode({"keys": await self._keys.published()})

    async def signing(self) -> tuple[str, RSAKey]:
        """The id of the key that signs now, and the key."""
        async with self._reading:
            now = self._clock.now().timestamp()
            if self._signing is None or now - self._signing[2] > KEY_READ_SECONDS:
                found = await self._keys.current() or await self._made()
                self._signing = (found.key_id, RSAKey.import_key(found.private_pem.reveal()), now)
            return self._signing[:2]

    async def _made(self) -> SigningKey:
        """A new key in place of none, or of one that cannot be read; or the one that another process made first."""
        while True:
            key = await new_signing_key()
            if await self._keys.replace(key, replaced=await self._keys.current_id()):
                _log.info("staff.signing_key_made", key_id=key.key_id)
                return key
            other = await self._keys.current()
            if other is not None:
                return other


async def new_signing_key() -> SigningKey:
    """A new key, made in a thread: it takes a moment."""
    key_id = str(uuid4())
    key = await asyncio.to_thread(
        RSAKey.generate_key, RSA_BITS, {"kid": key_id, "use": "sig", "alg": ALGORITHM}
    )
    public = {name: value for name, value in key.as_dict(private=False).items() if isinstance(value, str)}
    return SigningKey(key_id, Secret(key.as_pem(private=True).decode()), public)


class TokenMaker:
    """Makes tokens."""

    def __init__(self, keys: LocalKeys, client: IssuerClient, clock: Clock) -> None:
        self._keys = keys
        self._client = client
        self._clock = clock

    async def make(self, grant: Grant) -> IssuedTokens:
        """The tokens of a login; they count for minutes, and a refresh token gets others."""
        key_id, key = await self._keys.signing()
        now_seconds = int(self._clock.now().timestamp())
        header = {"alg": ALGORITHM, "kid": key_id}
        claims = _claims(grant, self._client.issuer, now_seconds)
        return IssuedTokens(
            access_token=Secret(jwt.encode(header, access_claims(grant, claims), key)),
            id_token=Secret(jwt.encode(header, id_claims(grant, claims), key)),
        )


def access_claims(grant: Grant, claims: Mapping[str, Any]) -> dict[str, Any]:
    """What an access token says beside what every token says."""
    return {
        **claims,
        "token_use": "access",
        "client_id": CLIENT_ID,
        "username": grant.session.username,
        "scope": "openid",
    }


def id_claims(grant: Grant, claims: Mapping[str, Any]) -> dict[str, Any]:
    """What an id token says beside what every token says."""
    own = {"token_use": "id", "aud": CLIENT_ID, "cognito:username": grant.session.username}
    return {**claims, **own} if grant.nonce is None else {**claims, **own, "nonce": grant.nonce}


def _claims(grant: Grant, issuer: str, now_seconds: int) -> dict[str, Any]:
    return {
        "iss": issuer,
        "sub": grant.session.subject,
        "name": grant.session.name,
        "cognito:groups": list(grant.session.groups),
        "auth_time": grant.session.begun_at_seconds,
        "origin_jti": str(grant.family_id),
        "jti": str(uuid4()),
        "iat": now_seconds,
        "exp": now_seconds + ACCESS_SECONDS,
    }
