"""Stripe's webhook signature: HMAC-SHA256 over `{timestamp}.{raw body}`, keyed with the whole `whsec_...` text."""

import hmac
from collections.abc import Sequence


def stripe_signature(payload: bytes, *, secrets: Sequence[str], timestamp: int) -> str:
    """The `Stripe-Signature` header. While a secret is being rotated, each active one gives its own `v1`."""
    signed = str(timestamp).encode() + b"." + payload
    marks = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])
