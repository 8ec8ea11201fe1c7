"""Cursors of lists."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.ids import (
    ApiKeyId,
    EventId,
    MerchantId,
    StreamId,
    charge_of,
    new_refund_id,
    parse_charge_id,
    parse_event_id,
    parse_refund_id,
    public_event_id,
)
from fincore.http.cursor import cursor_after, read_cursor
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal


def principal(merchant_id: str = "mer_1", *, livemode: bool = False) -> Principal:
    return Principal(
        merchant_id=MerchantId(merchant_id), key_id=ApiKeyId("key_1"), kind="secret", livemode=livemode
    )


@given(st.uuids())
def test_a_cursor_leads_back_to_what_it_stands_after(uuid: object) -> None:
    charge_id = charge_of(StreamId(uuid))  # type: ignore[arg-type]
    assert read_cursor(cursor_after(charge_id, principal()), principal(), parse_charge_id) == charge_id
    event_id = EventId(uuid)  # type: ignore[arg-type]
    cursor = cursor_after(public_event_id(event_id), principal())
    assert read_cursor(cursor, principal(), parse_event_id) == event_id


@given(st.uuids(), st.integers(0, 43), st.sampled_from(string.ascii_letters + string.digits + "-_=é"))
def test_a_cursor_with_any_character_changed_is_refused(uuid: object, place: int, character: str) -> None:
    cursor = cursor_after(charge_of(StreamId(uuid)), principal())  # type: ignore[arg-type]
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(Problem, match="cursor_invalid"):
            read_cursor(changed, principal(), parse_charge_id)


@given(st.text(max_size=80))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="cursor_invalid"):
        read_cursor(text, principal(), parse_charge_id)


@given(st.uuids())
def test_a_cursor_of_another_merchant_or_mode_is_refused(uuid: object) -> None:
    cursor = cursor_after(charge_of(StreamId(uuid)), principal())  # type: ignore[arg-type]
    for other in (principal("mer_2"), principal(livemode=True)):
        with pytest.raises(Problem, match="cursor_invalid"):
            read_cursor(cursor, other, parse_charge_id)


def test_a_cursor_of_another_list_is_refused() -> None:
    refund_id = new_refund_id()
    cursor = cursor_after(refund_id, principal())
    assert read_cursor(cursor, principal(), parse_refund_id) == refund_id
    with pytest.raises(Problem, match="cursor_invalid"):
        read_cursor(cursor, principal(), parse_charge_id)
