"""The signature of Stripe's webhooks (docs.stripe.com/webhooks#verify-manually). Pure."""

import hashlib
import hmac
from datetime import datetime
from typing import Final

import msgspec

from fincore.write.psp.port import SignatureRefused
from fincore.write.psp.stripe.account import StripeWebhookEndpoint

SIGNATURE_HEADER: Final = "stripe-signature"
TIMESTAMP_DIGITS_MAX: Final = 12


class _Signature(msgspec.Struct, frozen=True):
    """What the header holds: the time as Stripe wrote and signed it, and the signatures of scheme v1."""

    timestamp: str
    signatures: tuple[str, ...]


def signature_refusal(
    endpoint: StripeWebhookEndpoint, header: str | None, body: bytes, now: datetime, *, tolerance_seconds: int
) -> SignatureRefused | None:
    """Why the signature in the header does not cover the body, or is not of now; None for one that holds.

    `tolerance_seconds`: how old, or how far ahead of our clock, the signature may be.
    """
    if not header:
        return SignatureRefused("missing")
    signature = _parsed(header)
    if signature is None:
        return SignatureRefused("malformed")
    if not _is_signed(endpoint, signature, body):
        return SignatureRefused("mismatch")
    age_seconds = now.timestamp() - int(signature.timestamp)
    if age_seconds > tolerance_seconds:
        return SignatureRefused("expired")
    if age_seconds < -tolerance_seconds:
        return SignatureRefused("from_the_future")
    return None


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
