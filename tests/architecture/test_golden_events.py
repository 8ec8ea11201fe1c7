"""Events are kept for ever: each shape that was ever written must be read for ever, and what is written must not drift.

`tests/data/events/<type>.v<version>.json` holds one event of each type and version as the log holds it. A test that
fails here asks for a new schema version beside the old one, never for another golden file.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import (
    EVENTS,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    ChargeOutcomeUnknown,
    EventType,
    decode_event,
    encode_event,
)
from fincore.domain.ids import MerchantId
from fincore.domain.outcome import PspAccount, PspName, PspReference

GOLDEN: Final = Path(__file__).parents[1] / "data/events"
MERCHANT: Final = MerchantId("mer_01k0bcdefghjkmnpqrstvwxyz0")
STRIPE: Final = PspName("stripe")
INTENT: Final = PspReference("pi_3MtwBwLkdIwHu7ix28a3tqPa")
AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

EXPECTED: Final[Mapping[tuple[EventType, int], ChargeEvent]] = {
    ("charge.created", 1): ChargeCreated(
        merchant_id=MERCHANT,
        livemode=False,
        amount_minor=1999,
        currency=Currency("usd"),
        capture_method="manual",
        payment_method="pm_card_visa",
        psp=STRIPE,
        psp_account=PspAccount("test"),
        created_at=AT,
        description="A book",
        customer_email="ada@example.com",
        metadata={"order_id": "6735"},
    ),
    ("charge.authorized", 1): ChargeAuthorized(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_reference=INTENT,
        amount_minor=1999,
        currency=Currency("usd"),
        occurred_at=AT,
        capture_before=datetime(2026, 1, 9, 3, 4, 5, tzinfo=UTC),
    ),
    ("charge.captured", 1): ChargeCaptured(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_reference=INTENT,
        amount_minor=1500,
        currency=Currency("jpy"),
        occurred_at=AT,
    ),
    ("charge.failed", 1): ChargeFailed(
        code="card_declined",
        message="Your card has insufficient funds.",
        advice="retry_later",
        occurred_at=AT,
        decline_code="insufficient_funds",
        psp_reference=INTENT,
    ),
    ("charge.action_required", 1): ChargeActionRequired(
        psp_reference=INTENT, redirect_url="https://hooks.stripe.com/3d_secure_2/hosted"
    ),
    ("charge.outcome_unknown", 1): ChargeOutcomeUnknown(
        reason="Stripe did not answer within 30 s", since=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    ),
    ("charge.canceled", 1): ChargeCanceled(reason="abandoned", psp_reference=INTENT, occurred_at=AT),
}


def golden(name: EventType, version: int) -> dict[str, Any]:
    """The event as the log holds it."""
    data: dict[str, Any] = msgspec.json.decode((GOLDEN / f"{name}.v{version}.json").read_bytes())
    return data


def test_every_event_that_is_written_has_a_golden_file_and_nothing_else_has() -> None:
    written = {f"{name}.v{version}.json" for name, (version, _) in EVENTS.items()}
    kept = {path.name for path in GOLDEN.iterdir()}
    assert written <= kept
    assert kept == {f"{name}.v{version}.json" for name, version in EXPECTED}


@pytest.mark.parametrize(("name", "version"), EXPECTED)
def test_what_was_written_once_is_read_as_it_was_meant(name: EventType, version: int) -> None:
    read = decode_event(name, version, msgspec.json.encode(golden(name, version)))
    assert read == EXPECTED[name, version]


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_written_today_is_what_the_golden_file_shows(name: EventType) -> None:
    version = EVENTS[name][0]
    written = encode_event(EXPECTED[name, version])
    assert written[:2] == (name, version)
    assert msgspec.json.decode(written[2]) == golden(name, version)
