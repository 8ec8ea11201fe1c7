"""Encrypts cards for the database: the content under a data key of each card's own, that key under a key-encryption key.

AES-256-GCM (NIST SP 800-38D) for both. A data key encrypts once; of one key-encryption key random nonces allow 2^32 data keys.
Each ciphertext is bound, as associated data, to the card, its merchant and the mode, and a wrapped data key to the id of its
key as well: none can be read in another's place. A key-encryption key may be one of a key service, which wraps and unwraps itself.
"""

import os
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fincore.domain.ids import CardId, MerchantId
from fincore.domain.raw_card import RawCard
from fincore.domain.secret import MASK, Secret
from fincore.write.vault.key_service import KeyService
from fincore.write.vault.sealed_card import CardIdentity, CardUnreadable, SealedCard
from fincore.write.vault.vault_keys import KEY_BYTES, KeyEncryptionKey, ServiceKey, VaultKeys

_FORMAT: Final = b"\x01"
_SERVICE_FORMAT: Final = b"\x02"
"""Of a data key that a key service wrapped."""
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
    """Seals cards under the current key, and opens those of every key there is.

    Raises `ValueError` for a key of a key service where there is no service. What uses such a key raises `KeyServiceUnavailable`.
    """

    def __init__(self, keys: VaultKeys, service: KeyService | None = None) -> None:
        if service is None and any(isinstance(key, ServiceKey) for key in keys):
            raise ValueError("a key of a key service needs the service")
        self.keys: Final = keys
        self._service = service

    async def seal(self, card: RawCard, identity: CardIdentity) -> SealedCard:
        """A card as it may be stored: number, expiry and holder. The security code is left out."""
        content = _Content(
            number=card.number.reveal(),
            expiry_month=card.expiry_month,
            expiry_year=card.expiry_year,
            holder=None if card.holder is None else card.holder.reveal(),
        )
        data_key = os.urandom(KEY_BYTES)
        sealed = _encrypted(data_key, msgspec.json.encode(content), _bound(_CONTENT, identity), identity)
        return await self._wrapped(data_key, sealed, identity)

    async def open(self, sealed: SealedCard, identity: CardIdentity) -> RawCard:
        """The card that was sealed for an identity. Raises `CardUnreadable`."""
        data_key = await self._unwrapped(sealed, identity)
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

    async def rewrap(self, sealed: SealedCard, identity: CardIdentity) -> SealedCard:
        """The same content, its data key under the current key. The content is not decrypted. Raises `CardUnreadable`."""
        return await self._wrapped(await self._unwrapped(sealed, identity), sealed.content, identity)

    async def current_key_works(self) -> bool:
        """Whether the current key unwraps what it wraps. No card is used."""
        identity, data_key = CardIdentity(CardId("check"), MerchantId("check"), False), os.urandom(KEY_BYTES)
        try:
            return await self._unwrapped(await self._wrapped(data_key, b"", identity), identity) == data_key
        except CardUnreadable:
            return False

    async def _wrapped(self, data_key: bytes, content: bytes, identity: CardIdentity) -> SealedCard:
        current = self.keys.current
        if isinstance(current, ServiceKey):
            wrapped = await self._served.wrap(current, data_key, _context(identity, current.key_id))
            wrapped = _SERVICE_FORMAT + _mark(identity) + wrapped
        else:
            bound = _bound(_DATA_KEY, identity, current.key_id)
            wrapped = _encrypted(current.key, data_key, bound, identity)
        return SealedCard(
            key_id=current.key_id, key_check=current.check, wrapped_key=wrapped, content=content
        )

    async def _unwrapped(self, sealed: SealedCard, identity: CardIdentity) -> bytes:
        key, wrapped = self._key_of(sealed, identity), sealed.wrapped_key
        if not isinstance(key, ServiceKey):
            return _decrypted(key.key, wrapped, _bound(_DATA_KEY, identity, key.key_id), identity)
        _require_mark(wrapped, _SERVICE_FORMAT, identity, length_min=1)
        data_key = await self._served.unwrap(key, wrapped[_HEAD_BYTES:], _context(identity, key.key_id))
        if data_key is None:
            raise CardUnreadable(identity.card_id, "altered")
        return data_key

    @property
    def _served(self) -> KeyService:
        if self._service is None:
            raise AssertionError("a key of a key service is refused where there is none")
        return self._service

    def _key_of(self, sealed: SealedCard, identity: CardIdentity) -> KeyEncryptionKey:
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
    _require_mark(encrypted, _FORMAT, identity, length_min=_NONCE_BYTES)
    nonce, content = encrypted[_HEAD_BYTES:][:_NONCE_BYTES], encrypted[_HEAD_BYTES + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, content, bound)
    except InvalidTag:
        raise CardUnreadable(identity.card_id, "altered") from None


def _require_mark(encrypted: bytes, form: bytes, identity: CardIdentity, *, length_min: int) -> None:
    """The tag of a swapped ciphertext would not fit either; its mark tells a swap from an alteration."""
    if encrypted[: len(form)] != form or len(encrypted) < _HEAD_BYTES + length_min:
        raise CardUnreadable(identity.card_id, "altered")
    if encrypted[len(form) : _HEAD_BYTES] != _mark(identity):
        raise CardUnreadable(identity.card_id, "sealed_for_another")


def _mark(identity: CardIdentity) -> bytes:
    return sha256(_bound("fincore vault, mark", identity)).digest()[:_MARK_BYTES]


def _bound(what: str, identity: CardIdentity, *more: str) -> bytes:
    """Associated data: as JSON, so that no two lists of texts give the same bytes."""
    return msgspec.json.encode([what, identity.card_id, identity.merchant_id, identity.livemode, *more])


def _context(identity: CardIdentity, key_id: str) -> dict[str, str]:
    """What a key service binds a data key to. It is no secret: services write it down."""
    return {
        "purpose": _DATA_KEY,
        "card": identity.card_id,
        "merchant": identity.merchant_id,
        "mode": "live" if identity.livemode else "test",
        "key": key_id,
    }
