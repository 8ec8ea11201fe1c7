"""A PSP in memory with a truth of its own: payments, holds, captures, refunds, disputes, fees, keys and a clock.

It fits `PspGateway` and `PspWebhooks` by shape and shares no decision with FinCore. What goes wrong with a call is the
next of `faults`; what it does by itself (a customer, a bank, a person at its dashboard) are methods of their own. All it
has to tell lies in `told`: it may be delivered late, twice, in any order, or never.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar, cast

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    DisputeMovements,
    DisputeReport,
    Expired,
    Failure,
    KnownOutcome,
    OperationOutcome,
    Outcome,
    PspAccount,
    PspName,
    PspReference,
    RefundFailureCode,
    RefundOutcome,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import token_of
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    CompleteRequest,
    DisputeInquiry,
    Inquiry,
    NotFound,
    RefundInquiry,
    RefundRequest,
    SignatureRefused,
    VerifiedWebhook,
    WebhookIgnored,
    WebhookReport,
)
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fixtures.scripted_psp import STRIPE, TEST_ACCOUNT
from simulation.errands import gate
from simulation.psp_records import (
    DISPUTE_FEE_MINOR,
    DisputeMove,
    Payment,
    PaymentState,
    PspDispute,
    PspRefund,
    RefundState,
    dispute_moves_of,
    refund_moves_of,
)

KEYS_KEPT_FOR: Final = timedelta(hours=24)
HOLDS_LAST: Final = timedelta(days=7)
SEARCH_LAGS: Final = timedelta(seconds=100)
FEE_KNOWN_AFTER: Final = timedelta(minutes=10)
"""Where the fee of a capture is not known at once."""
PROCESSING_LASTS: Final = timedelta(minutes=40)
LATE: Final = timedelta(seconds=50)
"""How long a call is on its way that its caller has given up."""
VERY_LATE: Final = timedelta(minutes=45)
"""Longer than any call may be on its way, by all that FinCore's janitor knows: what it inferred by then is wrong."""
FEE_MINOR: Final = 7
OTHER_ACCOUNT: Final = PspAccount("another")
"""An account at each PSP that no charge goes to."""

Fault = Literal[
    "none",
    "not_sent",
    "busy",
    "lost_before",
    "lost_after",
    "late",
    "poisoned_before",
    "poisoned_after",
    "raises_before",
    "raises_after",
    "rejects",
]
"""What goes wrong with a call that changes something. `poisoned`: answered with an internal error, and the key keeps
that answer; `late`: it arrives after its caller gave up; `rejects`: the PSP will not do it, for reasons of its own.
"""
FAULTS: Final[tuple[Fault, ...]] = (
    "none",
    "not_sent",
    "busy",
    "lost_before",
    "lost_after",
    "late",
    "poisoned_before",
    "poisoned_after",
    "raises_before",
    "raises_after",
    "rejects",
)

Request = AuthorizeRequest | CompleteRequest | CaptureRequest | CancelRequest | RefundRequest
Found = TypeVar("Found")
_CarryOut = Callable[[], OperationOutcome | RefundOutcome | None]


Nature = Literal["telling", "silent", "wild"]
"""How the PSP is. `telling`: every webhook arrives in the end. `silent`: many never do. `wild`: they arrive, and calls may
be on their way for so long that FinCore has inferred by then that they never happened.
"""


class PspEvent:
    """Something a PSP has to tell to one account, as it was at the time. `is_acknowledged`: it was answered 2xx."""

    def __init__(self, psp: PspName, account: PspAccount, event_id: str, report: WebhookReport) -> None:
        self.psp = psp
        self.account = account
        self.event_id = event_id
        self.report = report
        self.is_acknowledged = False


class _Kept(msgspec.Struct, frozen=True):
    """What a key has got; None for an internal error, which it gets for as long as the key is kept."""

    request: Request
    answer: OperationOutcome | RefundOutcome | None
    kept_at: datetime


class _OnItsWay(msgspec.Struct, frozen=True):
    """A call that will be carried out when it arrives; no client waits for its answer any more."""

    arrives_at: datetime
    carry_out: Callable[[], object]


