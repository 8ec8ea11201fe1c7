"""One webhook: where an account's events go, and how each transmission is signed."""

import uuid
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

AUTH_ALGORITHM = "SHA256withRSA"
ALL_EVENTS = "*"


class Signer(Protocol):
    """Signs transmissions."""

    def sign(self, message: bytes) -> str:
        """The message's signature as base64."""


def signed_message(*, transmission_id: str, time: str, webhook_id: str, payload: bytes) -> bytes:
    """What PayPal signs: the body enters only as its CRC-32, an unsigned decimal number."""
    return f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(payload)}".encode()


class Webhook:
    """Where events go. `account` is None for one given on the command line, which hears every account."""

    def __init__(
        self,
        *,
        webhook_id: str,
        account: str | None,
        url: str,
        event_types: tuple[str, ...],
        certificate_url: str,
        signer: Signer,
    ) -> None:
        self.id = webhook_id
        self.account = account
        self.url = url
        self.event_types = event_types
        self._certificate_url = certificate_url
        self._signer = signer

    def hears(self, account: str, event_type: str) -> bool:
        """Whether it gets this event."""
        wanted = self.event_types
        return self.account in (None, account) and (ALL_EVENTS in wanted or event_type in wanted)

    def headers(self, payload: bytes) -> dict[str, str]:
        """The headers of one transmission, signed now, by the machine's time."""
        return self._transmission(payload)

    def forged_headers(self, payload: bytes) -> dict[str, str]:
        """The same for another body: the signature does not verify."""
        return self._transmission(payload + b" ")

    def _transmission(self, signed_payload: bytes) -> dict[str, str]:
        transmission_id = str(uuid.uuid4())
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = signed_message(
            transmission_id=transmission_id, time=time, webhook_id=self.id, payload=signed_payload
        )
        return {
            "PAYPAL-TRANSMISSION-ID": transmission_id,
            "PAYPAL-TRANSMISSION-TIME": time,
            "PAYPAL-TRANSMISSION-SIG": self._signer.sign(message),
            "PAYPAL-CERT-URL": self._certificate_url,
            "PAYPAL-AUTH-ALGO": AUTH_ALGORITHM,
        }


def shown(webhook: Webhook, public_url: str) -> Mapping[str, object]:
    """A webhook as PayPal shows it."""
    url = f"{public_url}/v1/notifications/webhooks/{webhook.id}"
    return {
        "id": webhook.id,
        "url": webhook.url,
        "event_types": [{"name": name} for name in webhook.event_types],
        "links": [
            {"href": url, "rel": "self", "method": "GET"},
            {"href": url, "rel": "delete", "method": "DELETE"},
        ],
    }
