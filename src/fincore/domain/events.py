"""The events of the log: past tense, dotted, versioned. The table at the end lists all of them.

Money events carry all that the ledger needs (merchant, PSP, mode), so that a consumer can read each on its own.
Amounts are minor units; times are UTC, `occurred_at` being the PSP's time of it. A field may be added to an event
as long as it has a default that says what the older ones meant; then the default is left out when it is written.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.event_codec import EventCodec, Upcast
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import CheckoutSessionId, DisputeId, MerchantId, RefundId
from fincore.domain.outcome import (
    DeclineAdvice,
    DisputeCategory,
    DisputeStatus,
    FailureCode,
    FraudType,
    PspAccount,
    PspName,
    PspReference,
    RefundFailureCode,
    SubReference,
)
from fincore.domain.payment_method import Instrument, PaymentMethod
from fincore.domain.psp_risk import PspRisk
from fincore.domain.risk import CustomerContext, ReviewVerdict, RiskAssessment, RiskDecision
from fincore.domain.route_plan import RoutePlan

CaptureMethod = Literal["automatic", "manual"]
ChargeStatus = Literal[
    "processing", "requires_action", "authorized", "succeeded", "failed", "canceled", "expired"
]
Operation = Literal["authorize", "complete", "capture", "cancel"]
"""What a PSP can be asked to do with a charge as a whole; one at a time. `complete`: take or hold what the customer approved."""
CancelReason = Literal["requested_by_customer", "duplicate", "fraudulent", "abandoned"]
"""Why a charge is to be canceled. `abandoned`: the customer never finished what the bank asked of them."""
RefundReason = Literal["requested_by_customer", "duplicate", "fraudulent"]
HeldReason = Literal[
    "not_understood",
    "amount_differs",
    "amount_exceeds_charge",
    "contradicts_state",
    "currency_differs",
    "psp_reference_differs",
    "psp_reference_taken",
]
"""Why a PSP's report is held. `psp_reference_differs`: it is about another payment than the charge's;
`psp_reference_taken`: what it names belongs to another charge."""
RerouteCode = Literal["account_unavailable", "account_not_called", "never_happened"]
"""Why an attempt was given up. `account_not_called`: we did not call its account, because its breaker was open or it is not
configured; `account_unavailable`: every call is known not to have reached the PSP; `never_happened`: the PSP's own record
does not show it, and cannot any more."""
RefundOrigin = Literal["merchant", "staff", "psp"]
"""Who asked for a refund: the merchant through our API, staff of this installation, or a person at the PSP (its dashboard, its risk team)."""


class ChargeCreated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A merchant asked for money and the route to a PSP is chosen; the PSP has not been called yet.

    `return_page` is the page of ours to which a PSP sends a customer who approved there. `checkout_session_id`: the charge is an
    attempt of that session.
    """

    merchant_id: MerchantId
    livemode: bool
    amount_minor: int
    currency: Currency
    capture_method: CaptureMethod
    payment_method: PaymentMethod
    psp: PspName
    psp_account: PspAccount
    created_at: datetime
    description: str | None = None
    customer_email: str | None = None
    metadata: dict[str, str] = {}
    return_url: str | None = None
    cancel_url: str | None = None
    return_page: str | None = None
    fee_plan: FeePlan | None = None
    plan: RoutePlan | None = None
    checkout_session_id: CheckoutSessionId | None = None
    customer: CustomerContext | None = None
    billing_country: str | None = None
    shipping_country: str | None = None


class RiskAssessed(msgspec.Struct, frozen=True, kw_only=True):
    """The risk engine decided about the charge before any PSP was called. Written with `charge.created`."""

    assessment: RiskAssessment
    assessed_at: datetime

    @property
    def decision(self) -> RiskDecision:
        """What becomes of the charge."""
        return self.assessment.decision


class ReviewDecided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The review of a charge ended: what was held may be captured, or is given up. `is_automatic`: no person decided in time."""

    decision: ReviewVerdict
    by: str
    reason: str
    decided_at: datetime
    is_automatic: bool = False


class ReviewOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP holds the money of a charge under review: a person may decide it until `decide_by`, by our own clock."""

    decide_by: datetime
    opened_at: datetime


