"""The keys of the vault change while cards are kept and deleted; a card that cannot be read is named and stops no other."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from fincore.bootstrap.vault_settings import require_vault_keys
from fincore.domain.clock import SystemClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.ids import CardId, MerchantId, new_card_id
from fincore.postgres.pool import Pool
from fincore.write.merchants.merchants import Merchants
from fincore.write.vault.accesses import Accesses, AccessRecord, this_process
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.forgetting import LostKey, NotForgotten, WhoForgets, forget
from fincore.write.vault.kept_cards import KeptCards, VaultKeeping, ready_to_keep
from fincore.write.vault.kept_rows import KeptRows, KeyUse, NewKeys
from fincore.write.vault.rotation import Rotated, require_keys, rotate
from fincore.write.vault.sealed_card import CardIdentity
from fincore.write.vault.vault_keys import VaultKeys
from fincore.write.vault.verification import Verified, verify
from fixtures.vault import MASTERCARD, VISA, card, keeping, principal, vault_key

OLD, CHANGING, NEW = keeping("old"), keeping("new", "old"), keeping("new")


class Vault:
    """The cards of one merchant, and what operators do with them."""

    def __init__(self, pool: Pool, merchant_id: MerchantId) -> None:
        self.pool = pool
        self.owner = principal(merchant_id)
        self.rows = KeptRows(pool)
        self.cards = KeptCards(pool, SystemClock())
        self.progress: list[int] = []
        self.accesses = Accesses(pool, SystemClock(), by="test")

    async def keep(self, under: VaultKeeping = OLD, number: str = VISA) -> CardId:
        ready = await ready_to_keep(self.owner, card(number), under)
        async with self.pool.acquire() as connection, connection.transaction():
            return (await self.cards.keep(connection, self.owner, card(number), ready)).card_id

    async def delete(self, card_id: CardId) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            assert await self.cards.delete(connection, self.owner, card_id)

    async def rotate(self, under: VaultKeeping = CHANGING, *, batch: int = 2) -> Rotated:
        return await rotate(self.rows, *under, self.accesses, self.progress.append, batch_cards_max=batch)

    async def verify(self, under: VaultKeeping = NEW, *, batch: int = 2) -> Verified:
        return await verify(self.rows, *under, self.accesses, self.progress.append, batch_cards_max=batch)

    async def flaws(self, under: VaultKeeping = NEW) -> dict[CardId, str]:
        done = await self.verify(under)
        assert done.flawed_count == len(done.flawed)
        return {one.card_id: one.flaw for one in done.flawed}

    async def used(self, purpose: str) -> list[CardId]:
        found = await AccessRecord(self.pool).list(None, limit=1_000)
        return sorted(one.card_id for one in found if one.purpose == purpose)


@pytest.fixture
async def vault(pool: Pool) -> Vault:
    merchant_id = await Merchants(pool, SystemClock()).create_merchant("Ada's shop")
    return Vault(pool, merchant_id)


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the tables, which no grant stops; the triggers of the cards are off for it."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("alter table vault.cards disable trigger user")
    yield connection
    await connection.close()


async def test_rotation_puts_every_card_under_the_current_key(vault: Vault) -> None:
    made = [await vault.keep() for _ in range(5)]
    current = await vault.keep(NEW)
    await vault.delete(made.pop())
    assert await vault.rotate() == Rotated(4, (), 0, 0)
    assert vault.progress == [2, 4]
    assert await vault.used("rotation") == sorted(made)
    assert await vault.rows.key_uses() == [KeyUse("new", vault_key("new").check, 5)]
    assert await vault.verify(NEW) == Verified(5, (), 0)
    assert await vault.used("verification") == sorted([*made, current])
    assert await vault.rotate() == Rotated(0, (), 0, 0)


async def test_interrupted_rotation_goes_on_where_it_ended(vault: Vault) -> None:
    made = [await vault.keep() for _ in range(5)]

    def stop(cards: int) -> None:
        if cards == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotate(vault.rows, *CHANGING, vault.accesses, stop, batch_cards_max=2)
    assert [use.cards for use in await vault.rows.key_uses()] == [2, 3]
    assert await vault.flaws(CHANGING) == {}
    assert (await vault.rotate()).rotated == 3
    assert await vault.flaws(NEW) == {}
    assert len(made) == 5


async def test_rotation_without_the_older_key_changes_nothing(vault: Vault, pool: Pool) -> None:
    await vault.keep()
    with pytest.raises(ConfigurationError, match="lacks the key old, which encrypts 1 card: add it after"):
        await vault.rotate(NEW)
    other = VaultKeeping(CardCipher(VaultKeys([vault_key("old", "another")])), NEW.fingerprints)
    with pytest.raises(ConfigurationError, match="holds another key old than the one"):
        await vault.rotate(other)
    assert await vault.used("rotation") == []
    for wrong in (NEW, other):
        with pytest.raises(ConfigurationError):
            await require_vault_keys(pool, wrong)
    with pytest.raises(ConfigurationError, match="FINCORE_VAULT_KEYS is missing, and 1 card is kept"):
        await require_vault_keys(pool, None)
    await require_vault_keys(pool, CHANGING)


async def test_rotation_makes_fingerprints_under_the_current_key(vault: Vault) -> None:
    card_id = await vault.keep(OLD)
    changing = keeping("old", fingerprints=("prints of now", "prints"))
    assert await vault.rotate(changing) == Rotated(1, (), 0, 0)
    assert await vault.flaws(keeping("old", fingerprints=("prints of now", None))) == {}
    assert await vault.flaws(OLD) == {card_id: "fingerprint_key_missing"}
    (row,) = await vault.rows.after("", limit=10)
    assert row.fingerprint == changing.fingerprints.of(card().number, vault.owner.merchant_id, livemode=False)


async def test_card_kept_or_deleted_while_rotated_is_not_lost(vault: Vault) -> None:
    made = [await vault.keep() for _ in range(6)]
    kept: list[CardId] = []

    class Busy(KeptRows):
        """Between the reading of a batch and the replacing of its keys, a card of it goes, and an older edge keeps another."""

        async def replace_keys(self, changes: Sequence[NewKeys]) -> int:
            gone = changes[0].row.identity.card_id
            if gone in made[:3]:
                await vault.delete(gone)
                kept.append(await vault.keep(OLD))
            return await super().replace_keys(changes)

    vault.rows = Busy(vault.pool)
    done = await vault.rotate()
    assert done.unreadable_count == done.left == 0
    assert kept
    assert await vault.flaws(NEW) == {}
    assert (await vault.verify()).sound == 6
    gone = await vault.cards.find(vault.owner.merchant_id, made[0], livemode=False)
    assert gone is not None
    assert gone.deleted_at is not None


async def test_card_committed_behind_a_rotation_is_found_again(vault: Vault) -> None:
    """Its id is the lowest, and its transaction, of an edge with the keys of before, ends once the rotation has passed it."""
    async with vault.pool.acquire() as connection:
        late = connection.transaction()
        await late.start()
        ready = await ready_to_keep(vault.owner, card(), OLD)
        behind = (await vault.cards.keep(connection, vault.owner, card(), ready)).card_id
        made = [await vault.keep() for _ in range(2)]

        class Passing(KeptRows):
            async def replace_keys(self, changes: Sequence[NewKeys]) -> int:
                if len(changes) == 2:
                    await late.commit()
                return await super().replace_keys(changes)

        vault.rows = Passing(vault.pool)
        assert behind < min(made)
        assert await vault.rotate() == Rotated(3, (), 0, 0)


async def test_keys_that_another_rotation_replaced_stay(vault: Vault) -> None:
    await vault.keep()
    (read,) = await vault.rows.after("", limit=1)
    stale = NewKeys(read, await CHANGING.cipher.rewrap(read.sealed, read.identity), read.fingerprint)
    assert (await vault.rotate(keeping("newest", "old"))).rotated == 1
    assert await vault.rows.replace_keys([stale]) == 0
    assert [use.key_id for use in await vault.rows.key_uses()] == ["newest"]


async def test_unreadable_cards_are_named_and_stop_no_other(vault: Vault, owner: asyncpg.Connection) -> None:
    ids = [await vault.keep(number=number) for number in (VISA, MASTERCARD, VISA, VISA, VISA, VISA, VISA)]
    altered, swapped, facts, prints, merchant, code, sound = ids
    await owner.execute(
        "update vault.cards set content = set_byte(content, 40, 7) where card_id = $1", altered
    )
    await owner.execute(
        "update vault.cards c set content = o.content, wrapped_key = o.wrapped_key from vault.cards o "
        "where c.card_id = $1 and o.card_id = $2",
        swapped,
        sound,
    )
    await owner.execute("update vault.cards set expiry_year = 2035 where card_id = $1", facts)
    await owner.execute("update vault.cards set fingerprint = sha256('x') where card_id = $1", prints)
    await owner.execute("update vault.cards set livemode = true where card_id = $1", merchant)
    await owner.execute("update vault.cards set last4 = '4243' where card_id = $1", code)
    expected = {
        altered: "altered",
        swapped: "sealed_for_another",
        facts: "facts_differ",
        prints: "fingerprint_differs",
        merchant: "sealed_for_another",
        code: "facts_differ",
    }
    assert await vault.flaws(OLD) == expected
    # What is encrypted is sound in some of them: those get the new key, and stay what they are.
    done = await vault.rotate()
    assert {one.card_id: one.flaw for one in done.unreadable} == {
        swapped: "sealed_for_another",
        merchant: "sealed_for_another",
    }
    assert (done.unreadable_count, done.left, done.rotated) == (2, 2, 5)
    assert await vault.flaws(CHANGING) == expected
    both = keeping("new", "old", fingerprints=("prints of now", "prints"))
    done = await vault.rotate(both)
    assert {one.card_id: one.flaw for one in done.unreadable} == expected
    assert (done.rotated, done.unreadable_count) == (1, 6)


async def test_card_and_record_of_accesses_are_never_rewritten(vault: Vault, pool: Pool, dsn: str) -> None:
    card_id = await vault.keep()
    await vault.verify(OLD)
    owner = await asyncpg.connect(dsn)
    changes = (
        "delete from vault.accesses",
        "truncate vault.accesses",
        "update vault.accesses set accessed_by = 'Eve'",
        "delete from vault.cards",
        "truncate vault.cards cascade",
        "update vault.cards set last4 = '0000'",
        "update vault.cards set merchant_id = 'mer_eve'",
        "update vault.cards set content = wrapped_key",
        "update vault.cards set first6 = '555555'",
    )
    try:
        for change in changes:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
                await pool.execute(change)
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(change)
        await vault.delete(card_id)
        with pytest.raises(asyncpg.RestrictViolationError, match="is deleted for good"):
            await owner.execute("update vault.cards set deleted_at = null, deleted_by = null")
    finally:
        await owner.close()
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(
            "insert into vault.accesses (card_id, purpose, accessed_at, accessed_by) values ($1, 'charge', now(), 'x')",
            card_id,
        )


async def test_accesses_are_listed_newest_first_with_the_process(vault: Vault, pool: Pool) -> None:
    made = [await vault.keep() for _ in range(3)]
    vault.accesses = Accesses(pool, SystemClock(), by=this_process("fincore vault verify"))
    await vault.verify(OLD)
    found = await AccessRecord(pool).list(None, limit=2)
    assert [one.card_id for one in found] == [made[2], made[1]]
    assert found[0].accessed_by.startswith("fincore vault verify, ")
    (one,) = await AccessRecord(pool).list(made[0], limit=10)
    assert (one.purpose, one.charge_id, one.psp_account) == ("verification", None, None)


WHO = WhoForgets("ada", "Lost.", datetime(2026, 1, 2, tzinfo=UTC))


async def test_cards_under_a_lost_key_are_given_up(vault: Vault, pool: Pool, dsn: str) -> None:
    """The card edge starts again; nothing is left of them but what a deleted card shows, and who gave them up."""
    lost = [await vault.keep() for _ in range(3)]
    await vault.delete(lost[0])
    held = await vault.keep(NEW)
    named = LostKey("old", vault_key("old").check, 2)
    with pytest.raises(ConfigurationError, match="`fincore vault forget`"):
        await require_vault_keys(pool, NEW)
    assert await forget(pool, NEW.cipher.keys, named, WHO, vault.progress.append) == 2
    await require_vault_keys(pool, NEW)
    assert vault.progress == [2]
    assert await vault.flaws() == {}
    assert [one.identity.card_id for one in await vault.rows.after("", limit=9)] == [held]
    for card_id in lost[1:]:
        found = await vault.cards.find(vault.owner.merchant_id, card_id, livemode=False)
        assert found is not None
        assert (found.first6, found.last4, found.deleted_at) == (None, VISA[-4:], WHO.now)
    rows = await pool.fetch(
        "select key_id, key_check, cards, forgotten_at, forgotten_by, reason from vault.forgotten_keys"
    )
    assert [tuple(row) for row in rows] == [("old", named.key_check, 2, WHO.now, "ada", "Lost.")]
    owner = await asyncpg.connect(dsn)
    for change in ("delete from vault.forgotten_keys", "update vault.forgotten_keys set reason = 'x'"):
        with pytest.raises(asyncpg.RestrictViolationError, match="is evidence"):
            await owner.execute(change)
    await owner.close()


async def test_cards_are_given_up_in_batches(
    vault: Vault, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fincore.write.vault.forgetting.FORGOTTEN_CARDS_MAX", 2)
    for _ in range(5):
        await vault.keep()
    named = LostKey("old", vault_key("old").check, 5)
    assert await forget(pool, NEW.cipher.keys, named, WHO, vault.progress.append) == 5
    assert vault.progress == [2, 4, 5]
    assert [
        row["cards"] for row in await pool.fetch("select cards from vault.forgotten_keys order by 1")
    ] == [1, 2, 2]


@pytest.mark.parametrize(
    ("under", "named", "said"),
    [
        (CHANGING, LostKey("old", vault_key("old").check, 2), "so its cards can be read"),
        (NEW, LostKey("old", vault_key("old").check, 1), "encrypts 2 cards, not 1"),
        (NEW, LostKey("old", vault_key("old").check, 3), "--cards 2"),
        (NEW, LostKey("old", vault_key("old", "another").check, 2), "no card is encrypted by a key old"),
        (NEW, LostKey("older", vault_key("old").check, 2), "no card is encrypted by a key older"),
        (NEW, LostKey("new", vault_key("new").check, 1), "so its cards can be read"),
    ],
    ids=["key at hand", "fewer", "more", "another check", "another id", "current key"],
)
async def test_cards_that_can_be_read_are_not_given_up(
    vault: Vault, pool: Pool, under: VaultKeeping, named: LostKey, said: str
) -> None:
    made = [await vault.keep(), await vault.keep()]
    with pytest.raises(NotForgotten, match=said):
        await forget(pool, under.cipher.keys, named, WHO, vault.progress.append)
    assert sorted(one.identity.card_id for one in await vault.rows.after("", limit=9)) == sorted(made)


async def test_lost_key_under_the_id_of_another_is_given_up(vault: Vault, pool: Pool) -> None:
    await vault.keep()
    keys = VaultKeys([vault_key("old", "another")])
    named = LostKey("old", vault_key("old").check, 1)
    assert await forget(pool, keys, named, WHO, vault.progress.append) == 1


def test_keys_that_encrypt_nothing_need_not_be_at_hand() -> None:
    require_keys([], NEW.cipher.keys)
    require_keys([KeyUse("old", vault_key("old").check, 1)], CHANGING.cipher.keys)


CARDS = 100_000


@pytest.mark.long
@pytest.mark.timeout(1_200)
async def test_rotation_of_many_cards_while_others_come_and_go(vault: Vault) -> None:
    """100,000 cards get a new key while an edge with both keys keeps, reads and deletes cards without one failure."""
    identities = [await vault.keep() for _ in range(500)]
    await copied(vault, CARDS - 500)
    finished = asyncio.Event()
    kept: list[CardId] = []
    read = deleted = 0

    async def customers() -> None:
        nonlocal read, deleted
        for number in itertools.cycle((VISA, MASTERCARD)):
            if finished.is_set():
                return
            kept.append(await vault.keep(CHANGING, number))
            for row in await KeptRows(vault.pool).after(identities[read % 500], limit=3):
                opened = await CHANGING.cipher.open(row.sealed, row.identity)
                assert opened.number.reveal() in (VISA, MASTERCARD)
            read += 1
            if read % 10 == 0 and deleted < 400:
                await vault.delete(identities[deleted])
                deleted += 1

    async with asyncio.TaskGroup() as group:
        busy = group.create_task(customers())
        done = await vault.rotate(batch=500)
        finished.set()
    assert busy.done()
    assert (done.unreadable_count, done.left) == (0, 0)
    assert CARDS - deleted <= done.rotated <= CARDS
    assert min(read, deleted) > 0
    after = await vault.verify(NEW, batch=500)
    assert after == Verified(CARDS - deleted + len(kept), (), 0)


async def copied(vault: Vault, count: int) -> None:
    """Keep many cards fast: sealed one by one as ever, and written a thousand at a time."""
    owner, sent = vault.owner, card()
    print_of = OLD.fingerprints.of(sent.number, owner.merchant_id, livemode=False)
    now = SystemClock().now()
    records = []
    for _ in range(count):
        identity = CardIdentity(new_card_id(), owner.merchant_id, livemode=False)
        sealed = await OLD.cipher.seal(sent, identity)
        records.append(
            (
                *(
                    identity.card_id,
                    owner.merchant_id,
                    False,
                    "visa",
                    "424242",
                    "4242",
                    12,
                    2034,
                    now,
                    "key_kept",
                ),
                *(sealed.key_id, sealed.key_check, sealed.wrapped_key, sealed.content),
                *print_of,
            )
        )
    columns = [
        "card_id",
        "merchant_id",
        "livemode",
        "brand",
        "first6",
        "last4",
        "expiry_month",
        "expiry_year",
        "kept_at",
        "kept_by",
        "key_id",
        "key_check",
        "wrapped_key",
        "content",
        "fingerprint",
        "fingerprint_key_check",
    ]
    async with vault.pool.acquire() as connection:
        await connection.copy_records_to_table("cards", records=records, columns=columns, schema_name="vault")
