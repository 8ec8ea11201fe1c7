"""What a charge is: its states, and the transition table.

What each event does to one is in `charge_fold`, what may be asked of one is in `requests`, what a PSP's outcome does to one in `payment_outcomes`. A terminal state is left only by
`charge.corrected`, never overwritten.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.dispute import Dispute
from fincore.domain.events import (
    CaptureMethod,
    ChargeStatus,
    EventType,
    ReviewDecided,
)
from fincore.domain.fee_fields import ReturnedFee
from fincore.domain.fee_plan import FeePlan
from fincore.domain.fraud_warning import FraudWarnings
from fincore.domain.held_report import HeldReports
from fincore.domain.ids import CheckoutSessionId, MerchantId, RefundId
from fincore.domain.money import Money
from fincore.domain.operation import OperationFailure, PendingOperation
from fincore.domain.outcome import Failure, PspAccount, PspName, PspReference, SubReference
from fincore.domain.payment_method import Instrument, PaymentMethod
from fincore.domain.payment_references import names_of
from fincore.domain.psp_risk import PspRisk
from fincore.domain.refund import Refund
from fincore.domain.risk import CustomerContext, RiskAssessment
from fincore.domain.route_plan import RoutePlan

TERMINAL: Final[frozenset[ChargeStatus]] = frozenset({"succeeded", "failed", "canceled", "expired"})

TRANSITIONS: Final[Mapping[tuple[ChargeStatus | None, EventType], ChargeStatus]] = MappingProxyType(
    {
        (None, "charge.created"): "processing",
        ("processing", "charge.risk_assessed"): "processing",
        ("processing", "charge.outcome_unknown"): "processing",
        ("processing", "charge.receipt_omitted"): "processing",
        ("processing", "charge.rerouted"): "processing",
        ("processing", "charge.customer_approved"): "processing",
        ("processing", "charge.pending"): "processing",
        ("processing", "charge.action_required"): "requires_action",
        ("processing", "charge.authorized"): "authorized",
        ("processing", "charge.captured"): "succeeded",
        ("processing", "charge.failed"): "failed",
        ("processing", "charge.canceled"): "canceled",
        ("processing", "charge.expired"): "expired",
        ("requires_action", "charge.action_required"): "requires_action",
        ("requires_action", "charge.customer_approved"): "processing",
        ("requires_action", "charge.pending"): "processing",
        ("requires_action", "charge.authorized"): "authorized",
        ("requires_action", "charge.captured"): "succeeded",
        ("requires_action", "charge.failed"): "failed",
        ("requires_action", "charge.cancel_requested"): "requires_action",
        ("requires_action", "charge.cancel_failed"): "requires_action",
        ("requires_action", "charge.outcome_unknown"): "requires_action",
        ("requires_action", "charge.canceled"): "canceled",
        ("requires_action", "charge.expired"): "expired",
        ("requires_action", "charge.review_decided"): "requires_action",
        ("authorized", "charge.review_opened"): "authorized",
        ("authorized", "charge.review_decided"): "authorized",
        ("succeeded", "charge.review_decided"): "succeeded",
        ("authorized", "charge.capture_requested"): "authorized",
        ("authorized", "charge.capture_failed"): "authorized",
        ("authorized", "charge.cancel_requested"): "authorized",
        ("authorized", "charge.cancel_failed"): "authorized",
        ("authorized", "charge.outcome_unknown"): "authorized",
        ("authorized", "charge.pending"): "authorized",
        ("authorized", "charge.captured"): "succeeded",
        ("authorized", "charge.canceled"): "canceled",
        ("authorized", "charge.expired"): "expired",
        ("succeeded", "charge.fee_assessed"): "succeeded",
        ("authorized", "charge.instrument_told"): "authorized",
        ("succeeded", "charge.instrument_told"): "succeeded",
        ("failed", "charge.instrument_told"): "failed",
    }
)
"""(state, event) -> next state. A pair that is not here cannot happen.

