"""Encrypts cards for the database: the content under a data key of each card's own, that key under a key-encryption key.

AES-256-GCM (NIST SP 800-38D) for both. A data key encrypts once; of one key-encryption key random nonces allow 2^32 data keys.
Each ciphertext is bound, as associated data, to the card, its merchant and the mode, and a wrapped data key to the id of its
key as well: none can be read in another's place.
"""

import os
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fincore.domain.raw_card import RawCard
from fincore.domain.secret import MASK, Secret
from fincore.write.vault.sealed_card import CardIdentity, CardUnreadable, SealedCard
from fincore.write.vault.vault_keys import KEY_BYTES, VaultKey, VaultKeys

_FORMAT: Final = b"\x01"
_MARK_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_FORMAT) + _MARK_BYTES
_CONTENT: Final = "fincore vault, card"
_DATA_KEY: Final = "fincore vault, data key"


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    number: str
    expiry_month: int
    expiry_year: int
    holder: str | None = None

    def __repr__(self) -> str:
        return f"_Content({MASK!r})"


_DECODER: Final = msgspec.json.Decoder(_Content)


class CardCipher:
    """Seals cards under the current key, and opens those of every key there is."""

    def __init__(self, keys: VaultKeys) -> None:
        self.keys: Final = keys

    def seal(self, card: RawCard, identity: CardIdentity) -> SealedCard:
        """A card as it may be stored: number, expiry and holder. The security code is left out."""
        content = _Content(
            number=card.number.reveal(),
            expiry_month=card.expiry_month,
            expiry_year=card.expiry_year,
            holder=None if card.holder is None else card.holder.reveal(),
        )
        data_key, current = os.urandom(KEY_BYTES), self.keys.current
        return SealedCard(
            key_id=current.key_id,
            key_check=current.check,
            wrapped_key=_encrypted(
                current.key, data_key, _bound(_DATA_KEY, identity, current.key_id), identity
            ),
            content=_encrypted(data_key, msgspec.json.encode(content), _bound(_CONTENT, identity), identity),
        )

    def open(self, sealed: SealedCard, identity: CardIdentity) -> RawCard:
        """The card that was sealed for an identity. Raises `CardUnreadable`."""
        data_key = self._unwrapped(sealed, identity)
        content = _DECODER.decode(_decrypted(data_key, sealed.content, _bound(_CONTENT, identity), identity))
        return RawCard(
            number=Secret(content.number),
            expiry_month=content.expiry_month,
            expiry_year=content.expiry_year,
            cvc=None,
            holder=None if content.holder is None else Secret(content.holder),
        )

    def is_current(self, sealed: SealedCard) -> bool:
        """Whether the current key wraps a card's data key."""
        current = self.keys.current
        return (sealed.key_id, sealed.key_check) == (current.key_id, current.check)

    def rewrap(self, sealed: SealedCard, identity: CardIdentity) -> SealedCard:
        """The same content, its data key under the current key. The content is not decrypted. Raises `CardUnreadable`."""
        data_key, current = self._unwrapped(sealed, identity), self.keys.current
        return SealedCard(
            key_id=current.key_id,
            key_check=current.check,
            wrapped_key=_encrypted(
                current.key, data_key, _bound(_DATA_KEY, identity, current.key_id), identity
            ),
            content=sealed.content,
        )

    def _unwrapped(self, sealed: SealedCard, identity: CardIdentity) -> bytes:
        key = self._key_of(sealed, identity)
        return _decrypted(key.key, sealed.wrapped_key, _bound(_DATA_KEY, identity, key.key_id), identity)

    def _key_of(self, sealed: SealedCard, identity: CardIdentity) -> VaultKey:
        key = self.keys.find(sealed.key_id)
        if key is None:
            raise CardUnreadable(identity.card_id, "key_missing")
        if key.check != sealed.key_check:
            raise CardUnreadable(identity.card_id, "key_wrong")
        return key


def _encrypted(key: bytes, plain: bytes, bound: bytes, identity: CardIdentity) -> bytes:
    """A byte for the format, the mark of the identity, the nonce, the ciphertext with its tag."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + _mark(identity) + nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypted(key: bytes, encrypted: bytes, bound: bytes, identity: CardIdentity) -> bytes:
    mark = encrypted[len(_FORMAT) : _HEAD_BYTES]
    if encrypted[: len(_FORMAT)] != _FORMAT or len(encrypted) < _HEAD_BYTES + _NONCE_BYTES:
        raise CardUnreadable(identity.card_id, "altered")
    if mark != _mark(identity):  # the tag would not fit either; the mark tells a swap from an alteration
        raise CardUnreadable(identity.card_id, "sealed_for_another")
    nonce, content = encrypted[_HEAD_BYTES:][:_NONCE_BYTES], encrypted[_HEAD_BYTES + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, content, bound)
    except InvalidTag:
        raise CardUnreadable(identity.card_id, "altered") from None


def _mark(identity: CardIdentity) -> bytes:
    return sha256(_bound("fincore vault, mark", identity)).digest()[:_MARK_BYTES]


def _bound(what: str, identity: CardIdentity, *more: str) -> bytes:
    """Associated data: as JSON, so that no two lists of texts give the same bytes."""
    return msgspec.json.encode([what, identity.card_id, identity.merchant_id, identity.livemode, *more])
