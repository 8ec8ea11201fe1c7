"""Stripe's webhooks: which of them may be believed, and what they report."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.port import (
    PayoutNotice,
    SignatureRefused,
    VerifiedWebhook,
    WebhookIgnored,
    WebhookReport,
)
from fincore.write.psp.stripe.account import STRIPE, StripeWebhookEndpoint
from fincore.write.psp.stripe.webhook_reports import HEAD, read_event, reader_of
from fincore.write.psp.stripe.webhook_signature import SIGNATURE_HEADER, signature_refusal

TOLERANCE_SECONDS: Final = 300
EVENT_ID_CHARS_MAX: Final = 255
EVENT_TYPE_CHARS_MAX: Final = 255


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
        refused = signature_refusal(
            endpoint, headers.get(SIGNATURE_HEADER), body, now, tolerance_seconds=self._tolerance_seconds
        )
        return _verified(endpoint, body) if refused is None else refused

    def read(self, body: bytes) -> tuple[WebhookReport, ...] | PayoutNotice | WebhookIgnored:
        """What an event reports: about one payment or one payout, always."""
        report = read_event(body)
        return (report,) if isinstance(report, WebhookReport) else report


def _verified(endpoint: StripeWebhookEndpoint, body: bytes) -> VerifiedWebhook | SignatureRefused:
    try:
        head = HEAD.decode(body)
    except UNREADABLE_JSON:
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
