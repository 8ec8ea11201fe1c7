"""What the customer of a checkout session may see and do: the port that the session's page calls. Data in, data out."""

import asyncio
import hmac
from functools import reduce
from typing import Final

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.checkout_decisions import (
    Decided,
    SessionRefusal,
    begin_attempt,
    choice_of,
    is_held_for_review,
)
from fincore.domain.checkout_page import success_address
from fincore.domain.checkout_session import CheckoutSession, evolve_session
from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.clock import Clock
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import (
    CheckoutSessionId,
    StreamId,
    parse_checkout_session_id,
    session_charge_id,
    session_stream_of,
    stream_of,
)
from fincore.domain.outcome import DeclineAdvice
from fincore.domain.return_page import word_of
from fincore.domain.risk import CustomerContext
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import NotFound, Recorded
from fincore.eventstore.watch import StreamWatch
from fincore.write.checkout.session_service import route_session
from fincore.write.checkout.sessions import SessionRecorder
from fincore.write.payments.inquiries import Inquiries
from fincore.write.routing.router import NoRoute, Router

WAIT_SECONDS_MAX: Final = 10.0
"""How long one request of a customer may wait for the next step."""


class Choose(msgspec.Struct, frozen=True, tag="choose"):
    """The customer chooses how to pay. `advice` is of the decline of their last try, if that was declined."""

    payment_methods: tuple[SessionPaymentMethod, ...]
    advice: DeclineAdvice | None = None


class GoTo(msgspec.Struct, frozen=True, tag="go_to"):
    """The customer pays on the PSP's page `url`; they may choose another of `payment_methods` as well."""

    url: str
    payment_method: SessionPaymentMethod
    payment_methods: tuple[SessionPaymentMethod, ...]


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """FinCore or the PSP is at work: look again in a moment."""


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """The PSP, or staff who review the payment, decide it later, days perhaps; the customer goes back to the merchant's `url`."""

    url: str


class Completed(msgspec.Struct, frozen=True, tag="completed"):
    """It is paid; the customer goes on to the merchant's `url`."""

    url: str


class Expired(msgspec.Struct, frozen=True, tag="expired"):
    """It cannot be paid any more; the customer goes back to the merchant's `url`."""

    url: str


Step = Choose | GoTo | Wait | Pending | Completed | Expired


