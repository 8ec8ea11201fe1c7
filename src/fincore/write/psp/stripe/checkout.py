"""Calls about payments on Stripe's page: Checkout sessions, and the payment intents that customers make by paying them."""

from typing import Final

from fincore.domain.clock import Clock
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Declined,
    Expired,
    Failure,
    OperationOutcome,
    Outcome,
    Pending,
    PspReference,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.port import AuthorizeRequest, CancelRequest, Inquiry, NotFound, ReceiptRefused
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.error_policy import operation_error_policy, undetermined_outcome
from fincore.write.psp.stripe.error_tables import Repeat
from fincore.write.psp.stripe.hosted_pages import names_charge, of_session, payment_of, read_session
from fincore.write.psp.stripe.intents import understood
from fincore.write.psp.stripe.lookups import INTENT, INTENTS, SESSION, SESSIONS, StripeLookups, object_path
from fincore.write.psp.stripe.mapping import operation_outcome_of, session_outcome_of
from fincore.write.psp.stripe.requests import cancellation_form, session_form
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import CheckoutSession


class StripeCheckout:
    """Opens sessions, expires them, and reads what they became. The account is known to be configured."""

    def __init__(self, client: StripeClient, lookups: StripeLookups, clock: Clock) -> None:
        self._client = client
        self._lookups = lookups
        self._clock = clock

    async def authorize(
        self, account: StripeAccount, request: AuthorizeRequest, amount: int
    ) -> Outcome | ReceiptRefused:
        """One POST that opens a session: its page is where the customer pays.

        A session of which the response was lost takes nothing: only the response tells the page's address.
        """
        if request.return_url is None:
            return Declined(failure=PAGE_MISSING, occurred_at=self._clock.now())
        response = await self._client.post(
            SESSIONS,
            session_form(request, request.return_url, amount),
            account=account,
            idempotency_key=request.idempotency_key,
            reads=SESSION,
        )
        return session_outcome_of(response, request, amount, now=self._clock.now())

    async def inquire(self, account: StripeAccount, inquiry: Inquiry) -> Outcome | NotFound:
        """Read the session, by its id or by the payment intent that a report named.

        Without either there is nothing to ask for: its customer was never sent to a page.
        """
        found: CheckoutSession | NotFound | Retryable = NotFound()
        if inquiry.psp_reference is not None:
            found = await self._lookups.session(account, inquiry.psp_reference)
        elif inquiry.reported_reference is not None:
            found = await self._lookups.session_with(account, inquiry.reported_reference)
        if not isinstance(found, CheckoutSession):
            return found
        if not names_charge(found, inquiry.charge_id):
            # A session of another charge, or of no charge of ours.
            if inquiry.psp_reference is None:
                return NotFound()
            return self._unknown("Stripe's record is of a session that was opened for something else")
        return self._shown(found)

    async def read(self, account: StripeAccount, reference: PspReference) -> Outcome:
        """What a session has become."""
        found = await self._lookups.session(account, reference)
        if isinstance(found, NotFound):
            return self._unknown("Stripe does not show the session that it showed before")
        return found if isinstance(found, Retryable) else self._shown(found)

    async def payment(
        self, account: StripeAccount, reference: PspReference
    ) -> PspReference | Retryable | Unknown:
        """The payment intent of a session, where the log does not know it yet."""
        found = await self._lookups.session(account, reference)
        if isinstance(found, Retryable):
            return found
        payment = None if isinstance(found, NotFound) else payment_of(found)
        return payment or self._unknown("Stripe's record of the session names no payment")

    async def cancel(self, account: StripeAccount, request: CancelRequest) -> OperationOutcome:
        """Expire the session, or cancel the payment intent that holds the money. What comes too late is looked at."""
        if request.authorization is not None:
            return await self._release(account, request, request.authorization)
        response = await self._client.post(
            f"{object_path(SESSIONS, request.psp_reference)}/expire",
            {"expand": ["payment_intent"]},
            account=account,
            idempotency_key=request.idempotency_key,
            reads=SESSION,
        )
        match response:
            case NotSent(reason=reason):
                return Retryable(reason=reason)
            case NoResponse(reason=reason):
                return self._unknown(reason)
            case Response(body=CheckoutSession() as session) if session.id == request.psp_reference:
                return self._given_up(self._shown(session))
            case Response(status=status, error=error):
                policy = operation_error_policy(status, error)
                if isinstance(policy, Repeat):
                    return undetermined_outcome(policy, response, self._clock.now())
                return await self._what_became_of_it(account, request)

    async def _what_became_of_it(self, account: StripeAccount, request: CancelRequest) -> OperationOutcome:
        """Stripe would not expire the session: it was paid, or had expired before, and its record shows which."""
        found = await self._lookups.session(account, request.psp_reference)
        if not isinstance(found, CheckoutSession):
            return self._unknown("Stripe did not expire the session, and its record gave no response")
        shown, payment = self._shown(found), payment_of(found)
        if isinstance(shown, Approved) and shown.kind == "authorized" and payment is not None:
            return await self._release(account, request, payment)
        return self._given_up(shown)

    async def _release(
        self, account: StripeAccount, request: CancelRequest, payment: PspReference
    ) -> OperationOutcome:
        response = await self._client.post(
            f"{object_path(INTENTS, payment)}/cancel",
            cancellation_form(request),
            account=account,
            idempotency_key=f"{request.idempotency_key}:release",
            reads=INTENT,
        )
        outcome = operation_outcome_of(response, "the cancellation", payment, now=self._clock.now())
        return of_session(outcome, request.psp_reference, payment)

    def _given_up(self, shown: Outcome) -> OperationOutcome:
        now = self._clock.now()
        match shown:
            case Expired() | Canceled() | Declined() | Approved(kind="captured"):
                return shown
            case Pending():
                return Rejected(failure=BEING_DECIDED, occurred_at=now)
            case _:
                return self._unknown("Stripe did not expire the session")

    def _shown(self, session: CheckoutSession) -> Outcome:
        now = self._clock.now()
        return understood(read_session(session, now=now), now)

    def _unknown(self, reason: str) -> Unknown:
        return Unknown(reason=reason, since=self._clock.now())


PAGE_MISSING: Final = Failure(
    code="authentication_required",
    message="The customer would have to pay on Stripe's page, and the charge has no return_url to come back to.",
    advice="ask_customer",
)
BEING_DECIDED: Final = Failure(
    code="psp_rejected_request",
    message="The customer has paid in a way that is decided later; it cannot be canceled until then.",
    advice="retry_later",
)
