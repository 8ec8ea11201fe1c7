"""Stripe as a PSP gateway: payment intents, confirmed by our server in the call that creates them, and refunds."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import (
    Declined,
    DisputeReport,
    Failure,
    OperationOutcome,
    Outcome,
    PspAccount,
    PspName,
    PspReference,
    RefundOutcome,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
    Unreadable,
)
from fincore.domain.payment_method import CardToken, HostedCard
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    CompleteRequest,
    DisputeInquiry,
    Inquiry,
    NotFound,
    ReceiptRefused,
    RefundInquiry,
    RefundRequest,
)
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.amounts import Inexpressible, to_stripe
from fincore.write.psp.stripe.checkout import StripeCheckout
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.disputes import read_dispute
from fincore.write.psp.stripe.error_tables import OUR_FAULT_PAUSE_SECONDS
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.hosted_pages import is_hosted, of_session
from fincore.write.psp.stripe.intents import names, read_intent, understood
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fincore.write.psp.stripe.lookups import INTENT, INTENTS, REFUND, REFUNDS, StripeLookups, object_path
from fincore.write.psp.stripe.mapping import operation_outcome_of, outcome_of
from fincore.write.psp.stripe.refunds import read_refund, refund_outcome_of
from fincore.write.psp.stripe.requests import (
    WITH_FEE,
    authorization_form,
    cancellation_form,
    capture_form,
    refund_form,
)
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    CheckoutSession,
    PaymentIntent,
    StripeDispute,
    StripeRefund,
)


class StripeGateway:
    """A `PspGateway`.

    Money that Stripe has no amount for is refused without asking.
    """

    name: PspName = STRIPE
    limits: PspLimits = STRIPE_LIMITS

    def __init__(
        self, accounts: Mapping[PspAccount, StripeAccount], *, client: StripeClient, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._client = client
        self._clock = clock
        self._lookups = StripeLookups(client, clock)
        self._checkout = StripeCheckout(client, self._lookups, clock)

    async def authorize(self, request: AuthorizeRequest) -> Outcome | ReceiptRefused:
        """One POST that creates and confirms a payment intent, or opens a page for the customer."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        if not isinstance(request.payment_method, CardToken | HostedCard):
            return Declined(failure=_NOT_TAKEN, occurred_at=self._clock.now())
        amount = to_stripe(request.money)
        if isinstance(amount, Inexpressible):
            return Declined(failure=_failure(amount), occurred_at=self._clock.now())
        if isinstance(request.payment_method, HostedCard):
            return await self._checkout.authorize(account, request, amount)
        response = await self._client.post(
            INTENTS,
            authorization_form(request, request.payment_method, amount),
            account=account,
            idempotency_key=request.idempotency_key,
            reads=INTENT,
        )
        return outcome_of(
            response,
            request.charge_id,
            now=self._clock.now(),
            has_receipt=request.customer_email is not None,
        )

    async def complete(self, request: CompleteRequest) -> Outcome:
        """Stripe goes on by itself once the customer has acted: read what it did."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        if is_hosted(request.psp_reference):
            return await self._checkout.read(account, request.psp_reference)
        found = await self._lookups.payment(account, request.psp_reference, expand=WITH_FEE)
        shown = self._outcome_shown(found)
        if isinstance(shown, NotFound):
            return Unknown(
                reason="Stripe does not show the payment that it showed before", since=self._clock.now()
            )
        return shown

    async def capture(self, request: CaptureRequest) -> OperationOutcome:
        """Take held money. The fee comes with the response."""
        amount = to_stripe(request.money)
        if isinstance(amount, Inexpressible):
            return Rejected(failure=_failure(amount), occurred_at=self._clock.now())
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        return await self._operate(account, request, "capture", capture_form(amount))

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        """Cancel a payment intent, which lets go what is held, or expire a page that was not paid."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        if is_hosted(request.psp_reference):
            return await self._checkout.cancel(account, request)
        return await self._operate(account, request, "cancel", cancellation_form(request))

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        """One POST that makes a refund with our ids in its metadata."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        amount = to_stripe(request.money)
        if isinstance(amount, Inexpressible):
            return RefundRejected(
                code="psp_rejected_request", message=amount.reason, occurred_at=self._clock.now()
            )
        payment = await self._payment(account, request.psp_reference, request.capture)
        if not isinstance(payment, str):
            return payment
        request = msgspec.structs.replace(request, psp_reference=payment)
        response = await self._client.post(
            REFUNDS,
            refund_form(request, amount),
            account=account,
            idempotency_key=request.idempotency_key,
            reads=REFUND,
        )
        return refund_outcome_of(response, request, now=self._clock.now())

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        """Read the payment itself, found by our metadata where Stripe's id of it is not known."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        is_session = inquiry.psp_reference is not None and is_hosted(inquiry.psp_reference)
        if is_session or isinstance(inquiry.payment_method, HostedCard):
            return await self._checkout.inquire(account, inquiry)
        reported = inquiry.reported_reference
        if inquiry.psp_reference is None and reported is not None:
            found = await self._lookups.payment(account, reported, expand=WITH_FEE)
            if not isinstance(found, PaymentIntent) or names(found, inquiry.charge_id):
                return self._outcome_shown(found)
        if inquiry.psp_reference is not None:
            return self._outcome_shown(
                await self._lookups.payment(account, inquiry.psp_reference, expand=WITH_FEE)
            )
        reference = await self._lookups.reference_of(account, inquiry)
        if not isinstance(reference, str):
            return reference
        found = await self._lookups.payment(account, reference, expand=WITH_FEE)
        if isinstance(found, PaymentIntent) and not names(found, inquiry.charge_id):
            # What Stripe's index says of a payment, its record must confirm.
            return Unknown(
                reason="Stripe's search named a payment that is of another charge", since=self._clock.now()
            )
        return self._outcome_shown(found)

    def _outcome_shown(self, found: PaymentIntent | NotFound | Retryable) -> Outcome | NotFound:
        now = self._clock.now()
        return understood(read_intent(found, now=now), now) if isinstance(found, PaymentIntent) else found

    async def inquire_refund(self, inquiry: RefundInquiry) -> RefundReport | NotFound | Retryable | Unknown:
        """Read the refund itself, found by our metadata where Stripe's id of it is not known."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        payment = await self._payment(account, inquiry.payment_reference, inquiry.capture)
        if not isinstance(payment, str):
            return payment
        inquiry = msgspec.structs.replace(inquiry, payment_reference=payment)
        if inquiry.psp_reference is not None:
            found = await self._lookups.refund(account, inquiry.psp_reference)
        elif inquiry.refund_id is not None:
            found = await self._lookups.refund_of(account, inquiry)
        else:
            return NotFound()
        if not isinstance(found, StripeRefund):
            return found
        if found.payment_intent != inquiry.payment_reference:
            return Unknown(
                reason="Stripe's record is of a refund of another payment", since=self._clock.now()
            )
        report = read_refund(found, now=self._clock.now())
        return (
            Unknown(reason=report.reason, since=self._clock.now())
            if isinstance(report, Unreadable)
            else report
        )

    async def inquire_dispute(
        self, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        """Read the dispute itself: what it says now."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        payment = await self._payment(account, inquiry.payment_reference, inquiry.capture)
        if not isinstance(payment, str):
            return payment
        found = await self._lookups.dispute(account, inquiry.psp_reference)
        if not isinstance(found, StripeDispute):
            return found
        now = self._clock.now()
        if found.payment_intent != payment:
            return Unknown(reason="Stripe's record is of a dispute of another payment", since=now)
        read = read_dispute(found, occurred_at=now)
        if read.report is None or read.unreadable is not None:
            return Unknown(reason=read.unreadable or "Stripe's record of the dispute says nothing", since=now)
        return read.report

    async def charge_of(
        self, psp_account: PspAccount, payment_reference: PspReference
    ) -> ChargeId | NotFound | Retryable:
        """Our id from the payment's metadata; NotFound for a payment without one, or with what is none."""
        account = self._accounts.get(psp_account)
        if account is None:
            return _no_such_account(psp_account)
        named: str | None
        if is_hosted(payment_reference):
            session = await self._lookups.session(account, payment_reference)
            if not isinstance(session, CheckoutSession):
                return session
            named = session.client_reference_id
        else:
            found = await self._lookups.payment(account, payment_reference)
            if not isinstance(found, PaymentIntent):
                return found
            named = found.metadata.get(CHARGE_ID_KEY)
        try:
            return parse_charge_id(named or "")
        except InvalidId:
            return NotFound()

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _payment(
        self, account: StripeAccount, reference: PspReference, part: PspReference | None
    ) -> PspReference | Retryable | Unknown:
        """The payment intent of a payment: that itself, or that of a session, which the log knows once there was money."""
        if not is_hosted(reference):
            return reference
        return part or await self._checkout.payment(account, reference)

    async def _operate(
        self,
        account: StripeAccount,
        request: CaptureRequest | CancelRequest,
        verb: Literal["capture", "cancel"],
        form: Form,
    ) -> OperationOutcome:
        payment = await self._payment(account, request.psp_reference, request.authorization)
        if not isinstance(payment, str):
            return payment
        response = await self._client.post(
            f"{object_path(INTENTS, payment)}/{verb}",
            form,
            account=account,
            idempotency_key=request.idempotency_key,
            reads=INTENT,
        )
        what = "the capture" if verb == "capture" else "the cancellation"
        outcome = operation_outcome_of(response, what, payment, now=self._clock.now())
        if payment == request.psp_reference:
            return outcome
        return of_session(outcome, request.psp_reference, payment)


_NOT_TAKEN: Final = Failure(
    code="payment_method_invalid",
    message="Stripe is configured for cards only.",
    advice="do_not_retry",
)


def _failure(inexpressible: Inexpressible) -> Failure:
    return Failure(code="psp_rejected_request", message=inexpressible.reason, advice="do_not_retry")


def _no_such_account(name: PspAccount) -> Retryable:
    return Retryable(
        reason=f"no such account: Stripe account {name!r} is not configured",
        retry_after_seconds=OUR_FAULT_PAUSE_SECONDS,
        was_called=False,
    )
