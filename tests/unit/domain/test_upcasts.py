"""Events written in older shapes are read as if they had been written today. Here with shapes that never were."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from fincore.domain.errors import UnknownEventType
from fincore.domain.event_codec import EventCodec, Upcast
from fincore.domain.events import CHARGE_EVENTS, EVENTS, ChargeCaptured, ChargeEvent
from fixtures.commits import captured

CURRENT = EVENTS["charge.captured"][0]


def with_minor_units(fields: dict[str, Any]) -> dict[str, Any]:
    """Two versions ago amounts were decimal text in dollars."""
    units = {"amount_minor": round(float(fields["amount"]) * 100), "currency": "usd"}
    return {name: value for name, value in fields.items() if name != "amount"} | units


def with_mode(fields: dict[str, Any]) -> dict[str, Any]:
    """One version ago there was no test mode."""
    return fields | {"livemode": True}


UPCASTS: Mapping[tuple[str, int], Upcast] = {
    ("charge.captured", CURRENT - 2): with_minor_units,
    ("charge.captured", CURRENT - 1): with_mode,
}
OLDER: EventCodec[ChargeEvent] = EventCodec(EVENTS, UPCASTS)


def as_json(event: ChargeCaptured, **changes: object) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(CHARGE_EVENTS.encode(event)[2])
    return fields | changes


def test_event_is_upcast_through_each_version_to_current() -> None:
    expected = captured(1999, livemode=True)
    newer = as_json(expected)
    del newer["livemode"]
    older = {name: value for name, value in newer.items() if name not in ("amount_minor", "currency")}
    older["amount"] = "19.99"
    for age, fields in ((2, older), (1, newer), (0, as_json(expected))):
        data = msgspec.json.encode(fields)
        assert OLDER.decode("charge.captured", CURRENT - age, data) == expected


def test_version_without_upcast_is_refused_by_its_name() -> None:
    gap = {key: upcast for key, upcast in UPCASTS.items() if key != ("charge.captured", CURRENT - 1)}
    data = msgspec.json.encode({"amount": "1.00"})
    with pytest.raises(UnknownEventType, match=f"charge.captured version {CURRENT - 2}"):
        EventCodec(EVENTS, gap).decode("charge.captured", CURRENT - 2, data)


@pytest.mark.parametrize("name", ["charge.captured", "charge.teleported"])
def test_event_of_newer_version_is_refused(name: str) -> None:
    with pytest.raises(UnknownEventType, match=f"{name} version {CURRENT + 1}"):
        OLDER.decode(name, CURRENT + 1, b"{}")


def test_upcast_event_is_validated() -> None:
    with pytest.raises(msgspec.ValidationError):
        OLDER.decode("charge.captured", CURRENT - 1, b'{"amount_minor": 1}')
