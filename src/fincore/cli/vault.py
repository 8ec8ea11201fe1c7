"""What `fincore vault` can do: keys in use, their rotation and loss, whether each card can be read, who used the keys."""

import re
import sys
from functools import partial
from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.undumpable import become_undumpable
from fincore.bootstrap.vault_settings import vault_keeping
from fincore.cli.arguments import By, Limit, Reason, id_by
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.domain.errors import ConfigurationError, UsageError
from fincore.domain.ids import CardId, parse_card_id
from fincore.write.vault.accesses import Accesses, AccessRecord, this_process
from fincore.write.vault.forgetting import LostKey, WhoForgets, forget
from fincore.write.vault.kept_cards import VaultKeeping
from fincore.write.vault.kept_rows import KeptRows, KeyUse
from fincore.write.vault.rotation import LISTED_MAX, Progress, Rotated, rotate
from fincore.write.vault.sealed_card import FLAW_TEXTS, CardUnreadable
from fincore.write.vault.vault_keys import VaultKeys
from fincore.write.vault.verification import Verified, verify

vault = App(name="vault", help=COMMANDS["vault"].help)

PROGRESS_CARDS: Final = 10_000
"""A line is printed each time as many cards are done."""

Card = Annotated[
    CardId | None,
    Parameter(
        name="--card",
        validator=id_by(parse_card_id, "it is the `id` in the card edge's answers"),
        help="The card's id, `card_...`; without it the accesses to all cards.",
    ),
]


def _check_of_a_key(_: object, text: str) -> None:
    if re.fullmatch(r"[0-9a-f]{16}", text) is None:
        raise UsageError("--check must be the 16 digits that `fincore vault keys` lists for the key")


LostKeyId = Annotated[str, Parameter(help="The id of the key.")]
LostKeyCheck = Annotated[
    str,
    Parameter(validator=_check_of_a_key, help="Its check, which tells it from another key of the same id."),
]
LostCards = Annotated[
    int,
    Parameter(
        validator=validators.Number(gte=1),
        help="How many cards it encrypts, as listed: it confirms that you give up these.",
    ),
]


@vault.command(name="keys")
def list_keys() -> None:
    """List the keys that encrypt cards, how many cards each encrypts, and whether FINCORE_VAULT_KEYS holds it.

    A key that encrypts no card can be removed from FINCORE_VAULT_KEYS, unless it is the current one. `check` tells two keys apart.
    """
    keys, uses = on_installation(_key_uses)
    used = {(use.key_id, use.key_check) for use in uses}
    unused = [KeyUse(key.key_id, key.check, 0) for key in keys or () if (key.key_id, key.check) not in used]
    show_table(
        ("key", "check", "cards", "in FINCORE_VAULT_KEYS"),
        [(use.key_id, use.key_check.hex(), f"{use.cards:,}", _state(use, keys)) for use in (*uses, *unused)],
    )


@vault.command(name="rotate")
def rotate_keys() -> None:
    """Put every card under the first key of FINCORE_VAULT_KEYS and under FINCORE_VAULT_FINGERPRINT_KEY.

    Cards are kept, charged and deleted meanwhile. Run it again if it was interrupted: it goes on where it ended. It exits with 1
    if a card cannot be read or is left under an older key.
    """
    done = on_installation(_rotated)
    show(f"{counted(done.rotated, 'card')} rotated")
    _show_unreadable(done.unreadable, done.unreadable_count)
    if done.left > done.unreadable_count:
        show(
            f"{counted(done.left, 'card is', 'cards are')} under older keys: start the card edge with the new keys first, "
            "then run this again"
        )
    sys.exit(1 if done.unreadable_count or done.left else 0)


@vault.command(name="verify")
def verify_cards() -> None:
    """Read every kept card, and compare it with what its row shows. Nothing of a card is printed.

    It exits with 1 if a card cannot be read or is not what its row shows.
    """
    done = on_installation(_verified)
    show(
        f"{counted(done.sound, 'card can be read and is what its row shows', 'cards can be read and are what their rows show')}"
    )
    _show_unreadable(done.flawed, done.flawed_count)
    sys.exit(1 if done.flawed_count else 0)


