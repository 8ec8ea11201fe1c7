"""Forgetting the cards under a key that is lost: nothing can read them any more, and while they are kept no card edge starts.

They end as deleted cards do: the ciphertext, its keys and the fingerprint are erased, and the row stays.
"""

from datetime import datetime
from typing import Final, NamedTuple

from fincore.domain.counting import counted
from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.vault.kept_rows import KeptRows, KeyUse
from fincore.write.vault.rotation import Progress
from fincore.write.vault.vault_keys import VaultKeys

_SQL = load_sql("fincore.write.vault", "forgetting.sql")

FORGOTTEN_CARDS_MAX: Final = 1_000
"""Cards that are erased in one statement, with the row that records it."""


class NotForgotten(FinCoreError):
    """Nothing was erased; the message says why and what to do."""


class LostKey(NamedTuple):
    """A key as an operator names it, with the number of cards that they were shown under it: it confirms that they mean these."""

    key_id: str
    key_check: bytes
    cards: int


class WhoForgets(NamedTuple):
    """Who gives the cards up, why and when; it is stored."""

    by: str
    reason: str
    now: datetime


def require_lost(uses: list[KeyUse], keys: VaultKeys, lost: LostKey) -> None:
    """Raise `NotForgotten` where the key is at hand, encrypts nothing, or encrypts another number of cards than was confirmed."""
    configured = keys.find(lost.key_id)
    if configured is not None and configured.check == lost.key_check:
        raise NotForgotten(
            f"FINCORE_VAULT_KEYS holds the key {lost.key_id}, so its cards can be read: put them under the current key with "
            "`fincore vault rotate`"
        )
    found = next((use for use in uses if use[:2] == lost[:2]), None)
    if found is None:
        raise NotForgotten(
            f"no card is encrypted by a key {lost.key_id} with the check {lost.key_check.hex()}: `fincore vault keys` lists both"
        )
    if found.cards != lost.cards:
        raise NotForgotten(
            f"the key {lost.key_id} encrypts {counted(found.cards, 'card')}, not {lost.cards:,}: nothing was erased; "
            f"to lose them for good, repeat the command with --cards {found.cards}"
        )


async def forget(pool: Pool, keys: VaultKeys, lost: LostKey, who: WhoForgets, progress: Progress) -> int:
    """Erase what is kept of each card under a lost key, for good; returns how many cards there were.

    Each batch is one statement with the row that records it. A run that was interrupted is repeated for the cards that are left.
    Raises `NotForgotten`, before anything is changed.
    """
    require_lost(await KeptRows(pool).key_uses(), keys, lost)
    forgotten = 0
    while erased := await pool.fetchval(
        _SQL.forget_some,
        lost.key_id,
        lost.key_check,
        min(FORGOTTEN_CARDS_MAX, lost.cards - forgotten),
        who.now,
        who.by,
        who.reason,
    ):
        forgotten += erased
        progress(forgotten)
    return forgotten
