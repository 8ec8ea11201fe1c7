"""Stripe's signatures and events, with the signing function of Stripe's SDK as the oracle."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    DisputeMovements,
    DisputeReport,
    Failure,
    FraudWarningReport,
    KnownOutcome,
    PspAccount,
    PspReference,
    RefundReport,
    Unknown,
)
from fincore.domain.secret import Secret
from fincore.write.psp.port import (
    Look,
    PspWebhooks,
    SignatureRefused,
    VerifiedWebhook,
    WebhookIgnored,
    WebhookReport,
)
from fincore.write.psp.stripe.account import StripeWebhookEndpoint
from fincore.write.psp.stripe.webhook_reports import SUBSCRIBED_TYPES
from fincore.write.psp.stripe.webhooks import StripeWebhooks

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
SECRET, NEWER, STRANGER = "whsec_current", "whsec_newer", "whsec_stranger"
TEST, LIVE = PspAccount("test"), PspAccount("live")
CHARGE = new_charge_id()
REFUND = new_refund_id()
BODY = b'{"id":"evt_1","type":"payment_intent.succeeded","livemode":false,"data":{"object":{"x":"\xc3\xa9"}}}'
VERIFIED = VerifiedWebhook(psp_event_id="evt_1", type="payment_intent.succeeded", is_interesting=True)


def endpoint(*secrets: str, livemode: bool = False) -> StripeWebhookEndpoint:
    return StripeWebhookEndpoint(
        secrets=tuple(Secret(secret) for secret in secrets), expects_livemode=livemode
    )


WEBHOOKS: PspWebhooks = StripeWebhooks({TEST: endpoint(SECRET, NEWER), LIVE: endpoint(SECRET, livemode=True)})


def read_one(body: bytes) -> WebhookReport | WebhookIgnored:
    """What Stripe's events report is about one payment."""
    reports = WEBHOOKS.read(body)
    if isinstance(reports, WebhookIgnored):
        return reports
    assert isinstance(reports, tuple)
    (report,) = reports
    return report


def signed(body: bytes = BODY, secret: str = SECRET, at: int = T) -> str:
    return str(WebhookSignature.generate_signature_header(body.decode(), secret, at))


def v1(secret: str) -> str:
    return signed(secret=secret).partition(",")[2]


def verify(header: str | None, body: bytes = BODY, name: PspAccount = TEST) -> object:
    headers = {} if header is None else {"stripe-signature": header}
    return asyncio.run(WEBHOOKS.verify(name, headers, body, NOW))


@pytest.mark.parametrize(
    ("case", "header"),
    [
        ("signed by our secret", signed()),
        ("signed by the secret that follows it", signed(secret=NEWER)),
        ("Stripe rotates: theirs of ours comes second", f"t={T},{v1(STRANGER)},{v1(SECRET)}"),
        ("another scheme stands beside it", f"t={T},v0=00,{v1(SECRET)},v2=ff"),
        ("a second t is ignored", f"t={T},{v1(SECRET)},t=1"),
        ("as old as may be", signed(at=T - 300)),
        ("as far ahead as may be", signed(at=T + 300)),
        ("spaces after the commas", f"t={T}, {v1(SECRET)}"),
    ],
)
def test_webhook_with_valid_signature_is_verified(case: str, header: str) -> None:
    assert verify(header) == VERIFIED, case


@pytest.mark.parametrize(
    ("case", "header", "reason"),
    [
        ("there is no header", None, "missing"),
        ("the header is empty", "", "missing"),
        ("the header is prose", "hello", "malformed"),
        ("there is no time", v1(SECRET), "malformed"),
        ("the time is not a number", f"t=noon,{v1(SECRET)}", "malformed"),
        ("the time is negative", f"t=-5,{v1(SECRET)}", "malformed"),
        ("the time is absurdly long", f"t={'9' * 5000},{v1(SECRET)}", "malformed"),
        ("the first t is not the signed one", f"t={T - 1},{v1(SECRET)},t={T}", "mismatch"),
        ("there is no signature", f"t={T}", "malformed"),
        ("the signature is empty", f"t={T},v1=", "malformed"),
        ("only v0 signs", f"t={T},v0={v1(SECRET)[3:]}", "malformed"),
        ("the header is not ASCII", f"t={T},v1=é", "malformed"),
        ("the digits are not ASCII", f"t=\uff11\uff12,{v1(SECRET)}", "malformed"),
        ("a stranger signed", signed(secret=STRANGER), "mismatch"),
        ("the signature is in capitals", f"t={T},v1={v1(SECRET)[3:].upper()}", "mismatch"),
        ("the signature is cut short", signed()[:-1], "mismatch"),
        ("it is too old", signed(at=T - 301), "expired"),
        ("it is from the future", signed(at=T + 301), "from_the_future"),
        ("a stranger signed long ago", signed(secret=STRANGER, at=1), "mismatch"),
    ],
)
def test_a_webhook_is_refused_when(case: str, header: str | None, reason: str) -> None:
    assert verify(header) == SignatureRefused(reason), case  # type: ignore[arg-type]


