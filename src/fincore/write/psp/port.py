"""The port every PSP's gateway fits by shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from fincore.domain.events import CaptureMethod
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import Fact, Outcome, PspAccount, PspName, Unknown


class AuthorizeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take (`automatic`) or hold (`manual`) money with a payment token of the PSP.

    `idempotency_key` is derived from the charge, the operation and the attempt, so that the same call repeated after a
    crash gets the same answer from the PSP.
    """

    charge_id: ChargeId
    idempotency_key: str
    psp_account: PspAccount
    money: Money
    capture_method: CaptureMethod
    payment_method: str
    description: str | None
    customer_email: str | None


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """Ask what became of an authorization whose answer never came."""

    charge_id: ChargeId
    psp_account: PspAccount
    created_at: datetime


class NotFound(msgspec.Struct, frozen=True):
    """The PSP answered, and does not hold such a payment (yet: its search may lag behind)."""


class WebhookFact(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP's event says about one of our charges."""

    charge_id: ChargeId
    fact: Fact | Unknown


class WebhookIgnored(msgspec.Struct, frozen=True):
    """An event that says nothing about any charge of ours, and why."""

    reason: str


class PspGateway(Protocol):
    """One payment service provider. No method raises for anything the PSP or the network does: that is an Outcome."""

    name: PspName

    async def authorize(self, request: AuthorizeRequest) -> Outcome:
        """Carry out the authorization, or repeat it safely under the same idempotency key."""
        ...

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        """Find the payment by our charge id. Retryable: could not ask. Unknown: found, but not decided yet."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class SignatureRefused(msgspec.Struct, frozen=True):
    """A webhook that must not be believed, and why; the reason is for logs and metrics, not for the sender."""

    reason: Literal["missing", "malformed", "expired", "from_the_future", "mismatch", "unknown_account"]


class VerifiedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook whose signature holds: its id and type, read from the raw body.

    `is_interesting` says whether anybody has to read it; the others are only kept.
    """

    psp_event_id: str
    type: str
    is_interesting: bool


class PspWebhooks(Protocol):
    """The incoming half of a PSP: who may be believed, and what the message says. Pure but for the clock given in."""

    name: PspName

    def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused:
        """Check the signature over the raw bytes. Header names are lower case."""
        ...

    def interpret(self, body: bytes) -> WebhookFact | WebhookIgnored:
        """What a stored, verified event says, in FinCore's words."""
        ...
