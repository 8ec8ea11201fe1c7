"""Creates and ends checkout sessions, as merchants ask for it."""

from collections.abc import Callable
from datetime import timedelta

from fincore.domain.checkout_decisions import SessionRefusal, end_session
from fincore.domain.checkout_page import checkout_page
from fincore.domain.checkout_session import CheckoutSession, evolve_session
from fincore.domain.checkout_session_events import (
    PAYMENT_METHODS,
    CheckoutSessionCreated,
    CheckoutSessionEvent,
    LineItem,
    SessionPaymentMethod,
)
from fincore.domain.clock import Clock
from fincore.domain.events import CaptureMethod
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import (
    CheckoutSessionId,
    MerchantId,
    RequestId,
    new_stream_id,
    session_of,
    session_stream_of,
)
from fincore.domain.money import Money
from fincore.domain.return_page import new_word
from fincore.domain.route_plan import PaymentMethodChoice, RoutePlan
from fincore.eventstore.commit import RenderedResponse
from fincore.write.checkout.session_jobs import session_jobs
from fincore.write.checkout.session_request import CheckoutSessionRequest, ExpireRequest, currency_of_session
from fincore.write.checkout.sessions import SessionRecorder
from fincore.write.payments.command import Command
from fincore.write.payments.customer_request import customer_context
from fincore.write.payments.idempotent_requests import Decision, IdempotentRequests, Refused, Responded
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.routing.router import NoRoute, Router, RouteRequest

Render = Callable[[CheckoutSessionId, CheckoutSession, RequestId], RenderedResponse]
"""How a session is shown to the merchant that asked something of it."""


class SessionCommand(Command, frozen=True, kw_only=True):
    """A checked request to create a session, and what the platform charges for it in its currency."""

    request: CheckoutSessionRequest
    fee_plan: FeePlan | None = None


class ExpireCommand(Command, frozen=True, kw_only=True):
    """A request to end a session."""

    session_id: CheckoutSessionId
    request: ExpireRequest


class SessionService:
    """Takes sessions in and ends them. `router` decides how a session can be paid.

    `public_url` is where customers reach this installation. Without it no session can be created.
    """

    def __init__(
        self,
        *,
        requests: IdempotentRequests[CheckoutSessionEvent],
        outcomes: OutcomeWait[CheckoutSession],
        sessions: SessionRecorder,
        clock: Clock,
        router: Router,
        render_created: Render,
        render_ended: Render,
        public_url: str | None,
    ) -> None:
        self._requests = requests
        self._outcomes = outcomes
        self._sessions = sessions
        self._clock = clock
        self._router = router
        self._render_created = render_created
        self._render_ended = render_ended
        self._public_url = public_url

    async def create(self, command: SessionCommand) -> Responded | Refused:
        """Create a session, or return the response that its idempotency key got before.

        Raises `Overloaded` and `StoreUnavailable`: the same request with the same key may be repeated.
        """

        async def decide() -> Decision[CheckoutSession, CheckoutSessionEvent] | Refused:
            return self._new_session(command)

        return await self._requests.respond(
            command, decide, self._outcomes, busy=Refused("checkout_session_busy")
        )

    async def expire(self, command: ExpireCommand) -> Responded | Refused:
        """End a session, at once or as soon as its live attempt is known to be closed. Raises as `create`."""

        async def decide() -> Decision[CheckoutSession, CheckoutSessionEvent] | Refused:
            return await self._ended(command)

        return await self._requests.respond(
            command,
            decide,
            self._outcomes,
            busy=Refused("checkout_session_busy"),
            on=session_stream_of(command.session_id),
        )

    def _new_session(
        self, command: SessionCommand
    ) -> Decision[CheckoutSession, CheckoutSessionEvent] | Refused:
        if self._public_url is None:
            return Refused("checkout_not_configured")
        request, now = command.request, self._clock.now()
        stream_id = new_stream_id()
        session_id = session_of(stream_id)
        capture: CaptureMethod = "automatic" if request.capture else "manual"
        money = Money(request.amount_minor, currency_of_session(request))
        offered: list[SessionPaymentMethod] = []
        refusals: list[NoRoute] = []
        for method in request.payment_methods:
            plan = route_session(
                self._router,
                session_id,
                command.merchant_id,
                money,
                method,
                livemode=command.livemode,
                capture_method=capture,
                metadata=request.metadata,
            )
            if isinstance(plan, NoRoute):
                refusals.append(plan)
            else:
                offered.append(method)
        if not offered:
            # Where an account takes a method, what it says of the money is of more use than that no account takes another.
            of_money = (one for one in refusals if one.code != "payment_method_not_taken")
            refusal = next(of_money, refusals[0])
            of_methods = refusal.code == "payment_method_not_taken"
            return Refused(refusal.code, refusal.detail, "payment_methods" if of_methods else None)
        created = CheckoutSessionCreated(
            merchant_id=command.merchant_id,
            livemode=command.livemode,
            amount_minor=money.amount_minor,
            currency=money.currency,
            capture_method=capture,
            payment_methods=tuple(offered),
            success_url=request.success_url,
            cancel_url=request.cancel_url,
            page=checkout_page(self._public_url, session_id, new_word()),
            created_at=now,
            expires_at=now + timedelta(seconds=request.expires_in_seconds),
            metadata=request.metadata,
            line_items=tuple(
                LineItem(name=one.name, quantity=one.quantity, amount_minor=one.amount_minor)
                for one in request.line_items
            ),
            fee_plan=command.fee_plan,
            customer=customer_context(request.customer),
            billing_country=request.billing_country,
            shipping_country=request.shipping_country,
        )
        return Decision(
            stream_id=stream_id,
            expected_version=0,
            events=(created,),
            jobs=session_jobs(session_id, (created,)),
            state=evolve_session(None, created),
            show=lambda session: self._render_created(session_id, session, command.request_id),
            is_final=lambda _: True,
        )

    async def _ended(
        self, command: ExpireCommand
    ) -> Decision[CheckoutSession, CheckoutSessionEvent] | Refused:
        session_id = command.session_id
        session = await self._sessions.load(session_id)
        if session is None or (session.merchant_id, session.livemode) != (
            command.merchant_id,
            command.livemode,
        ):
            return Refused("checkout_session_not_found")
        ended = end_session(session, "merchant", self._clock.now())
        if isinstance(ended, SessionRefusal):
            return Refused("checkout_session_not_open", ended.detail)
        if not ended:
            why = "its time is over" if session.expiry_reason == "time" else "you asked for it"
            return Refused("checkout_session_not_open", f"The session is ending already: {why}.")
        after = session
        for event in ended:
            after = evolve_session(after, event)
        return Decision(
            stream_id=session_stream_of(session_id),
            expected_version=session.version,
            events=ended,
            jobs=session_jobs(session_id, ended),
            state=after,
            show=lambda later: self._render_ended(session_id, later, command.request_id),
            is_final=lambda later: later.status != "open",
        )


def route_session(
    router: Router,
    key: str,
    merchant_id: MerchantId,
    money: Money,
    method: SessionPaymentMethod,
    *,
    livemode: bool,
    capture_method: CaptureMethod,
    metadata: dict[str, str],
) -> RoutePlan | NoRoute:
    """The plan for a charge that pays with a method; `key` is what weights are drawn by."""
    return router.route(
        RouteRequest(
            key=key,
            merchant_id=merchant_id,
            livemode=livemode,
            money=money,
            capture_method=capture_method,
            offered=(PaymentMethodChoice(PAYMENT_METHODS[method]),),
            metadata=metadata,
        )
    )