def test_webhook_of_unconfigured_account_is_refused() -> None:
    assert verify(signed(), name=PspAccount("nope")) == SignatureRefused("unknown_account")


def test_webhook_of_account_without_secrets_is_refused() -> None:
    webhooks = StripeWebhooks({TEST: endpoint()})
    refused = asyncio.run(webhooks.verify(TEST, {"stripe-signature": signed(secret="")}, BODY, NOW))
    assert refused == SignatureRefused("mismatch")


def test_a_test_event_is_no_live_event() -> None:
    assert verify(signed(), name=LIVE) == SignatureRefused("other_mode")


def test_the_tolerance_is_the_one_given() -> None:
    strict = StripeWebhooks({TEST: endpoint(SECRET)}, tolerance_seconds=1)
    refused = asyncio.run(strict.verify(TEST, {"stripe-signature": signed(at=T - 2)}, BODY, NOW))
    assert refused == SignatureRefused("expired")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"id":"evt_1"}',
        b'{"id":7,"type":"x","livemode":false}',
        b'{"id":"","type":"x","livemode":false}',
        b'{"id":"evt_1","type":"x"}',
        b'{"id":"' + b"e" * 256 + b'","type":"x","livemode":false}',
        b'{"id":"evt_1","type":"payment_intent.succeeded","livemode":false',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_as_malformed(body: bytes) -> None:
    assert verify(signed(body), body) == SignatureRefused("malformed")


def test_bytes_that_are_no_text_are_refused_without_a_crash() -> None:
    assert verify(signed(), b"\xff\xfe") == SignatureRefused("mismatch")


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_noticed(position: int, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[position] ^= 1 << bit
    assert verify(signed(), bytes(flipped)) == SignatureRefused("mismatch")


@given(header=st.text(max_size=200))
def test_malformed_signature_header_is_refused_without_raising(header: str) -> None:
    assert isinstance(verify(header), SignatureRefused)


def test_only_payment_events_are_interesting() -> None:
    body = b'{"id":"evt_2","type":"charge.succeeded","livemode":false}'
    expected = VerifiedWebhook(psp_event_id="evt_2", type="charge.succeeded", is_interesting=False)
    assert verify(signed(body), body) == expected


OCCURRED = NOW - timedelta(seconds=30)


def event(event_type: str, **intent: Any) -> bytes:
    metadata = intent.pop("metadata", {"fincore_charge_id": CHARGE})
    snapshot = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": event_type.removeprefix("payment_intent."),
        "currency": "usd",
        "created": T - 9000,
        "metadata": metadata,
        "client_secret": "pi_1_secret_x",
    } | intent
    return about(event_type, snapshot)


def about(event_type: str, snapshot: dict[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "id": "evt_1",
            "type": event_type,
            "livemode": False,
            "created": int(OCCURRED.timestamp()),
            "data": {"object": snapshot},
        }
    )


USD_19_99 = Money(1999, Currency("usd"))
OUTCOMES: list[tuple[bytes, KnownOutcome | Unknown]] = [
    (
        event("payment_intent.succeeded", amount_received=1999),
        Approved(kind="captured", money=USD_19_99, psp_reference=PspReference("pi_1"), occurred_at=OCCURRED),
    ),
    (
        event("payment_intent.amount_capturable_updated", status="requires_capture", amount_capturable=1999),
        Approved(
            kind="authorized", money=USD_19_99, psp_reference=PspReference("pi_1"), occurred_at=OCCURRED
        ),
    ),
    (
        event(
            "payment_intent.payment_failed",
            status="requires_payment_method",
            last_payment_error={
                "type": "card_error",
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds.",
            },
        ),
        Declined(
            failure=Failure(
                code="card_declined",
                message="Your card has insufficient funds.",
                advice="retry_later",
                decline_code="insufficient_funds",
            ),
            occurred_at=OCCURRED,
            psp_reference=PspReference("pi_1"),
        ),
    ),
    (
        event(
            "payment_intent.requires_action", next_action={"redirect_to_url": {"url": "https://3ds.example"}}
        ),
        ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://3ds.example"),
    ),
    (
        event("payment_intent.canceled", canceled_at=T - 31, cancellation_reason="duplicate"),
        Canceled(
            reason="duplicate",
            psp_reference=PspReference("pi_1"),
            occurred_at=NOW - timedelta(seconds=31),
        ),
    ),
    (event("payment_intent.processing"), Unknown(reason="processing at the PSP", since=OCCURRED)),
]


