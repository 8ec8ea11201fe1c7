"""Sealed cards: what is read back, and the named error of each way in which one is not what it was."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from fincore.domain.ids import CardId, MerchantId
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.key_service import KeyServiceUnavailable
from fincore.write.vault.sealed_card import CardIdentity, CardUnreadable, SealedCard
from fincore.write.vault.vault_keys import VaultKeys
from fixtures.key_services import MemoryKeyService, service_key
from fixtures.vault import MASTERCARD, VISA, card, keeping, vault_key

ADA = CardIdentity(CardId("card_a"), MerchantId("mer_a"), livemode=False)
BOB = CardIdentity(CardId("card_b"), MerchantId("mer_a"), livemode=False)
CIPHER = keeping("k1").cipher


async def flaw_of(cipher: CardCipher, sealed: SealedCard, identity: CardIdentity = ADA) -> str:
    """The same error whether the card is opened or its key rotated."""
    with pytest.raises(CardUnreadable) as opened:
        await cipher.open(sealed, identity)
    assert opened.value.card_id == identity.card_id
    assert opened.value.flaw in str(opened.value)
    return opened.value.flaw


@pytest.mark.parametrize("holder", ["Zoë O'Neill \N{SNOWMAN}", None])
async def test_sealed_card_is_read_back_without_its_code(holder: str | None) -> None:
    with_code = msgspec.structs.replace(card(holder=holder), cvc=card().number)
    sealed = await CIPHER.seal(with_code, ADA)
    assert await CIPHER.open(sealed, ADA) == card(holder=holder)
    assert VISA.encode() not in sealed.content + sealed.wrapped_key


def nonce_of(encrypted: bytes) -> bytes:
    return encrypted[9:21]


async def test_no_two_sealings_share_a_nonce_or_a_data_key() -> None:
    """Two uses of one nonce under the key that wraps would give the data keys away."""
    sealed = [await CIPHER.seal(card(), ADA) for _ in range(50)]
    rewrapped = [await keeping("k2", "k1").cipher.rewrap(sealed[0], ADA) for _ in range(50)]
    for column in (
        [one.content for one in sealed],
        [one.wrapped_key for one in sealed],
        [one.wrapped_key for one in rewrapped],
    ):
        assert len({nonce_of(one) for one in column}) == len({one[21:] for one in column}) == 50


def flipped(text: bytes, place: int) -> bytes:
    return text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]


@pytest.mark.parametrize("field", ["content", "wrapped_key"])
async def test_each_altered_byte_of_a_sealed_card_is_noticed(field: str) -> None:
    sealed = await CIPHER.seal(card(), ADA)
    text = getattr(sealed, field)
    found = {
        place: await flaw_of(CIPHER, msgspec.structs.replace(sealed, **{field: flipped(text, place)}))
        for place in range(len(text))
    }
    assert {place for place, flaw in found.items() if flaw == "sealed_for_another"} == set(range(1, 9))
    assert set(found.values()) == {"altered", "sealed_for_another"}


@pytest.mark.parametrize("length", [0, 1, 9, 20, 21, 30])
async def test_cut_off_sealed_card_is_altered(length: int) -> None:
    sealed = await CIPHER.seal(card(), ADA)
    for field in ("content", "wrapped_key"):
        cut = msgspec.structs.replace(sealed, **{field: getattr(sealed, field)[:length]})
        assert await flaw_of(CIPHER, cut) == "altered"


@pytest.mark.parametrize(
    "other",
    [
        BOB,
        CardIdentity(ADA.card_id, MerchantId("mer_b"), livemode=False),
        CardIdentity(ADA.card_id, ADA.merchant_id, livemode=True),
    ],
)
async def test_row_in_another_place_is_named_as_swapped(other: CardIdentity) -> None:
    assert await flaw_of(CIPHER, await CIPHER.seal(card(), ADA), other) == "sealed_for_another"


async def test_parts_of_two_cards_are_not_read_together() -> None:
    one, other = await CIPHER.seal(card(), ADA), await CIPHER.seal(card(MASTERCARD), ADA)
    mixed = msgspec.structs.replace(one, content=other.content)
    assert await flaw_of(CIPHER, mixed) == "altered"


async def test_forged_mark_of_a_swapped_row_does_not_open_it() -> None:
    theirs, ours = await CIPHER.seal(card(MASTERCARD), BOB), await CIPHER.seal(card(), ADA)
    forged = msgspec.structs.replace(
        theirs,
        content=ours.content[:9] + theirs.content[9:],
        wrapped_key=ours.wrapped_key[:9] + theirs.wrapped_key[9:],
    )
    assert await flaw_of(CIPHER, forged) == "altered"


async def test_missing_and_wrong_key_are_told_apart() -> None:
    sealed = await CIPHER.seal(card(), ADA)
    assert await flaw_of(keeping("k2").cipher, sealed) == "key_missing"
    assert await flaw_of(CardCipher(VaultKeys([vault_key("k1", "other")])), sealed) == "key_wrong"
    renamed = msgspec.structs.replace(sealed, key_id="k2", key_check=vault_key("k2").check)
    assert await flaw_of(keeping("k1", "k2").cipher, renamed) == "altered"


async def test_wrapped_key_is_bound_to_the_id_of_its_key() -> None:
    """One key under two ids, one after the other: what was wrapped under the first name is not read under the second."""
    sealed = await CIPHER.seal(card(), ADA)
    same = CardCipher(VaultKeys([vault_key("k9", "k1")]))
    assert await flaw_of(same, msgspec.structs.replace(sealed, key_id="k9")) == "altered"


@pytest.mark.parametrize("act", [CardCipher.open, CardCipher.rewrap])
async def test_older_key_opens_and_rewraps(act: Callable[..., Awaitable[object]]) -> None:
    sealed, changing = await CIPHER.seal(card(), ADA), keeping("k2", "k1").cipher
    assert not changing.is_current(sealed)
    await act(changing, sealed, ADA)
    rewrapped = await changing.rewrap(sealed, ADA)
    assert changing.is_current(rewrapped)
    assert rewrapped.content == sealed.content
    assert await keeping("k2").cipher.open(rewrapped, ADA) == card()
    assert await flaw_of(CIPHER, rewrapped) == "key_missing"


async def test_rewrapping_refuses_what_opening_refuses() -> None:
    sealed, changing = await CIPHER.seal(card(), ADA), keeping("k2", "k1").cipher
    with pytest.raises(CardUnreadable, match="sealed_for_another"):
        await changing.rewrap(sealed, BOB)
    with pytest.raises(CardUnreadable, match="altered"):
        await changing.rewrap(
            msgspec.structs.replace(sealed, wrapped_key=flipped(sealed.wrapped_key, 30)), ADA
        )


async def test_keys_of_a_service_and_of_settings_take_turns() -> None:
    """A rotation to a key service and back, with cards under either key meanwhile."""
    service = MemoryKeyService()
    served = CardCipher(VaultKeys([service_key("k2"), vault_key("k1")]), service)
    back = CardCipher(VaultKeys([vault_key("k3"), service_key("k2")]), service)
    sealed = await CIPHER.seal(card(), ADA)
    assert not served.is_current(sealed)
    moved = await served.rewrap(sealed, ADA)
    assert served.is_current(moved)
    assert moved.content == sealed.content
    assert await served.open(moved, ADA) == await served.open(sealed, ADA) == card()
    returned = await back.rewrap(moved, ADA)
    assert await CardCipher(VaultKeys([vault_key("k3")])).open(returned, ADA) == card()
    assert await flaw_of(CIPHER, moved) == "key_missing"


@pytest.mark.parametrize("length", [0, 1, 8, 9])
async def test_cut_off_key_of_a_service_is_altered(length: int) -> None:
    cipher = CardCipher(VaultKeys([service_key("k1")]), MemoryKeyService())
    sealed = await cipher.seal(card(), ADA)
    cut = msgspec.structs.replace(sealed, wrapped_key=sealed.wrapped_key[:length])
    assert await flaw_of(cipher, cut) == "altered"


async def test_each_altered_byte_of_a_key_of_a_service_is_noticed() -> None:
    cipher = CardCipher(VaultKeys([service_key("k1")]), MemoryKeyService())
    sealed = await cipher.seal(card(), ADA)
    for place in range(len(sealed.wrapped_key)):
        altered = msgspec.structs.replace(sealed, wrapped_key=flipped(sealed.wrapped_key, place))
        assert await flaw_of(cipher, altered) == ("sealed_for_another" if 1 <= place < 9 else "altered")


async def test_another_key_of_the_service_under_the_same_id_is_wrong() -> None:
    service = MemoryKeyService()
    sealed = await CardCipher(VaultKeys([service_key("k1", 1)]), service).seal(card(), ADA)
    assert await flaw_of(CardCipher(VaultKeys([service_key("k1", 2)]), service), sealed) == "key_wrong"


async def test_service_that_is_away_decides_nothing() -> None:
    service = MemoryKeyService()
    cipher = CardCipher(VaultKeys([service_key("k1")]), service)
    sealed = await cipher.seal(card(), ADA)
    service.is_away = True
    for call in (cipher.open(sealed, ADA), cipher.seal(card(), ADA), cipher.current_key_works()):
        with pytest.raises(KeyServiceUnavailable):
            await call


def test_key_of_a_service_needs_the_service() -> None:
    with pytest.raises(ValueError, match="needs the service"):
        CardCipher(VaultKeys([service_key("k1")]))
