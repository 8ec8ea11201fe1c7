"""Events of adjustments are kept for ever, as those of charges are: what was written is read, and does not drift."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest

from fincore.domain.adjustment import booked_event_id, reversed_event_id
from fincore.domain.adjustment_events import (
    ADJUSTMENT_SHAPES,
    AdjustedItem,
    AdjustedLine,
    AdjustmentBooked,
    AdjustmentEvent,
    AdjustmentEventType,
    AdjustmentReversed,
)
from fincore.domain.currency import Currency
from fincore.domain.ids import (
    ChargeId,
    EventId,
    RunId,
    adjustment_id_of,
    opening_adjustment_id_of,
    parse_event_id,
    settlement_file_id_of,
)
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.stream_names import stream_name, stream_named

GOLDEN: Final = Path(__file__).parents[1] / "data/adjustment_events"
AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUN: Final = RunId("run_01k0bcdefghjkmnpqrstvwxyz0")
ADJUSTMENT: Final = adjustment_id_of(run_id=RUN, subject="line:17", generation=1)
OPENING: Final = opening_adjustment_id_of(
    livemode=True, psp="paypal", psp_account="live", currency="usd", generation=1
)
FILE: Final = settlement_file_id_of(livemode=True, psp="paypal", psp_account="live", sha256="ab" * 32)
EVENT: Final = EventId(parse_event_id("evt_01k0bcdefghjkmnpqrstvwxyz0"))

EXPECTED: Final[dict[tuple[AdjustmentEventType, int], AdjustmentEvent]] = {
    ("adjustment.booked", 1): AdjustmentBooked(
        adjustment_id=ADJUSTMENT,
        kind="write_off",
        adjusts="clearing",
        psp=PspName("paypal"),
        psp_account=PspAccount("live"),
        livemode=True,
        currency=Currency("usd"),
        gross_minor=-1000,
        fee_minor=3,
        by="ada",
        reason="PayPal will not pay it",
        occurred_at=AT,
        break_class="amount",
        subject="line:17",
        run_id=RUN,
        charge_id=ChargeId("ch_01k0bcdefghjkmnpqrstvwxyz0"),
        reference="5TY05013RG002845M",
        lines=(AdjustedLine(FILE, 12, "gross"),),
        items=(AdjustedItem(EVENT, "gross"), AdjustedItem(EVENT, "fee")),
    ),
    ("adjustment.reversed", 1): AdjustmentReversed(
        adjustment_id=ADJUSTMENT,
        kind="write_off",
        adjusts="clearing",
        psp=PspName("paypal"),
        psp_account=PspAccount("live"),
        livemode=True,
        currency=Currency("usd"),
        gross_minor=1000,
        fee_minor=-3,
        by="grace",
        reason="PayPal paid it after all",
        occurred_at=AT,
        reference="5TY05013RG002845M",
    ),
}


def _golden(name: str, version: int) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode((GOLDEN / f"{name}.v{version}.json").read_bytes())
    return data


def test_each_adjustment_event_has_exactly_one_golden_file() -> None:
    assert set(ADJUSTMENT_SHAPES) == set(get_args(AdjustmentEventType))
    assert {(name, version) for name, (version, _) in ADJUSTMENT_SHAPES.items()} <= set(EXPECTED)
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.v{version}.json" for name, version in EXPECTED
    }


@pytest.mark.parametrize(("name", "version"), EXPECTED)
def test_golden_adjustment_event_decodes_to_its_expected_one(name: AdjustmentEventType, version: int) -> None:
    read = LOG_EVENTS.decode(name, version, msgspec.json.encode(_golden(name, version)))
    assert read == EXPECTED[name, version]


@pytest.mark.parametrize("name", ADJUSTMENT_SHAPES)
def test_adjustment_event_encodes_to_its_golden_file(name: AdjustmentEventType) -> None:
    version = ADJUSTMENT_SHAPES[name][0]
    written = LOG_EVENTS.encode(EXPECTED[name, version])
    assert written[:2] == (name, version)
    assert msgspec.json.decode(written[2]) == _golden(name, version)


def test_ids_of_adjustments_never_change() -> None:
    """They follow from the break and how often it was adjusted: another id would book the same difference once more."""
    assert ADJUSTMENT == "adj_33ypk166phbggbw12kaksehndv"
    assert OPENING == "adj_3cy4qqdhs5bfrsc0q7y76kw276"
    assert booked_event_id(ADJUSTMENT) != reversed_event_id(ADJUSTMENT)


def test_stream_of_an_adjustment_and_its_id_name_each_other() -> None:
    assert stream_name(stream_named(ADJUSTMENT), "adjustment.booked") == ADJUSTMENT
