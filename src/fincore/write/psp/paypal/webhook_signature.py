"""The signature of PayPal's webhooks (developer.paypal.com/api/rest/webhooks/rest): what it covers, and where its key is. Pure.

It covers the transmission's id and time, the id of our webhook, and a CRC32 of the body. A CRC32 does not bind the body:
another body with the same one is found in seconds. So what a webhook says is never believed; it says what to look at.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from fincore.write.psp.paypal.account import PayPalWebhookEndpoint
from fincore.write.psp.port import SignatureRefused

ID_HEADER: Final = "paypal-transmission-id"
TIME_HEADER: Final = "paypal-transmission-time"
SIGNATURE_HEADER: Final = "paypal-transmission-sig"
CERTIFICATE_HEADER: Final = "paypal-cert-url"
ALGORITHM_HEADER: Final = "paypal-auth-algo"
ALGORITHM: Final = "SHA256withRSA"

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z", re.ASCII
)
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{1,2730}={0,2}", re.ASCII)
_CERTIFICATE_PATH: Final = "/v1/notifications/certs/[A-Za-z0-9._-]{1,200}"


class Transmission(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of a webhook, as its headers tell it. `time` is as PayPal wrote and signed it."""

    id: str
    time: str
    sent_at: datetime
    signature: bytes
    certificate_url: str


def parse_transmission(headers: Mapping[str, str]) -> Transmission | SignatureRefused:
    """The transmission that headers tell of. Names are lower case."""
    names = (ID_HEADER, TIME_HEADER, SIGNATURE_HEADER, CERTIFICATE_HEADER, ALGORITHM_HEADER)
    transmission_id, time, signature, certificate_url, algorithm = (headers.get(name, "") for name in names)
    if not all((transmission_id, time, signature, certificate_url, algorithm)):
        return SignatureRefused("missing")
    is_formed = (
        _ID.fullmatch(transmission_id)
        and _TIME.fullmatch(time)
        and _SIGNATURE.fullmatch(signature)
        and algorithm == ALGORITHM
    )
    if not is_formed:
        return SignatureRefused("malformed")
    try:
        return Transmission(
            id=transmission_id,
            time=time,
            sent_at=datetime.fromisoformat(time.removesuffix("Z")).replace(tzinfo=UTC),
            signature=base64.b64decode(signature, validate=True),
            certificate_url=certificate_url,
        )
    except (ValueError, binascii.Error):
        return SignatureRefused("malformed")


def age_refusal(
    transmission: Transmission, now: datetime, *, tolerance_seconds: int
) -> SignatureRefused | None:
    """Why a transmission is not of now, if it is not: how old, or how far ahead of our clock, it may be is `tolerance_seconds`."""
    age_seconds = (now - transmission.sent_at).total_seconds()
    if age_seconds > tolerance_seconds:
        return SignatureRefused("expired")
    return SignatureRefused("from_the_future") if age_seconds < -tolerance_seconds else None


def is_certificate_url(endpoint: PayPalWebhookEndpoint, address: str) -> bool:
    """Whether certificates may come from there: the one host of the mode, over TLS, or the simulator that is configured.

    The whole text is matched, so that two readers of addresses cannot see different hosts in it.
    """
    origin = endpoint.simulator_url or f"https://{endpoint.certificate_host}"
    return re.fullmatch(re.escape(origin.rstrip("/")) + _CERTIFICATE_PATH, address, re.ASCII) is not None


def is_signed(
    key: RSAPublicKey, transmission: Transmission, endpoint: PayPalWebhookEndpoint, body: bytes
) -> bool:
    """Whether the key signed this transmission of this body to our webhook."""
    try:
        key.verify(
            transmission.signature,
            signed_text(transmission, endpoint.webhook_id, body).encode(),
            padding.PKCS1v15(),
            SHA256(),
        )
    except InvalidSignature:
        return False
    return True


def signed_text(transmission: Transmission, webhook_id: str, body: bytes) -> str:
    """What is signed. The checksum is of the bytes as they came."""
    return f"{transmission.id}|{transmission.time}|{webhook_id}|{zlib.crc32(body)}"
