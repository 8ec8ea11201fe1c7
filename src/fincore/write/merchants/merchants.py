"""The store of merchants and their keys, for operators and the dashboard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from unicodedata import category

import asyncpg
import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.domain.clock import Clock
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import ApiKeyId, MerchantId, new_api_key_id, new_merchant_id
from fincore.domain.secret import Secret
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Statements, transaction_on
from fincore.write.merchants.api_key import KeyKind, hash_of, mint, prefix_of

_SQL = load_sql("fincore.write.merchants", "merchants.sql")

NAME_CHARACTERS_MAX: Final = 200


class UnknownMerchant(FinCoreError):
    """There is no such merchant; `fincore merchant list` shows those there are."""

    def __init__(self, merchant_id: MerchantId) -> None:
        super().__init__(f"there is no merchant {merchant_id}: `fincore merchant list` lists those there are")


class NameNotUsable(FinCoreError):
    """A name is empty or too long, or holds what cannot be read, or a card number."""

    def __init__(self, what: str, characters_min: int) -> None:
        super().__init__(
            f"the name of a {what} must have {characters_min} to {NAME_CHARACTERS_MAX} characters, and no control characters and no card number"
        )


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """Who uses this installation."""

    merchant_id: MerchantId
    name: str
    created_at: datetime


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it can be shown: what it begins and ends with, never the whole."""

    key_id: ApiKeyId
    merchant_id: MerchantId
    kind: KeyKind
    livemode: bool
    name: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None

    @property
    def prefix(self) -> str:
        """`sk_test_`, `sk_live_`, `pk_test_` or `pk_live_`."""
        return prefix_of(self.kind, livemode=self.livemode)


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made. `secret` is the whole key and is seen here only: nothing stored can show it again."""

    key_id: ApiKeyId
    secret: Secret


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a key: its hash, by which it is found, and its last characters, by which people know it again."""

    key_id: ApiKeyId
    merchant_id: MerchantId
    kind: KeyKind
    livemode: bool
    name: str
    key_hash: bytes
    last4: str


class MintedKey(NamedTuple):
    """A key just made, and what is to be stored of it: until then it opens nothing."""

    key: NewApiKey
    row: KeyRow


_BIDIRECTIONAL_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_readable(text: str) -> bool:
    """Whether a name shows what it holds: no control characters, no line ends, nothing that turns the order of what follows, no card number."""
    return not holds_card_number(text) and not any(
        category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp") or character in _BIDIRECTIONAL_CONTROLS
        for character in text
    )


def minted_key(merchant_id: MerchantId, kind: KeyKind, *, livemode: bool, name: str) -> MintedKey:
    """A key that nothing knows yet, named with up to 200 characters; raise `NameNotUsable`."""
    if len(name) > NAME_CHARACTERS_MAX or not is_readable(name):
        raise NameNotUsable("key", 0)
    secret = mint(kind, livemode=livemode)
    key = secret.reveal()
    row = KeyRow(
        key_id=new_api_key_id(),
        merchant_id=merchant_id,
        kind=kind,
        livemode=livemode,
        name=name,
        key_hash=hash_of(key),
        last4=key[-4:],
    )
    return MintedKey(NewApiKey(key_id=row.key_id, secret=secret), row)


class Merchants:
    """Creates merchants and keys, lists keys and revokes them."""

    def __init__(self, store: Statements, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create_merchant(self, name: str) -> MerchantId:
        """A new merchant, by a name of 1 to 200 characters that people read; raise `NameNotUsable` for another."""
        if not (name.strip() and len(name) <= NAME_CHARACTERS_MAX and is_readable(name)):
            raise NameNotUsable("merchant", 1)
        merchant_id = new_merchant_id()
        await self._store.execute(_SQL.insert_merchant, merchant_id, name, self._clock.now())
        return merchant_id

    async def list_merchants(self) -> list[Merchant]:
        """All merchants, oldest first."""
        return [Merchant(**dict(row)) for row in await self._store.fetch(_SQL.list_merchants)]

    async def page(
        self,
        *,
        merchant_ids: Sequence[MerchantId] | None = None,
        name_has: str | None = None,
        after_id: MerchantId | None = None,
        limit: int,
    ) -> list[Merchant]:
        """The next merchants after `after_id`, oldest first: some or all, and those with a text in their name in upper or lower case."""
        some = None if merchant_ids is None else list(merchant_ids)
        rows = await self._store.fetch(_SQL.page_of_merchants, after_id, some, name_has, limit)
        return [Merchant(**dict(row)) for row in rows]

    async def find(self, merchant_id: MerchantId) -> Merchant | None:
        """One merchant; None where there is none."""
        row = await self._store.fetchrow(_SQL.find_merchant, merchant_id)
        return None if row is None else Merchant(**dict(row))

    async def require(self, merchant_id: MerchantId) -> None:
        """Raise `UnknownMerchant` unless there is this merchant."""
        if not await self._store.fetchval(_SQL.is_merchant, merchant_id):
            raise UnknownMerchant(merchant_id)

    async def create_key(
        self, merchant_id: MerchantId, kind: KeyKind, *, livemode: bool, name: str = ""
    ) -> NewApiKey:
        """A new key, named with up to 200 characters; raise `UnknownMerchant` and `NameNotUsable`."""
        minted = minted_key(merchant_id, kind, livemode=livemode, name=name)
        await self.keep_key(minted.row)
        return minted.key

    async def keep_key(self, row: KeyRow) -> None:
        """Let a minted key work from now on. Raises `UnknownMerchant`."""
        try:
            async with transaction_on(self._store) as connection:
                await connection.execute(
                    _SQL.insert_key,
                    row.key_id,
                    row.merchant_id,
                    row.kind,
                    row.livemode,
                    row.name,
                    row.key_hash,
                    row.last4,
                    self._clock.now(),
                )
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownMerchant(row.merchant_id) from error

    async def list_keys(self, merchant_id: MerchantId) -> list[ApiKey]:
        """All keys of a merchant, oldest first, revoked ones included."""
        return [ApiKey(**dict(row)) for row in await self._store.fetch(_SQL.list_keys, merchant_id)]

    async def find_key(self, merchant_id: MerchantId, key_id: ApiKeyId) -> ApiKey | None:
        """One key of a merchant; None where the merchant has no such key."""
        row = await self._store.fetchrow(_SQL.find_key, merchant_id, key_id)
        return None if row is None else ApiKey(**dict(row))

    async def revoke_key(self, merchant_id: MerchantId, key_id: ApiKeyId) -> bool:
        """Stop a key within seconds (see `ApiKeys`), for good; False where the merchant has no such key."""
        status = await self._store.execute(_SQL.revoke_key, merchant_id, key_id, self._clock.now())
        return status != "UPDATE 0"
