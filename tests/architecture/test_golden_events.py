"""Events are kept for ever: each shape that was ever written must be read for ever, and what is written must not drift.

`tests/data/events/<type>.v<version>.json` holds one event of each type and version as the log holds it. A test that
fails here asks for a new schema version beside the old one, never for another golden file.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import (
    CHARGE_EVENTS,
    EVENTS,
    AttemptAuthorized,
    AttemptCaptured,
    AttemptFeeAssessed,
    AttemptFeeReturned,
    AttemptReleased,
    AttemptReversalFailed,
    AttemptReversed,
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargePending,
    ChargeRerouted,
    CustomerApproved,
    DisputeClosed,
    DisputeFundsHeld,
    DisputeFundsReinstated,
    DisputeFundsReleased,
    DisputeFundsWithdrawn,
    DisputeLost,
    DisputeOpened,
    DisputeUpdated,
    DisputeWon,
    EventType,
    FeeAssessed,
    FeeReturned,
    FeeTakenAgain,
    FraudWarned,
    FraudWarningUpdated,
    InstrumentTold,
    OutcomeDecided,
    ReceiptOmitted,
    RefundCorrected,
    RefundFailed,
    RefundOutcomeUnknown,
    RefundPending,
    RefundRequested,
    RefundSucceeded,
    ReportHeld,
    ReportReleased,
    ReviewDecided,
    ReviewOpened,
    RiskAssessed,
)
from fincore.domain.ids import CardId, DisputeId, MerchantId, RefundId
from fincore.domain.outcome import PspAccount, PspName, PspReference, SubReference
from fincore.domain.payment_method import (
    CardInstrument,
    CardToken,
    HostedCard,
    KeptCard,
    PaymentMethod,
    PayPalInstrument,
    PayPalVaultToken,
    PayPalWallet,
    UntokenisedCard,
)
from fincore.domain.risk import CustomerContext, RiskAssessment, RuleError, RuleHit, ShadowAssessment
from fincore.domain.route_plan import PaymentMethodChoice, PlannedAttempt, RoutePlan, Skipped

GOLDEN: Final = Path(__file__).parents[1] / "data/events"
MERCHANT: Final = MerchantId("mer_01k0bcdefghjkmnpqrstvwxyz0")
STRIPE: Final = PspName("stripe")
INTENT: Final = PspReference("pi_3MtwBwLkdIwHu7ix28a3tqPa")
REFUND: Final = RefundId("re_01k0bcdefghjkmnpqrstvwxyz0")
REFUND_AT_PSP: Final = PspReference("re_3MtwBwLkdIwHu7ix1Jm8pQ2v")
DISPUTE: Final = DisputeId("dp_01k0bcdefghjkmnpqrstvwxyz0")
WARNING: Final = PspReference("issfr_1Pgc79B7WZ01zgkWxwDzEIPX")
DISPUTE_AT_PSP: Final = PspReference("dp_1MtJUT2eZvKYlo2CNaw2HvEv")
USD: Final = Currency("usd")
LIVE: Final = PspAccount("live")
EUROPE: Final = PspAccount("stripe_eu")
PAYPAL: Final = PspName("paypal")
PAYPAL_US: Final = PspAccount("paypal_us")
ORDER: Final = PspReference("5O190127TN364715T")
CAPTURE_AT_PSP: Final = SubReference("capture", PspReference("3C679366HH908993F"))
AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEPT: Final = CardId("card_01k0bcdefghjkmnpqrstvwxyz0")

EXPECTED: Final[Mapping[tuple[EventType, int], ChargeEvent]] = {
    ("charge.created", 1): ChargeCreated(
        merchant_id=MERCHANT,
        livemode=False,
        amount_minor=1999,
        currency=Currency("usd"),
        capture_method="manual",
        payment_method=CardToken("pm_card_visa"),
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
        psp_account=LIVE,
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
        psp_account=LIVE,
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
    ("charge.expired", 1): ChargeExpired(reason="authorization_lapsed", occurred_at=AT, psp_reference=INTENT),
    ("charge.capture_requested", 1): CaptureRequested(amount_minor=1500, requested_at=AT),
    ("charge.capture_failed", 1): CaptureFailed(
        code="psp_rejected_request",
        message="The hold is too small.",
        advice="do_not_retry",
        occurred_at=AT,
        decline_code="amount_too_large",
    ),
    ("charge.cancel_requested", 1): CancelRequested(reason="fraudulent", requested_at=AT),
    ("charge.cancel_failed", 1): CancelFailed(
        code="psp_unavailable",
        message="The PSP could not be reached.",
        advice="retry_later",
        occurred_at=AT,
        decline_code="none",
    ),
    ("charge.fee_assessed", 1): FeeAssessed(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=INTENT,
        fee_minor=88,
        currency=USD,
        occurred_at=AT,
    ),
    ("charge.instrument_told", 1): InstrumentTold(
        psp_reference=INTENT,
        instrument=PayPalInstrument(payer_id="QYR5Z8XDVJNXQ", country="US", email_masked="a***@example.com"),
    ),
    ("charge.fraud_warned", 1): FraudWarned(
        psp_reference=WARNING,
        fraud_type="stolen_card",
        is_actionable=True,
        warned_at=AT,
        occurred_at=AT,
    ),
    ("charge.fraud_warning_updated", 1): FraudWarningUpdated(
        psp_reference=WARNING, fraud_type="stolen_card", is_actionable=False, occurred_at=AT
    ),
    ("charge.corrected", 1): ChargeCorrected(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=INTENT,
        status_before="failed",
        status_after="succeeded",
        captured_before_minor=0,
        captured_after_minor=1999,
        currency=USD,
        reason="the PSP's own record says succeeded",
        occurred_at=AT,
        platform_fee_before_minor=0,
        platform_fee_after_minor=20,
    ),
    ("charge.receipt_omitted", 1): ReceiptOmitted(
        reason="Stripe refused the address for its receipt: email_invalid", occurred_at=AT
    ),
    ("charge.risk_assessed", 1): RiskAssessed(
        assessment=RiskAssessment(
            rules_version=7,
            decision="block",
            elapsed_microseconds=412,
            rule="many_cards_of_one_ip",
            fell_back_from="challenge",
            hits=(RuleHit("many_cards_of_one_ip", "challenge"), RuleHit("new_customer", "review")),
            unknown=("foreign_card",),
            errors=(RuleError("odd_order", "metadata has no key 'order'"),),
            facts={"distinct_cards_by_ip_1h": 12, "ip": "192.0.2.7", "has_card_country": False},
            unavailable="store_slow",
            shadow=(
                ShadowAssessment(
                    rules_version=8, decision="review", rule="large", hits=(RuleHit("large", "review"),)
                ),
            ),
        ),
        assessed_at=AT,
    ),
    ("charge.review_opened", 1): ReviewOpened(decide_by=AT + timedelta(days=3), opened_at=AT),
    ("charge.review_decided", 1): ReviewDecided(
        decision="declined",
        by="ada",
        reason="The customer denies the order.",
        decided_at=AT,
        is_automatic=True,
    ),
    ("charge.outcome_decided", 1): OutcomeDecided(
        decided_by="ada", reason="Seen in the PSP's dashboard.", decided_at=AT, refund_id=REFUND
    ),
    ("charge.report_held", 1): ReportHeld(
        psp=STRIPE,
        psp_account=PspAccount("live"),
        psp_event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
        report_type="charge.dispute.updated",
        reason="not_understood",
        detail="Stripe reports a dispute status that FinCore does not know",
        held_at=AT,
    ),
    ("charge.report_released", 1): ReportReleased(
        psp_event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
        released_by="ada",
        reason="Booked by hand.",
        released_at=AT,
    ),
    ("refund.requested", 1): RefundRequested(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        amount_minor=500,
        currency=USD,
        requested_at=AT,
        reason="duplicate",
        origin="psp",
        psp_reference=REFUND_AT_PSP,
        metadata={"order_id": "6735"},
    ),
    ("refund.outcome_unknown", 1): RefundOutcomeUnknown(
        refund_id=REFUND, reason="Stripe did not answer within 30 s", since=AT
    ),
    ("refund.pending", 1): RefundPending(refund_id=REFUND, psp_reference=REFUND_AT_PSP, occurred_at=AT),
    ("refund.succeeded", 1): RefundSucceeded(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=REFUND_AT_PSP,
        amount_minor=500,
        currency=USD,
        occurred_at=AT,
    ),
    ("refund.failed", 1): RefundFailed(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        amount_minor=500,
        currency=USD,
        code="card_lost_or_stolen",
        was_succeeded=True,
        occurred_at=AT,
        psp_reference=REFUND_AT_PSP,
    ),
    ("refund.corrected", 1): RefundCorrected(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=REFUND_AT_PSP,
        amount_minor=500,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.opened", 1): DisputeOpened(
        dispute_id=DISPUTE,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        currency=USD,
        reason="fraudulent",
        status="needs_response",
        is_inquiry=False,
        occurred_at=AT,
        evidence_due_by=datetime(2026, 1, 16, 23, 59, 59, tzinfo=UTC),
    ),
    ("dispute.updated", 1): DisputeUpdated(
        dispute_id=DISPUTE,
        status="under_review",
        is_inquiry=False,
        occurred_at=AT,
        evidence_due_by=datetime(2026, 1, 16, 23, 59, 59, tzinfo=UTC),
    ),
    ("dispute.funds_withdrawn", 1): DisputeFundsWithdrawn(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        fee_minor=1500,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.funds_reinstated", 1): DisputeFundsReinstated(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=LIVE,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        fee_minor=1500,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.won", 1): DisputeWon(dispute_id=DISPUTE, occurred_at=AT),
    ("dispute.lost", 1): DisputeLost(dispute_id=DISPUTE, occurred_at=AT),
    ("dispute.closed", 1): DisputeClosed(dispute_id=DISPUTE, occurred_at=AT),
    ("charge.created", 2): ChargeCreated(
        merchant_id=MERCHANT,
        livemode=True,
        amount_minor=1999,
        currency=USD,
        capture_method="automatic",
        payment_method=PayPalWallet(),
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        created_at=AT,
        return_url="https://shop.example/back",
        cancel_url="https://shop.example/cart",
        return_page="https://pay.example/return/ch_01k0bcdefghjkmnpqrstvwxyz0/Jx2vX0mSq1Kc9dPzLw3RtBnY",
        plan=RoutePlan(
            attempts=(
                PlannedAttempt(PAYPAL, PAYPAL_US, PayPalWallet()),
                PlannedAttempt(STRIPE, EUROPE, CardToken("pm_card_visa")),
            ),
            skipped=(Skipped(STRIPE, LIVE, "currency_not_supported"),),
            offered=(
                PaymentMethodChoice(PayPalWallet()),
                PaymentMethodChoice(CardToken("pm_card_visa"), EUROPE),
            ),
            rules_version=3,
            rule="europe",
            draw=0.25,
        ),
        customer=CustomerContext(
            id="customer-6735",
            email="ada@example.com",
            ip="2001:db8::7",
            user_agent="Mozilla/5.0",
            device_id="device-1",
            country="DE",
        ),
        billing_country="DE",
        shipping_country="AT",
    ),
    ("charge.authorized", 2): ChargeAuthorized(
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=ORDER,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
        capture_before=datetime(2026, 1, 31, 3, 4, 5, tzinfo=UTC),
        sub_references=(SubReference("authorization", PspReference("0AW2184448108334S")),),
        instrument=PayPalInstrument(payer_id="QYR5Z8XDVJNXQ", country="US", email_masked="a***@example.com"),
    ),
    ("charge.captured", 2): ChargeCaptured(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=EUROPE,
        psp_reference=INTENT,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
        fee_minor=88,
        fee_currency=USD,
        platform_fee_minor=20,
        sub_references=(CAPTURE_AT_PSP,),
        instrument=CardInstrument(
            brand="visa",
            last4="4242",
            expiry_month=12,
            expiry_year=2031,
            country="US",
            funding="credit",
            fingerprint="Xt5EWLLDS7FJjR1c",
        ),
    ),
    ("charge.fee_assessed", 2): FeeAssessed(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=EUROPE,
        psp_reference=INTENT,
        fee_minor=88,
        currency=USD,
        occurred_at=AT,
    ),
    ("charge.fee_returned", 1): FeeReturned(
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=PspReference("1JU08902781691411"),
        fee_minor=29,
        currency=USD,
        occurred_at=AT,
        refund_id=REFUND,
    ),
    ("charge.fee_taken_again", 1): FeeTakenAgain(
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=PspReference("1JU08902781691411"),
        fee_minor=29,
        currency=USD,
        occurred_at=AT,
        refund_id=REFUND,
    ),
    ("charge.attempt_fee_returned", 1): AttemptFeeReturned(
        attempt=1,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=ORDER,
        fee_minor=59,
        currency=USD,
        occurred_at=AT,
    ),
    ("charge.attempt_fee_assessed", 1): AttemptFeeAssessed(
        attempt=1,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=ORDER,
        fee_minor=88,
        currency=USD,
        occurred_at=AT,
    ),
    ("charge.corrected", 2): ChargeCorrected(
        merchant_id=MERCHANT,
        livemode=True,
        psp=STRIPE,
        psp_account=EUROPE,
        psp_reference=INTENT,
        status_before="failed",
        status_after="succeeded",
        captured_before_minor=0,
        captured_after_minor=1999,
        currency=USD,
        reason="the PSP's own record says succeeded",
        occurred_at=AT,
        platform_fee_before_minor=0,
        platform_fee_after_minor=20,
    ),
    ("charge.customer_approved", 1): CustomerApproved(
        psp_reference=ORDER,
        occurred_at=AT,
        requested_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
        instrument=PayPalInstrument(payer_id="QYR5Z8XDVJNXQ"),
    ),
    ("charge.pending", 1): ChargePending(
        psp_reference=ORDER,
        reason="ECHECK",
        occurred_at=AT,
        pending_until=datetime(2026, 1, 12, 3, 4, 5, tzinfo=UTC),
        sub_references=(CAPTURE_AT_PSP,),
    ),
    ("charge.rerouted", 1): ChargeRerouted(
        abandoned_attempt=1,
        abandoned_psp=PAYPAL,
        abandoned_psp_account=PAYPAL_US,
        psp=STRIPE,
        psp_account=EUROPE,
        payment_method=CardToken("pm_card_visa"),
        code="account_unavailable",
        reason="PayPal refused the connection",
        requested_at=AT,
    ),
    ("charge.attempt_captured", 1): AttemptCaptured(
        attempt=1,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=ORDER,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
        requested_at=AT,
        fee_minor=88,
        fee_currency=USD,
        sub_references=(CAPTURE_AT_PSP,),
    ),
    ("charge.attempt_authorized", 1): AttemptAuthorized(
        attempt=1,
        psp=STRIPE,
        psp_account=EUROPE,
        psp_reference=INTENT,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
        requested_at=AT,
    ),
    ("charge.attempt_reversed", 1): AttemptReversed(
        attempt=1,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=ORDER,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
        fee_minor=39,
        fee_currency=USD,
    ),
    ("charge.attempt_released", 1): AttemptReleased(attempt=1, occurred_at=AT),
    ("charge.attempt_reversal_failed", 1): AttemptReversalFailed(
        attempt=1, reason="PayPal refuses to refund the capture", occurred_at=AT
    ),
    ("refund.succeeded", 2): RefundSucceeded(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=REFUND_AT_PSP,
        amount_minor=500,
        currency=USD,
        occurred_at=AT,
        fee_minor=15,
        fee_currency=USD,
    ),
    ("refund.failed", 2): RefundFailed(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        amount_minor=500,
        currency=USD,
        code="account_closed",
        was_succeeded=True,
        occurred_at=AT,
        psp_reference=REFUND_AT_PSP,
        fee_minor=15,
        fee_currency=USD,
    ),
    ("refund.corrected", 2): RefundCorrected(
        refund_id=REFUND,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=REFUND_AT_PSP,
        amount_minor=500,
        currency=USD,
        occurred_at=AT,
        fee_minor=15,
        fee_currency=USD,
    ),
    ("dispute.funds_withdrawn", 2): DisputeFundsWithdrawn(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        fee_minor=1500,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.funds_reinstated", 2): DisputeFundsReinstated(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        fee_minor=1500,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.funds_held", 1): DisputeFundsHeld(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
    ),
    ("dispute.funds_released", 1): DisputeFundsReleased(
        dispute_id=DISPUTE,
        merchant_id=MERCHANT,
        livemode=True,
        psp=PAYPAL,
        psp_account=PAYPAL_US,
        psp_reference=DISPUTE_AT_PSP,
        amount_minor=1999,
        currency=USD,
        occurred_at=AT,
    ),
}


def golden(name: EventType, version: int) -> dict[str, Any]:
    """The event as the log holds it."""
    data: dict[str, Any] = msgspec.json.decode((GOLDEN / f"{name}.v{version}.json").read_bytes())
    return data


def test_each_event_version_has_exactly_one_golden_file() -> None:
    written = {f"{name}.v{version}.json" for name, (version, _) in EVENTS.items()}
    kept = {path.name for path in GOLDEN.iterdir()}
    assert written <= kept
    assert kept == {f"{name}.v{version}.json" for name, version in EXPECTED}


@pytest.mark.parametrize(("name", "version"), EXPECTED)
def test_golden_event_decodes_to_its_expected_event(name: EventType, version: int) -> None:
    read = CHARGE_EVENTS.decode(name, version, msgspec.json.encode(golden(name, version)))
    assert read == EXPECTED[name, version]


@pytest.mark.parametrize("name", EVENTS)
def test_current_event_encodes_to_its_golden_file(name: EventType) -> None:
    version = EVENTS[name][0]
    written = CHARGE_EVENTS.encode(EXPECTED[name, version])
    assert written[:2] == (name, version)
    assert msgspec.json.decode(written[2]) == golden(name, version)


PAYMENT_METHODS: Final[Mapping[str, PaymentMethod]] = {
    '{"type": "card", "token": "pm_card_visa"}': CardToken("pm_card_visa"),
    '{"type": "paypal"}': PayPalWallet(),
    '{"type": "paypal_vault", "token": "8kk8451t"}': PayPalVaultToken("8kk8451t"),
    '{"type": "hosted_card"}': HostedCard(),
    '{"type": "untokenised_card"}': UntokenisedCard(),
    '{"type": "kept_card", "card_id": "card_01k0bcdefghjkmnpqrstvwxyz0"}': KeptCard(KEPT),
    '{"type": "kept_card", "card_id": "card_01k0bcdefghjkmnpqrstvwxyz0", "initiator": "merchant"}': KeptCard(
        KEPT, "merchant"
    ),
}
"""Each payment method as the log holds it. A golden file of an event has one of them."""


@pytest.mark.parametrize("written", PAYMENT_METHODS)
def test_payment_method_of_charge_is_kept_in_its_words(written: str) -> None:
    method = PAYMENT_METHODS[written]
    data = golden("charge.created", 2) | {"payment_method": msgspec.json.decode(written)}
    read = CHARGE_EVENTS.decode("charge.created", 2, msgspec.json.encode(data))
    assert isinstance(read, ChargeCreated)
    assert read.payment_method == method
    (_, _, encoded) = CHARGE_EVENTS.encode(read)
    assert msgspec.json.decode(encoded)["payment_method"] == msgspec.json.decode(written)


def test_every_payment_method_has_its_golden_words() -> None:
    assert {type(method) for method in PAYMENT_METHODS.values()} == set(get_args(PaymentMethod))
