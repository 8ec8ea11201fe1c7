"""What a PSP reports about one operation, in FinCore's words.

An outcome is Approved, Declined, ActionRequired, Consented, Pending, Canceled, Retryable or Unknown. `Unknown` is the default of every
PSP's mapping: money may or may not have moved, so it is no failure, and no call charges again until it is known.
A report that no table of the PSP's package explains is Unreadable: as a response it is Unknown, as a webhook it is held.
"""

from datetime import datetime
from typing import Literal, NewType

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import RefundId
from fincore.domain.money import Money
from fincore.domain.payment_method import Instrument
from fincore.domain.psp_risk import PspRisk

PspName = NewType("PspName", str)
PspAccount = NewType("PspAccount", str)
"""The name under which one account at a PSP is configured, e.g. `test` or `live`."""
PspReference = NewType("PspReference", str)
"""The PSP's own id of the payment, e.g. `pi_...` or that of an order."""


class SubReference(msgspec.Struct, frozen=True):
    """The PSP's id of a part of a payment. A payment has several of a kind over time: the last one counts."""

    kind: Literal["authorization", "capture"]
    psp_reference: PspReference


DeclineAdvice = Literal["retry_later", "ask_customer", "do_not_retry"]
"""Soft, needs-customer and hard declines, as the PSP (or, where it is silent, our table) tells them apart."""

FailureCode = Literal[
    "amount_too_large",
    "amount_too_small",
    "authentication_failed",
    "authentication_required",
    "blocked_by_risk",
    "card_declined",
    "card_deleted",
    "card_unreadable",
    "expired_card",
    "incorrect_cvc",
    "incorrect_number",
    "payment_method_invalid",
    "processing_error",
    "psp_rejected_request",
    "psp_unavailable",
]
"""Why a charge failed, in the same words for every PSP. `decline_code` beside it keeps the PSP's own word."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a charge did not succeed. `message` is for staff, never for the merchant or the customer; it never holds card data."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    decline_code: str | None = None


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP holds (`authorized`) or has taken (`captured`) the money; `fee` is its price, where it says so already.

    `sub_references` are the parts of the payment that a later call has to name, oldest first. `instrument` is what paid, and
    `psp_risk` how risky the PSP found it.
    """

    kind: Literal["authorized", "captured"]
    money: Money
    psp_reference: PspReference
    occurred_at: datetime
    capture_before: datetime | None = None
    fee: Money | None = None
    sub_references: tuple[SubReference, ...] = ()
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The payment is refused for good; this attempt moved no money."""

    failure: Failure
    occurred_at: datetime
    psp_reference: PspReference | None = None
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class ActionRequired(msgspec.Struct, frozen=True, kw_only=True):
    """The customer must act (3-D Secure, approval of a wallet); `redirect_url` is where, when the PSP names a page.

    `is_approval_over`: the PSP's record does not show what they approved before any more, so that an approval in it is a new one.
    """

    psp_reference: PspReference
    redirect_url: str | None = None
    is_approval_over: bool = False


class Consented(msgspec.Struct, frozen=True, kw_only=True):
    """The customer approved the payment; the PSP takes or holds the money only when it is told to complete it.

    `occurred_at` is the PSP's time of it, by which a renewed approval is told from the one before, where the PSP's record may show
    that one still; `noticed_at` is ours.
    """

    psp_reference: PspReference
    occurred_at: datetime
    noticed_at: datetime
    instrument: Instrument | None = None


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP has taken the operation on and decides it later, as for a bank debit or a review: days, not seconds.

    It is neither repeated nor given up before `pending_until`. `reason` is a word or sentence for staff.
    """

    psp_reference: PspReference
    reason: str
    occurred_at: datetime
    pending_until: datetime
    sub_references: tuple[SubReference, ...] = ()


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """The payment was canceled at the PSP and its hold released."""

    reason: str
    psp_reference: PspReference
    occurred_at: datetime


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP gave the payment up by its own clock or because the customer never came back; its hold is released."""

    reason: Literal["authorization_lapsed", "abandoned"]
    psp_reference: PspReference
    occurred_at: datetime


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP did not carry out this operation and will not: a capture, cancellation or refund. All else is as it was."""

    failure: Failure
    occurred_at: datetime


class Retryable(msgspec.Struct, frozen=True, kw_only=True):
    """This call is known not to have happened; the same call may be repeated.

    `was_called` is False where FinCore did not call the PSP, because the account is not configured.
    """

    reason: str
    retry_after_seconds: float | None = None
    was_called: bool = True


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """It is not known yet whether the operation happened; the janitor asks the PSP until it is."""

    reason: str
    since: datetime