@vault.command(name="forget")
def forget_key(key: LostKeyId, /, *, check: LostKeyCheck, cards: LostCards, by: By, reason: Reason) -> None:
    """Give up the cards under a key that is lost, for good, so that the card edge starts again.

    Name the key as `fincore vault keys` lists it. Its cards end as deleted ones: merchants have to have them sent again. No backup of
    the key brings them back afterwards. It is refused while FINCORE_VAULT_KEYS holds the key. Run it again if it was interrupted.
    """
    lost = LostKey(key, bytes.fromhex(check), cards)
    show(f"{counted(on_installation(partial(_forgotten, lost, by, reason)), 'card')} given up for good")


@vault.command(name="access")
def list_accesses(*, card_id: Card = None, limit: Limit = 100) -> None:
    """List who used the keys of cards, why and when, newest first."""
    found = on_stores(lambda stores: AccessRecord(stores.eventstore).list(card_id, limit=limit), "eventstore")
    show_table(
        ("at", "card", "purpose", "charge", "attempt", "account", "by"),
        [
            (
                moment_text(one.accessed_at),
                one.card_id,
                one.purpose,
                one.charge_id or "-",
                str(one.attempt or "-"),
                f"{one.psp}/{one.psp_account}" if one.psp else "-",
                one.accessed_by,
            )
            for one in found
        ],
    )


async def _key_uses(settings: Settings, databases: Databases) -> tuple[VaultKeys | None, list[KeyUse]]:
    async with operator_stores(databases, "eventstore") as stores:
        return settings.vault_keys, await KeptRows(stores.eventstore).key_uses()


async def _rotated(settings: Settings, databases: Databases) -> Rotated:
    keeping = _keeping(settings)
    async with operator_stores(databases, "eventstore") as stores:
        pool = stores.eventstore
        accesses = Accesses(pool, stores.clock, by=this_process("fincore vault rotate"))
        return await rotate(KeptRows(pool), *keeping, accesses, _progress("rotated"))


async def _forgotten(lost: LostKey, by: str, reason: str, settings: Settings, databases: Databases) -> int:
    keeping = _keeping(settings)
    async with operator_stores(databases, "eventstore") as stores:
        who = WhoForgets(by, reason, stores.clock.now())
        return await forget(stores.eventstore, keeping.cipher.keys, lost, who, _progress("given up"))


async def _verified(settings: Settings, databases: Databases) -> Verified:
    keeping = _keeping(settings)
    async with operator_stores(databases, "eventstore") as stores:
        pool = stores.eventstore
        accesses = Accesses(pool, stores.clock, by=this_process("fincore vault verify"))
        return await verify(KeptRows(pool), *keeping, accesses, _progress("read"))


def _keeping(settings: Settings) -> VaultKeeping:
    keeping = vault_keeping(settings)
    if keeping is None:
        raise ConfigurationError(
            "FINCORE_VAULT_KEYS and FINCORE_VAULT_FINGERPRINT_KEY are missing: set them as for the card edge"
        )
    become_undumpable()
    return keeping


def _progress(done: str) -> Progress:
    """Prints a line each time another `PROGRESS_CARDS` are done."""
    printed = 0

    def tell(cards: int) -> None:
        nonlocal printed
        if cards // PROGRESS_CARDS > printed:
            printed = cards // PROGRESS_CARDS
            show(f"{cards:,} cards {done} so far")

    return tell


def _state(use: KeyUse, keys: VaultKeys | None) -> str:
    key = None if keys is None else keys.find(use.key_id)
    if key is None or keys is None:
        return "missing"
    if key.check != use.key_check:
        return "another key of this id"
    return "current" if key is keys.current else "older"


def _show_unreadable(flawed: tuple[CardUnreadable, ...], count: int) -> None:
    for error in flawed:
        show(f"{error.card_id}: {error.flaw}: {FLAW_TEXTS[error.flaw]}")
    if count > LISTED_MAX:
        show(f"and {count - LISTED_MAX:,} more")
