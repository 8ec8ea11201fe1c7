"""What the PSP of the simulation holds: payments, refunds, disputes, and what may happen to each next."""

from datetime import datetime
from typing import Final, Literal

from fincore.domain.ids import RefundId
from fincore.domain.outcome import DisputeStatus, PspName, PspReference
from fincore.domain.payment_method import token_of
from fincore.write.psp.port import AuthorizeRequest

DISPUTE_FEE_MINOR: Final = 15

PaymentState = Literal[
    "requires_action", "approved", "processing", "authorized", "captured", "declined", "canceled", "expired"
]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeMove = Literal["review", "escalate", "close", "win", "lose", "reinstate", "withdraw_again"]


class Payment:
    """One payment at the PSP."""

    def __init__(
        self, psp: PspName, reference: PspReference, request: AuthorizeRequest, now: datetime
    ) -> None:
        self.psp = psp
        self.reference = reference
        self.charge_id = request.charge_id
        self.money = request.money
        self.is_automatic = request.capture_method == "automatic"
        self.has_late_fee = (token_of(request.payment_method) or "").endswith("_late_fee")
        self.created_at = now
        self.moved_at = now
        self.state: PaymentState = "processing"
        self.was_paid = False
        """Whether the customer's bank ever said yes to it."""
        self.captured_minor = 0
        self.fee_minor = 0
        self.lapses_at: datetime | None = None
        self.ended_because = ""
        self.ends: set[PaymentState] = set()
        """Ends without money it came to: a declined one can be canceled still."""
        self.refunds: dict[PspReference, PspRefund] = {}
        self.disputes: dict[PspReference, PspDispute] = {}

    @property
    def has_money(self) -> bool:
        """Whether the customer's money is taken or held by it, and not all given back or on its way back."""
        return self.state == "authorized" or (self.state == "captured" and self.left_minor > 0)

    @property
    def left_minor(self) -> int:
        """What may still be given back."""
        return self.captured_minor - sum(
            refund.amount_minor for refund in self.refunds.values() if refund.state != "failed"
        )

    @property
    def owes_fee(self) -> bool:
        """Whether the PSP's fee for it is still to be said."""
        return self.state == "captured" and self.has_late_fee and self.fee_minor == 0

    @property
    def is_disputed(self) -> bool:
        return any(
            dispute.withdrawn_minor > dispute.reinstated_minor
            or dispute.held_minor > 0
            or (dispute.status in ("needs_response", "under_review") and not dispute.is_inquiry)
            for dispute in self.disputes.values()
        )

    @property
    def net_minor(self) -> int:
        """What the PSP owes us for it: taken, less given back, withdrawn and its fees. What is put aside, it owes us still."""
        given_back = sum(
            one.amount_minor - one.fee_minor for one in self.refunds.values() if one.state == "succeeded"
        )
        disputed = sum(
            one.withdrawn_minor + one.withdrawn_fee_minor - one.reinstated_minor - one.reinstated_fee_minor
            for one in self.disputes.values()
        )
        return self.captured_minor - self.fee_minor - given_back - disputed

    @property
    def held_minor(self) -> int:
        """What of that is put aside for disputes."""
        return sum(one.held_minor for one in self.disputes.values())


class PspRefund:
    """One refund at the PSP; `refund_id` is None for one made at its dashboard."""

    def __init__(
        self,
        reference: PspReference,
        refund_id: RefundId | None,
        amount_minor: int,
        state: RefundState,
        now: datetime,
    ) -> None:
        self.reference = reference
        self.refund_id = refund_id
        self.amount_minor = amount_minor
        self.fee_minor = 0
        """What the PSP gives back of its fee with it."""
        self.state: RefundState = state
        self.moved_at = now
        self.was_given_back = state == "succeeded"


class PspDispute:
    """One dispute at the PSP, with all that has moved so far."""

    def __init__(
        self, reference: PspReference, amount_minor: int, now: datetime, *, is_inquiry: bool
    ) -> None:
        self.reference = reference
        self.amount_minor = amount_minor
        self.is_inquiry = is_inquiry
        self.status: DisputeStatus = "needs_response"
        self.verdicts = 0
        self.moved_at = now
        self.held_minor = 0
        """What is put aside for it now."""
        self.withdrawn_minor = 0
        self.withdrawn_fee_minor = 0
        self.reinstated_minor = 0
        self.reinstated_fee_minor = 0

    def withdraw(self) -> None:
        self.withdrawn_minor += self.amount_minor
        self.withdrawn_fee_minor += DISPUTE_FEE_MINOR


def dispute_moves_of(dispute: PspDispute) -> tuple[DisputeMove, ...]:
    """What may happen to a dispute next."""
    is_withdrawn = dispute.withdrawn_minor > dispute.reinstated_minor
    match dispute.status:
        case "needs_response" | "under_review" if dispute.is_inquiry:
            return (
                ("review", "escalate", "close")
                if dispute.status == "needs_response"
                else ("escalate", "close")
            )
        case "needs_response":
            return ("review", "reinstate") if is_withdrawn else ("review",)
        case "under_review":
            return ("win", "lose", "reinstate") if is_withdrawn else ("win", "lose", "withdraw_again")
        case "won" if is_withdrawn:
            return ("reinstate",)
        case "lost" if not is_withdrawn:
            return ("withdraw_again",)
        case "won" | "lost" if dispute.verdicts > 1:
            return ()
        case "won":
            return ("lose",)
        case "lost":
            return ("win",)
        case "closed":
            return ("escalate",) if dispute.is_inquiry else ()


REFUND_MOVES: Final[frozenset[tuple[RefundState, RefundState]]] = frozenset(
    {("pending", "succeeded"), ("pending", "failed"), ("succeeded", "failed")}
)


def refund_moves_of(refund: PspRefund) -> tuple[RefundState, ...]:
    """What may happen to a refund next."""
    return tuple(after for before, after in sorted(REFUND_MOVES) if before == refund.state)
