"""Events of checkout sessions are kept for ever, as those of charges are: what was written is read, and does not drift."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from fincore.domain.checkout_session_events import (
    SHAPES,
    CheckoutAttemptClosed,
    CheckoutAttemptStarted,
    CheckoutExpiryRequested,
    CheckoutPaidAgain,
    CheckoutPaymentReturned,
    CheckoutSessionCompleted,
    CheckoutSessionCreated,
    CheckoutSessionEvent,
    CheckoutSessionEventType,
    CheckoutSessionExpired,
    CheckoutSwitchRequested,
    LineItem,
)
from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import HostedCard, PayPalWallet
from fincore.domain.risk import CustomerContext
from fincore.domain.route_plan import PlannedAttempt, RoutePlan

GOLDEN: Final = Path(__file__).parents[1] / "data/session_events"
AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHARGE: Final = ChargeId("ch_01k0bcdefghjkmnpqrstvwxyz0")

EXPECTED: Final[dict[tuple[CheckoutSessionEventType, int], CheckoutSessionEvent]] = {
    ("checkout_session.created", 1): CheckoutSessionCreated(
        merchant_id=MerchantId("mer_01k0bcdefghjkmnpqrstvwxyz0"),
        livemode=True,
        amount_minor=1999,
        currency=Currency("usd"),
        capture_method="manual",
        payment_methods=("card", "paypal"),
        success_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart",
        page="https://pay.example/checkout/cos_01k0bcdefghjkmnpqrstvwxyz0/word",
        created_at=AT,
        expires_at=AT + timedelta(hours=24),
        metadata={"order_id": "6735"},
        line_items=(LineItem(name="A book", quantity=1, amount_minor=1999),),
        fee_plan=FeePlan(fixed_minor=30, basis_points=290),
        customer=CustomerContext(id="customer-6735"),
        billing_country="DE",
        shipping_country="AT",
    ),
    ("checkout_session.attempt_started", 1): CheckoutAttemptStarted(
        number=1,
        charge_id=CHARGE,
        payment_method="card",
        plan=RoutePlan(
            attempts=(PlannedAttempt(PspName("stripe"), PspAccount("live"), HostedCard()),),
        ),
        started_at=AT,
        browser=CustomerContext(ip="192.0.2.7", user_agent="Mozilla/5.0"),
    ),
    ("checkout_session.switch_requested", 1): CheckoutSwitchRequested(
        payment_method="paypal",
        plan=RoutePlan(attempts=(PlannedAttempt(PspName("paypal"), PspAccount("live"), PayPalWallet()),)),
        requested_at=AT,
        browser=CustomerContext(ip="192.0.2.7"),
    ),
    ("checkout_session.attempt_closed", 1): CheckoutAttemptClosed(
        number=1, charge_id=CHARGE, reason="failed", closed_at=AT, advice="ask_customer"
    ),
    ("checkout_session.expiry_requested", 1): CheckoutExpiryRequested(reason="merchant", requested_at=AT),
    ("checkout_session.completed", 1): CheckoutSessionCompleted(number=1, charge_id=CHARGE, completed_at=AT),
    ("checkout_session.expired", 1): CheckoutSessionExpired(reason="time", expired_at=AT),
    ("checkout_session.paid_again", 1): CheckoutPaidAgain(number=1, charge_id=CHARGE, found_at=AT),
    ("checkout_session.payment_returned", 1): CheckoutPaymentReturned(
        number=1, charge_id=CHARGE, returned_at=AT
    ),
}


def _golden(name: str, version: int) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode((GOLDEN / f"{name}.v{version}.json").read_bytes())
    return data


def test_each_session_event_has_exactly_one_golden_file() -> None:
    assert {f"{name}.v{version}.json" for name, (version, _) in SHAPES.items()} <= {
        path.name for path in GOLDEN.iterdir()
    }
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.v{version}.json" for name, version in EXPECTED
    }


@pytest.mark.parametrize(("name", "version"), EXPECTED)
def test_golden_session_event_decodes_to_its_expected_one(name: str, version: int) -> None:
    read = LOG_EVENTS.decode(name, version, msgspec.json.encode(_golden(name, version)))
    assert read == EXPECTED[name, version]  # type: ignore[index]  # the parameters are the keys


@pytest.mark.parametrize("name", SHAPES)
def test_session_event_encodes_to_its_golden_file(name: CheckoutSessionEventType) -> None:
    version = SHAPES[name][0]
    written = LOG_EVENTS.encode(EXPECTED[name, version])
    assert written[:2] == (name, version)
    assert msgspec.json.decode(written[2]) == _golden(name, version)
