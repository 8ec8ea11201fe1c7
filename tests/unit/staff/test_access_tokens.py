"""Access tokens of any issuer: what of their header and claims is taken, case by case."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from fincore.domain.clock import SystemClock
from fincore.staff.access.claims import LEEWAY_SECONDS, Audience, TokenRefused, read_claims
from fincore.staff.access.tokens import TOKEN_CHARACTERS_MAX, AccessTokens
from fixtures.staff_server import (
    AUDIENCE,
    CLIENT_ID,
    KEY_ID,
    PublishedKeys,
    access_claims,
    signed,
    signing_key,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())
NAMED = Audience(issuer=AUDIENCE.issuer, client_id=CLIENT_ID, audience="payments-api", groups_claim="roles")


def of_cognito(**claims: Any) -> dict[str, Any]:
    """The claims of an access token of Cognito that was made now."""
    return access_claims(**{"iat": NOW_SECONDS, "exp": NOW_SECONDS + 900} | claims)


def of_openid(**claims: Any) -> dict[str, Any]:
    """The claims of an access token that is not of Cognito."""
    return of_cognito(token_use=None, **claims)


async def taken(token: str) -> str:
    return (await AccessTokens(PublishedKeys(signing_key()), AUDIENCE, SystemClock()).verify(token)).subject


def with_header(token: str, **header: object) -> str:
    """A token with another header, which its signature no longer fits."""
    encoded = urlsafe_b64encode(json.dumps({"alg": "ES256", "kid": KEY_ID} | header).encode())
    return f"{encoded.rstrip(b'=').decode()}.{token.split('.', 1)[1]}"


async def test_header_with_what_is_not_needed_is_taken() -> None:
    assert (
        await taken(signed(access_claims(), typ="at+jwt", jku="https://evil.example.com/keys")) == "sub-ada"
    )


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"b64": False},
        {"alg": "RS256"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": "ES512"},
        {"kid": None},
        {"kid": 7},
        {"kid": "x" * 300},
    ],
    ids=str,
)
async def test_header_that_asks_for_anything_else_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(TokenRefused):
        await taken(with_header(signed(access_claims()), **header))


@pytest.mark.parametrize("filler", [b'{"a":' * 1_200, b"[" * 5_900], ids=["objects", "lists"])
async def test_header_nested_without_end_is_refused(filler: bytes) -> None:
    header = urlsafe_b64encode(b'{"alg":"RS256","kid":"a","x":' + filler).rstrip(b"=").decode()
    with pytest.raises(TokenRefused):
        await taken(f"{header}.a.b")


async def test_key_of_another_kind_verifies_nothing() -> None:
    key = RSAKey.generate_key(2048, {"kid": KEY_ID})
    token = jwt.encode({"alg": "RS256", "kid": KEY_ID}, access_claims(), key)
    with pytest.raises(TokenRefused):
        await taken(token)
    rsa = AccessTokens(PublishedKeys(key), AUDIENCE, SystemClock())
    assert (await rsa.verify(token)).subject == "sub-ada"


async def test_token_may_not_be_longer_than_its_bound() -> None:
    with pytest.raises(TokenRefused):
        await taken("a" * TOKEN_CHARACTERS_MAX + ".b.c")


@pytest.mark.parametrize(
    "claims",
    [
        of_openid(aud="payments-api"),
        of_openid(aud=["other", "payments-api"], azp=CLIENT_ID),
        of_openid(aud="payments-api", client_id=CLIENT_ID),
        of_cognito(),
    ],
    ids=["audience", "several audiences", "client of RFC 9068", "Cognito"],
)
def test_token_for_the_api_of_our_client_is_taken(claims: dict[str, Any]) -> None:
    assert read_claims(claims, NAMED, NOW).subject == "sub-ada"


@pytest.mark.parametrize(
    "claims",
    [
        of_openid(aud=CLIENT_ID),
        of_openid(aud=None),
        of_openid(aud="payments-api", azp="other"),
        of_openid(aud="payments-api", client_id="other"),
        of_openid(aud="payments-api", typ="ID"),
        of_openid(aud="payments-api", nonce="n"),
        of_openid(aud="payments-api", at_hash="h"),
        of_cognito(aud="other"),
        of_cognito(client_id=None),
        of_cognito(iss=f"{AUDIENCE.issuer}.evil.example.com"),
        of_cognito(exp="tomorrow"),
        of_cognito(exp=True),
        of_cognito(sub=""),
        of_cognito(username="ada\0"),
        of_cognito(username="ada\n"),
        of_openid(aud="payments-api", client_id=None),
        of_cognito(sub="x" * 256),
        of_cognito(nbf=NOW_SECONDS + 3_600),
    ],
    ids=[
        "audience is the client",
        "no audience",
        "authorized party",
        "client",
        "type",
        "nonce",
        "hash of an access token",
        "audience at Cognito",
        "no client at Cognito",
        "issuer that begins like ours",
        "end as a text",
        "end as a truth value",
        "empty subject",
        "zero character in a name",
        "line break after a name",
        "no client",
        "long subject",
        "not yet",
    ],
)
def test_token_for_anything_else_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        read_claims(claims, NAMED, NOW)


def test_clocks_may_be_apart_by_the_leeway_and_no_more() -> None:
    assert read_claims(of_cognito(exp=NOW_SECONDS - LEEWAY_SECONDS + 1), AUDIENCE, NOW)
    assert read_claims(of_cognito(iat=NOW_SECONDS + LEEWAY_SECONDS), AUDIENCE, NOW)
    with pytest.raises(TokenRefused):
        read_claims(of_cognito(exp=NOW_SECONDS - LEEWAY_SECONDS), AUDIENCE, NOW)
    with pytest.raises(TokenRefused):
        read_claims(of_cognito(iat=NOW_SECONDS + LEEWAY_SECONDS + 1), AUDIENCE, NOW)


@pytest.mark.parametrize(
    ("value", "groups"),
    [(["a", "b"], ("a", "b")), ("a b,c", ("a", "b", "c")), ([1, "a"], ("a",)), (None, ()), ({"a": 1}, ())],
    ids=str,
)
def test_groups_are_a_list_or_words_of_a_text(value: object, groups: tuple[str, ...]) -> None:
    assert read_claims(of_cognito(roles=value), NAMED, NOW).groups == groups


def test_issuer_may_end_its_name_with_a_slash() -> None:
    assert read_claims(of_cognito(iss=f"{AUDIENCE.issuer}/"), AUDIENCE, NOW)