class ChargeAuthorized(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP holds the amount on the customer's card or account until `capture_before`."""

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    capture_before: datetime | None = None
    sub_references: tuple[SubReference, ...] = ()
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class ChargeCaptured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP took the amount; it owes it to us until it pays out, less its fee where that is known already.

    The PSP's fee is in the currency in which it pays out, which need not be the charge's. `platform_fee_minor` is what the
    merchant owes the platform for it, in the charge's currency.
    """

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    fee_minor: int = 0
    fee_currency: Currency | None = None
    platform_fee_minor: int = 0
    sub_references: tuple[SubReference, ...] = ()
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class ChargeFailed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No money moved and none will for this charge."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    occurred_at: datetime
    decline_code: str | None = None
    psp_reference: PspReference | None = None
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class ChargeActionRequired(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer has to act before the PSP goes on: for the first time, or again.

    `is_approval_over`: what they approved before is refused, and the PSP's record does not show it any more.
    """

    psp_reference: PspReference
    redirect_url: str | None = None
    is_approval_over: bool = False


class CustomerApproved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer approved the payment at the PSP, which waits to be told to go on. No money moved.

    `requested_at`: when the completion became due, by our own clock.
    """

    psp_reference: PspReference
    occurred_at: datetime
    requested_at: datetime
    instrument: Instrument | None = None


class ChargePending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP has taken the operation on and decides it later, days perhaps; it says so by `pending_until` at the latest."""

    psp_reference: PspReference
    reason: str
    occurred_at: datetime
    pending_until: datetime
    sub_references: tuple[SubReference, ...] = ()


class ChargeRerouted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attempt `abandoned_attempt` is known not to have happened; the next one goes to another account of the plan.

    `code` and `reason` say why the attempt was given up; `requested_at` when the next one began, by our own clock.
    """

    abandoned_attempt: int
    abandoned_psp: PspName
    abandoned_psp_account: PspAccount
    psp: PspName
    psp_account: PspAccount
    payment_method: PaymentMethod
    code: RerouteCode
    reason: str
    requested_at: datetime


class AttemptCaptured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An abandoned attempt took the customer's money after all, by the PSP's own record. It has to go back.

    It is no sale: it is never owed to the merchant. `requested_at`: when giving it back became due, by our own clock.
    """

    attempt: int
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    requested_at: datetime
    fee_minor: int = 0
    fee_currency: Currency | None = None
    sub_references: tuple[SubReference, ...] = ()


class AttemptFeeAssessed(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP's fee for what an abandoned attempt took, learned after that. The loss is ours."""

    attempt: int
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    fee_minor: int
    currency: Currency
    occurred_at: datetime


class AttemptFeeReturned(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP gave a part of its fee back with what an abandoned attempt took, learned after that. Our loss is less by it."""

    attempt: int
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    fee_minor: int
    currency: Currency
    occurred_at: datetime


class AttemptAuthorized(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An abandoned attempt holds the customer's money after all, by the PSP's own record. It has to be released.

    `requested_at`: when that became due, by our own clock.
    """

    attempt: int
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    requested_at: datetime
    sub_references: tuple[SubReference, ...] = ()


class AttemptReversed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an abandoned attempt took was given back to the customer; `fee_minor` is what the PSP gave back of its fee."""

    attempt: int
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    fee_minor: int = 0
    fee_currency: Currency | None = None


class AttemptReleased(msgspec.Struct, frozen=True, kw_only=True):
    """What an abandoned attempt held was released; no money moved."""

    attempt: int
    occurred_at: datetime


class AttemptReversalFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP did not give the money of an abandoned attempt back, or did not release it: a person has to."""

    attempt: int
    reason: str
    occurred_at: datetime


class ChargeOutcomeUnknown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It is not known what became of a call to the PSP; the janitor owns the operation from here."""

    reason: str
    since: datetime
    operation: Operation = "authorize"


class ChargeCanceled(msgspec.Struct, frozen=True, kw_only=True):
    """The payment was canceled at the PSP; what was held is released."""

    reason: str
    psp_reference: PspReference
    occurred_at: datetime


class ChargeExpired(msgspec.Struct, frozen=True, kw_only=True):
    """The payment lapsed unfinished: the hold was not captured, or the customer did not return. No money moved."""

    reason: Literal["authorization_lapsed", "abandoned"]
    occurred_at: datetime
    psp_reference: PspReference | None = None


class CaptureRequested(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant wants `amount_minor` of what is held; the rest is to be released."""

    amount_minor: int
    requested_at: datetime


class CaptureFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP did not carry out the capture. What was held is still held."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    occurred_at: datetime
    decline_code: str | None = None


class CancelRequested(msgspec.Struct, frozen=True, kw_only=True):
    """The charge is to be given up before any money is taken."""

    reason: CancelReason
    requested_at: datetime


class CancelFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP did not carry out the cancellation. The charge is as it was."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    occurred_at: datetime
    decline_code: str | None = None


class FeeAssessed(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP's fee for a capture, learned after the capture itself."""

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    fee_minor: int
    currency: Currency
    occurred_at: datetime


class FeeReturned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP gave a part of its fee back, learned after that: with a refund, or by itself, months later perhaps.

    `psp_reference` is what the PSP calls the refund, or what gave the fee back.
    """

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    fee_minor: int
    currency: Currency
    occurred_at: datetime
    refund_id: RefundId | None = None


class FeeTakenAgain(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that had succeeded failed after all, and the PSP took again what it had given back of its fee; learned after that.

    `psp_reference` is what the PSP calls the refund.
    """

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    fee_minor: int
    currency: Currency
    occurred_at: datetime
    refund_id: RefundId


class InstrumentTold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What paid or was declined, and how risky the PSP found it, told after the outcome itself.

    A webhook may say that money moved, and neither by which card nor at what risk. What is None here was told before, or is not yet.
    """

    psp_reference: PspReference
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None


class FraudWarned(msgspec.Struct, frozen=True, kw_only=True):
    """The bank that issued the card told the PSP that the charge may be fraud. No money moves by it, and no dispute is open yet.

    `psp_reference` is the PSP's id of the warning, `warned_at` when the PSP got it. `is_actionable`: the PSP says that a refund can
    still prevent a dispute; that and `fraud_type` are as of `occurred_at`.
    """

    psp_reference: PspReference
    fraud_type: FraudType
    is_actionable: bool
    warned_at: datetime
    occurred_at: datetime


class FraudWarningUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP says something else of a warning: most often that a refund cannot prevent a dispute any more."""

    psp_reference: PspReference
    fraud_type: FraudType
    is_actionable: bool
    occurred_at: datetime


class ChargeCorrected(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP's own record, read on purpose, contradicts how the charge had ended. From here on the record counts.

    `captured_before_minor` and `captured_after_minor` are what was taken from the customer according to each, and the
    platform's fee goes with them; the differences have to be booked.
    """

    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    status_before: ChargeStatus
    status_after: ChargeStatus
    captured_before_minor: int
    captured_after_minor: int
    currency: Currency
    reason: str
    occurred_at: datetime
    platform_fee_before_minor: int = 0
    platform_fee_after_minor: int = 0


class ReceiptOmitted(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP refused the customer's address for its receipt, and nothing else: the payment goes on without a receipt.

    `reason` is a sentence for staff.
    """

    reason: str
    occurred_at: datetime


class OutcomeDecided(msgspec.Struct, frozen=True, kw_only=True):
    """A person looked at the PSP and said what became of an operation. The events that follow from it stand beside it.

    `refund_id` names the refund where the operation was one, and is None for authorize, capture and cancel.
    """

    decided_by: str
    reason: str
    decided_at: datetime
    refund_id: RefundId | None = None


class RefundRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A refund was asked for; from here on its amount is reserved."""

    refund_id: RefundId
    merchant_id: MerchantId
    livemode: bool
    amount_minor: int
    currency: Currency
    requested_at: datetime
    reason: RefundReason | None = None
    origin: RefundOrigin = "merchant"
    psp_reference: PspReference | None = None
    metadata: dict[str, str] = {}


class RefundOutcomeUnknown(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP was asked for a refund and its response never came; the janitor owns the question from here."""

    refund_id: RefundId
    reason: str
    since: datetime


class RefundPending(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP has taken the refund on and has not carried it out yet."""

    refund_id: RefundId
    psp_reference: PspReference
    occurred_at: datetime


class RefundSucceeded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP gave the amount back to the customer, and `fee_minor` of its own fee to us, in the currency of payout."""

    refund_id: RefundId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    fee_minor: int = 0
    fee_currency: Currency | None = None


class RefundFailed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer did not get the money.

    `was_succeeded`: it had been given back and has come back to us; `fee_minor` is what the PSP then takes again of its fee.
    """

    refund_id: RefundId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    amount_minor: int
    currency: Currency
    code: RefundFailureCode
    was_succeeded: bool
    occurred_at: datetime
    psp_reference: PspReference | None = None
    fee_minor: int = 0
    fee_currency: Currency | None = None


class RefundCorrected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refund that had counted as failed did happen, by the PSP's own record, read on purpose."""

    refund_id: RefundId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    fee_minor: int = 0
    fee_currency: Currency | None = None


class DisputeOpened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer's bank questions the charge. An inquiry moves no money unless it becomes a chargeback.

    `reason` is the PSP's word, `category` ours; it is None for a dispute that was recorded before there were categories.
    """

    dispute_id: DisputeId
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    reason: str
    status: DisputeStatus
    is_inquiry: bool
    occurred_at: datetime
    evidence_due_by: datetime | None = None
    category: DisputeCategory | None = None


class DisputeUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute moved on, or its evidence is due at another time. No money moved by this."""

    dispute_id: DisputeId
    status: DisputeStatus
    is_inquiry: bool
    occurred_at: datetime
    evidence_due_by: datetime | None = None


class DisputeFundsWithdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP took the disputed amount and its dispute fee from us. Both are in the currency it pays out in."""

    dispute_id: DisputeId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    fee_minor: int
    currency: Currency
    occurred_at: datetime


class DisputeFundsReinstated(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP gave the disputed amount back to us, and `fee_minor` of its fee. That alone does not win the dispute."""

    dispute_id: DisputeId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    fee_minor: int
    currency: Currency
    occurred_at: datetime


class DisputeFundsHeld(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP put the amount aside until the dispute is decided: it is ours still, and not at our disposal."""

    dispute_id: DisputeId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime


class DisputeFundsReleased(msgspec.Struct, frozen=True, kw_only=True):
    """What the PSP had put aside for a dispute is at our disposal again; a withdrawal of it is an event of its own."""

    dispute_id: DisputeId
    merchant_id: MerchantId
    livemode: bool
    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime


class DisputeWon(msgspec.Struct, frozen=True, kw_only=True):
    """The bank decided for the merchant. The money follows in `dispute.funds_reinstated`, before or after."""

    dispute_id: DisputeId
    occurred_at: datetime


class DisputeLost(msgspec.Struct, frozen=True, kw_only=True):
    """The bank decided for its customer: what was withdrawn stays withdrawn."""

    dispute_id: DisputeId
    occurred_at: datetime


class DisputeClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The dispute ended without a decision: an inquiry that went no further, or one that was prevented."""

    dispute_id: DisputeId
    occurred_at: datetime


class ReportHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A PSP's report about the charge waits for a person: it cannot be understood, or contradicts what is known.

    `psp_event_id` names the report in the inbox, `report_type` is its type in the PSP's words, `detail` a sentence for
    staff. What of the report is certain stands in the events beside this one.
    """

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str
    report_type: str
    reason: HeldReason
    detail: str
    held_at: datetime


class ReportReleased(msgspec.Struct, frozen=True, kw_only=True):
    """A held report does not wait any more: a person dealt with it, or it was read again and understood."""

    psp_event_id: str
    released_by: str
    reason: str
    released_at: datetime


RefundEvent = (
    RefundRequested | RefundOutcomeUnknown | RefundPending | RefundSucceeded | RefundFailed | RefundCorrected
)
DisputeEvent = (
    DisputeOpened
    | DisputeUpdated
    | DisputeFundsWithdrawn
    | DisputeFundsReinstated
    | DisputeFundsHeld
    | DisputeFundsReleased
    | DisputeWon
    | DisputeLost
    | DisputeClosed
)
FraudWarningEvent = FraudWarned | FraudWarningUpdated
AttemptEvent = (
    AttemptCaptured
    | AttemptFeeAssessed
    | AttemptFeeReturned
    | AttemptAuthorized
    | AttemptReversed
    | AttemptReleased
    | AttemptReversalFailed
)
"""What became of an attempt after it was abandoned."""
ChargeEvent = (
    ChargeCreated
    | ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeActionRequired
    | ChargeOutcomeUnknown
    | ChargeCanceled
    | ChargeExpired
    | CaptureRequested
    | CaptureFailed
    | CancelRequested
    | CancelFailed
    | FeeAssessed
    | FeeReturned
    | FeeTakenAgain
    | InstrumentTold
    | ChargeCorrected
    | OutcomeDecided
    | ReceiptOmitted
    | RiskAssessed
    | ReviewOpened
    | ReviewDecided
    | ReportHeld
    | ReportReleased
    | CustomerApproved
    | ChargePending
    | ChargeRerouted
    | FraudWarningEvent
    | AttemptEvent
    | RefundEvent
    | DisputeEvent
)
"""Everything that can stand in a charge's stream."""

EventType = Literal[
    "charge.created",
    "charge.authorized",
    "charge.captured",
    "charge.failed",
    "charge.action_required",
    "charge.outcome_unknown",
    "charge.canceled",
    "charge.expired",
    "charge.capture_requested",
    "charge.capture_failed",
    "charge.cancel_requested",
    "charge.cancel_failed",
    "charge.fee_assessed",
    "charge.fee_returned",
    "charge.fee_taken_again",
    "charge.instrument_told",
    "charge.corrected",
    "charge.outcome_decided",
    "charge.receipt_omitted",
    "charge.risk_assessed",
    "charge.review_opened",
    "charge.review_decided",
    "charge.report_held",
    "charge.report_released",
    "charge.customer_approved",
    "charge.pending",
    "charge.rerouted",
    "charge.fraud_warned",
    "charge.fraud_warning_updated",
    "charge.attempt_captured",
    "charge.attempt_fee_assessed",
    "charge.attempt_fee_returned",
    "charge.attempt_authorized",
    "charge.attempt_reversed",
    "charge.attempt_released",
    "charge.attempt_reversal_failed",
    "refund.requested",
    "refund.outcome_unknown",
    "refund.pending",
    "refund.succeeded",
    "refund.failed",
    "refund.corrected",
    "dispute.opened",
    "dispute.updated",
    "dispute.funds_withdrawn",
    "dispute.funds_reinstated",
    "dispute.funds_held",
    "dispute.funds_released",
    "dispute.won",
    "dispute.lost",
    "dispute.closed",
]

EVENTS: Final[Mapping[EventType, tuple[int, type[ChargeEvent]]]] = MappingProxyType(
    {
        "charge.created": (2, ChargeCreated),
        "charge.authorized": (2, ChargeAuthorized),
        "charge.captured": (2, ChargeCaptured),
        "charge.failed": (1, ChargeFailed),
        "charge.action_required": (1, ChargeActionRequired),
        "charge.outcome_unknown": (1, ChargeOutcomeUnknown),
        "charge.canceled": (1, ChargeCanceled),
        "charge.expired": (1, ChargeExpired),
        "charge.capture_requested": (1, CaptureRequested),
        "charge.capture_failed": (1, CaptureFailed),
        "charge.cancel_requested": (1, CancelRequested),
        "charge.cancel_failed": (1, CancelFailed),
        "charge.fee_assessed": (2, FeeAssessed),
        "charge.fee_returned": (1, FeeReturned),
        "charge.fee_taken_again": (1, FeeTakenAgain),
        "charge.instrument_told": (1, InstrumentTold),
        "charge.corrected": (2, ChargeCorrected),
        "charge.outcome_decided": (1, OutcomeDecided),
        "charge.receipt_omitted": (1, ReceiptOmitted),
        "charge.risk_assessed": (1, RiskAssessed),
        "charge.review_opened": (1, ReviewOpened),
        "charge.review_decided": (1, ReviewDecided),
        "charge.report_held": (1, ReportHeld),
        "charge.report_released": (1, ReportReleased),
        "charge.customer_approved": (1, CustomerApproved),
        "charge.pending": (1, ChargePending),
        "charge.rerouted": (1, ChargeRerouted),
        "charge.fraud_warned": (1, FraudWarned),
        "charge.fraud_warning_updated": (1, FraudWarningUpdated),
        "charge.attempt_captured": (1, AttemptCaptured),
        "charge.attempt_fee_assessed": (1, AttemptFeeAssessed),
        "charge.attempt_fee_returned": (1, AttemptFeeReturned),
        "charge.attempt_authorized": (1, AttemptAuthorized),
        "charge.attempt_reversed": (1, AttemptReversed),
        "charge.attempt_released": (1, AttemptReleased),
        "charge.attempt_reversal_failed": (1, AttemptReversalFailed),
        "refund.requested": (1, RefundRequested),
        "refund.outcome_unknown": (1, RefundOutcomeUnknown),
        "refund.pending": (1, RefundPending),
        "refund.succeeded": (2, RefundSucceeded),
        "refund.failed": (2, RefundFailed),
        "refund.corrected": (2, RefundCorrected),
        "dispute.opened": (1, DisputeOpened),
        "dispute.updated": (1, DisputeUpdated),
        "dispute.funds_withdrawn": (2, DisputeFundsWithdrawn),
        "dispute.funds_reinstated": (2, DisputeFundsReinstated),
        "dispute.funds_held": (1, DisputeFundsHeld),
        "dispute.funds_released": (1, DisputeFundsReleased),
        "dispute.won": (1, DisputeWon),
        "dispute.lost": (1, DisputeLost),
        "dispute.closed": (1, DisputeClosed),
    }
)
"""Event type -> (schema version written today, its shape)."""


def _with_account_of_mode(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 named no account: there was one a mode, and it was called as the mode."""
    return {**fields, "psp_account": "live" if fields["livemode"] else "test"}


def _with_card_token(fields: dict[str, Any]) -> dict[str, Any]:
    """In version 1 every payment method was the token of a card."""
    return {**fields, "payment_method": {"type": "card", "token": fields["payment_method"]}}


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = MappingProxyType(
    {
        ("charge.created", 1): _with_card_token,
        **dict.fromkeys(
            (
                ("charge.authorized", 1),
                ("charge.captured", 1),
                ("charge.fee_assessed", 1),
                ("charge.corrected", 1),
                ("refund.succeeded", 1),
                ("refund.failed", 1),
                ("refund.corrected", 1),
                ("dispute.funds_withdrawn", 1),
                ("dispute.funds_reinstated", 1),
            ),
            _with_account_of_mode,
        ),
    }
)
"""(event type, old schema version) -> its upcast. Events are kept for ever, so each version that was ever written is here
or in `EVENTS`, and has its golden file."""

CHARGE_EVENTS: Final[EventCodec[ChargeEvent]] = EventCodec(EVENTS, UPCASTS)
"""How the log stores the events of charges."""

_TYPE_OF: Final[Mapping[type[ChargeEvent], EventType]] = {shape: name for name, (_, shape) in EVENTS.items()}


def event_type(event: ChargeEvent) -> EventType:
    """The dotted name of an event."""
    return _TYPE_OF[type(event)]
