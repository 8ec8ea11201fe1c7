"""The port every PSP's gateway fits by shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from fincore.domain.events import CancelReason, CaptureMethod, RefundReason
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    DisputeMovements,
    DisputeReport,
    KnownOutcome,
    LaterReport,
    OperationOutcome,
    Outcome,
    PspAccount,
    PspName,
    PspReference,
    RefundOutcome,
    RefundReport,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import Initiator, PaymentMethod
from fincore.domain.payout import PayoutReport
from fincore.write.psp.limits import PspLimits


class AuthorizeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take (`automatic`) or hold (`manual`) money with a payment method that the PSP takes, or begin to.

    `idempotency_key` is derived from the charge, the operation and the attempt, so that the same call repeated after a
    crash gets the same response from the PSP. `return_url` is where the customer lands after authenticating or approving, and
    `cancel_url` after refusing to; without a `return_url` a payment that needs the customer is Declined
    `authentication_required`. `initiator` is `merchant` for a payment by a kept card without its customer, who then is sent nowhere.
    `challenge`: have the customer authenticate, also where the bank would not ask for it; only for what the PSP's limits say can be
    challenged.
    """

    charge_id: ChargeId
    idempotency_key: str
    psp_account: PspAccount
    money: Money
    capture_method: CaptureMethod
    payment_method: PaymentMethod
    description: str | None
    customer_email: str | None
    return_url: str | None = None
    cancel_url: str | None = None
    initiator: Initiator = "customer"
    challenge: bool = False


class CompleteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take (`automatic`) or hold (`manual`) what the customer approved."""

    charge_id: ChargeId
    idempotency_key: str
    psp_account: PspAccount
    psp_reference: PspReference
    money: Money
    capture_method: CaptureMethod


class CaptureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take `money` of what is held, and release the rest.

    `authorization` is the part of the payment that holds it, where the PSP parts payments; `held_since` is when it began to.
    """

    charge_id: ChargeId
    idempotency_key: str
    psp_account: PspAccount
    psp_reference: PspReference
    money: Money
    authorization: PspReference | None = None
    held_since: datetime | None = None


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Give up a payment that has taken no money, and release what is held."""

    charge_id: ChargeId
    idempotency_key: str
    psp_account: PspAccount
    psp_reference: PspReference
    reason: CancelReason
    authorization: PspReference | None = None


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Give `money` of a captured payment back. `capture` is the part that took it, where the PSP parts payments."""

    charge_id: ChargeId
    refund_id: RefundId
    idempotency_key: str
    psp_account: PspAccount
    psp_reference: PspReference
    money: Money
    reason: RefundReason | None
    capture: PspReference | None = None


class ReceiptRefused(msgspec.Struct, frozen=True):
    """The PSP refused the address for its receipt and did nothing.

    The same call without `customer_email` may follow, under an idempotency key of its own: a PSP may keep the refusal
    under the key that got it. `reason` is a sentence for staff.
    """

    reason: str


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the PSP's own record of a payment: by its reference where that is known, else by our charge id.

    `reported_reference` is a payment that a report said to be the charge's: it counts only if it carries our charge id.
    `payment_method` is what the charge is paid with: where the PSP cannot be searched, it says whether a payment without a
    known reference can have taken money. `may_be_completed`: a call that completes it was made, and what became of that is not
    known, or not decided: then a payment that the PSP does not show any more is not one that took nothing.
    """

    charge_id: ChargeId
    psp_account: PspAccount
    created_at: datetime
    psp_reference: PspReference | None = None
    reported_reference: PspReference | None = None
    payment_method: PaymentMethod | None = None
    may_be_completed: bool = False


class RefundInquiry(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the PSP's own record of a refund: by its reference where that is known, else by our refund id.

    At least one of the two is known.
    """

    refund_id: RefundId | None
    psp_account: PspAccount
    payment_reference: PspReference
    psp_reference: PspReference | None = None
    capture: PspReference | None = None


class NotFound(msgspec.Struct, frozen=True):
    """The PSP answered, and does not hold such a thing (yet: its search may lag behind)."""


