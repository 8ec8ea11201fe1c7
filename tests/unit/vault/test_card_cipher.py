"""Sealed cards: what is read back, and the named error of each way in which one is not what it was."""

from collections.abc import Callable

import msgspec
import pytest

from fincore.domain.ids import CardId, MerchantId
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.sealed_card import CardIdentity, CardUnreadable, SealedCard
from fincore.write.vault.vault_keys import VaultKeys
from fixtures.vault import MASTERCARD, VISA, card, keeping, vault_key

ADA = CardIdentity(CardId("card_a"), MerchantId("mer_a"), livemode=False)
BOB = CardIdentity(CardId("card_b"), MerchantId("mer_a"), livemode=False)
CIPHER = keeping("k1").cipher


def flaw_of(cipher: CardCipher, sealed: SealedCard, identity: CardIdentity = ADA) -> str:
    """The same error whether the card is opened or its key rotated."""
    with pytest.raises(CardUnreadable) as opened:
        cipher.open(sealed, identity)
    assert opened.value.card_id == identity.card_id
    assert opened.value.flaw in str(opened.value)
    return opened.value.flaw


@pytest.mark.parametrize("holder", ["Zoë O'Neill \N{SNOWMAN}", None])
def test_sealed_card_is_read_back_without_its_code(holder: str | None) -> None:
    with_code = msgspec.structs.replace(card(holder=holder), cvc=card().number)
    sealed = CIPHER.seal(with_code, ADA)
    assert CIPHER.open(sealed, ADA) == card(holder=holder)
    assert VISA.encode() not in sealed.content + sealed.wrapped_key


def nonce_of(encrypted: bytes) -> bytes:
    return encrypted[9:21]


def test_no_two_sealings_share_a_nonce_or_a_data_key() -> None:
    """Two uses of one nonce under the key that wraps would give the data keys away."""
    sealed = [CIPHER.seal(card(), ADA) for _ in range(50)]
    rewrapped = [keeping("k2", "k1").cipher.rewrap(sealed[0], ADA) for _ in range(50)]
    for column in (
        [one.content for one in sealed],
        [one.wrapped_key for one in sealed],
        [one.wrapped_key for one in rewrapped],
    ):
        assert len({nonce_of(one) for one in column}) == len({one[21:] for one in column}) == 50


def flipped(text: bytes, place: int) -> bytes:
    return text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]


@pytest.mark.parametrize("field", ["content", "wrapped_key"])
def test_each_altered_byte_of_a_sealed_card_is_noticed(field: str) -> None:
    sealed = CIPHER.seal(card(), ADA)
    text = getattr(sealed, field)
    found = {
        place: flaw_of(CIPHER, msgspec.structs.replace(sealed, **{field: flipped(text, place)}))
        for place in range(len(text))
    }
    assert {place for place, flaw in found.items() if flaw == "sealed_for_another"} == set(range(1, 9))
    assert set(found.values()) == {"altered", "sealed_for_another"}


@pytest.mark.parametrize("length", [0, 1, 9, 20, 21, 30])
def test_cut_off_sealed_card_is_altered(length: int) -> None:
    sealed = CIPHER.seal(card(), ADA)
    for field in ("content", "wrapped_key"):
        cut = msgspec.structs.replace(sealed, **{field: getattr(sealed, field)[:length]})
        assert flaw_of(CIPHER, cut) == "altered"


@pytest.mark.parametrize(
    "other",
    [
        BOB,
        CardIdentity(ADA.card_id, MerchantId("mer_b"), livemode=False),
        CardIdentity(ADA.card_id, ADA.merchant_id, livemode=True),
    ],
)
def test_row_in_another_place_is_named_as_swapped(other: CardIdentity) -> None:
    assert flaw_of(CIPHER, CIPHER.seal(card(), ADA), other) == "sealed_for_another"


def test_parts_of_two_cards_are_not_read_together() -> None:
    one, other = CIPHER.seal(card(), ADA), CIPHER.seal(card(MASTERCARD), ADA)
    mixed = msgspec.structs.replace(one, content=other.content)
    assert flaw_of(CIPHER, mixed) == "altered"


def test_forged_mark_of_a_swapped_row_does_not_open_it() -> None:
    theirs, ours = CIPHER.seal(card(MASTERCARD), BOB), CIPHER.seal(card(), ADA)
    forged = msgspec.structs.replace(
        theirs,
        content=ours.content[:9] + theirs.content[9:],
        wrapped_key=ours.wrapped_key[:9] + theirs.wrapped_key[9:],
    )
    assert flaw_of(CIPHER, forged) == "altered"


def test_missing_and_wrong_key_are_told_apart() -> None:
    sealed = CIPHER.seal(card(), ADA)
    assert flaw_of(keeping("k2").cipher, sealed) == "key_missing"
    assert flaw_of(CardCipher(VaultKeys([vault_key("k1", "other")])), sealed) == "key_wrong"
    renamed = msgspec.structs.replace(sealed, key_id="k2", key_check=vault_key("k2").check)
    assert flaw_of(keeping("k1", "k2").cipher, renamed) == "altered"


def test_wrapped_key_is_bound_to_the_id_of_its_key() -> None:
    """One key under two ids, one after the other: what was wrapped under the first name is not read under the second."""
    sealed = CIPHER.seal(card(), ADA)
    same = CardCipher(VaultKeys([vault_key("k9", "k1")]))
    assert flaw_of(same, msgspec.structs.replace(sealed, key_id="k9")) == "altered"


@pytest.mark.parametrize("act", [CardCipher.open, CardCipher.rewrap])
def test_older_key_opens_and_rewraps(act: Callable[..., object]) -> None:
    sealed, changing = CIPHER.seal(card(), ADA), keeping("k2", "k1").cipher
    assert not changing.is_current(sealed)
    act(changing, sealed, ADA)
    rewrapped = changing.rewrap(sealed, ADA)
    assert changing.is_current(rewrapped)
    assert rewrapped.content == sealed.content
    assert keeping("k2").cipher.open(rewrapped, ADA) == card()
    assert flaw_of(CIPHER, rewrapped) == "key_missing"


def test_rewrapping_refuses_what_opening_refuses() -> None:
    sealed, changing = CIPHER.seal(card(), ADA), keeping("k2", "k1").cipher
    with pytest.raises(CardUnreadable, match="sealed_for_another"):
        changing.rewrap(sealed, BOB)
    with pytest.raises(CardUnreadable, match="altered"):
        changing.rewrap(msgspec.structs.replace(sealed, wrapped_key=flipped(sealed.wrapped_key, 30)), ADA)
