"""Stripe's webhooks: who may be believed (docs.stripe.com/webhooks#verify-manually), and what they say."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.write.psp.port import SignatureRefused, VerifiedWebhook, WebhookFact, WebhookIgnored
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.disputes import dispute_report_of
from fincore.write.psp.stripe.mapping import fact_of
from fincore.write.psp.stripe.refunds import is_release_of_a_hold, report_of
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    Event,
    EventHead,
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

_HEAD: Final = msgspec.json.Decoder(EventHead)
_EVENT: Final = msgspec.json.Decoder(Event)
_INTENT: Final = msgspec.json.Decoder(PaymentIntent)
_REFUND: Final = msgspec.json.Decoder(StripeRefund)
_DISPUTE: Final = msgspec.json.Decoder(StripeDispute)


class _Signature(msgspec.Struct, frozen=True):
    """What the header holds: the time as Stripe wrote and signed it, and the signatures of scheme v1."""

    timestamp: str
    signatures: tuple[str, ...]


class StripeWebhooks:
    """`PspWebhooks` of Stripe. `tolerance_seconds`: how old, or how far ahead of our clock, a signature may be."""

    name: PspName = STRIPE

    def __init__(
        self, accounts: Mapping[PspAccount, StripeAccount], *, tolerance_seconds: int = TOLERANCE_SECONDS
    ) -> None:
        self._accounts = accounts
        self._tolerance_seconds = tolerance_seconds

    def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused:
        """Check the signature over the raw bytes first; nothing in the body is read before it holds."""
        account = self._accounts.get(psp_account)
        if account is None:
            return SignatureRefused("unknown_account")
        header = headers.get(SIGNATURE_HEADER)
        if not header:
            return SignatureRefused("missing")
        signature = _parsed(header)
        if signature is None:
            return SignatureRefused("malformed")
        if not _is_signed(account, signature, body):
            return SignatureRefused("mismatch")
        age_seconds = now.timestamp() - int(signature.timestamp)
        if age_seconds > self._tolerance_seconds:
            return SignatureRefused("expired")
        if age_seconds < -self._tolerance_seconds:
            return SignatureRefused("from_the_future")
        return _verified(account, body)

    def interpret(self, body: bytes) -> WebhookFact | WebhookIgnored:
        """What an event says, by `READ_TYPES`. The time of the fact is the event's: the object's is older."""
        try:
            event = _EVENT.decode(body)
            read = READ_TYPES.get(event.type)
            if read is None:
                return WebhookIgnored(f"no charge changes by {event.type}"[:IGNORED_CHARS_MAX])
            return read(event.data.object, datetime.fromtimestamp(event.created, UTC))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return WebhookIgnored("the event does not have the shape Stripe documents")


def _payment(raw: msgspec.Raw, occurred_at: datetime) -> WebhookFact | WebhookIgnored:
    """A payment intent, which names its charge or is none of ours."""
    intent = _INTENT.decode(raw)
    charge_id = intent.metadata.get(CHARGE_ID_KEY)
    if charge_id is None:
        return WebhookIgnored(f"{intent.id} is not a payment of FinCore: it has no {CHARGE_ID_KEY}")
    try:
        return WebhookFact(
            charge_id=parse_charge_id(charge_id),
            payment_reference=PspReference(intent.id),
            said=fact_of(intent, now=occurred_at, occurred_at=occurred_at),
        )
    except InvalidId:
        return WebhookIgnored(f"the {CHARGE_ID_KEY} of {intent.id} is not a charge id")


def _refund(raw: msgspec.Raw, occurred_at: datetime) -> WebhookFact | WebhookIgnored:
    """A refund, which names its charge where FinCore made it; of one made in the Dashboard only the payment is known."""
    refund = _REFUND.decode(raw)
    if refund.payment_intent is None:
        return WebhookIgnored(f"{refund.id} is not of a payment of FinCore: it has no payment intent")
    if is_release_of_a_hold(refund):
        return WebhookIgnored(f"{refund.id} lets go what was never captured: nothing was given back")
    return WebhookFact(
        charge_id=_charge_named_by(refund),
        payment_reference=PspReference(refund.payment_intent),
        said=report_of(refund, now=occurred_at, occurred_at=occurred_at),
    )


def _dispute(raw: msgspec.Raw, occurred_at: datetime) -> WebhookFact | WebhookIgnored:
    """A dispute, which only names the payment."""
    dispute = _DISPUTE.decode(raw)
    if dispute.payment_intent is None:
        return WebhookIgnored(f"{dispute.id} is not of a payment of FinCore: it has no payment intent")
    return WebhookFact(
        charge_id=None,
        payment_reference=PspReference(dispute.payment_intent),
        said=dispute_report_of(dispute, occurred_at=occurred_at),
    )


def _charge_named_by(refund: StripeRefund) -> ChargeId | None:
    try:
        return parse_charge_id((refund.metadata or {}).get(CHARGE_ID_KEY, ""))
    except InvalidId:
        return None


READ_TYPES: Final[Mapping[str, Callable[[msgspec.Raw, datetime], WebhookFact | WebhookIgnored]]] = (
    MappingProxyType(
        {
            "payment_intent.amount_capturable_updated": _payment,
            "payment_intent.canceled": _payment,
            "payment_intent.payment_failed": _payment,
            "payment_intent.processing": _payment,
            "payment_intent.requires_action": _payment,
            "payment_intent.succeeded": _payment,
            "refund.created": _refund,
            "refund.updated": _refund,
            "refund.failed": _refund,
            "charge.refund.updated": _refund,
            "charge.dispute.created": _dispute,
            "charge.dispute.updated": _dispute,
            "charge.dispute.closed": _dispute,
            "charge.dispute.funds_withdrawn": _dispute,
            "charge.dispute.funds_reinstated": _dispute,
        }
    )
)
"""Type of an event that says something of a charge -> how to read its object. All others are kept and not read.

What `charge.*` events say of a payment, `payment_intent.*` say too: `charge.expired` comes with
`payment_intent.canceled`, `charge.captured` with `payment_intent.succeeded`.
"""


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


def _is_signed(account: StripeAccount, signature: _Signature, body: bytes) -> bool:
    """Whether any of the signatures is by any of our secrets, each pair compared in constant time."""
    signed = f"{signature.timestamp}.".encode() + body
    expected = [
        hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        for secret in account.webhook_secrets
    ]
    return any(hmac.compare_digest(one, given) for one in expected for given in signature.signatures)


def _verified(account: StripeAccount, body: bytes) -> VerifiedWebhook | SignatureRefused:
    try:
        head = _HEAD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: nested too deeply
        return SignatureRefused("malformed")
    for text, characters_max in ((head.id, EVENT_ID_CHARS_MAX), (head.type, EVENT_TYPE_CHARS_MAX)):
        if not 0 < len(text) <= characters_max or "\0" in text:
            return SignatureRefused("malformed")
    if head.livemode != account.expects_livemode:
        return SignatureRefused("mismatch")
    return VerifiedWebhook(psp_event_id=head.id, type=head.type, is_interesting=head.type in READ_TYPES)
