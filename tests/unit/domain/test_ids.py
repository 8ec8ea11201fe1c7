"""Ids have a visible prefix, sort by time of birth, and are refused when they are something else."""

import pytest

from fincore.domain.errors import InvalidId
from fincore.domain.ids import (
    charge_of,
    new_charge_id,
    new_event_id,
    new_merchant_id,
    parse_charge_id,
    public_event_id,
    stream_of,
)


def test_charge_ids_sort_by_creation_time() -> None:
    ids = [new_charge_id() for _ in range(200)]
    assert ids == sorted(ids)


def test_a_charge_and_its_stream_name_each_other() -> None:
    charge_id = new_charge_id()
    assert charge_of(stream_of(charge_id)) == charge_id


@pytest.mark.parametrize(
    "text", ["", "ch_", "ch_1", "CH_01m82z24fee4ks56hmzbyc7q92", "x" * 300, "ch_\x00", "ch"]
)
def test_malformed_charge_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidId):
        parse_charge_id(text)


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidId, match="ch_"):
        parse_charge_id(new_merchant_id())


def test_events_are_shown_with_their_own_prefix() -> None:
    assert public_event_id(new_event_id()).startswith("evt_")
