"""Stripe's webhooks: who may be believed (docs.stripe.com/webhooks#verify-manually), and what they say."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import parse_charge_id
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.write.psp.port import SignatureRefused, VerifiedWebhook, WebhookFact, WebhookIgnored
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.mapping import fact_of
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, Event, EventHead, PaymentIntent

TOLERANCE_SECONDS: Final = 300
SIGNATURE_HEADER: Final = "stripe-signature"
TIMESTAMP_DIGITS_MAX: Final = 12
EVENT_ID_CHARS_MAX: Final = 255

READ_TYPES: Final = frozenset(
    {
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    }
)
"""Events that say what became of a payment. All others are kept and not read."""

_HEAD: Final = msgspec.json.Decoder(EventHead)
_EVENT: Final = msgspec.json.Decoder(Event)
_INTENT: Final = msgspec.json.Decoder(PaymentIntent)


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
        """The fact in a payment intent's event. The time of the fact is the event's: the object's is older."""
        try:
            event = _EVENT.decode(body)
            if event.type not in READ_TYPES:
                return WebhookIgnored(f"no charge changes by {event.type}"[:200])
            intent = _INTENT.decode(event.data.object)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return WebhookIgnored("the event does not have the shape Stripe documents")
        charge_id = intent.metadata.get(CHARGE_ID_KEY)
        if charge_id is None:
            return WebhookIgnored(f"{intent.id} is not a payment of FinCore: it has no {CHARGE_ID_KEY}")
        occurred_at = datetime.fromtimestamp(event.created, UTC)
        try:
            return WebhookFact(
                charge_id=parse_charge_id(charge_id),
                payment_reference=PspReference(intent.id),
                said=fact_of(intent, now=occurred_at, occurred_at=occurred_at),
            )
        except InvalidId:
            return WebhookIgnored(f"the {CHARGE_ID_KEY} of {intent.id} is not a charge id")


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
    except (msgspec.DecodeError, UnicodeDecodeError):
        return SignatureRefused("malformed")
    if not 0 < len(head.id) <= EVENT_ID_CHARS_MAX:
        return SignatureRefused("malformed")
    if head.livemode != account.expects_livemode:
        return SignatureRefused("mismatch")
    return VerifiedWebhook(psp_event_id=head.id, type=head.type, is_interesting=head.type in READ_TYPES)
