"""The rows of the vault as rotation and verification go through them: in the order of their ids, a batch at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from fincore.domain.ids import CardId
from fincore.domain.raw_card import RawCard, first_digits
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprint, CardFingerprints
from fincore.write.vault.sealed_card import CardIdentity, Flaw, SealedCard

_SQL = load_sql("fincore.write.vault", "kept_rows.sql")


class KeptRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a card that is not deleted."""

    identity: CardIdentity
    sealed: SealedCard
    fingerprint: CardFingerprint
    first6: str | None
    last4: str
    expiry_month: int
    expiry_year: int


class KeyUse(NamedTuple):
    """How many cards a key-encryption key encrypts. `key_check` tells the key itself."""

    key_id: str
    key_check: bytes
    cards: int


class NewKeys(NamedTuple):
    """What takes the place of a row's keys, as long as they are still those that were read."""

    row: KeptRow
    sealed: SealedCard
    fingerprint: CardFingerprint


class KeptRows:
    """Reads rows, and replaces their keys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def key_uses(self) -> list[KeyUse]:
        """Every key-encryption key in use."""
        return [KeyUse(**dict(row)) for row in await self._pool.fetch(_SQL.count_by_key)]

    async def has_any(self) -> bool:
        """Whether a card is kept that is not deleted."""
        return bool(await self._pool.fetchval(_SQL.exists_any))

    async def find(self, card_id: CardId) -> KeptRow | None:
        """The row of a card; None for one that is deleted."""
        row = await self._pool.fetchrow(_SQL.read_one, card_id)
        return None if row is None else _row_of(row)

    async def after(self, card_id: str, *, limit: int) -> list[KeptRow]:
        """The next rows by id; "" begins."""
        return [_row_of(row) for row in await self._pool.fetch(_SQL.read_after, card_id, limit)]

    async def not_current_after(
        self, card_id: str, cipher: CardCipher, fingerprints: CardFingerprints, *, limit: int
    ) -> list[KeptRow]:
        """The same of those with keys or fingerprints that are not under the current keys."""
        current = cipher.keys.current
        rows = await self._pool.fetch(
            _SQL.read_not_current_after,
            card_id,
            current.key_id,
            current.check,
            fingerprints.current_check,
            limit,
        )
        return [_row_of(row) for row in rows]

    async def replace_keys(self, changes: Sequence[NewKeys]) -> int:
        """Replace keys where they are still those that were read, in one transaction; returns of how many cards they were."""
        columns = [
            [one.row.identity.card_id for one in changes],
            [one.row.sealed.wrapped_key for one in changes],
            [one.row.fingerprint.value for one in changes],
            [one.sealed.key_id for one in changes],
            [one.sealed.key_check for one in changes],
            [one.sealed.wrapped_key for one in changes],
            [one.fingerprint.value for one in changes],
            [one.fingerprint.key_check for one in changes],
        ]
        return len(await self._pool.fetch(_SQL.replace_keys, *columns))


def facts_flaw(row: KeptRow, card: RawCard) -> Flaw | None:
    """Whether a row shows another card than the one that was found in it."""
    number = card.number.reveal()
    in_clear = (row.first6, row.last4, row.expiry_month, row.expiry_year)
    found = (first_digits(number), number[-len(row.last4) :], card.expiry_month, card.expiry_year)
    return None if in_clear == found else "facts_differ"


def flaw_of(row: KeptRow, card: RawCard, fingerprints: CardFingerprints) -> Flaw | None:
    """What a row says otherwise than the card that was found in it, its fingerprint included."""
    flaw = facts_flaw(row, card)
    if flaw is not None:
        return flaw
    owner = row.identity
    made = fingerprints.under(
        row.fingerprint.key_check, card.number, owner.merchant_id, livemode=owner.livemode
    )
    if made is None:
        return "fingerprint_key_missing"
    return None if made == row.fingerprint.value else "fingerprint_differs"


def _row_of(row: asyncpg.Record) -> KeptRow:
    return KeptRow(
        identity=CardIdentity(CardId(row["card_id"]), row["merchant_id"], row["livemode"]),
        sealed=SealedCard(
            key_id=row["key_id"],
            key_check=row["key_check"],
            wrapped_key=row["wrapped_key"],
            content=row["content"],
        ),
        fingerprint=CardFingerprint(row["fingerprint"], row["fingerprint_key_check"]),
        first6=row["first6"],
        last4=row["last4"],
        expiry_month=row["expiry_month"],
        expiry_year=row["expiry_year"],
    )
