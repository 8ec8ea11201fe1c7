"""What Stripe's events report, by the table of their types. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
import structlog

from fincore.domain.card_number import without_card_numbers
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import PspReference, Unreadable
from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.port import Look, PayoutNotice, WebhookIgnored, WebhookReport
from fincore.write.psp.stripe.disputes import read_dispute
from fincore.write.psp.stripe.intents import read_intent
from fincore.write.psp.stripe.payouts import destination_of, read_payout
from fincore.write.psp.stripe.radar import read_warning
from fincore.write.psp.stripe.refunds import is_release_of_a_hold, read_refund
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    CheckoutSession,
    EarlyFraudWarning,
    Event,
    EventHead,
    Id,
    PaymentIntent,
    StripeDispute,
    StripePayout,
    StripeRefund,
)

IGNORED_CHARS_MAX: Final = 200
UNREADABLE_CHARS_MAX: Final = 300

HEAD: Final = msgspec.json.Decoder(EventHead)
_EVENT: Final = msgspec.json.Decoder(Event)
_INTENT: Final = msgspec.json.Decoder(PaymentIntent)
_SESSION: Final = msgspec.json.Decoder(CheckoutSession)
_REFUND: Final = msgspec.json.Decoder(StripeRefund)
_DISPUTE: Final = msgspec.json.Decoder(StripeDispute)
_WARNING: Final = msgspec.json.Decoder(EarlyFraudWarning)
_PAYOUT: Final = msgspec.json.Decoder(StripePayout)
PAYOUTS: Final = "payout."

_log = structlog.get_logger(__name__)

Report = WebhookReport | PayoutNotice | WebhookIgnored


def read_event(body: bytes) -> Report:
    """What an event reports, by `READERS`. The time of the report is the event's: the object's is older."""
    try:
        head = HEAD.decode(body)
        read = reader_of(head.type)
        if read is None:
            return WebhookIgnored(f"no charge or payout changes by {head.type}"[:IGNORED_CHARS_MAX])
        event = _EVENT.decode(body)
        return read(event.data.object, datetime.fromtimestamp(event.created, UTC))
    except UNREADABLE_JSON as error:
        return _unreadable(body, error)


def _payment(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A payment intent, which carries our charge id or is none of ours unless the log knows it."""
    intent = _INTENT.decode(raw)
    reading = read_intent(intent, now=occurred_at, occurred_at=occurred_at)
    return WebhookReport(
        charge_id=_charge_id_in(intent.metadata),
        payment_reference=PspReference(intent.id),
        shows_payment=True,
        content=None if isinstance(reading, Unreadable) else reading,
        unreadable=reading.reason if isinstance(reading, Unreadable) else None,
    )


