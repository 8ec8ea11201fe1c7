"""An endpoint's secret as a text, `whsec_...`, and the signature made with it (Standard Webhooks 1.0, symmetric)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from fincore.domain.secret import Secret

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


def mint_secret() -> Secret:
    """A new random secret."""
    return Secret(_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def signed_headers(
    message_id: str, body: bytes, valid_secrets: Iterable[Secret], now: datetime
) -> dict[str, str]:
    """The headers that let a receiver verify a body: one signature for each secret that is valid now.

    The timestamp is that of the attempt, so that a receiver may refuse what was recorded and played back to it.
    """
    timestamp = int(now.timestamp())
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in valid_secrets),
    }


def _signature(secret: Secret, content: bytes) -> str:
    key = b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    return b64encode(hmac.digest(key, content, sha256)).decode()