@pytest.mark.parametrize(("body", "outcome"), OUTCOMES)
def test_an_event_of_a_payment_intent_becomes_an_outcome(
    body: bytes, outcome: KnownOutcome | Unknown
) -> None:
    assert read_one(body) == WebhookReport(
        charge_id=CHARGE,
        payment_reference=PspReference("pi_1"),
        content=outcome,
        shows_payment=True,
    )


SESSION_TYPES = [
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
]


@pytest.mark.parametrize("event_type", SESSION_TYPES)
@pytest.mark.parametrize(
    ("named", "charge_id"),
    [(CHARGE, CHARGE), ("order-7", None), (None, None)],
    ids=["charge", "order", "nothing"],
)
def test_event_of_a_session_only_says_where_to_look(
    event_type: str, named: str | None, charge_id: ChargeId | None
) -> None:
    session = {
        "object": "checkout.session",
        "id": "cs_1",
        "status": "complete",
        "payment_status": "paid",
        "expires_at": T,
        "client_reference_id": named,
        "payment_intent": "pi_1",
    }
    assert read_one(about(event_type, session)) == WebhookReport(
        charge_id=charge_id,
        payment_reference=PspReference("cs_1"),
        content=Look(subject="payment"),
        shows_payment=True,
    )


REFUND_TYPES = ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
DISPUTE_TYPES = [
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
]


WARNING_TYPES = ["radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"]


def test_every_type_that_is_read_has_a_row_above() -> None:
    of_payments = {msgspec.json.decode(body)["type"] for body, _ in OUTCOMES}
    assert {*of_payments, *SESSION_TYPES, *REFUND_TYPES, *DISPUTE_TYPES, *WARNING_TYPES} == {
        name for name in SUBSCRIBED_TYPES if not name.startswith("payout.")
    }


def warning_event(event_type: str = WARNING_TYPES[0], **fields: Any) -> bytes:
    warning = {
        "object": "radar.early_fraud_warning",
        "id": "issfr_1",
        "actionable": True,
        "charge": "ch_1",
        "created": T - 9000,
        "fraud_type": "made_with_stolen_card",
        "livemode": False,
        "payment_intent": "pi_1",
    }
    return about(event_type, warning | fields)


@pytest.mark.parametrize("event_type", WARNING_TYPES)
def test_fraud_warning_event_becomes_report_of_its_payment(event_type: str) -> None:
    assert read_one(warning_event(event_type)) == WebhookReport(
        charge_id=None,
        payment_reference=PspReference("pi_1"),
        content=FraudWarningReport(
            psp_reference=PspReference("issfr_1"),
            fraud_type="stolen_card",
            is_actionable=True,
            warned_at=datetime.fromtimestamp(T - 9000, UTC),
            occurred_at=OCCURRED,
        ),
    )


@pytest.mark.parametrize("word", ["made_by_a_robot", ""])
def test_fraud_of_an_unknown_type_is_reported_as_other(word: str) -> None:
    told = read_one(warning_event(fraud_type=word))
    assert isinstance(told, WebhookReport)
    assert isinstance(told.content, FraudWarningReport)
    assert told.content.fraud_type == "other"


@pytest.mark.parametrize("event_type", WARNING_TYPES)
def test_fraud_warning_of_no_payment_intent_is_not_ours(event_type: str) -> None:
    """Other software of the merchant may make bare charges in the same account at Stripe."""
    assert read_one(warning_event(event_type, payment_intent=None)) == WebhookIgnored(
        "issfr_1 is not of a payment of FinCore: it has no payment intent"
    )


@pytest.mark.parametrize(
    "strange", [{"actionable": "perhaps"}, {"created": -1}, {"id": "issfr 1"}, {"object": "review"}], ids=str
)
def test_fraud_warning_of_another_shape_names_its_payment(strange: dict[str, Any]) -> None:
    told = read_one(warning_event(**strange))
    assert isinstance(told, WebhookReport)
    assert (told.payment_reference, told.content) == (PspReference("pi_1"), None)
    assert told.unreadable