def _session(raw: msgspec.Raw, _occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A Checkout session: its payment intent says what became of the money, and the event does not show that."""
    session = _SESSION.decode(raw)
    return WebhookReport(
        charge_id=_charge_id_in({CHARGE_ID_KEY: session.client_reference_id}),
        payment_reference=PspReference(session.id),
        shows_payment=True,
        content=Look(subject="payment"),
    )


def _refund(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A refund, which carries our charge id where FinCore made it; of one made in the Dashboard only the payment is known."""
    refund = _REFUND.decode(raw)
    if refund.payment_intent is None:
        return _refund_of_no_payment(refund)
    if is_release_of_a_hold(refund):
        return WebhookIgnored(f"{refund.id} lets go what was never captured: nothing was given back")
    reading = read_refund(refund, now=occurred_at, occurred_at=occurred_at)
    return WebhookReport(
        charge_id=_charge_id_in(refund.metadata),
        payment_reference=PspReference(refund.payment_intent),
        content=None if isinstance(reading, Unreadable) else reading,
        unreadable=reading.reason if isinstance(reading, Unreadable) else None,
    )


def _refund_of_no_payment(refund: StripeRefund) -> WebhookReport | WebhookIgnored:
    """All payments of FinCore are payment intents, so that only metadata of ours says that a refund is of one."""
    charge_id = _charge_id_in(refund.metadata)
    if charge_id is None:
        return WebhookIgnored(f"{refund.id} is not of a payment of FinCore: it has no payment intent")
    return WebhookReport(
        charge_id=charge_id,
        payment_reference=None,
        content=None,
        unreadable="Stripe reports a refund with our metadata that names no payment",
    )


def _dispute(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A dispute, which only names the payment."""
    dispute = _DISPUTE.decode(raw)
    if dispute.payment_intent is None:
        return WebhookIgnored(f"{dispute.id} is not of a payment of FinCore: it has no payment intent")
    read = read_dispute(dispute, occurred_at=occurred_at)
    return WebhookReport(
        charge_id=None,
        payment_reference=PspReference(dispute.payment_intent),
        content=read.report,
        unreadable=read.unreadable,
    )


def _warning(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """An early fraud warning, which only names the payment."""
    warning = _WARNING.decode(raw)
    if warning.payment_intent is None:
        return WebhookIgnored(f"{warning.id} is not of a payment of FinCore: it has no payment intent")
    return WebhookReport(
        charge_id=None,
        payment_reference=PspReference(warning.payment_intent),
        content=read_warning(warning, occurred_at=occurred_at),
    )


def _payout(raw: msgspec.Raw, occurred_at: datetime) -> PayoutNotice:
    """A payout: the event belongs to the account that it was sent to, and so does the payout."""
    payout = _PAYOUT.decode(raw)
    reading = read_payout(payout, occurred_at=occurred_at)
    return PayoutNotice(
        psp_reference=PspReference(payout.id),
        livemode=payout.livemode,
        destination=destination_of(payout),
        content=None if isinstance(reading, Unreadable) else reading,
        unreadable=reading.reason if isinstance(reading, Unreadable) else None,
    )


Reader = Callable[[msgspec.Raw, datetime], Report]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "payment_intent.": _payment,
        "checkout.session.": _session,
        "refund.": _refund,
        "charge.refund.": _refund,
        "charge.dispute.": _dispute,
        "radar.early_fraud_warning.": _warning,
        PAYOUTS: _payout,
    }
)
"""Prefix of the types of events that say something of a charge or a payout -> how to read their object. All others are kept and not read.

The object of an event is the whole payment, refund, dispute, warning or payout as it is then, so a type that Stripe adds later is read like
the others. What `charge.*` events say of a payment, `payment_intent.*` say too: `charge.expired` comes with
`payment_intent.canceled`, `charge.captured` with `payment_intent.succeeded`.
"""

SUBSCRIBED_TYPES: Final = (
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refund.updated",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "payout.created",
    "payout.updated",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
    "payout.reconciliation_completed",
)
"""The types that Stripe has to be told to send."""

SAY_NOTHING: Final = frozenset({"payment_intent.created"})
"""Types of these prefixes that come before anything has happened."""


def reader_of(event_type: str) -> Reader | None:
    """How to read the object of an event; None where no charge and no payout changes by it."""
    if event_type in SAY_NOTHING:
        return None
    return next((read for prefix, read in READERS.items() if event_type.startswith(prefix)), None)


def _unreadable(body: bytes, error: Exception) -> WebhookReport | PayoutNotice:
    """An event of another shape than documented: what it is about can be read more often than what it says of it."""
    reason = without_card_numbers(f"the event does not have the shape that Stripe documents: {error}")
    named = _Named()
    try:
        named = _NAMED.decode(body).data.object
    except UNREADABLE_JSON:
        _log.warning("stripe.event_names_nothing")
    if _is_of_a_payout(body):
        return PayoutNotice(
            psp_reference=_reference_of(named.id),
            livemode=None,
            unreadable=reason[:UNREADABLE_CHARS_MAX],
        )
    is_payment = named.object in ("payment_intent", "checkout.session")
    payment = named.id if is_payment else named.payment_intent
    if isinstance(payment, _NamedPayment):
        payment = payment.id
    return WebhookReport(
        charge_id=_charge_id_in(named.metadata),
        payment_reference=_reference_of(payment),
        shows_payment=is_payment,
        content=None,
        unreadable=reason[:UNREADABLE_CHARS_MAX],
    )


def _is_of_a_payout(body: bytes) -> bool:
    """By the type of the event; one without a head is of a payment, as far as can be told."""
    try:
        return HEAD.decode(body).type.startswith(PAYOUTS)
    except UNREADABLE_JSON:
        return False


def _reference_of(payment: str | None) -> PspReference | None:
    """What a payment or a payout is called; None for what cannot be an id at Stripe."""
    try:
        return PspReference(msgspec.convert(payment, Id))
    except msgspec.ValidationError:
        return None


def _charge_id_in(metadata: Mapping[str, object] | None) -> ChargeId | None:
    """Our charge id in the metadata of an object; None for what is none."""
    try:
        return parse_charge_id(str((metadata or {}).get(CHARGE_ID_KEY, "")))
    except InvalidId:
        return None


class _NamedPayment(msgspec.Struct, frozen=True):
    """A payment intent that was expanded inside another object."""

    id: str


class _Named(msgspec.Struct, frozen=True):
    """What of any object says which payment it is about."""

    id: str | None = None
    object: str | None = None
    payment_intent: str | _NamedPayment | None = None
    metadata: dict[str, Any] | None = None


class _NamedData(msgspec.Struct, frozen=True):
    object: _Named


class _NamedEvent(msgspec.Struct, frozen=True):
    data: _NamedData


_NAMED: Final = msgspec.json.Decoder(_NamedEvent)
