"""PayPal's webhooks: which of them may be believed to come from PayPal, and what they tell us to look at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.paypal.account import PAYPAL, PayPalWebhookEndpoint
from fincore.write.psp.paypal.webhook_certificates import SigningCertificates, trusted_roots
from fincore.write.psp.paypal.webhook_reports import HEAD, read_event, reader_of
from fincore.write.psp.paypal.webhook_signature import (
    age_refusal,
    is_certificate_url,
    is_signed,
    parse_transmission,
)
from fincore.write.psp.port import (
    CouldNotCheck,
    SignatureRefused,
    VerifiedWebhook,
    WebhookIgnored,
    WebhookReport,
)

TOLERANCE_SECONDS: Final = 300
EVENT_ID_CHARS_MAX: Final = 255
EVENT_TYPE_CHARS_MAX: Final = 255


class PayPalWebhooks:
    """`PspWebhooks` of PayPal. `tolerance_seconds`: how old, or how far ahead of our clock, a transmission may be.

    Raise `ConfigurationError` for an endpoint with a file of an authority that cannot be read.
    """

    name: PspName = PAYPAL

    def __init__(
        self,
        endpoints: Mapping[PspAccount, PayPalWebhookEndpoint],
        *,
        tolerance_seconds: int = TOLERANCE_SECONDS,
    ) -> None:
        for endpoint in endpoints.values():
            if endpoint.ca_file is not None:
                trusted_roots(endpoint.ca_file)
        self._endpoints = endpoints
        self._tolerance_seconds = tolerance_seconds
        self._certificates = SigningCertificates()

    async def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused | CouldNotCheck:
        """Check the signature over the raw bytes first; nothing in the body is read before it holds."""
        endpoint = self._endpoints.get(psp_account)
        if endpoint is None:
            return SignatureRefused("unknown_account")
        transmission = parse_transmission(headers)
        if isinstance(transmission, SignatureRefused):
            return transmission
        refused = age_refusal(transmission, now, tolerance_seconds=self._tolerance_seconds)
        if refused is not None:
            return refused
        if not is_certificate_url(endpoint, transmission.certificate_url):
            return SignatureRefused("certificate")
        key = await self._certificates.key_of(endpoint, transmission.certificate_url, now)
        if isinstance(key, SignatureRefused | CouldNotCheck):
            return key
        return (
            _verified(body) if is_signed(key, transmission, endpoint, body) else SignatureRefused("mismatch")
        )

    def read(self, body: bytes) -> tuple[WebhookReport, ...] | WebhookIgnored:
        """What to look at after an event: one payment, or each payment of a dispute."""
        return read_event(body)

    async def close(self) -> None:
        """Close connections."""
        await self._certificates.close()


def _verified(body: bytes) -> VerifiedWebhook | SignatureRefused:
    try:
        head = HEAD.decode(body)
    except UNREADABLE_JSON:
        return SignatureRefused("malformed")
    for text, characters_max in (
        (head.id, EVENT_ID_CHARS_MAX),
        (head.event_type, EVENT_TYPE_CHARS_MAX),
    ):
        if not 0 < len(text) <= characters_max or "\0" in text:
            return SignatureRefused("malformed")
    is_interesting = reader_of(head.event_type) is not None
    return VerifiedWebhook(psp_event_id=head.id, type=head.event_type, is_interesting=is_interesting)