def refund_event(event_type: str, **fields: Any) -> bytes:
    refund = {
        "object": "refund",
        "id": "re_1",
        "amount": 500,
        "currency": "usd",
        "created": T - 9000,
        "status": "succeeded",
        "payment_intent": "pi_1",
        "balance_transaction": "txn_1",
        "metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": REFUND},
    }
    return about(event_type, refund | fields)


def refund_report(**fields: Any) -> RefundReport:
    known: dict[str, Any] = {
        "status": "succeeded",
        "psp_reference": PspReference("re_1"),
        "money": Money(500, Currency("usd")),
        "occurred_at": OCCURRED,
        "refund_id": REFUND,
    }
    return RefundReport(**known | fields)


@pytest.mark.parametrize("event_type", REFUND_TYPES)
@pytest.mark.parametrize(
    ("fields", "report"),
    [
        ({}, refund_report()),
        ({"status": "pending"}, refund_report(status="pending")),
        (
            {"status": "failed", "failure_reason": "lost_or_stolen_card"},
            refund_report(status="failed", failure_code="card_lost_or_stolen"),
        ),
    ],
    ids=["succeeded", "pending", "failed"],
)
def test_refund_event_becomes_report_with_event_time(
    event_type: str, fields: dict[str, Any], report: RefundReport
) -> None:
    assert read_one(refund_event(event_type, **fields)) == WebhookReport(
        charge_id=CHARGE, payment_reference=PspReference("pi_1"), content=report
    )


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"fincore_charge_id": "nonsense", "fincore_refund_id": "nonsense"}],
    ids=["null", "empty", "nonsense"],
)
def test_a_refund_made_at_stripe_names_the_payment_only(metadata: dict[str, str] | None) -> None:
    assert read_one(refund_event("refund.created", metadata=metadata)) == WebhookReport(
        charge_id=None, payment_reference=PspReference("pi_1"), content=refund_report(refund_id=None)
    )


def test_a_refund_of_ours_that_names_no_payment_is_unreadable() -> None:
    told = read_one(refund_event("refund.created", payment_intent=None))
    assert told == WebhookReport(
        charge_id=CHARGE,
        payment_reference=None,
        content=None,
        unreadable="Stripe reports a refund with our metadata that names no payment",
    )


@pytest.mark.parametrize("name", ["", "pi_\0", "pi 1", "pi_1\n", "p" * 256], ids=repr)
def test_a_payment_without_a_sensible_id_is_unreadable(name: str) -> None:
    told = read_one(refund_event("refund.created", payment_intent=name))
    assert isinstance(told, WebhookReport)
    assert (told.charge_id, told.payment_reference, told.content) == (CHARGE, None, None)
    assert told.unreadable


def test_a_refund_of_an_unknown_status_is_unreadable() -> None:
    told = read_one(refund_event("refund.updated", status="blessed"))
    assert isinstance(told, WebhookReport)
    assert (told.content, told.unreadable) == (
        None,
        "Stripe reports a refund status that FinCore does not know",
    )


@pytest.mark.parametrize("event_type", DISPUTE_TYPES)
def test_dispute_event_becomes_report_naming_payment_only(event_type: str) -> None:
    dispute = {
        "object": "dispute",
        "id": "dp_1",
        "amount": 1999,
        "currency": "usd",
        "status": "needs_response",
        "reason": "fraudulent",
        "payment_intent": "pi_1",
        "metadata": {},
        "balance_transactions": [
            {
                "amount": -1999,
                "fee": 1500,
                "net": -3499,
                "currency": "usd",
                "created": T - 40,
                "type": "adjustment",
            }
        ],
        "evidence_details": {"due_by": T + 86_400, "has_evidence": False},
    }
    assert read_one(about(event_type, dispute)) == WebhookReport(
        charge_id=None,
        payment_reference=PspReference("pi_1"),
        content=DisputeReport(
            psp_reference=PspReference("dp_1"),
            status="needs_response",
            money=USD_19_99,
            reason="fraudulent",
            is_inquiry=False,
            occurred_at=OCCURRED,
            evidence_due_by=NOW + timedelta(days=1),
            movements=(
                DisputeMovements(currency=Currency("usd"), withdrawn_minor=1999, withdrawn_fee_minor=1500),
            ),
            category="fraud",
        ),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event("charge.succeeded"), "no charge or payout changes by charge.succeeded"),
        (event("charge.updated"), "no charge or payout changes by charge.updated"),
        (event("charge." + "x" * 300), "no charge or payout changes by charge." + "x" * 162),
        (
            refund_event("refund.created", payment_intent=None, metadata={}),
            "re_1 is not of a payment of FinCore: it has no payment intent",
        ),
        (
            refund_event("refund.created", reason="expired_uncaptured_charge", metadata={}),
            "re_1 lets go what was never captured: nothing was given back",
        ),
        (
            refund_event("refund.created", balance_transaction=None, metadata={}),
            "re_1 lets go what was never captured: nothing was given back",
        ),
        (
            about(
                "charge.dispute.created",
                {
                    "object": "dispute",
                    "id": "dp_1",
                    "amount": 1999,
                    "currency": "usd",
                    "status": "lost",
                    "reason": "fraudulent",
                    "payment_intent": None,
                    "balance_transactions": [],
                },
            ),
            "dp_1 is not of a payment of FinCore: it has no payment intent",
        ),
    ],
)
def test_event_about_no_charge_is_ignored_with_reason(body: bytes, reason: str) -> None:
    assert read_one(body) == WebhookIgnored(reason)


