"""Stripe's webhooks: who may be believed (docs.stripe.com/webhooks#verify-manually), and what they say."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
import structlog

from fincore.domain.card_number import without_card_numbers
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import PspAccount, PspName, PspReference, Unreadable
from fincore.write.psp.port import SignatureRefused, VerifiedWebhook, WebhookIgnored, WebhookReport
from fincore.write.psp.stripe.account import STRIPE, StripeWebhookEndpoint
from fincore.write.psp.stripe.disputes import read_dispute
from fincore.write.psp.stripe.intents import read_intent
from fincore.write.psp.stripe.refunds import is_release_of_a_hold, read_refund
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    Event,
    EventHead,
    Id,
    PaymentIntent,
    StripeDispute,
    StripeRefund,
)

TOLERANCE_SECONDS: Final = 300
SIGNATURE_HEADER: Final = "stripe-signature"
TIMESTAMP_DIGITS_MAX: Final = 12
EVENT_ID_CHARS_MAX: Final = 255
EVENT_TYPE_CHARS_MAX: Final = 255
IGNORED_CHARS_MAX: Final = 200
UNREADABLE_CHARS_MAX: Final = 300

_HEAD: Final = msgspec.json.Decoder(EventHead)
_EVENT: Final = msgspec.json.Decoder(Event)
_INTENT: Final = msgspec.json.Decoder(PaymentIntent)
_REFUND: Final = msgspec.json.Decoder(StripeRefund)
_DISPUTE: Final = msgspec.json.Decoder(StripeDispute)

_log = structlog.get_logger(__name__)


class _Signature(msgspec.Struct, frozen=True):
    """What the header holds: the time as Stripe wrote and signed it, and the signatures of scheme v1."""

    timestamp: str
    signatures: tuple[str, ...]


class StripeWebhooks:
    """`PspWebhooks` of Stripe. `tolerance_seconds`: how old, or how far ahead of our clock, a signature may be."""

    name: PspName = STRIPE

    def __init__(
        self,
        endpoints: Mapping[PspAccount, StripeWebhookEndpoint],
        *,
        tolerance_seconds: int = TOLERANCE_SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._tolerance_seconds = tolerance_seconds

    async def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused:
        """Check the signature over the raw bytes first; nothing in the body is read before it holds."""
        endpoint = self._endpoints.get(psp_account)
        if endpoint is None:
            return SignatureRefused("unknown_account")
        header = headers.get(SIGNATURE_HEADER)
        if not header:
            return SignatureRefused("missing")
        signature = _parsed(header)
        if signature is None:
            return SignatureRefused("malformed")
        if not _is_signed(endpoint, signature, body):
            return SignatureRefused("mismatch")
        age_seconds = now.timestamp() - int(signature.timestamp)
        if age_seconds > self._tolerance_seconds:
            return SignatureRefused("expired")
        if age_seconds < -self._tolerance_seconds:
            return SignatureRefused("from_the_future")
        return _verified(endpoint, body)

    def read(self, body: bytes) -> WebhookReport | WebhookIgnored:
        """What an event says, by `READERS`. The time of the fact is the event's: the object's is older."""
        try:
            head = _HEAD.decode(body)
            read = reader_of(head.type)
            if read is None:
                return WebhookIgnored(f"no charge changes by {head.type}"[:IGNORED_CHARS_MAX])
            event = _EVENT.decode(body)
            return read(event.data.object, datetime.fromtimestamp(event.created, UTC))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _unreadable(body, error)


def _payment(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A payment intent, which carries our charge id or is none of ours unless the log knows it."""
    intent = _INTENT.decode(raw)
    said = read_intent(intent, now=occurred_at, occurred_at=occurred_at)
    return WebhookReport(
        charge_id=_charge_id_in(intent.metadata),
        payment_reference=PspReference(intent.id),
        shows_payment=True,
        content=None if isinstance(said, Unreadable) else said,
        unreadable=said.reason if isinstance(said, Unreadable) else None,
    )


