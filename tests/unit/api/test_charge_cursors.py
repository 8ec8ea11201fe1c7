"""Cursors of lists."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.api.charge_list import cursor_after, read_cursor
from fincore.api.problems import Problem
from fincore.domain.ids import ApiKeyId, MerchantId, StreamId, charge_of
from fincore.write.merchants.api_key import Principal


def principal(merchant_id: str = "mer_1", *, livemode: bool = False) -> Principal:
    return Principal(
        merchant_id=MerchantId(merchant_id), key_id=ApiKeyId("key_1"), kind="secret", livemode=livemode
    )


@given(st.uuids())
def test_a_cursor_leads_back_to_its_charge(uuid: object) -> None:
    charge_id = charge_of(StreamId(uuid))  # type: ignore[arg-type]
    assert read_cursor(cursor_after(charge_id, principal()), principal()) == charge_id


@given(st.uuids(), st.integers(0, 26), st.sampled_from(string.ascii_letters + string.digits + "-_=é"))
def test_a_cursor_with_any_character_changed_is_refused(uuid: object, place: int, character: str) -> None:
    cursor = cursor_after(charge_of(StreamId(uuid)), principal())  # type: ignore[arg-type]
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(Problem, match="cursor_invalid"):
            read_cursor(changed, principal())


@given(st.text(max_size=40))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="cursor_invalid"):
        read_cursor(text, principal())


@given(st.uuids())
def test_a_cursor_of_another_merchant_or_mode_is_refused(uuid: object) -> None:
    cursor = cursor_after(charge_of(StreamId(uuid)), principal())  # type: ignore[arg-type]
    for other in (principal("mer_2"), principal(livemode=True)):
        with pytest.raises(Problem, match="cursor_invalid"):
            read_cursor(cursor, other)
