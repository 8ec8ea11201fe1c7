"""PayPal as a PSP gateway: orders that their customers approve and we complete, or that a kept token pays at once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import (
    ActionRequired,
    Consented,
    Declined,
    DisputeReport,
    Expired,
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
)
from fincore.domain.payment_method import CardToken, HostedCard, KeptCard, PayPalWallet, UntokenisedCard
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.paypal.account import PAYPAL, PayPalAccount
from fincore.write.psp.paypal.amounts import Inexpressible, to_paypal
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.holds import PayPalHolds
from fincore.write.psp.paypal.inquiries import PayPalInquiries
from fincore.write.psp.paypal.issue_table import OUR_FAULT_PAUSE_SECONDS
from fincore.write.psp.paypal.limits import PAYPAL_LIMITS
from fincore.write.psp.paypal.lookups import CAPTURES, ORDER, ORDERS, REFUND, PayPalLookups, object_path
from fincore.write.psp.paypal.orders import names, read_order, understood
from fincore.write.psp.paypal.outcomes import (
    PAGE_MISSING,
    ReadRecord,
    authorization_outcome,
    completion_outcome,
)
from fincore.write.psp.paypal.refunds import refund_outcome_of
from fincore.write.psp.paypal.requests import order_body, refund_body
from fincore.write.psp.paypal.wire import Order
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
)

ORDER_LIFE: Final = timedelta(days=3)
"""PayPal forgets an order that was not approved within hours. Within this age one that it does not hold any more took nothing;
of an older charge, its forgetting says nothing."""


class PayPalGateway:
    """A `PspGateway`.

    Money that PayPal has no amount for is refused without asking, and so is what needs a page where there is none.
    """

    name: PspName = PAYPAL
    limits: PspLimits = PAYPAL_LIMITS

    def __init__(
        self, accounts: Mapping[PspAccount, PayPalAccount], *, client: PayPalClient, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._client = client
        self._clock = clock
        self._lookups = PayPalLookups(client)
        self._inquiries = PayPalInquiries(self._lookups, clock)
        self._holds = PayPalHolds(client, self._lookups, clock)

    async def authorize(self, request: AuthorizeRequest) -> Outcome:
        """One POST that creates an order: for the customer to approve, or paid at once with a kept token."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        if isinstance(request.payment_method, CardToken | HostedCard | UntokenisedCard | KeptCard):
            return Declined(failure=_NOT_TAKEN, occurred_at=self._clock.now())
        is_wallet = isinstance(request.payment_method, PayPalWallet)
        if is_wallet and (request.return_url is None or request.cancel_url is None):
            return Declined(failure=PAGE_MISSING, occurred_at=self._clock.now())
        amount = to_paypal(request.money)
        if isinstance(amount, Inexpressible):
            return Declined(failure=_failure(amount), occurred_at=self._clock.now())
        response = await self._client.post(
            account,
            ORDERS,
            order_body(request, request.payment_method, amount),
            request_id=request.idempotency_key,
            reads=ORDER,
        )
        return authorization_outcome(response, request, now=self._clock.now())

    async def complete(self, request: CompleteRequest) -> Outcome:
        """Capture or authorize the approved order. What was completed before is read from PayPal's record."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        verb = "capture" if request.capture_method == "automatic" else "authorize"
        response = await self._client.post(
            account,
            f"{object_path(ORDERS, request.psp_reference)}/{verb}",
            {},
            request_id=request.idempotency_key,
            reads=ORDER,
        )
        outcome = completion_outcome(response, request, now=self._clock.now())
        if not isinstance(outcome, ReadRecord | ActionRequired):
            return outcome
        order, now = await self._lookups.order(account, request.psp_reference), self._clock.now()
        shown: Outcome | None = None
        if not isinstance(order, NotFound | Retryable) and names(order, request.charge_id):
            shown = understood(read_order(order, now=now), now)
        if isinstance(shown, ActionRequired):
            # PayPal tells times in whole seconds: by them alone, an approval right after a refused one would be taken for that one.
            asked = outcome if isinstance(outcome, ActionRequired) else shown
            return msgspec.structs.replace(asked, is_approval_over=True)
        if isinstance(outcome, ActionRequired):
            return outcome
        if shown is None or isinstance(shown, Consented):
            return Unknown(reason=outcome.reason, since=now)
        return shown

    async def capture(self, request: CaptureRequest) -> OperationOutcome:
        """Take held money, and let the rest of it go. The fee comes with the response."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        amount = to_paypal(request.money)
        if isinstance(amount, Inexpressible):
            return Rejected(failure=_failure(amount), occurred_at=self._clock.now())
        return await self._holds.capture(account, request, amount)

    async def cancel(self, request: CancelRequest) -> OperationOutcome:
        """Void what is held; an order that holds nothing is given up by not being completed."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        return await self._holds.cancel(account, request)

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        """One POST that gives money of the capture back. A refusal because it was given back already is looked at first."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        amount = to_paypal(request.money)
        if isinstance(amount, Inexpressible):
            return RefundRejected(
                code="psp_rejected_request", message=amount.reason, occurred_at=self._clock.now()
            )
        capture = request.capture or await self._inquiries.capture(account, request.psp_reference)
        if not isinstance(capture, str):
            return capture
        response = await self._client.post(
            account,
            f"{object_path(CAPTURES, capture)}/refund",
            refund_body(request, amount),
            request_id=request.idempotency_key,
            reads=REFUND,
        )
        outcome = refund_outcome_of(response, request, capture, now=self._clock.now())
        if isinstance(outcome, RefundRejected) and outcome.code == "not_refundable":
            return await self._inquiries.refund_made_before(account, request) or outcome
        return outcome

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        """Read the order. Without its id there is nothing to ask for.

        Then an order for a customer to approve is NotFound, because its customer was never sent to a page and it took nothing; one that a
        kept token may have paid at once is not.
        """
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        if inquiry.psp_reference is not None:
            order = await self._lookups.order(account, inquiry.psp_reference)
            return self._forgotten(inquiry) if isinstance(order, NotFound) else self._shown(order)
        if inquiry.reported_reference is not None:
            order = await self._lookups.order(account, inquiry.reported_reference)
            if isinstance(order, Retryable) or (isinstance(order, Order) and names(order, inquiry.charge_id)):
                return self._shown(order)
        if isinstance(inquiry.payment_method, PayPalWallet):
            return NotFound()
        return Retryable(reason="PayPal cannot be searched for a payment without the id of its order")

    async def inquire_refund(self, inquiry: RefundInquiry) -> RefundReport | NotFound | Retryable | Unknown:
        """Read the refund, by PayPal's id of it, or among the refunds of the order."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        return await self._inquiries.refund(account, inquiry)

    async def inquire_dispute(
        self, inquiry: DisputeInquiry
    ) -> DisputeReport | NotFound | Retryable | Unknown:
        """Read the dispute: what it says now."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        return await self._inquiries.dispute(account, inquiry)

    async def charge_of(
        self, psp_account: PspAccount, payment_reference: PspReference
    ) -> ChargeId | NotFound | Retryable:
        """Our id from the order, or from the capture, that the reference names; NotFound for one without it."""
        account = self._accounts.get(psp_account)
        if account is None:
            return _no_such_account(psp_account)
        order = await self._lookups.order(account, payment_reference)
        if isinstance(order, Retryable):
            return order
        custom_id: str | None = None
        if isinstance(order, Order):
            custom_id = order.purchase_units[0].custom_id if len(order.purchase_units) == 1 else None
        else:
            capture = await self._lookups.capture(account, payment_reference)
            if isinstance(capture, NotFound | Retryable):
                return capture
            custom_id = capture.custom_id
        try:
            return parse_charge_id(custom_id or "")
        except InvalidId:
            return NotFound()

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    def _shown(self, order: Order | Retryable) -> Outcome:
        now = self._clock.now()
        return order if isinstance(order, Retryable) else understood(read_order(order, now=now), now)

    def _forgotten(self, inquiry: Inquiry) -> Expired | NotFound:
        """What it means that PayPal does not hold the charge's order any more."""
        now = self._clock.now()
        took_nothing = isinstance(inquiry.payment_method, PayPalWallet) and not inquiry.may_be_completed
        if took_nothing and inquiry.psp_reference is not None and now - inquiry.created_at < ORDER_LIFE:
            return Expired(reason="abandoned", psp_reference=inquiry.psp_reference, occurred_at=now)
        return NotFound()


_NOT_TAKEN: Final = Failure(
    code="payment_method_invalid",
    message="PayPal takes its own wallet and tokens only, and no card.",
    advice="do_not_retry",
)


def _failure(inexpressible: Inexpressible) -> Failure:
    return Failure(code="psp_rejected_request", message=inexpressible.reason, advice="do_not_retry")


def _no_such_account(name: PspAccount) -> Retryable:
    return Retryable(
        reason=f"no such account: PayPal account {name!r} is not configured",
        retry_after_seconds=OUR_FAULT_PAUSE_SECONDS,
        was_called=False,
    )
