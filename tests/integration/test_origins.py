"""Registered origins: what the store takes, how many, and how soon a change counts for browsers."""

import asyncio

import asyncpg
import pytest

from fincore.domain.ids import MerchantId, new_merchant_id
from fincore.postgres.pool import Pool
from fincore.write.merchants.merchants import Merchants, UnknownMerchant
from fincore.write.merchants.origin import Origin
from fincore.write.merchants.origins import (
    BELIEVED_SECONDS,
    ORIGINS_MAX,
    Origins,
    RegisteredOrigins,
    TooManyOrigins,
)
from fixtures.cases import on_one_installation
from fixtures.clocks import HandClock
from fixtures.commits import NOON

SHOP = Origin("https://shop.example")


@pytest.fixture
def origins(pool: Pool) -> Origins:
    return Origins(pool, HandClock(NOON))


@pytest.fixture
async def merchant_id(pool: Pool) -> MerchantId:
    return await Merchants(pool, HandClock(NOON)).create_merchant("Tests")


async def test_origin_is_of_its_merchant_and_mode_only(
    pool: Pool, origins: Origins, merchant_id: MerchantId
) -> None:
    other = await Merchants(pool, HandClock(NOON)).create_merchant("Others")
    assert await origins.add(merchant_id, SHOP, livemode=False)
    assert not await origins.add(merchant_id, SHOP, livemode=False)
    registered = RegisteredOrigins(pool)
    assert await registered.is_of(SHOP, merchant_id, livemode=False)
    assert not await registered.is_of(SHOP, merchant_id, livemode=True)
    assert not await registered.is_of(SHOP, other, livemode=False)
    assert await registered.is_of_any(SHOP)
    for near in (
        "https://SHOP.example",
        "https://shop.example/",
        "https://shop.example:443",
        "null",
        "",
        "x" * 281,
    ):
        assert not await registered.is_of(near, merchant_id, livemode=False)
        assert not await registered.is_of_any(near)
    assert [(one.origin, one.livemode) for one in await origins.list(merchant_id)] == [(SHOP, False)]


async def test_removed_origin_is_refused_within_seconds(
    pool: Pool, origins: Origins, merchant_id: MerchantId
) -> None:
    now = [100.0]
    registered = RegisteredOrigins(pool, monotonic=lambda: now[0])
    assert not await registered.is_of_any(SHOP)
    await origins.add(merchant_id, SHOP, livemode=False)
    assert not await registered.is_of_any(SHOP)
    now[0] += BELIEVED_SECONDS
    assert await registered.is_of_any(SHOP)
    assert await origins.remove(merchant_id, SHOP, livemode=False)
    assert not await origins.remove(merchant_id, SHOP, livemode=False)
    now[0] += BELIEVED_SECONDS
    assert not await registered.is_of_any(SHOP)


async def test_origins_of_a_merchant_are_bounded(origins: Origins, merchant_id: MerchantId) -> None:
    added = await asyncio.gather(
        *(
            origins.add(merchant_id, Origin(f"https://shop{n}.example"), livemode=False)
            for n in range(ORIGINS_MAX // 10)
        )
    )
    assert all(added)
    for n in range(ORIGINS_MAX // 10, ORIGINS_MAX):
        await origins.add(merchant_id, Origin(f"https://shop{n}.example"), livemode=False)
    with pytest.raises(TooManyOrigins, match="has 50 origins in test mode"):
        await origins.add(merchant_id, SHOP, livemode=False)
    assert not await origins.add(merchant_id, Origin("https://shop7.example"), livemode=False)
    assert await origins.add(merchant_id, SHOP, livemode=True)
    assert await origins.remove(merchant_id, Origin("https://shop7.example"), livemode=False)
    assert await origins.add(merchant_id, SHOP, livemode=False)


async def test_unknown_merchant_gets_no_origin(origins: Origins) -> None:
    with pytest.raises(UnknownMerchant):
        await origins.add(new_merchant_id(), SHOP, livemode=False)


@on_one_installation(
    ("livemode", "origin"),
    [
        (False, "https://shop.example/"),
        (False, "https://*.shop.example"),
        (False, "https://Shop.example"),
        (False, "http://shop.example"),
        (True, "http://localhost"),
        (False, "null"),
    ],
)
async def test_database_refuses_what_is_no_origin(
    origins: Origins, merchant_id: MerchantId, origin: str, *, livemode: bool
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await origins.add(merchant_id, Origin(origin), livemode=livemode)
