"""Merchants and their keys: what is stored of a key, who may do what, and how soon a revoked key stops."""

import asyncio
import hashlib
from datetime import timedelta

import asyncpg
import pytest

from fincore.domain.ids import ApiKeyId, new_merchant_id
from fincore.postgres.pool import Pool
from fincore.postgres.remembered_fetch import ENTRIES_MAX
from fincore.write.merchants.api_key import KeyKind
from fincore.write.merchants.api_keys import KNOWN_SECONDS, UNKNOWN_SECONDS, ApiKeys
from fincore.write.merchants.merchants import Merchants, UnknownMerchant
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import serving_api

UNKNOWN_KEY = "sk_test_" + "x" * 32


class Seconds:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class CountingPool:
    """A pool that counts its statements, with a server that may be unavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.statements = 0
        self.is_away = False

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        self.statements += 1
        if self.is_away:
            raise ConnectionRefusedError
        return await self._pool.fetch(query, *arguments)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOON)


@pytest.fixture
def merchants(pool: Pool, clock: HandClock) -> Merchants:
    return Merchants(pool, clock)


PREFIXES: tuple[tuple[KeyKind, bool, str], ...] = (
    ("secret", False, "sk_test_"),
    ("secret", True, "sk_live_"),
    ("publishable", False, "pk_test_"),
    ("publishable", True, "pk_live_"),
)


async def test_api_key_has_prefix_and_authenticates_its_merchant(pool: Pool, merchants: Merchants) -> None:
    merchant_id = await merchants.create_merchant("Tests")
    for kind, livemode, prefix in PREFIXES:
        created = await merchants.create_key(merchant_id, kind, livemode=livemode, name="shop")
        assert created.secret.reveal().startswith(prefix)
        principal = await ApiKeys(pool).authenticate(created.secret.reveal())
        assert principal is not None
        assert (principal.merchant_id, principal.key_id) == (merchant_id, created.key_id)
        assert (principal.kind, principal.livemode) == (kind, livemode)


async def test_api_key_is_stored_as_hash_and_last_four(pool: Pool, merchants: Merchants) -> None:
    merchant_id = await merchants.create_merchant("Tests")
    key = (await merchants.create_key(merchant_id, "secret", livemode=False)).secret.reveal()
    row = await pool.fetchrow("select * from merchants.api_keys")
    assert row is not None
    assert row["key_hash"] == hashlib.sha256(key.encode()).digest()
    assert key[8:-4] not in repr(dict(row))
    (listed,) = await merchants.list_keys(merchant_id)
    assert (listed.prefix, listed.last4) == ("sk_test_", key[-4:])


async def test_keys_are_listed_oldest_first_with_what_became_of_them(
    merchants: Merchants, clock: HandClock
) -> None:
    merchant_id = await merchants.create_merchant("Tests")
    first = await merchants.create_key(merchant_id, "secret", livemode=False, name="first")
    clock.at += timedelta(hours=1)
    await merchants.create_key(merchant_id, "publishable", livemode=True, name="second")
    for _ in range(2):  # the second time changes nothing
        assert await merchants.revoke_key(merchant_id, first.key_id)
        clock.at += timedelta(hours=1)
    keys = await merchants.list_keys(merchant_id)
    assert [(key.name, key.created_at, key.revoked_at) for key in keys] == [
        ("first", NOON, NOON + timedelta(hours=1)),
        ("second", NOON + timedelta(hours=1), None),
    ]


async def test_merchant_cannot_list_or_revoke_keys_of_another(merchants: Merchants) -> None:
    mine, other = [await merchants.create_merchant(name) for name in ("Mine", "Other")]
    key_id = (await merchants.create_key(mine, "secret", livemode=False)).key_id
    assert await merchants.list_keys(other) == []
    assert not await merchants.revoke_key(other, key_id)
    assert not await merchants.revoke_key(mine, ApiKeyId("key_unknown"))
    assert (await merchants.list_keys(mine))[0].revoked_at is None


async def test_a_key_for_a_merchant_that_does_not_exist_is_refused(merchants: Merchants) -> None:
    with pytest.raises(UnknownMerchant, match="there is no merchant mer_"):
        await merchants.create_key(new_merchant_id(), "secret", livemode=False)


async def test_the_services_may_not_change_or_delete_what_was_created(
    pool: Pool, merchants: Merchants
) -> None:
    await merchants.create_key(await merchants.create_merchant("Tests"), "secret", livemode=False)
    for statement in (
        "delete from merchants.api_keys",
        "update merchants.api_keys set livemode = not livemode",
        "update merchants.api_keys set key_hash = sha256('known')",
        "update merchants.merchants set name = 'x'",
        "truncate merchants.api_keys",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_revoked_key_is_refused_once_cache_expires(pool: Pool, merchants: Merchants) -> None:
    merchant_id = await merchants.create_merchant("Tests")
    created = await merchants.create_key(merchant_id, "secret", livemode=False)
    key = created.secret.reveal()
    seconds, counting = Seconds(), CountingPool(pool)
    keys = ApiKeys(counting, monotonic=seconds)  # type: ignore[arg-type]
    assert await keys.authenticate(key)
    await merchants.revoke_key(merchant_id, created.key_id)
    seconds.now += KNOWN_SECONDS - 0.001
    assert await keys.authenticate(key)
    assert counting.statements == 1
    seconds.now += 0.001
    assert await keys.authenticate(key) is None
    assert counting.statements == 2


async def test_an_unknown_key_is_looked_up_once_in_its_time(pool: Pool) -> None:
    seconds, counting = Seconds(), CountingPool(pool)
    keys = ApiKeys(counting, monotonic=seconds)  # type: ignore[arg-type]
    for _ in range(100):
        assert await keys.authenticate(UNKNOWN_KEY) is None
    assert counting.statements == 1
    seconds.now += UNKNOWN_SECONDS
    assert await keys.authenticate(UNKNOWN_KEY) is None
    assert counting.statements == 2


async def test_thousand_unknown_keys_at_once_take_two_statements(pool: Pool) -> None:
    counting = CountingPool(pool)
    keys = ApiKeys(counting)  # type: ignore[arg-type]
    guesses = [f"sk_test_{number:032}" for number in range(1_000)]
    assert set(await asyncio.gather(*map(keys.authenticate, guesses))) == {None}
    assert counting.statements <= 2


async def test_malformed_api_key_is_never_looked_up(pool: Pool) -> None:
    counting = CountingPool(pool)
    keys = ApiKeys(counting)  # type: ignore[arg-type]
    for text in ("", "sk_test_", "sk_prod_" + "x" * 32, UNKNOWN_KEY + "x", UNKNOWN_KEY + "\n", "é" * 40):
        assert await keys.authenticate(text) is None
    assert counting.statements == 0


async def test_the_memory_of_keys_is_bounded(pool: Pool) -> None:
    keys = ApiKeys(pool)
    for batch in range(3):
        guesses = [f"sk_test_{batch}{number:031}" for number in range(ENTRIES_MAX // 2)]
        await asyncio.gather(*map(keys.authenticate, guesses))
    assert len(keys._keys) == ENTRIES_MAX


async def test_failed_key_lookup_reaches_callers_and_is_not_cached(pool: Pool, merchants: Merchants) -> None:
    created = await merchants.create_key(await merchants.create_merchant("Tests"), "secret", livemode=False)
    key = created.secret.reveal()
    counting = CountingPool(pool)
    counting.is_away = True
    keys = ApiKeys(counting)  # type: ignore[arg-type]
    results = await asyncio.gather(*(keys.authenticate(key) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionRefusedError] * 3
    counting.is_away = False
    assert await keys.authenticate(key)


async def test_revoked_key_is_refused_over_http_and_new_one_works(pool: Pool) -> None:
    seconds = Seconds()
    async with serving_api(pool, keys=ApiKeys(pool, monotonic=seconds)) as api:
        assert (await api.charge("k")).status == 201
        (key,) = await api.merchants.list_keys(api.merchant_id)
        await api.merchants.revoke_key(api.merchant_id, key.key_id)
        seconds.now += KNOWN_SECONDS
        assert (await api.charge("k")).problem() == (401, "api_key_invalid", "Authorization")
        assert (await api.charge("k", key=await api.new_key())).status == 201
