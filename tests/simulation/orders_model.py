"""Another PSP in memory: its payments are orders, approved by their customer, completed when told to, found only by their name.

It forgets the keys of orders after six hours, has no call that cancels an unapproved order, and tells only what to look at.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    ActionRequired,
    Canceled,
    DisputeReport,
    KnownOutcome,
    OperationOutcome,
    Outcome,
    Pending,
    PspAccount,
    PspName,
    RefundOutcome,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.limits import OperationLimits, PspLimits
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CompleteRequest,
    Inquiry,
    Look,
    NotFound,
    WebhookReport,
)
from fixtures.psp_limits import USD
from fixtures.routes import PAYPAL_US
from fixtures.scripted_psp import PAYPAL
from simulation.errands import gate
from simulation.psp_model import PROCESSING_LASTS, PspEvent, PspModel, Request, _CarryOut
from simulation.psp_records import Payment

ORDER_KEYS_KEPT_FOR: Final = timedelta(hours=6)
OTHER_KEYS_KEPT_FOR: Final = timedelta(days=45)
ORDERS_LAPSE_AFTER: Final = timedelta(hours=3)

Completion = Literal["takes", "declines_instrument", "takes_its_time"]
"""What a completion comes to."""

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
    """The PSP and its gateway in one. `completes` is what the next completions come to."""

    name: PspName = PAYPAL
    account: PspAccount = PAYPAL_US
    limits: PspLimits = ORDERS_LIMITS
    completes: Completion = "takes"

    async def complete(self, request: CompleteRequest) -> Outcome:
        payment = self.payments[request.psp_reference]
        if payment.state == "requires_action":
            await gate("psp.complete")
            return Retryable(reason="ORDER_NOT_APPROVED")
        return cast("Outcome", await self._call(request, "complete", lambda: self._complete(payment)))

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        payment = self.payments[request.psp_reference]
        if payment.state in ("requires_action", "approved"):
            await gate("psp.cancel")
            return Canceled(
                reason=request.reason, psp_reference=payment.reference, occurred_at=self._clock.now()
            )
        return await super().cancel(request)

    def customer_approves(self, payment: Payment) -> None:
        """The customer approves at the PSP's page; no money moves by it."""
        assert payment.state == "requires_action"
        payment.state, payment.moved_at = "approved", self._clock.now()
        self._tell_payment(payment)

    def tick(self) -> None:
        super().tick()
        for payment in self.payments.values():
            is_open = payment.state in ("requires_action", "approved")
            if is_open and payment.created_at + ORDERS_LAPSE_AFTER <= self._clock.now():
                payment.state, payment.ended_because = "expired", "abandoned"
                payment.ends.add("expired")

    def _moments(self) -> Iterator[datetime]:
        yield from super()._moments()
        for payment in self.payments.values():
            if payment.state in ("requires_action", "approved"):
                yield payment.created_at + ORDERS_LAPSE_AFTER

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
        payment = Payment(self._reference("order"), request, self._clock.now())
        payment.state = "requires_action"
        self.payments[payment.reference] = payment
        return self._record(payment)

    def _complete(self, payment: Payment) -> Outcome:
        if payment.state == "approved":
            match self.completes:
                case "declines_instrument":
                    payment.state = "requires_action"
                    return self._page(payment)
                case "takes_its_time":
                    payment.state, payment.moved_at = "processing", self._clock.now()
                    # From here on the bank decides: `tick` accepts it.
                    payment.created_at = self._clock.now()
                case "takes":
                    self._accept(payment)
        return self._record(payment)

    def _page(self, payment: Payment) -> ActionRequired:
        return ActionRequired(psp_reference=payment.reference, redirect_url="https://psp.example/approve")

    def _record(self, payment: Payment) -> KnownOutcome | Unknown:
        if payment.state == "requires_action":
            return self._page(payment)
        if payment.state == "processing":
            return Pending(
                psp_reference=payment.reference,
                reason="PENDING_REVIEW",
                occurred_at=payment.moved_at,
                pending_until=payment.moved_at + PROCESSING_LASTS + timedelta(days=2),
            )
        return super()._record(payment)

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
        report = WebhookReport(charge_id=payment.charge_id, payment_reference=payment.reference, content=look)
        self.told.append(PspEvent(f"WH-{next(self._numbers)}", report))
