"""Rotation: the data keys of cards under the current key, and fingerprints under the current key of fingerprints.

It goes on while cards are kept, charged and deleted, takes no lock that outlasts a statement, and begins where an earlier run ended.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from fincore.domain.counting import counted
from fincore.domain.errors import ConfigurationError
from fincore.write.vault.accesses import Accesses
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprints
from fincore.write.vault.kept_rows import KeptRow, KeptRows, KeyUse, NewKeys, flaw_of
from fincore.write.vault.sealed_card import CardUnreadable
from fincore.write.vault.vault_keys import VaultKeys

BATCH_CARDS_MAX: Final = 500
"""Cards that get other keys in one statement."""
PASSES_MAX: Final = 3
"""A pass finds what a card edge with the keys of before kept meanwhile; one that was told of the new keys adds nothing to find."""
LISTED_MAX: Final = 1_000
"""Cards that cannot be read, of which a result names as many."""

Progress = Callable[[int], None]
"""Told after each batch how many cards have been rotated so far."""


class Rotated(NamedTuple):
    """How many cards got current keys, how many were left without, and those that cannot be read, `LISTED_MAX` of them."""

    rotated: int
    unreadable: tuple[CardUnreadable, ...]
    unreadable_count: int
    left: int


def require_keys(uses: list[KeyUse], keys: VaultKeys) -> None:
    """Raise `ConfigurationError` where cards are kept under a key that is not at hand."""
    for use in uses:
        key = keys.find(use.key_id)
        if key is None:
            raise ConfigurationError(
                f"FINCORE_VAULT_KEYS lacks the key {use.key_id}, which encrypts {counted(use.cards, 'card')}: add it "
                "after the current key, or, if it is lost for good, give up what it encrypts with `fincore vault forget`"
            )
        if key.check != use.key_check:
            raise ConfigurationError(
                f"FINCORE_VAULT_KEYS holds another key {use.key_id} than the one that encrypts "
                f"{counted(use.cards, 'card')}: give it back its key, and a new key a new id; if it is lost for good, give up "
                "what it encrypts with `fincore vault forget`"
            )


async def rotate(
    rows: KeptRows,
    cipher: CardCipher,
    fingerprints: CardFingerprints,
    accesses: Accesses,
    progress: Progress,
    *,
    batch_cards_max: int = BATCH_CARDS_MAX,
) -> Rotated:
    """Put every card under the current keys. Raises `ConfigurationError`, before anything is changed, where a key is missing.

    A card that cannot be read stays as it is and stops no other.
    """
    require_keys(await rows.key_uses(), cipher.keys)
    rotated = 0
    for _ in range(PASSES_MAX):
        unreadable: list[CardUnreadable] = []
        unreadable_count = changed_in_pass = 0
        after = ""
        while batch := await rows.not_current_after(after, cipher, fingerprints, limit=batch_cards_max):
            after = batch[-1].identity.card_id
            await accesses.swept([row.identity.card_id for row in batch], "rotation")
            changes: list[NewKeys] = []
            for row in batch:
                try:
                    changes.append(await _new_keys(row, cipher, fingerprints))
                except CardUnreadable as error:
                    unreadable_count += 1
                    if len(unreadable) < LISTED_MAX:
                        unreadable.append(error)
            changed = await rows.replace_keys(changes)
            changed_in_pass += changed
            rotated += changed
            progress(rotated)
        if not changed_in_pass:
            break
    left = sum(use.cards for use in await rows.key_uses() if use[:2] != _told(cipher))
    return Rotated(rotated, tuple(unreadable), unreadable_count, left)


def _told(cipher: CardCipher) -> tuple[str, bytes]:
    current = cipher.keys.current
    return current.key_id, current.check


async def _new_keys(row: KeptRow, cipher: CardCipher, fingerprints: CardFingerprints) -> NewKeys:
    """The card is decrypted only where its fingerprint must be made anew."""
    sealed = row.sealed if cipher.is_current(row.sealed) else await cipher.rewrap(row.sealed, row.identity)
    fingerprint, owner = row.fingerprint, row.identity
    if fingerprint.key_check != fingerprints.current_check:
        card = await cipher.open(sealed, row.identity)
        flaw = flaw_of(row, card, fingerprints)
        if flaw is not None:
            raise CardUnreadable(row.identity.card_id, flaw)
        fingerprint = fingerprints.of(card.number, owner.merchant_id, livemode=owner.livemode)
    return NewKeys(row, sealed, fingerprint)