class Unreadable(msgspec.Struct, frozen=True):
    """The PSP said something that FinCore cannot express or does not know. `reason` is a sentence for staff."""

    reason: str


RefundFailureCode = Literal[
    "account_closed",
    "card_lost_or_stolen",
    "charge_disputed",
    "declined",
    "insufficient_funds",
    "not_refundable",
    "psp_rejected_request",
    "psp_unavailable",
    "canceled",
    "unknown_reason",
]
"""Why a refund failed, in the same words for every PSP."""


class RefundReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP says about a refund now. `refund_id` is None for one that was not made through FinCore.

    `fee` is what the PSP gave back of its own fee with it.
    """

    status: Literal["pending", "succeeded", "failed"]
    psp_reference: PspReference
    money: Money
    occurred_at: datetime
    refund_id: RefundId | None = None
    failure_code: RefundFailureCode | None = None
    fee: Money | None = None


class RefundRejected(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP did not take the refund on: nothing was given back."""

    code: RefundFailureCode
    message: str
    occurred_at: datetime


DisputeStatus = Literal["needs_response", "under_review", "won", "lost", "closed"]
"""Where a dispute stands. `closed`: over without a decision, as an inquiry that became no chargeback."""


DisputeCategory = Literal[
    "canceled_subscription",
    "credit_not_processed",
    "duplicate",
    "fraud",
    "incorrect_amount",
    "not_as_described",
    "not_received",
    "other",
    "paid_by_other_means",
    "processing_error",
    "unrecognized",
]
"""Why a charge is disputed, in the same words for every PSP. `fraud`: the customer says that they did not make the payment;
`unrecognized`: that they do not know it; `other`: any other reason, and each that FinCore does not know."""


class DisputeMovements(msgspec.Struct, frozen=True, kw_only=True):
    """All that a dispute has moved so far in one currency in which the PSP pays out. All amounts are positive.

    A dispute fee that the PSP gave back counts in `reinstated_fee_minor`. What it puts aside is `held_minor`, and
    `released_minor` once it is at our disposal again.
    """

    currency: Currency
    withdrawn_minor: int = 0
    withdrawn_fee_minor: int = 0
    reinstated_minor: int = 0
    reinstated_fee_minor: int = 0
    held_minor: int = 0
    released_minor: int = 0


class DisputeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP says about a dispute now, with all that was withdrawn and reinstated so far.

    `money` is the disputed amount. An inquiry is a question of the bank before it takes any money. `status` is None
    where FinCore does not know the PSP's status: the dispute exists and its movements are certain, where it stands is not.
    `movements` has one item per currency of payout. `reason` is the PSP's word, `category` ours.
    """

    psp_reference: PspReference
    status: DisputeStatus | None
    money: Money
    reason: str
    is_inquiry: bool
    occurred_at: datetime
    evidence_due_by: datetime | None = None
    movements: tuple[DisputeMovements, ...] = ()
    category: DisputeCategory = "other"


FraudType = Literal[
    "account_application",
    "card_never_received",
    "counterfeit_card",
    "lost_card",
    "other",
    "stolen_card",
    "unauthorized_use",
]
"""Which fraud an issuer suspects, in the same words for every PSP. `other`: any other, and each that FinCore does not know."""


class FraudWarningReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP says now of an issuer's warning that a payment may be fraud. `psp_reference` is the PSP's id of the warning.

    `warned_at` is when the PSP got the warning, `occurred_at` the time as of which the report holds. `is_actionable`: a refund can
    still prevent a dispute.
    """

    psp_reference: PspReference
    fraud_type: FraudType
    is_actionable: bool
    warned_at: datetime
    occurred_at: datetime


LaterReport = RefundReport | DisputeReport | FraudWarningReport
"""What a PSP says of something that follows a payment and only names it."""

KnownOutcome = Approved | Declined | ActionRequired | Consented | Pending | Canceled | Expired
"""What is known for certain about a payment as a whole and may change a charge."""

Outcome = KnownOutcome | Retryable | Unknown
"""What an authorization may come to."""

OperationOutcome = KnownOutcome | Rejected | Retryable | Unknown
"""What a capture or a cancellation may come to."""

RefundOutcome = RefundReport | RefundRejected | Retryable | Unknown
"""What a refund may come to."""