@pytest.mark.parametrize("metadata", [{}, {"fincore_charge_id": "re_1"}], ids=["none", "no charge id"])
def test_a_payment_without_our_metadata_hints_at_no_charge(metadata: dict[str, str]) -> None:
    told = read_one(event("payment_intent.succeeded", metadata=metadata))
    assert isinstance(told, WebhookReport)
    assert (told.charge_id, told.payment_reference, told.shows_payment) == (None, "pi_1", True)


@pytest.mark.parametrize(
    ("body", "charge_id", "reference"),
    [
        (refund_event("refund.created", amount="1"), CHARGE, "pi_1"),
        (refund_event("refund.created", amount=-500), CHARGE, "pi_1"),
        (refund_event("refund.created", amount=2**63), CHARGE, "pi_1"),
        (refund_event("refund.created", payment_intent={"id": "pi_1"}), CHARGE, "pi_1"),
        (event("payment_intent.succeeded", status=7), CHARGE, "pi_1"),
        (event("payment_intent.canceled", canceled_at=10**18), CHARGE, "pi_1"),
        (event("payment_intent.canceled", canceled_at=253_402_300_799), CHARGE, "pi_1"),
        (event("payment_intent.succeeded", object="charge"), CHARGE, None),
        (b"\xff", None, None),
        (b"[" * 5_000 + b"]" * 5_000, None, None),
        (b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}", None, None),
        (b'{"id": "evt_1", "type": "refund.created", "livemode": false}', None, None),
    ],
    ids=[
        "amount is a text",
        "amount is negative",
        "amount is beyond all bounds",
        "payment is expanded",
        "status is a number",
        "time is beyond all bounds",
        "time is in the year 9999",
        "object is another one",
        "no JSON",
        "a list",
        "nested too deeply",
        "no object",
    ],
)
def test_an_event_of_another_shape_names_what_it_can(
    body: bytes, charge_id: ChargeId | None, reference: str | None
) -> None:
    told = read_one(body)
    assert isinstance(told, WebhookReport)
    assert (told.charge_id, told.payment_reference, told.content) == (charge_id, reference, None)
    assert told.unreadable is not None
    assert told.unreadable.startswith("the event does not have the shape that Stripe documents")


@pytest.mark.parametrize("amount", [None, 0, -1999, 10**15 + 1, 2**63], ids=str)
def test_a_success_without_a_sensible_amount_is_unreadable(amount: int | None) -> None:
    told = read_one(event("payment_intent.succeeded", amount_received=amount))
    assert isinstance(told, WebhookReport)
    assert (told.content, told.payment_reference) == (None, "pi_1")
    assert told.unreadable is not None


@pytest.mark.parametrize(
    "event_type", ["refund.reversed", "charge.dispute.arbitrated", "payment_intent.settled"]
)
def test_unknown_type_of_a_known_family_is_read(event_type: str) -> None:
    body = event(event_type)
    assert verify(signed(body), body) == VerifiedWebhook(
        psp_event_id="evt_1", type=event_type, is_interesting=True
    )
    assert not isinstance(read_one(body), WebhookIgnored)


@pytest.mark.parametrize("named", [{"account": "acct_other"}, {"context": "acct_other"}], ids=str)
def test_an_event_of_another_account_is_refused(named: dict[str, str]) -> None:
    body = msgspec.json.encode(msgspec.json.decode(BODY) | named)
    assert verify(signed(body), body) == SignatureRefused("other_account")
