"""Verification: whether every kept card can be read and is what its row says. Nothing of a card leaves it."""

from typing import NamedTuple

from fincore.write.vault.accesses import Accesses
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprints
from fincore.write.vault.kept_rows import KeptRow, KeptRows, flaw_of
from fincore.write.vault.rotation import BATCH_CARDS_MAX, LISTED_MAX, Progress
from fincore.write.vault.sealed_card import CardUnreadable, Flaw


class Verified(NamedTuple):
    """How many cards are sound, how many are not, and `LISTED_MAX` of those."""

    sound: int
    flawed: tuple[CardUnreadable, ...]
    flawed_count: int


async def verify(
    rows: KeptRows,
    cipher: CardCipher,
    fingerprints: CardFingerprints,
    accesses: Accesses,
    progress: Progress,
    *,
    batch_cards_max: int = BATCH_CARDS_MAX,
) -> Verified:
    """Read every card that is not deleted, and compare it with its row."""
    sound = flawed_count = 0
    flawed: list[CardUnreadable] = []
    after = ""
    while batch := await rows.after(after, limit=batch_cards_max):
        after = batch[-1].identity.card_id
        await accesses.swept([row.identity.card_id for row in batch], "verification")
        for row in batch:
            flaw = await _flaw(row, cipher, fingerprints)
            if flaw is None:
                sound += 1
            else:
                flawed_count += 1
                if len(flawed) < LISTED_MAX:
                    flawed.append(CardUnreadable(row.identity.card_id, flaw))
        progress(sound + flawed_count)
    return Verified(sound, tuple(flawed), flawed_count)


async def _flaw(row: KeptRow, cipher: CardCipher, fingerprints: CardFingerprints) -> Flaw | None:
    try:
        card = await cipher.open(row.sealed, row.identity)
    except CardUnreadable as error:
        return error.flaw
    return flaw_of(row, card, fingerprints)
