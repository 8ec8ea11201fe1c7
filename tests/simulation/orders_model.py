"""PayPal in memory: its payments are orders, approved by their customer at a page and completed when told to.

It cannot be searched by our id, forgets the keys of orders after six hours, has no call that cancels an unapproved order,
gives a part of its fee back with each refund, puts disputed money aside, and tells only what to look at.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, cast

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    DisputeReport,
    Expired,
    KnownOutcome,
    OperationOutcome,
    Outcome,
    Pending,
    PspAccount,
    PspName,
    PspReference,
    RefundOutcome,
    RefundReport,
    Rejected,
    Retryable,
    SubReference,
    Unknown,
)
from fincore.domain.payment_method import PayPalWallet
from fincore.write.psp.limits import OperationLimits, PspLimits
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    CompleteRequest,
    DisputeInquiry,
    Inquiry,
    Look,
    NotFound,
    RefundRequest,
    WebhookReport,
)
from fixtures.psp_limits import USD
from fixtures.routes import PAYPAL_US
from fixtures.scripted_psp import PAYPAL
from simulation.errands import gate
from simulation.psp_model import PROCESSING_LASTS, Nature, PspModel, Request, _CarryOut
from simulation.psp_records import DisputeMove, Payment, PspDispute

ORDER_KEYS_KEPT_FOR: Final = timedelta(hours=6)
OTHER_KEYS_KEPT_FOR: Final = timedelta(days=45)
ORDERS_LAPSE_AFTER: Final = timedelta(hours=3)
FEE_BACK_MINOR: Final = 2
"""What it gives back of its fee with a refund, while there is anything of it left."""

Decision = Literal["takes", "declines_instrument", "takes_its_time", "denies_later"]
"""What a completion or a capture comes to; a capture has no instrument to decline."""
DECISIONS: Final[tuple[Decision, ...]] = ("takes", "declines_instrument", "takes_its_time", "denies_later")

_ORDER: Final = OperationLimits(key_safe_seconds=5 * 3_600.0, call_timeout_seconds=90.0)
_OTHER: Final = OperationLimits(key_safe_seconds=44 * 86_400.0, call_timeout_seconds=90.0)
ORDERS_LIMITS: Final = PspLimits(
    payment_method_types=frozenset({"paypal"}),
    amounts=USD,
    operations={
        "authorize": _ORDER,
        "complete": _ORDER,
        "capture": _OTHER,
        "cancel": _OTHER,
        "refund": _OTHER,
    },
    hold_seconds=29 * 86_400.0,
)


class OrdersModel(PspModel):
    """The PSP and its gateway in one. `decides` is what the next completions and captures come to."""

    name: PspName = PAYPAL
    account: PspAccount = PAYPAL_US
    limits: PspLimits = ORDERS_LIMITS

    def __init__(self, clock: Clock, nature: Nature) -> None:
        super().__init__(clock, nature)
        self.decides: Decision = "takes"
        self._parts: dict[PspReference, tuple[SubReference, ...]] = {}
        """The authorization and the capture of each order."""
        self._denied: set[PspReference] = set()
        """The orders with a pending part that will be denied."""
        self._capturing: dict[PspReference, int] = {}
        """The pending captures of what is held, in minor units."""

    # --- the port, where it is not as intents are

    async def complete(self, request: CompleteRequest) -> Outcome:
        payment = self.payments[request.psp_reference]
        if payment.charge_id != request.charge_id or payment.money != request.money:
            self.complaints.append(f"{request} is not what the customer was asked to approve")
        if payment.state == "requires_action":
            await gate("psp.complete")
            return Retryable(reason="ORDER_NOT_APPROVED")
        return cast("Outcome", await self._call(request, "complete", lambda: self._complete(payment)))

    async def capture(self, request: CaptureRequest) -> OperationOutcome:
        self._expect_part(request.psp_reference, "authorization", request.authorization)
        return await super().capture(request)

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        self._expect_part(request.psp_reference, "capture", request.capture)
        return await super().refund(request)

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        payment = self.payments[request.psp_reference]
        if payment.state not in ("requires_action", "approved"):
            return await super().cancel(request)
        # No call is made: the order is not completed, and lapses by itself.
        await gate("psp.cancel")
        reference, now = payment.reference, self._clock.now()
        payment.ends.add("expired" if request.reason == "abandoned" else "canceled")
        if request.reason == "abandoned":
            return Expired(reason="abandoned", psp_reference=reference, occurred_at=now)
        return Canceled(reason=request.reason, psp_reference=reference, occurred_at=now)

    async def inquire_dispute(
        self, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        """Its record shows what is put aside now; what was before, only the caller knows, who is told the totals."""
        report = await super().inquire_dispute(inquiry)
        if not isinstance(report, DisputeReport):
            return report
        (moved,) = report.movements
        told_held_minor = sum(one.held_minor for one in inquiry.known)
        told_released_minor = sum(one.released_minor for one in inquiry.known)
        # Enough was put aside in all for what is put aside now, beside what is known to be back.
        held_minor = max(told_held_minor, told_released_minor + moved.held_minor)
        shown = msgspec.structs.replace(
            moved, held_minor=held_minor, released_minor=held_minor - moved.held_minor
        )
        return msgspec.structs.replace(report, movements=(shown,))

    # --- what happens at the PSP without us

    def customer_approves(self, payment: Payment) -> None:
        """The customer approves at the PSP's page; no money moves by it."""
        assert payment.state == "requires_action"
        payment.state, payment.moved_at = "approved", self._clock.now()
        self._tell_payment(payment)

    def forges(self, charge_id: ChargeId, payment: Payment) -> None:
        """An event with a signature that holds for another body: it names a payment, and a charge that the payment may not be of."""
        look = Look(subject="payment")
        self._tell_of(WebhookReport(charge_id=charge_id, payment_reference=payment.reference, content=look))

    def dispute_opens(self, payment: Payment, amount_minor: int, *, is_inquiry: bool) -> None:
        """Money is put aside as soon as a customer asks; it is withdrawn once they are right."""
        dispute = PspDispute(self._reference("PP-D"), amount_minor, self._clock.now(), is_inquiry=is_inquiry)
        dispute.held_minor = amount_minor
        payment.disputes[dispute.reference] = dispute
        self._tell_dispute(payment, dispute)

    def _apply(self, dispute: PspDispute, move: DisputeMove) -> None:
        match move:
            case "escalate":
                dispute.status, dispute.is_inquiry = "needs_response", False
                dispute.held_minor = dispute.amount_minor
            case "close" | "win":
                super()._apply(dispute, move)
                dispute.held_minor = 0
            case "withdraw_again":
                super()._apply(dispute, move)
                dispute.held_minor = 0
            case "lose":
                super()._apply(dispute, move)
                dispute.held_minor = 0
                if dispute.withdrawn_minor == dispute.reinstated_minor:
                    dispute.withdraw()
            case _:
                super()._apply(dispute, move)

    # --- time

    def tick(self) -> None:
        """An order that is not completed lapses."""
        now = self._clock.now()
        for payment in self.payments.values():
            is_open = payment.state in ("requires_action", "approved")
            if is_open and payment.created_at + ORDERS_LAPSE_AFTER <= now:
                payment.state, payment.ended_because = "expired", "abandoned"
                payment.ends.add("expired")
        super().tick()

    def _moments(self) -> Iterator[datetime]:
        yield from super()._moments()
        for payment in self.payments.values():
            if payment.state in ("requires_action", "approved"):
                yield payment.created_at + ORDERS_LAPSE_AFTER

    # --- what the calls do

    def _keys_kept_for(self, request: Request) -> timedelta:
        is_order = isinstance(request, AuthorizeRequest | CompleteRequest)
        return ORDER_KEYS_KEPT_FOR if is_order else OTHER_KEYS_KEPT_FOR

    def _keyed(self, request: Request, carry_out: _CarryOut) -> OperationOutcome | RefundOutcome | None:
        """A key that was used before gets what became of its order, not the answer of then."""
        answer = super()._keyed(request, carry_out)
        if isinstance(answer, Retryable | Unknown | Rejected | RefundReport) or answer is None:
            return answer
        reference = getattr(answer, "psp_reference", None)
        if isinstance(request, AuthorizeRequest | CompleteRequest) and reference in self.payments:
            return self._record(self.payments[reference])
        return answer

    def _authorize(self, request: AuthorizeRequest) -> Outcome:
        if not isinstance(request.payment_method, PayPalWallet):
            self.complaints.append(f"{request.payment_method} is no wallet")
        payment = Payment(self.name, self._reference("order"), request, self._clock.now())
        payment.state = "requires_action"
        self.payments[payment.reference] = payment
        return self._record(payment)

    def _complete(self, payment: Payment) -> Outcome:
        if payment.state == "approved":
            match self.decides:
                case "declines_instrument":
                    payment.state = "requires_action"
                case "takes":
                    self._accept(payment)
                case _:
                    self._begin(payment)
        return self._record(payment)

    def _capture(self, request: CaptureRequest) -> KnownOutcome | Unknown | Rejected:
        payment = self.payments[request.psp_reference]
        if payment.state == "authorized" and self.decides in ("takes_its_time", "denies_later"):
            self._capturing[payment.reference] = request.money.amount_minor
            self._begin(payment)
        if payment.state == "processing":
            return self._record(payment)
        return super()._capture(request)

    def _begin(self, payment: Payment) -> None:
        payment.state, payment.moved_at = "processing", self._clock.now()
        if self.decides == "denies_later":
            self._denied.add(payment.reference)

    def _decide(self, payment: Payment) -> None:
        """The bank, or a person at PayPal, decides what was pending."""
        captured_minor = self._capturing.pop(payment.reference, None)
        is_denied = payment.reference in self._denied
        self._denied.discard(payment.reference)
        if not is_denied and captured_minor is None:
            self._accept(payment)
        elif not is_denied and captured_minor is not None:
            self._take(payment, captured_minor)
        elif captured_minor is not None:
            # The hold is as it was before.
            payment.state = "authorized"
            self._tell_payment(payment)
        else:
            self._end(payment, "declined", "DENIED")

    def _accept(self, payment: Payment) -> None:
        if not payment.is_automatic:
            self._parts[payment.reference] = (SubReference("authorization", self._reference("auth")),)
        super()._accept(payment)

    def _take(self, payment: Payment, amount_minor: int) -> None:
        capture = SubReference("capture", self._reference("capture"))
        self._parts[payment.reference] = (*self._parts.get(payment.reference, ()), capture)
        super()._take(payment, amount_minor)

    def _expect_part(
        self, reference: PspReference, kind: Literal["authorization", "capture"], named: PspReference | None
    ) -> None:
        """A call that names a part of a payment must name the payment's own; a gateway finds what is not named."""
        own = [part.psp_reference for part in self._parts.get(reference, ()) if part.kind == kind]
        if named is not None and named not in own:
            self.complaints.append(f"{named} is no {kind} of {reference}")

    def _fee_back_minor(self, payment: Payment) -> int:
        back_minor = sum(one.fee_minor for one in payment.refunds.values() if one.state != "failed")
        return min(FEE_BACK_MINOR, payment.fee_minor - back_minor)

    # --- records

    def _record(self, payment: Payment) -> KnownOutcome | Unknown:
        parts = self._parts.get(payment.reference, ())
        if payment.state == "requires_action":
            return ActionRequired(psp_reference=payment.reference, redirect_url="https://psp.example/approve")
        if payment.state == "processing":
            return Pending(
                psp_reference=payment.reference,
                reason="PENDING_REVIEW",
                occurred_at=payment.moved_at,
                pending_until=payment.moved_at + PROCESSING_LASTS + timedelta(days=2),
                sub_references=parts,
            )
        record = super()._record(payment)
        return (
            msgspec.structs.replace(record, sub_references=parts) if isinstance(record, Approved) else record
        )

    def _found(self, inquiry: Inquiry) -> Outcome | NotFound:
        """Orders cannot be searched by our id."""
        known = inquiry.psp_reference or inquiry.reported_reference
        payment = self.payments.get(known) if known else None
        if payment is None or (inquiry.psp_reference is None and payment.charge_id != inquiry.charge_id):
            return NotFound()
        return self._record(payment)

    def _tell(
        self,
        payment: Payment,
        charge_id: ChargeId | None,
        said: KnownOutcome | Unknown | RefundReport | DisputeReport,
    ) -> None:
        """Only what to look at."""
        del charge_id
        look = Look(subject="payment")
        if isinstance(said, RefundReport | DisputeReport):
            subject: Literal["refund", "dispute"] = "refund" if isinstance(said, RefundReport) else "dispute"
            look = Look(subject=subject, psp_reference=said.psp_reference)
        self._tell_of(
            WebhookReport(charge_id=payment.charge_id, payment_reference=payment.reference, content=look)
        )
