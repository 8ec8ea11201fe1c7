"""Where a person sees payments, and the places that cursors of their lists hold."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId
from fincore.http.problems import Problem
from fincore.read.paymentdb.staff_lists import SCOPE_MERCHANTS_MAX, Place
from fincore.staff.access.person import Scope
from fincore.staff.payment_scope import cursor_to, parse_place, place_of, query_scope

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- the strategy adds the zone
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=40)


@given(TIMES, IDS, st.booleans())
def test_a_cursor_leads_back_to_its_place(at: datetime, row_id: str, livemode: bool) -> None:  # noqa: FBT001 -- from a strategy
    cursor = cursor_to(Place(at, row_id), "charges", livemode=livemode)
    assert place_of(cursor, "charges", livemode=livemode) == Place(at, row_id)
    for plural, mode in (("refunds", livemode), ("charges", not livemode)):
        with pytest.raises(Problem, match="cursor_invalid"):
            place_of(cursor, plural, livemode=mode)


@given(st.text())
def test_a_text_that_is_no_place_is_refused(text: str) -> None:
    try:
        place = parse_place(text)
    except InvalidId:
        return
    microseconds, _, row_id = text.partition(":")
    assert (microseconds.isdecimal(), row_id) == (True, place.row_id)


def test_a_scope_of_too_many_merchants_asks_for_one() -> None:
    few = tuple(MerchantId(f"mer_{n}") for n in range(SCOPE_MERCHANTS_MAX))
    assert query_scope(Scope(livemode=True, merchant_ids=few)).merchants == few
    many = (*few, MerchantId("mer_more"))
    with pytest.raises(Problem) as refused:
        query_scope(Scope(livemode=True, merchant_ids=many))
    assert refused.value.param == "merchant"


def test_the_end_of_a_list_has_no_cursor() -> None:
    assert cursor_to(None, "charges", livemode=True) is None
    assert place_of(None, "charges", livemode=True) is None
