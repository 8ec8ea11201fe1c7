"""A webhook endpoint at work: which events it hears, and which secrets sign them now."""

import time

from psp_sandbox.ids import new_id
from psp_sandbox.signature import stripe_signature
from psp_sandbox.stripe.wire import WebhookEndpoint

MAX_ENDPOINTS = 1_000
MAX_ENDPOINTS_PER_ACCOUNT = 16
MAX_SECRETS_PER_ENDPOINT = 5


class Endpoint:
    """Where events go. `account` is None for one given on the command line, which hears every account."""

    def __init__(self, *, account: str | None, shown: WebhookEndpoint, secrets: tuple[str, ...]) -> None:
        self.account = account
        self.shown = shown
        self._secrets: list[tuple[str, float | None]] = [(secret, None) for secret in secrets]

    @property
    def url(self) -> str:
        """Where to POST."""
        return self.shown.url

    def hears(self, account: str, event_type: str) -> bool:
        """Whether the endpoint gets this event."""
        wanted = self.shown.enabled_events
        return (
            self.account in (None, account)
            and self.shown.status == "enabled"
            and ("*" in wanted or event_type in wanted)
        )

    def secrets(self) -> tuple[str, ...]:
        """The secrets that sign now, newest first."""
        now = time.time()
        return tuple(secret for secret, until in self._secrets if until is None or until > now)

    def roll_secret(self, secret: str, *, expire_previous_seconds: float) -> None:
        """Sign with a new secret; earlier ones keep signing beside it for a while."""
        until = time.time() + expire_previous_seconds
        rolled = [(old, until if end is None else min(end, until)) for old, end in self._secrets]
        self._secrets = [(secret, None), *rolled][:MAX_SECRETS_PER_ENDPOINT]

    def headers(self, payload: bytes) -> dict[str, str]:
        """The signature of one delivery attempt, made now."""
        signature = stripe_signature(payload, secrets=self.secrets(), timestamp=int(time.time()))
        return {"Stripe-Signature": signature}

    def forged_headers(self, payload: bytes) -> dict[str, str]:
        """The same, signed with a secret that no endpoint has."""
        signature = stripe_signature(payload, secrets=[new_id("whsec")], timestamp=int(time.time()))
        return {"Stripe-Signature": signature}
