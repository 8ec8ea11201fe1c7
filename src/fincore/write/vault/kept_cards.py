"""The cards that merchants keep: kept, shown without their numbers, listed, deleted. Nothing here opens a card."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.ids import CardId, MerchantId, new_card_id
from fincore.domain.raw_card import RawCard, first_digits, instrument_of_card
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.merchants.api_key import Principal
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprint, CardFingerprints
from fincore.write.vault.sealed_card import CardIdentity, SealedCard

_SQL = load_sql("fincore.write.vault", "kept_cards.sql")


class KeptCardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the vault as it may be shown. A deleted one has no first digits; `brand` is None for networks without a word."""

    card_id: CardId
    livemode: bool
    brand: str | None
    first6: str | None
    last4: str
    expiry_month: int
    expiry_year: int
    kept_at: datetime
    deleted_at: datetime | None = None


class KeptCardPage(NamedTuple):
    """A page of cards, and whether more follow."""

    cards: list[KeptCardFacts]
    has_more: bool


class VaultKeeping(NamedTuple):
    """What keeping a card takes: both ciphers, with their keys."""

    cipher: CardCipher
    fingerprints: CardFingerprints


class ReadyToKeep(NamedTuple):
    """A card under a new id, encrypted. A key service may have been called for it, so that no transaction waits for one."""

    identity: CardIdentity
    sealed: SealedCard
    fingerprint: CardFingerprint


async def ready_to_keep(principal: Principal, card: RawCard, keeping: VaultKeeping) -> ReadyToKeep:
    """Encrypt a card under a new id. Raises `KeyServiceUnavailable`; nothing is kept then."""
    identity = CardIdentity(new_card_id(), principal.merchant_id, principal.livemode)
    sealed = await keeping.cipher.seal(card, identity)
    fingerprint = keeping.fingerprints.of(card.number, principal.merchant_id, livemode=principal.livemode)
    return ReadyToKeep(identity, sealed, fingerprint)


class KeptCards:
    """The cards in the event store's database."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool: Final = pool
        self._clock: Final = clock

    async def keep(
        self, transaction: Connection, principal: Principal, card: RawCard, ready: ReadyToKeep
    ) -> KeptCardFacts:
        """Keep a card in a transaction of the caller. The same number may be kept any number of times."""
        identity, sealed, fingerprint = ready
        facts, now = instrument_of_card(card), self._clock.now()
        number = card.number.reveal()
        kept = KeptCardFacts(
            card_id=identity.card_id,
            livemode=identity.livemode,
            brand=facts.brand,
            first6=first_digits(number),
            last4=facts.last4 or "",
            expiry_month=card.expiry_month,
            expiry_year=card.expiry_year,
            kept_at=now,
        )
        await transaction.execute(
            _SQL.add_card,
            kept.card_id,
            identity.merchant_id,
            kept.livemode,
            kept.brand,
            kept.first6,
            kept.last4,
            kept.expiry_month,
            kept.expiry_year,
            kept.kept_at,
            principal.key_id,
            sealed.key_id,
            sealed.key_check,
            sealed.wrapped_key,
            sealed.content,
            fingerprint.value,
            fingerprint.key_check,
        )
        return kept

    async def find(self, merchant_id: MerchantId, card_id: CardId, *, livemode: bool) -> KeptCardFacts | None:
        """A card of a merchant, deleted or not."""
        row = await self._pool.fetchrow(_SQL.find_card, card_id, merchant_id, livemode)
        return None if row is None else KeptCardFacts(**dict(row))

    async def page(
        self, merchant_id: MerchantId, *, livemode: bool, after_id: CardId | None, limit: int
    ) -> KeptCardPage:
        """The cards of a merchant that are not deleted, newest first, that follow one."""
        rows = await self._pool.fetch(_SQL.list_cards, merchant_id, livemode, after_id, limit + 1)
        return KeptCardPage([KeptCardFacts(**dict(row)) for row in rows[:limit]], len(rows) > limit)

    async def delete(self, transaction: Connection, principal: Principal, card_id: CardId) -> bool:
        """Erase a card's keys and ciphertext in a transaction of the caller; False for a card that the merchant never kept.

        A card that was deleted before stays as it is.
        """
        owned = (card_id, principal.merchant_id, principal.livemode)
        await transaction.execute(_SQL.erase_card, *owned, self._clock.now(), principal.key_id)
        return bool(await transaction.fetchval(_SQL.card_existed, *owned))
