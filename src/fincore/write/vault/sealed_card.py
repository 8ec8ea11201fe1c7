"""A card as the database holds it, and why one cannot be read. Pure."""

from typing import Final, Literal

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import CardId, MerchantId

Flaw = Literal[
    "key_missing",
    "key_wrong",
    "sealed_for_another",
    "altered",
    "facts_differ",
    "fingerprint_differs",
    "fingerprint_key_missing",
]
"""Why a card cannot be read, or is not what its row says."""

FLAW_TEXTS: Final[dict[Flaw, str]] = {
    "key_missing": "FINCORE_VAULT_KEYS lacks the key that encrypts it",
    "key_wrong": "FINCORE_VAULT_KEYS holds another key under the id of the one that encrypts it",
    "sealed_for_another": "its ciphertext was made for another card, merchant or mode",
    "altered": "its ciphertext was altered",
    "facts_differ": "its digits or expiry in clear are not those that are encrypted",
    "fingerprint_differs": "its fingerprint is not that of its number",
    "fingerprint_key_missing": "the key of its fingerprint is neither FINCORE_VAULT_FINGERPRINT_KEY nor the one before",
}

KEY_FLAWS: Final[frozenset[Flaw]] = frozenset({"key_missing", "key_wrong"})
"""Those of the settings and not of the card: with its key the card can be read."""


class CardIdentity(msgspec.Struct, frozen=True):
    """What a ciphertext is bound to: the card, its merchant, and the mode."""

    card_id: CardId
    merchant_id: MerchantId
    livemode: bool


class SealedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card's content under its data key, and that data key under a key-encryption key, which `key_id` and `key_check` tell."""

    key_id: str
    key_check: bytes
    wrapped_key: bytes
    content: bytes


class CardUnreadable(FinCoreError):
    """A kept card cannot be read; `flaw` says why."""

    def __init__(self, card_id: CardId, flaw: Flaw) -> None:
        super().__init__(f"the card {card_id} cannot be read ({flaw}): {FLAW_TEXTS[flaw]}")
        self.card_id = card_id
        self.flaw: Flaw = flaw