def _refund(raw: msgspec.Raw, occurred_at: datetime) -> WebhookReport | WebhookIgnored:
    """A refund, which carries our charge id where FinCore made it; of one made in the Dashboard only the payment is known."""
    refund = _REFUND.decode(raw)
    if refund.payment_intent is None:
        return _refund_of_no_payment(refund)
    if is_release_of_a_hold(refund):
        return WebhookIgnored(f"{refund.id} lets go what was never captured: nothing was given back")
    said = read_refund(refund, now=occurred_at, occurred_at=occurred_at)
    return WebhookReport(
        charge_id=_charge_id_in(refund.metadata),
        payment_reference=PspReference(refund.payment_intent),
        content=None if isinstance(said, Unreadable) else said,
        unreadable=said.reason if isinstance(said, Unreadable) else None,
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


Reader = Callable[[msgspec.Raw, datetime], WebhookReport | WebhookIgnored]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "payment_intent.": _payment,
        "refund.": _refund,
        "charge.refund.": _refund,
        "charge.dispute.": _dispute,
    }
)
"""Prefix of the types of events that say something of a charge -> how to read their object. All others are kept and not read.

The object of an event is the whole payment, refund or dispute as it is then, so a type that Stripe adds later is read like
the others. What `charge.*` events say of a payment, `payment_intent.*` say too: `charge.expired` comes with
`payment_intent.canceled`, `charge.captured` with `payment_intent.succeeded`.
"""

SUBSCRIBED_TYPES: Final = (
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
)
"""The types that Stripe has to be told to send."""

SAY_NOTHING: Final = frozenset({"payment_intent.created"})
"""Types of these prefixes that come before anything has happened."""


def reader_of(event_type: str) -> Reader | None:
    """How to read the object of an event; None where no charge changes by it."""
    if event_type in SAY_NOTHING:
        return None
    return next((read for prefix, read in READERS.items() if event_type.startswith(prefix)), None)


def _unreadable(body: bytes, error: Exception) -> WebhookReport:
    """An event of another shape than documented: which payment it is about can be read more often than what it says."""
    reason = without_card_numbers(f"the event does not have the shape that Stripe documents: {error}")
    named = _Named()
    try:
        named = _NAMED.decode(body).data.object
    except (msgspec.DecodeError, UnicodeDecodeError):
        _log.warning("stripe.event_names_nothing")
    payment = named.id if named.object == "payment_intent" else named.payment_intent
    if isinstance(payment, _NamedPayment):
        payment = payment.id
    return WebhookReport(
        charge_id=_charge_id_in(named.metadata),
        payment_reference=_reference_of(payment),
        shows_payment=named.object == "payment_intent",
        content=None,
        unreadable=reason[:UNREADABLE_CHARS_MAX],
    )


def _reference_of(payment: str | None) -> PspReference | None:
    """What a payment is called; None for what cannot be an id at Stripe."""
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


def _parsed(header: str) -> _Signature | None:
    """`t=<unix seconds>,v1=<hex>[,v1=<hex>]`; the first `t` counts, other schemes do not."""
    if not header.isascii():
        return None
    pairs = [item.strip().partition("=") for item in header.split(",")]
    timestamp = next((value for name, _, value in pairs if name == "t"), "")
    signatures = tuple(value for name, _, value in pairs if name == "v1" and value)
    if not timestamp.isdigit() or len(timestamp) > TIMESTAMP_DIGITS_MAX or not signatures:
        return None
    return _Signature(timestamp, signatures)


def _is_signed(endpoint: StripeWebhookEndpoint, signature: _Signature, body: bytes) -> bool:
    """Whether any of the signatures is by any of our secrets, each pair compared in constant time."""
    signed = f"{signature.timestamp}.".encode() + body
    expected = [
        hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest() for secret in endpoint.secrets
    ]
    return any(hmac.compare_digest(one, given) for one in expected for given in signature.signatures)


def _verified(endpoint: StripeWebhookEndpoint, body: bytes) -> VerifiedWebhook | SignatureRefused:
    try:
        head = _HEAD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: nested too deeply
        return SignatureRefused("malformed")
    for text, characters_max in ((head.id, EVENT_ID_CHARS_MAX), (head.type, EVENT_TYPE_CHARS_MAX)):
        if not 0 < len(text) <= characters_max or "\0" in text:
            return SignatureRefused("malformed")
    if head.livemode != endpoint.expects_livemode:
        return SignatureRefused("other_mode")
    if head.account is not None or head.context is not None:
        # Of a connected account, or of another one of the organization: its payments are not this account's.
        return SignatureRefused("other_account")
    is_interesting = reader_of(head.type) is not None
    return VerifiedWebhook(psp_event_id=head.id, type=head.type, is_interesting=is_interesting)