class CheckoutView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its page shows it, and what the customer does next."""

    session_id: CheckoutSessionId
    session: CheckoutSession
    step: Step


class CheckoutSessions:
    """The sessions of all merchants, each for the customer who has the address of its page. `watch` must be running.

    Raises `StoreUnavailable` and `Overloaded`: the customer may repeat what they did.
    """

    def __init__(
        self,
        *,
        sessions: SessionRecorder,
        log: EventLog[ChargeEvent],
        watch: StreamWatch,
        inquiries: Inquiries,
        router: Router,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._log = log
        self._watch = watch
        self._inquiries = inquiries
        self._router = router
        self._clock = clock

    async def view(self, session_id: str, word: str, *, wait_seconds: float = 0.0) -> CheckoutView | None:
        """The session as it is now; None for an address that was never given out.

        Where the next step is to wait, it is waited for as long as `wait_seconds`, `WAIT_SECONDS_MAX` at most.
        """
        found = await self._find(session_id, word)
        return None if found is None else await self._seen(*found, wait_seconds=wait_seconds)

    async def begin(
        self,
        session_id: str,
        word: str,
        method: SessionPaymentMethod,
        *,
        request: str,
        browser: CustomerContext | None = None,
        wait_seconds: float = 0.0,
        seen: CheckoutSession | None = None,
    ) -> CheckoutView | SessionRefusal | NoRoute | None:
        """Pay with a method: the same live attempt where it is with that method, else a new one once the last is closed.

        `seen` is the session as this request has just been shown it, which saves loading it again. `request` names the customer's request in the log, and `browser` is what the page saw of their browser. A refusal where the session cannot be paid so any more; `NoRoute` where no
        account takes the method now.
        """
        known = _parsed(session_id)
        if known is None:
            return None
        before: list[CheckoutSession] = []

        def decide(current: CheckoutSession) -> Decided | SessionRefusal | NoRoute | _WrongWord:
            before.append(current)
            return (
                self._chosen(known, current, method, browser) if _is_word_of(current, word) else _WrongWord()
            )

        recorded = await self._sessions.record(
            known, decide, Provenance(correlation=request, actor="customer"), known=seen
        )
        match recorded:
            case SessionRefusal() | NoRoute():
                return recorded
            case _WrongWord() | NotFound():
                return None
            case Recorded(events=events):
                session = reduce(evolve_session, events, before[-1])
            case _:
                # Others came first every time: what they made of the session counts.
                session = await self._sessions.load(known) or before[-1]
        return await self._seen(known, session, wait_seconds=wait_seconds)

    async def returned(
        self, session_id: str, word: str, *, request: str, wait_seconds: float
    ) -> CheckoutView | None:
        """The session for a customer who comes back from the PSP's page: the PSP is asked, and its answer waited for."""
        found = await self._find(session_id, word)
        if found is None:
            return None
        known, session = found
        live = session.live_attempt
        if live is None:
            return await self._seen(known, session, wait_seconds=wait_seconds)
        charge = await self._charge(stream_of(live.charge_id))
        if charge is not None and charge.status == "requires_action":
            provenance = Provenance(correlation=request, actor="customer")
            await self._inquiries.ask(live.charge_id, (session.merchant_id, session.livemode), provenance)
            await self._watch.wait_beyond(
                stream_of(live.charge_id),
                charge.version,
                timeout_seconds=min(wait_seconds, WAIT_SECONDS_MAX),
            )
        return await self._seen(known, await self._sessions.load(known) or session, wait_seconds=wait_seconds)

    async def _find(self, session_id: str, word: str) -> tuple[CheckoutSessionId, CheckoutSession] | None:
        known = _parsed(session_id)
        session = None if known is None else await self._sessions.load(known)
        if known is None or session is None or not _is_word_of(session, word):
            return None
        return known, session

    def _chosen(
        self,
        session_id: CheckoutSessionId,
        session: CheckoutSession,
        method: SessionPaymentMethod,
        browser: CustomerContext | None,
    ) -> Decided | SessionRefusal | NoRoute:
        """What the choice of a method makes of a session; it is routed only where a new attempt comes of it."""
        now = self._clock.now()
        choice = choice_of(session, method, now)
        if isinstance(choice, SessionRefusal):
            return choice
        if choice == "live_already":
            return ()
        plan = route_session(
            self._router,
            session_charge_id(session_id, len(session.attempts) + 1),
            session.merchant_id,
            session.amount,
            method,
            livemode=session.livemode,
            capture_method=session.capture_method,
            metadata=session.metadata,
        )
        if isinstance(plan, NoRoute):
            return plan
        return begin_attempt(session_id, session, method, plan, now, browser=browser)

    async def _seen(
        self, session_id: CheckoutSessionId, session: CheckoutSession, *, wait_seconds: float
    ) -> CheckoutView:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(wait_seconds, WAIT_SECONDS_MAX)
        while True:
            live = session.live_attempt
            charge = None if live is None else await self._charge(stream_of(live.charge_id))
            step = step_of(session_id, session, charge, is_over=self._clock.now() >= session.expires_at)
            left_seconds = deadline - loop.time()
            if live is None or not isinstance(step, Wait) or left_seconds <= 0:
                return CheckoutView(session_id=session_id, session=session, step=step)
            if charge is None or charge.status in ("processing", "requires_action"):
                stream_id, version = stream_of(live.charge_id), 0 if charge is None else charge.version
            else:
                # The charge is decided; the job that tells the session is on its way.
                stream_id, version = session_stream_of(session_id), session.version
            await self._watch.wait_beyond(stream_id, version, timeout_seconds=left_seconds)
            session = await self._sessions.load(session_id) or session

    async def _charge(self, stream_id: StreamId) -> Charge | None:
        return fold(recorded.event for recorded in await self._log.load(stream_id))


class _WrongWord(msgspec.Struct, frozen=True):
    """The address is none that was given out."""


def _parsed(session_id: str) -> CheckoutSessionId | None:
    try:
        return parse_checkout_session_id(session_id)
    except InvalidId:
        return None


def _is_word_of(session: CheckoutSession, word: str) -> bool:
    return hmac.compare_digest(word_of(session.page).encode(), word.encode())


def _is_decided_later(charge: Charge) -> bool:
    return charge.pending_until is not None or is_held_for_review(charge)


def step_of(
    session_id: CheckoutSessionId, session: CheckoutSession, charge: Charge | None, *, is_over: bool
) -> Step:
    """What the customer does next; `charge` is of the live attempt. `is_over`: by our clock the session's time has passed."""
    match session.state:
        case "completed":
            return Completed(success_address(session.success_url, session_id))
        case "expired":
            return Expired(session.cancel_url)
        case "choosing":
            if is_over:
                return Expired(session.cancel_url)
            last = session.attempts[-1] if session.attempts else None
            return Choose(session.payment_methods, None if last is None else last.advice)
        case "switching" | "expiring" | "paying" if charge is not None and _is_decided_later(charge):
            return Pending(session.cancel_url)
        case "switching" | "expiring":
            return Wait()
        case "paying":
            live = session.live_attempt
            if live is None or charge is None or charge.status != "requires_action":
                return Wait()
            if charge.redirect_url is None or charge.operation is not None:
                return Wait()
            return GoTo(charge.redirect_url, live.payment_method, session.payment_methods)