Some events stand beside the table: `charge.corrected` leads from a terminal state to the one it names;
`charge.outcome_decided`, `charge.fee_returned`, `charge.fee_taken_again`, those of held reports, fraud warnings, abandoned attempts, refunds
and disputes leave the state as it is.
"""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge as its events tell it. `version` counts them.

    `unknown_since`: the pending operation may or may not have happened at the PSP, since then. `pending_until`: the PSP has taken
    it on and decides it by then. `psp`, `psp_account`, `psp_reference` and `sub_references` are those of the attempt that counts;
    `psp_risk` is how risky its PSP found it; `abandoned_attempts` came before it. `actions_required` counts how often the customer
    was asked to act; `approved_at` is the PSP's time of the approval that its record may show still.
    """

    version: int
    merchant_id: MerchantId
    livemode: bool
    status: ChargeStatus
    amount: Money
    capture_method: CaptureMethod
    payment_method: PaymentMethod
    psp: PspName
    psp_account: PspAccount
    created_at: datetime
    description: str | None
    customer_email: str | None
    metadata: dict[str, str]
    return_url: str | None = None
    cancel_url: str | None = None
    return_page: str | None = None
    plan: RoutePlan | None = None
    fee_plan: FeePlan | None = None
    checkout_session_id: CheckoutSessionId | None = None
    customer: CustomerContext | None = None
    billing_country: str | None = None
    shipping_country: str | None = None
    authorized_minor: int = 0
    captured_minor: int = 0
    fee: Money | None = None
    returned_fees: tuple[ReturnedFee, ...] = ()
    psp_reference: PspReference | None = None
    sub_references: tuple[SubReference, ...] = ()
    instrument: Instrument | None = None
    psp_risk: PspRisk | None = None
    authorized_at: datetime | None = None
    capture_before: datetime | None = None
    redirect_url: str | None = None
    failure: Failure | None = None
    operation: PendingOperation | None = None
    operation_failure: OperationFailure | None = None
    captures_requested: int = 0
    cancels_requested: int = 0
    completions_requested: int = 0
    actions_required: int = 0
    approved_at: datetime | None = None
    unknown_since: datetime | None = None
    pending_until: datetime | None = None
    abandoned_attempts: tuple[AbandonedAttempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    fraud_warnings: FraudWarnings = ()
    held_reports: HeldReports = ()
    risk: RiskAssessment | None = None
    review_decide_by: datetime | None = None
    review_decided: ReviewDecided | None = None

    @property
    def is_under_review(self) -> bool:
        """Whether the risk engine put it under review, and that is not decided: nothing may be captured."""
        is_reviewed = self.risk is not None and self.risk.decision == "review"
        return is_reviewed and self.review_decided is None and self.status not in TERMINAL

    @property
    def is_challenged(self) -> bool:
        """Whether the risk engine wants the customer to authenticate, at every account that the charge goes to."""
        return self.risk is not None and self.risk.decision == "challenge"

    @property
    def refunded_minor(self) -> int:
        """What the customer has got back."""
        return sum(refund.amount_minor for refund in self.refunds if refund.status == "succeeded")

    @property
    def refundable_minor(self) -> int:
        """What is left of what was captured, less every refund that has not failed.

        Whether a refund of it is accepted now, `requests.refund_barrier` says.
        """
        reserved = sum(refund.amount_minor for refund in self.refunds if refund.is_reserving)
        return max(self.captured_minor - reserved, 0)

    @property
    def attempt_number(self) -> int:
        """The number of the attempt that counts, from 1."""
        return len(self.abandoned_attempts) + 1

    @property
    def references(self) -> frozenset[tuple[PspName, PspAccount, PspReference]]:
        """Everything that is this charge's at PSPs, with the account: its payments and their parts, refunds, disputes, fraud warnings."""
        named = (
            *names_of(self.psp_reference, self.sub_references),
            *(refund.psp_reference for refund in self.refunds),
            *(dispute.psp_reference for dispute in self.disputes),
            *(warning.psp_reference for warning in self.fraud_warnings),
        )
        of_account = {(self.psp, self.psp_account, reference) for reference in named if reference is not None}
        for attempt in self.abandoned_attempts:
            of_attempt = names_of(attempt.psp_reference, attempt.sub_references)
            of_account |= {(attempt.psp, attempt.psp_account, reference) for reference in of_attempt}
        return frozenset(of_account)

    def is_called(self, reference: PspReference) -> bool:
        """Whether this is what the PSP calls its payment, or a part of it."""
        return reference in names_of(self.psp_reference, self.sub_references)

    @property
    def kept_fee(self) -> Money | None:
        """What the PSP keeps of its fee, by all that is known; None where the fee is not."""
        if self.fee is None:
            return None
        of_refunds = (refund.fee for refund in self.refunds)
        returned = (*of_refunds, *(one.fee for one in self.returned_fees))
        back_minor = sum(
            fee.amount_minor for fee in returned if fee is not None and fee.currency == self.fee.currency
        )
        return Money(self.fee.amount_minor - back_minor, self.fee.currency)

    def latest(self, kind: Literal["authorization", "capture"]) -> PspReference | None:
        """The part of the payment that a call about it has to name, for a PSP that parts payments."""
        of_kind = (part.psp_reference for part in reversed(self.sub_references) if part.kind == kind)
        return next(of_kind, None)

    def abandoned_attempt(self, number: int) -> AbandonedAttempt | None:
        """One of its abandoned attempts."""
        return next((one for one in self.abandoned_attempts if one.number == number), None)

    def dispute_called(self, psp_reference: PspReference) -> Dispute | None:
        """The dispute that the PSP calls so."""
        return next((one for one in self.disputes if one.psp_reference == psp_reference), None)

    def refund(self, refund_id: RefundId) -> Refund | None:
        """One of its refunds."""
        return next((refund for refund in self.refunds if refund.refund_id == refund_id), None)
