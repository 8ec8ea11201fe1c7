"""The keys of an issuer: fetched once for all callers, at most once a minute, and believed for a day while it is away."""

import asyncio
import json
from functools import cache
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from fincore.staff.access.key_set import (
    FAILED_SECONDS,
    REFRESH_SECONDS,
    STALE_SECONDS_MAX,
    UNKNOWN_SECONDS,
    IssuerKeys,
    keys_in,
)
from fincore.staff.access.tokens import IssuerUnavailable


@cache
def published(key_id: str) -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256", {"kid": key_id}).as_dict(private=False))


class Issuer:
    """An issuer that publishes keys, or is away; it counts how often it is asked."""

    def __init__(self, *key_ids: str) -> None:
        self.key_ids = list(key_ids)
        self.is_away = False
        self.asked = 0
        self.now = 0.0
        self.keys = IssuerKeys(self._fetch, monotonic=lambda: self.now)

    async def _fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise IssuerUnavailable("away")
        return json.dumps({"keys": [published(key_id) for key_id in self.key_ids]}).encode()

    async def has(self, key_id: str) -> bool:
        return await self.keys.find(key_id) is not None


async def test_many_callers_at_once_make_one_request() -> None:
    issuer = Issuer("a")
    assert await asyncio.gather(*(issuer.has("a") for _ in range(20))) == [True] * 20
    assert issuer.asked == 1


async def test_unknown_key_is_looked_for_once_a_minute() -> None:
    issuer = Issuer("a")
    for _ in range(5):
        assert not await issuer.has("b")
    assert issuer.asked == 1
    issuer.key_ids.append("b")
    issuer.now += UNKNOWN_SECONDS - 1
    assert not await issuer.has("b")
    issuer.now += 1
    assert await issuer.has("b")
    assert issuer.asked == 2


async def test_key_that_is_not_published_any_more_is_forgotten() -> None:
    issuer = Issuer("a", "b")
    assert await issuer.has("a")
    issuer.key_ids.remove("a")
    issuer.now += REFRESH_SECONDS
    assert await issuer.has("a")  # used while the keys are fetched again
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert issuer.asked == 2
    assert not await issuer.has("a")
    assert await issuer.has("b")


async def test_keys_are_believed_for_a_day_while_issuer_is_away() -> None:
    issuer = Issuer("a")
    assert await issuer.has("a")
    issuer.is_away = True
    issuer.now += STALE_SECONDS_MAX - 1
    assert await issuer.has("a")
    await asyncio.sleep(0)
    issuer.now += 1
    with pytest.raises(IssuerUnavailable):
        await issuer.has("a")


async def test_issuer_that_never_answered_is_asked_after_a_pause() -> None:
    issuer = Issuer("a")
    issuer.is_away = True
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            await issuer.has("a")
    assert issuer.asked == 1
    issuer.is_away = False
    issuer.now += FAILED_SECONDS
    assert await issuer.has("a")


async def test_unknown_key_while_issuer_is_away_is_no_forgery() -> None:
    issuer = Issuer("a")
    assert await issuer.has("a")
    issuer.is_away = True
    issuer.now += UNKNOWN_SECONDS
    with pytest.raises(IssuerUnavailable):
        await issuer.has("b")
    assert await issuer.has("a")


async def test_caller_that_gives_up_leaves_the_request_to_others() -> None:
    issuer = Issuer("a")
    first = asyncio.create_task(issuer.has("a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(issuer.has("a"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second
    assert issuer.asked == 1


def test_only_keys_of_accepted_algorithms_are_taken() -> None:
    good = published("good")
    rsa = RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}).as_dict(private=False)
    weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": rsa["n"][:171]}
    document = {
        "keys": [
            good,
            rsa,
            weak,
            {**good, "kid": 7},
            {name: value for name, value in good.items() if name != "kid"},
            {**good, "kid": "encryption", "use": "enc"},
            {**good, "kid": "other algorithm", "alg": "ES512"},
            {**good, "kid": "off the curve", "x": good["y"]},
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
            {"kty": "EC", "kid": "other curve", "crv": "P-384", "x": good["x"], "y": good["y"]},
        ]
    }
    assert set(keys_in(json.dumps(document).encode())) == {"good", "rsa"}


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b'{"keys": 1}', b"\xff", b'{"keys": []}', b'{"keys": ["x"]}', b'{"keys": ' + b"[" * 2_000],
)
def test_document_that_is_no_key_set_is_an_outage(document: bytes) -> None:
    with pytest.raises(IssuerUnavailable):
        keys_in(document)