class DisputeInquiry(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the PSP's own record of a dispute of a payment.

    `capture` is the part that took the money. `known` is what the log knows to have moved by the dispute so far, in each currency:
    where the PSP shows only what is put aside now, its gateway tells by that what was put aside or released since. The report
    holds for a dispute of which the log knows no more and no less.
    """

    psp_account: PspAccount
    payment_reference: PspReference
    psp_reference: PspReference
    capture: PspReference | None = None
    known: tuple[DisputeMovements, ...] = ()


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """An event that may be believed only so far: something became of `psp_reference`, and the PSP's own record says what.

    `psp_reference` is the refund or the dispute; None where the payment itself is the subject.
    """

    subject: Literal["payment", "refund", "dispute"]
    psp_reference: PspReference | None = None


class WebhookReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP's event says about a payment that may be one of our charges.

    `payment_reference` is the payment it is about; `charge_id` is what the PSP's metadata says that is here, which others
    can edit: a hint for payments that the log does not know. Both are None where the event does not let them be read.
    `shows_payment`: the event holds the payment with all its metadata, so that without a `charge_id` in it there is no use
    in asking the PSP. `unreadable` is a sentence about what could not be understood; `content` is what is certain all the same, or None.
    """

    charge_id: ChargeId | None
    payment_reference: PspReference | None
    content: KnownOutcome | Unknown | LaterReport | Look | None
    shows_payment: bool = False
    unreadable: str | None = None


class PayoutNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP's event says about a payout of the account: money on its way between the PSP and our bank.

    `psp_reference` is the PSP's id of the payout, None where it cannot be read; `destination` is what the PSP calls the bank
    account, where it says so. `content` is None where something could not be understood, and `unreadable` the sentence about that.
    """

    psp_reference: PspReference | None
    livemode: bool | None
    destination: str | None = None
    content: PayoutReport | None = None
    unreadable: str | None = None


class WebhookIgnored(msgspec.Struct, frozen=True):
    """An event that is known to say nothing about any charge or payout of ours, and why."""

    reason: str


class PspGateway(Protocol):
    """One payment service provider. No method raises for anything the PSP or the network does: that is an Outcome.

    A response counts only for what was asked: one about another payment or refund, or without sense, is Unknown.
    """

    name: PspName
    limits: PspLimits

    async def authorize(self, request: AuthorizeRequest) -> Outcome | ReceiptRefused:
        """Carry out the authorization, or repeat it safely under the same idempotency key.

        ReceiptRefused only for a request with a `customer_email`.
        """
        ...

    async def complete(self, request: CompleteRequest) -> Outcome:
        """Take or hold what the customer approved, or repeat that safely under the same idempotency key.

        ActionRequired: the PSP refused what the customer approved, and they may choose again at its page. A PSP that goes on by
        itself once the customer has acted is asked what it did.
        """
        ...

    async def capture(self, request: CaptureRequest) -> OperationOutcome:
        """Take held money, or repeat that safely under the same idempotency key.

        Rejected: not carried out, the hold stands. An outcome other than a capture (Expired, Canceled): what the PSP shows
        the payment has become instead.
        """
        ...

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        """Give a payment up, or repeat that safely. An approved capture means that it was too late.

        Where a PSP has no such call for a payment that took and holds nothing, it is Canceled all the same: we will not
        complete it.
        """
        ...

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give money back, or repeat that safely under the same idempotency key."""
        ...

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        """The PSP's record of a payment. Retryable: could not ask. Unknown: found, but not decided yet."""
        ...

    async def inquire_refund(self, inquiry: RefundInquiry) -> RefundReport | NotFound | Retryable | Unknown:
        """The PSP's record of a refund. Retryable: could not ask. Unknown: found, and it cannot be understood."""
        ...

    async def inquire_dispute(
        self, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        """The PSP's record of a dispute. Retryable: could not ask. Unknown: found, and it cannot be understood."""
        ...

    async def charge_of(
        self, psp_account: PspAccount, payment_reference: PspReference
    ) -> ChargeId | NotFound | Retryable:
        """Which charge of ours a payment at the PSP is; NotFound for one that FinCore did not make."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


WebhookRefusal = Literal[
    "missing",
    "certificate",
    "malformed",
    "expired",
    "from_the_future",
    "mismatch",
    "unknown_account",
    "other_account",
    "other_mode",
]


class SignatureRefused(msgspec.Struct, frozen=True):
    """A webhook that must not be believed, and why; the reason is for logs and metrics, not for its sender."""

    reason: WebhookRefusal


class CouldNotCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a webhook may be believed could not be found out now: the PSP's certificate or its check was out of reach.

    It says nothing about the webhook, so the PSP is asked to send it again after `retry_after_seconds`. `reason` is a sentence
    for logs.
    """

    reason: str
    retry_after_seconds: int


class VerifiedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that may be believed: its id and type, read from the raw body.

    `psp_event_id` is the same for every delivery of one event, and for no other event of the account: where the PSP names
    none, the gateway derives it from the body. `is_interesting`: whether a job has to read it; the others are only kept.
    """

    psp_event_id: str
    type: str
    is_interesting: bool


class PspWebhooks(Protocol):
    """The incoming half of a PSP: whether a message may be believed, and what it reports."""

    name: PspName

    async def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused | CouldNotCheck:
        """Check the signature over the raw bytes. Header names are lower case.

        With a shared secret that needs no call. A PSP that signs with a certificate, or that checks its signatures itself, is
        called: a wrong signature is `SignatureRefused`, a check that could not be made `CouldNotCheck`.
        """
        ...

    def read(self, body: bytes) -> tuple[WebhookReport, ...] | PayoutNotice | WebhookIgnored:
        """What a stored, verified event reports, in FinCore's words: about one payment or several, at least one, or a payout. Pure.

        What it cannot read it calls unreadable.
        """
        ...
