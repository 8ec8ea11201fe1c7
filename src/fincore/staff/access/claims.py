"""What an access token says, once its signature is verified: that it is for us, still counts, and who bears it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

LEEWAY_SECONDS: Final = 30
"""How far the clocks of the issuer and of this machine may be apart."""
TOKEN_SECONDS_MAX: Final = 86_400
"""How long an access token may count at most (Cognito's longest); one that counts longer is refused."""

_ACCESS: Final = "access"
Text = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
"""A text that names: no database keeps U+0000, and no line of a log is to be broken."""


class TokenRefused(Exception):
    """A token that is not accepted; the message is a sentence for its bearer, and repeats nothing of the token."""


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Which tokens are for us: by the issuer that made them, the client that got them, and the API that they are for.

    `audience` is what `aud` must name where the issuer says one: the client itself unless the issuer knows the API by a name.
    """

    issuer: str
    client_id: str
    audience: str
    groups_claim: str = "cognito:groups"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that count. `login_id` is `origin_jti` of Cognito: all tokens that follow from one login share it."""

    subject: str
    username: str | None
    name: str | None
    groups: tuple[str, ...]
    expires_at_seconds: int
    login_id: str | None = None


class _Registered(msgspec.Struct, frozen=True, kw_only=True):
    iss: Text
    sub: Text
    exp: Annotated[float, Meta(ge=0, le=2**53)]
    iat: Annotated[float, Meta(ge=0, le=2**53)] | None = None
    nbf: Annotated[float, Meta(ge=0, le=2**53)] | None = None
    aud: str | list[str] | None = None
    azp: str | None = None
    appid: str | None = None
    cid: str | None = None
    client_id: str | None = None
    token_use: str | None = None
    typ: str | None = None
    nonce: object = None
    at_hash: object = None
    c_hash: object = None
    username: Text | None = None
    preferred_username: Text | None = None
    name: Text | None = None
    origin_jti: Text | None = None


def read_claims(claims: Mapping[str, Any], audience: Audience, now: datetime) -> Claims:
    """The claims of an access token; raise `TokenRefused` for one of another issuer, client or kind, or of another time.

    Cognito's access tokens have no `aud`: they say `client_id` and `token_use` (docs.aws.amazon.com, "Understanding the access
    token"). Other issuers say `aud` (RFC 9068).
    """
    try:
        registered = msgspec.convert(claims, _Registered, strict=True)
    except msgspec.ValidationError:
        raise TokenRefused("The token lacks a claim, or has one of another type.") from None
    if registered.iss.removesuffix("/") != audience.issuer:  # some issuers end theirs with one
        raise TokenRefused("The token is of another issuer.")
    _check_time(registered, now.timestamp())
    _check_audience(registered, audience)
    return Claims(
        subject=registered.sub,
        username=registered.username or registered.preferred_username,
        name=registered.name,
        groups=_groups(claims.get(audience.groups_claim)),
        expires_at_seconds=int(registered.exp),
        login_id=registered.origin_jti,
    )


def _check_time(registered: _Registered, now_seconds: float) -> None:
    if registered.exp <= now_seconds - LEEWAY_SECONDS:
        raise TokenRefused("The token has expired.")
    if registered.exp > now_seconds + TOKEN_SECONDS_MAX + LEEWAY_SECONDS:
        raise TokenRefused("The token counts for longer than a day.")
    for begins in (registered.nbf, registered.iat):
        if begins is not None and begins > now_seconds + LEEWAY_SECONDS:
            raise TokenRefused("The token does not count yet.")


def _check_audience(registered: _Registered, of: Audience) -> None:
    """An id token of OpenID Connect has the client as `aud`, and claims that no access token has (OpenID Connect Core, 2 and 3.1.3.6)."""
    if registered.token_use not in (None, _ACCESS) or registered.typ == "ID":
        raise TokenRefused("The token is no access token.")
    clients = {registered.client_id, registered.azp, registered.appid, registered.cid} - {None}
    if clients - {of.client_id}:
        raise TokenRefused("The token is for another client.")
    if not clients:
        raise TokenRefused("The token names no client that it was given to.")
    if registered.token_use == _ACCESS and registered.client_id is not None and registered.aud is None:
        return
    if registered.nonce is not None or registered.at_hash is not None or registered.c_hash is not None:
        raise TokenRefused("The token is no access token.")
    audiences = [registered.aud] if isinstance(registered.aud, str) else registered.aud or []
    if of.audience not in audiences:
        raise TokenRefused("The token is for another audience.")


def _groups(value: object) -> tuple[str, ...]:
    """The groups of a claim: a list of texts, or one text with spaces or commas between them (as a `scope` is)."""
    match value:
        case str():
            return tuple(value.replace(",", " ").split())
        case list() | tuple():
            return tuple(one for one in value if isinstance(one, str))
        case _:
            return ()