class PspModel:
    """The PSP and its gateway in one."""

    name: PspName = STRIPE
    account: PspAccount = TEST_ACCOUNT
    limits: PspLimits = STRIPE_LIMITS
    processing_lasts: timedelta = PROCESSING_LASTS
    """After how long the bank, or a person at the PSP, decides what it has taken on."""

    def __init__(self, clock: Clock, nature: Nature) -> None:
        self.nature = nature
        self._clock = clock
        self._numbers = itertools.count(1)
        self._keys: dict[str, _Kept] = {}
        self._on_their_way: list[_OnItsWay] = []
        self.payments: dict[PspReference, Payment] = {}
        self.told: list[PspEvent] = []
        self.faults: deque[Fault] = deque()
        self.refunds_begin: RefundState = "succeeded"
        self._away_until: datetime | None = None
        self.complaints: list[str] = []
        """What FinCore did that no caller of a PSP may do."""

    # --- the port

    async def authorize(self, request: AuthorizeRequest) -> Outcome:
        return cast("Outcome", await self._call(request, "authorize", lambda: self._authorize(request)))

    async def capture(self, request: CaptureRequest) -> OperationOutcome:
        return cast("OperationOutcome", await self._call(request, "capture", lambda: self._capture(request)))

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        return cast("OperationOutcome", await self._call(request, "cancel", lambda: self._cancel(request)))

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        return cast("RefundOutcome", await self._call(request, "refund", lambda: self._refund(request)))

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        found: Outcome | NotFound = await self._read("inquire", lambda: self._found(inquiry))
        return found

    async def inquire_refund(self, inquiry: RefundInquiry) -> RefundReport | NotFound | Retryable | Unknown:
        return await self._read("inquire_refund", lambda: self._found_refund(inquiry))

    async def complete(self, request: CompleteRequest) -> Outcome:
        found: Outcome | NotFound = await self._read(
            "complete", lambda: self._record(self.payments[request.psp_reference])
        )
        return found if not isinstance(found, NotFound) else Unknown(reason="gone", since=self._clock.now())

    async def inquire_dispute(
        self, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        def find() -> DisputeReport | NotFound:
            payment = self.payments.get(inquiry.payment_reference)
            dispute = payment.disputes.get(inquiry.psp_reference) if payment else None
            return self._dispute_report(payment, dispute) if payment and dispute else NotFound()

        return await self._read("inquire_dispute", find)

    async def charge_of(
        self, psp_account: PspAccount, payment_reference: PspReference
    ) -> ChargeId | NotFound | Retryable:
        assert psp_account == self.account

        def find() -> ChargeId | NotFound:
            payment = self.payments.get(payment_reference)
            return payment.charge_id if payment else NotFound()

        return await self._read("charge_of", find)

    async def close(self) -> None: ...

    async def verify(
        self, psp_account: PspAccount, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> VerifiedWebhook | SignatureRefused:
        assert psp_account in (self.account, OTHER_ACCOUNT)
        assert headers == {}
        assert now == self._clock.now()
        return VerifiedWebhook(psp_event_id=body.decode(), type="told", is_interesting=True)

    def read(self, body: bytes) -> tuple[WebhookReport, ...] | WebhookIgnored:
        report = next(event.report for event in self.told if event.event_id == body.decode())
        return report if isinstance(report, WebhookIgnored) else (report,)

    @property
    def tells(self) -> bool:
        """Whether every webhook arrives in the end."""
        return self.nature != "silent"

    # --- time

    @property
    def next_at(self) -> datetime | None:
        """When something happens here by itself; None if nothing will."""
        return min(self._moments(), default=None)

    def tick(self) -> None:
        """Do what is due by now."""
        now = self._clock.now()
        arrived = [call for call in self._on_their_way if call.arrives_at <= now]
        self._on_their_way = [call for call in self._on_their_way if call.arrives_at > now]
        for call in arrived:
            call.carry_out()
        for payment in self.payments.values():
            if payment.state == "authorized" and payment.lapses_at and payment.lapses_at <= now:
                self._end(payment, "expired", "authorization_lapsed")
            if payment.state == "processing" and payment.moved_at + self.processing_lasts <= now:
                self._decide(payment)
            if payment.owes_fee and payment.moved_at + FEE_KNOWN_AFTER <= now:
                payment.fee_minor = FEE_MINOR
                self._tell_payment(payment)

    def _moments(self) -> Iterator[datetime]:
        yield from (call.arrives_at for call in self._on_their_way)
        for payment in self.payments.values():
            if payment.state == "authorized" and payment.lapses_at:
                yield payment.lapses_at
            if payment.state == "processing":
                yield payment.moved_at + self.processing_lasts
            if payment.owes_fee:
                yield payment.moved_at + FEE_KNOWN_AFTER

    def goes_away(self, seconds: float) -> None:
        """Answer no call for a while."""
        self._away_until = self._clock.now() + timedelta(seconds=seconds)

    def comes_back(self) -> None:
        """Answer every call, without a fault."""
        self._away_until = None
        self.faults.clear()

    def was_asked_to_take(self, charge_id: ChargeId) -> bool:
        """Whether an authorization or a completion of a charge was called for that takes the money at once."""
        return any(
            isinstance(kept.request, AuthorizeRequest | CompleteRequest)
            and kept.request.charge_id == charge_id
            and kept.request.capture_method == "automatic"
            for kept in self._keys.values()
        )

    def authorizations_asked(self, charge_id: ChargeId) -> list[AuthorizeRequest]:
        """The authorizations that arrived for a charge."""
        return [
            kept.request
            for kept in self._keys.values()
            if isinstance(kept.request, AuthorizeRequest) and kept.request.charge_id == charge_id
        ]

    def captures_asked(self, charge_id: ChargeId) -> list[int]:
        """The amounts, in minor units, that captures of a charge were called for with."""
        return [
            kept.request.money.amount_minor
            for kept in self._keys.values()
            if isinstance(kept.request, CaptureRequest) and kept.request.charge_id == charge_id
        ]

    def keys_of(self, request: type[Request]) -> list[str]:
        """The keys under which one kind of call arrived."""
        return [key for key, kept in self._keys.items() if isinstance(kept.request, request)]

    def times_refused(self, charge_id: ChargeId, request: type[CaptureRequest | CancelRequest]) -> int:
        """How many captures or cancellations of a charge were not carried out, and will not be."""
        return sum(
            isinstance(kept.answer, Rejected)
            and isinstance(kept.request, request)
            and kept.request.charge_id == charge_id
            for kept in self._keys.values()
        )

    # --- what happens at the PSP without us

    def customer_finishes(self, payment: Payment, *, well: bool) -> None:
        """The customer comes back from the bank."""
        assert payment.state == "requires_action"
        if well:
            self._accept(payment)
        else:
            self._end(payment, "declined", "authentication_failed")

    def dashboard_cancels(self, payment: Payment) -> None:
        assert payment.state == "authorized"
        self._end(payment, "canceled", "requested_by_customer")

    def dashboard_captures(self, payment: Payment, amount_minor: int) -> None:
        assert payment.state == "authorized"
        self._take(payment, amount_minor)

    def customer_tries_again(self, payment: Payment) -> None:
        """A payment that was declined is paid after all, as with another card."""
        assert payment.state == "declined"
        self._accept(payment)

    def dashboard_refunds(self, payment: Payment, amount_minor: int) -> None:
        assert payment.left_minor >= amount_minor > 0
        self._give_back(payment, None, amount_minor)

    def refund_moves(self, payment: Payment, refund: PspRefund, state: RefundState) -> None:
        """A pending refund ends, or one that had succeeded comes back from the customer's bank."""
        assert state in refund_moves_of(refund)
        refund.state = state
        refund.was_given_back = refund.was_given_back or state == "succeeded"
        refund.moved_at = self._clock.now()
        self._tell_refund(payment, refund)

    def other_account_tells(self, charge_id: ChargeId, money: Money) -> None:
        """Another account took money, and its payment says in metadata, which others can edit, that it is of a charge of ours."""
        taken = Approved(
            kind="captured",
            money=money,
            psp_reference=self._reference("pi"),
            occurred_at=self._clock.now(),
        )
        report = WebhookReport(charge_id=charge_id, payment_reference=taken.psp_reference, content=taken)
        self._tell_of(report, OTHER_ACCOUNT)

    def dispute_opens(self, payment: Payment, amount_minor: int, *, is_inquiry: bool) -> None:
        dispute = PspDispute(self._reference("du"), amount_minor, self._clock.now(), is_inquiry=is_inquiry)
        payment.disputes[dispute.reference] = dispute
        self._tell_dispute(payment, dispute)
        if not is_inquiry:
            dispute.withdraw()
            self._tell_dispute(payment, dispute)

    def dispute_moves(self, payment: Payment, dispute: PspDispute, move: DisputeMove) -> None:
        """A step of a dispute; at the PSP no two verdicts on one fall into one second."""
        assert move in dispute_moves_of(dispute)
        dispute.moved_at = self._clock.now()
        self._apply(dispute, move)
        self._tell_dispute(payment, dispute)

    def _apply(self, dispute: PspDispute, move: DisputeMove) -> None:
        match move:
            case "review":
                dispute.status = "under_review"
            case "escalate":
                dispute.status, dispute.is_inquiry = "needs_response", False
                dispute.withdraw()
            case "close":
                dispute.status = "closed"
            case "win":
                dispute.status, dispute.verdicts = "won", dispute.verdicts + 1
            case "lose":
                dispute.status, dispute.verdicts = "lost", dispute.verdicts + 1
            case "reinstate":
                dispute.reinstated_minor += dispute.amount_minor
                dispute.reinstated_fee_minor += DISPUTE_FEE_MINOR
            case "withdraw_again":
                dispute.withdraw()

    # --- calls

    async def _call(
        self, request: Request, operation: str, carry_out: _CarryOut
    ) -> OperationOutcome | RefundOutcome:
        await gate(f"psp.{operation}")
        self.tick()
        answer = self._answer(request, carry_out)
        await gate(f"psp.{operation} answered")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, request: Request, carry_out: _CarryOut) -> OperationOutcome | RefundOutcome | Exception:
        fault = self._fault()
        now = self._clock.now()
        silence = Unknown(reason="no answer in time", since=now)
        match fault:
            case "not_sent":
                return Retryable(reason="the connection was refused")
            case "busy":
                return Retryable(reason="too many requests", retry_after_seconds=3.0)
            case "lost_before":
                return silence
            case "raises_before":
                return ValueError("the gateway has a defect")
            case "late":
                arrives_at = now + (VERY_LATE if self.nature == "wild" else LATE)
                self._on_their_way.append(_OnItsWay(arrives_at, lambda: self._keyed(request, carry_out)))
                return silence
        answer = self._keyed(request, self._with_fault(fault, request, carry_out)) or silence
        if fault == "raises_after":
            return ValueError("the gateway has a defect")
        return silence if fault == "lost_after" else answer

    def _with_fault(self, fault: Fault, request: Request, carry_out: _CarryOut) -> _CarryOut:
        """What is done for a key that was not used yet; None is an internal error."""

        def carry_out_and_fail() -> None:
            carry_out()

        match fault:
            case "poisoned_before":
                return lambda: None
            case "poisoned_after":
                return carry_out_and_fail
            case "rejects" if not isinstance(request, AuthorizeRequest | CompleteRequest):
                return lambda: self._rejected(request)
            case _:
                return carry_out

    def _keyed(self, request: Request, carry_out: _CarryOut) -> OperationOutcome | RefundOutcome | None:
        """Carry out a call once per key, and give the first answer again; None is an internal error."""
        now = self._clock.now()
        kept = self._keys.get(request.idempotency_key)
        if kept is not None and now - kept.kept_at < self._keys_kept_for(request):
            if kept.request != request:
                self.complaints.append(f"{request.idempotency_key} was used for two requests")
            return kept.answer
        if kept is not None:
            self.complaints.append(f"{request.idempotency_key} was used after it was forgotten")
        answer = carry_out()
        self._keys[request.idempotency_key] = _Kept(request, answer, now)
        return answer

    def _keys_kept_for(self, _request: Request) -> timedelta:
        return KEYS_KEPT_FOR

    async def _read(self, what: str, find: Callable[[], Found]) -> Found | Retryable:
        await gate(f"psp.{what}")
        self.tick()
        is_away = self._fault() != "none"
        found: Found | Retryable = Retryable(reason="the PSP does not answer") if is_away else find()
        await gate(f"psp.{what} answered")
        return found

    def _fault(self) -> Fault:
        if self._away_until is not None and self._clock.now() < self._away_until:
            return "not_sent"
        return self.faults.popleft() if self.faults else "none"

    # --- what the calls do

    def _authorize(self, request: AuthorizeRequest) -> Outcome:
        payment = Payment(self.name, self._reference("pi"), request, self._clock.now())
        self.payments[payment.reference] = payment
        match (token_of(request.payment_method) or "").removesuffix("_late_fee"):
            case "pm_declines":
                self._end(payment, "declined", "card_declined")
            case "pm_challenges":
                payment.state = "requires_action"
                self._tell_payment(payment)
            case "pm_takes_its_time":
                pass
            case _:
                self._accept(payment)
        return self._record(payment)

    def _capture(self, request: CaptureRequest) -> KnownOutcome | Unknown | Rejected:
        payment = self.payments[request.psp_reference]
        if payment.state == "authorized" and request.money.amount_minor <= payment.money.amount_minor:
            self._take(payment, request.money.amount_minor)
        return self._ended(payment) or self._refused()

    def _cancel(self, request: CancelRequest) -> KnownOutcome | Unknown | Rejected:
        payment = self.payments[request.psp_reference]
        if payment.state in ("authorized", "requires_action", "declined"):
            state: PaymentState = "expired" if request.reason == "abandoned" else "canceled"
            self._end(payment, state, request.reason)
        return self._ended(payment) or self._refused()

    def _refund(self, request: RefundRequest) -> RefundOutcome:
        payment = self.payments[request.psp_reference]
        now = self._clock.now()
        code: RefundFailureCode | None = None
        if payment.is_disputed:
            code = "charge_disputed"
        elif payment.state != "captured" or request.money.amount_minor > payment.left_minor:
            code = "not_refundable"
        if code is not None:
            return RefundRejected(code=code, message="No.", occurred_at=now)
        refund = self._give_back(payment, request.refund_id, request.money.amount_minor)
        return self._report(payment, refund)

    def _rejected(self, request: Request) -> Rejected | RefundRejected:
        if isinstance(request, RefundRequest):
            now = self._clock.now()
            return RefundRejected(code="psp_rejected_request", message="No.", occurred_at=now)
        return self._refused()

    def _refused(self) -> Rejected:
        failure = Failure(code="psp_rejected_request", message="No.", advice="do_not_retry")
        return Rejected(failure=failure, occurred_at=self._clock.now())

    def _decide(self, payment: Payment) -> None:
        """What was taken on is decided."""
        self._accept(payment)

    def _accept(self, payment: Payment) -> None:
        """The customer's bank says yes."""
        payment.was_paid = True
        if payment.is_automatic:
            self._take(payment, payment.money.amount_minor)
            return
        payment.state, payment.moved_at = "authorized", self._clock.now()
        payment.lapses_at = payment.moved_at + HOLDS_LAST
        self._tell_payment(payment)

    def _take(self, payment: Payment, amount_minor: int) -> None:
        payment.state, payment.moved_at = "captured", self._clock.now()
        payment.captured_minor = amount_minor
        payment.fee_minor = 0 if payment.has_late_fee else FEE_MINOR
        self._tell_payment(payment)

    def _end(self, payment: Payment, state: PaymentState, reason: str) -> None:
        payment.state, payment.moved_at, payment.ended_because = state, self._clock.now(), reason
        payment.ends.add(state)
        self._tell_payment(payment)

    def _give_back(self, payment: Payment, refund_id: RefundId | None, amount_minor: int) -> PspRefund:
        refund = PspRefund(
            self._reference("re"), refund_id, amount_minor, self.refunds_begin, self._clock.now()
        )
        refund.fee_minor = self._fee_back_minor(payment)
        payment.refunds[refund.reference] = refund
        self._tell_refund(payment, refund)
        return refund

    def _fee_back_minor(self, _payment: Payment) -> int:
        """What the PSP gives back of its fee with the next refund."""
        return 0

    # --- records

    def _found(self, inquiry: Inquiry) -> Outcome | NotFound:
        if inquiry.psp_reference is not None:
            payment = self.payments.get(inquiry.psp_reference)
            return self._record(payment) if payment else NotFound()
        told = self.payments.get(inquiry.reported_reference) if inquiry.reported_reference else None
        if told is not None and told.charge_id == inquiry.charge_id:
            return self._record(told)
        settled_before = self._clock.now() - SEARCH_LAGS
        for payment in self.payments.values():
            if payment.charge_id == inquiry.charge_id and payment.created_at <= settled_before:
                return self._record(payment)
        return NotFound()

    def _found_refund(self, inquiry: RefundInquiry) -> RefundReport | NotFound:
        payment = self.payments.get(inquiry.payment_reference)
        for refund in payment.refunds.values() if payment else ():
            if inquiry.psp_reference in (None, refund.reference) and refund.refund_id == inquiry.refund_id:
                return self._report(payment, refund) if payment else NotFound()
            if inquiry.psp_reference == refund.reference and payment:
                return self._report(payment, refund)
        return NotFound()

    def _record(self, payment: Payment) -> KnownOutcome | Unknown:
        """What the PSP says of a payment now."""
        reference, at = payment.reference, payment.moved_at
        match payment.state:
            case "captured":
                currency = payment.money.currency
                return Approved(
                    kind="captured",
                    money=Money(payment.captured_minor, currency),
                    psp_reference=reference,
                    occurred_at=at,
                    fee=Money(payment.fee_minor, currency) if payment.fee_minor else None,
                )
            case "authorized":
                return Approved(
                    kind="authorized",
                    money=payment.money,
                    psp_reference=reference,
                    occurred_at=at,
                    capture_before=payment.lapses_at,
                )
            case "requires_action":
                return ActionRequired(psp_reference=reference, redirect_url="https://psp.example/3ds")
            case "approved":
                return Consented(psp_reference=reference, occurred_at=at, noticed_at=self._clock.now())
            case "processing":
                return Unknown(reason="processing at the PSP", since=self._clock.now())
            case "declined":
                failure = Failure(code="card_declined", message="Declined.", advice="ask_customer")
                return Declined(failure=failure, occurred_at=at, psp_reference=reference)
            case "canceled":
                return Canceled(reason=payment.ended_because, psp_reference=reference, occurred_at=at)
            case "expired":
                lapsed = payment.ended_because == "authorization_lapsed"
                return Expired(
                    reason="authorization_lapsed" if lapsed else "abandoned",
                    psp_reference=reference,
                    occurred_at=at,
                )

    def _ended(self, payment: Payment) -> KnownOutcome | Unknown | None:
        """What a payment became that takes no more operations."""
        if payment.state not in ("captured", "canceled", "expired"):
            return None
        return self._record(payment)

    def _report(self, payment: Payment, refund: PspRefund) -> RefundReport:
        return RefundReport(
            status=refund.state,
            psp_reference=refund.reference,
            money=Money(refund.amount_minor, payment.money.currency),
            occurred_at=refund.moved_at,
            refund_id=refund.refund_id,
            failure_code="declined" if refund.state == "failed" else None,
            fee=Money(refund.fee_minor, payment.money.currency)
            if refund.state == "succeeded" and refund.fee_minor
            else None,
        )

    # --- what is told

    def _tell_payment(self, payment: Payment) -> None:
        self._tell(payment, payment.charge_id, self._record(payment))

    def _tell_refund(self, payment: Payment, refund: PspRefund) -> None:
        self._tell(payment, None, self._report(payment, refund))

    def _tell_dispute(self, payment: Payment, dispute: PspDispute) -> None:
        self._tell(payment, None, self._dispute_report(payment, dispute))

    def _dispute_report(self, payment: Payment, dispute: PspDispute) -> DisputeReport:
        currency: Currency = payment.money.currency
        return DisputeReport(
            psp_reference=dispute.reference,
            status=dispute.status,
            money=Money(dispute.amount_minor, currency),
            reason="fraudulent",
            is_inquiry=dispute.is_inquiry,
            occurred_at=self._clock.now(),
            movements=(
                DisputeMovements(
                    currency=currency,
                    withdrawn_minor=dispute.withdrawn_minor,
                    withdrawn_fee_minor=dispute.withdrawn_fee_minor,
                    reinstated_minor=dispute.reinstated_minor,
                    reinstated_fee_minor=dispute.reinstated_fee_minor,
                    held_minor=dispute.held_minor,
                ),
            ),
        )

    def _tell(
        self,
        payment: Payment,
        charge_id: ChargeId | None,
        said: KnownOutcome | Unknown | RefundReport | DisputeReport,
    ) -> None:
        report = WebhookReport(charge_id=charge_id, payment_reference=payment.reference, content=said)
        self._tell_of(report)

    def _tell_of(self, report: WebhookReport, account: PspAccount | None = None) -> None:
        event_id = f"evt_{next(self._numbers)}"
        self.told.append(PspEvent(self.name, account or self.account, event_id, report))

    def _reference(self, prefix: str) -> PspReference:
        return PspReference(f"{prefix}_{self.name}_{next(self._numbers)}")
