"""/checkout/{session_id}/{word}: the customer of a session chooses how to pay, goes to the PSP's page, and comes back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, assert_never

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.page.languages import language_of
from fincore.checkout.page.not_found import unknown_page
from fincore.checkout.page.problem_page import problem_page
from fincore.checkout.session_page.body import Page
from fincore.checkout.session_page.openapi import CHOOSE, CONTINUE, LEFT, RETURNED_PAID, SHOW
from fincore.checkout.session_page.requests import (
    FORM_BYTES_MAX,
    chosen_method,
    is_customer_looking,
    is_from_page,
)
from fincore.checkout.session_page.texts import Notice
from fincore.domain.checkout_decisions import SessionRefusal, SessionRefusalCode
from fincore.domain.checkout_page import CHECKOUT_PATH, RETURNED
from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.return_page import CANCELED
from fincore.domain.risk import CustomerContext
from fincore.http.endpoint import Handler, Method, Route
from fincore.http.exchange import Call, Response
from fincore.http.openapi import Operation
from fincore.write.checkout.customer_checkout import CheckoutSessions, CheckoutView, Choose, Completed, GoTo
from fincore.write.payments.customer_request import seen_user_agent
from fincore.write.routing.router import NoRoute

WAIT_SECONDS_MAX: Final = 4.0
"""How long a customer waits for the next step before the page says that it waits."""
CONTINUED: Final = "continue"
"""The last part of the address for a customer who chose, and goes on to the PSP's page."""

_NOTICES: Final[Mapping[SessionRefusalCode, Notice]] = MappingProxyType(
    {
        "payment_method_not_offered": "method_not_offered",
        "too_many_checkout_attempts": "too_many_tries",
    }
)
"""A refusal that is not here is of a session that is not open: the page shows how it ended."""


class SessionPage:
    """The handlers of the page."""

    def __init__(
        self, *, sessions: CheckoutSessions, limit: AddressLimit, wait_seconds_max: float = WAIT_SECONDS_MAX
    ) -> None:
        self._sessions = sessions
        self._limit = limit
        self._wait_seconds_max = wait_seconds_max

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        path = f"{CHECKOUT_PATH}/{{session_id}}/{{word}}"
        pages: tuple[tuple[Method, str, Operation, Handler], ...] = (
            ("GET", path, SHOW, self.show),
            ("POST", path, CHOOSE, self.choose),
            ("GET", f"{path}/{CONTINUED}", CONTINUE, self.continued),
            ("GET", f"{path}/{RETURNED}", RETURNED_PAID, self.returned),
            ("GET", f"{path}/{CANCELED}", LEFT, self.left),
        )
        return tuple(
            Route(
                method=method,
                path=where,
                operation=operation,
                handler=handler,
                gate="returns",
                show_problem=problem_page,
            )
            for method, where, operation, handler in pages
        )

    async def show(self, call: Call) -> Response:
        """Show the session; where it offers one payment method, begin with it and go straight on to the PSP's page."""
        self._limit.admit(call)
        is_looking = is_customer_looking(call.method, call)
        wait_seconds = self._wait_seconds_max if is_looking else 0.0
        view = await self._sessions.view(*_address(call), wait_seconds=wait_seconds)
        if view is None:
            return unknown_page(call.header_values(b"accept-language"))
        notice: Notice | None = None
        if is_looking and (only := _first_try(view)) is not None:
            begun = await self._begin(call, view, only, wait_seconds=self._wait_seconds_max)
            if isinstance(begun, CheckoutView):
                view = begun
            else:
                notice = begun
        page = _page(call, view)
        if is_looking and isinstance(view.step, GoTo) and len(view.step.payment_methods) == 1:
            return page.redirects(view.step.url)
        return _shown(page, view, notice)

    async def choose(self, call: Call) -> Response:
        """Pay with the method of the form; the customer goes on from the next page."""
        self._limit.admit(call)
        body = await call.body(bytes_max=FORM_BYTES_MAX)
        view = await self._sessions.view(*_address(call))
        if view is None:
            return unknown_page(call.header_values(b"accept-language"))
        page = _page(call, view)
        if not is_from_page(view.session.page, call):
            return page.show(status=403, notice="not_from_this_page")
        method = chosen_method(body)
        if method is None:
            return page.show(status=422, notice="method_not_offered")
        begun = await self._begin(call, view, method, wait_seconds=0.0)
        if begun is None or isinstance(begun, CheckoutView):
            return page.redirects(f"{view.session.page}/{CONTINUED}")
        return page.show(status=422, notice=begun)

    async def continued(self, call: Call) -> Response:
        """Lead the customer who chose on to the PSP's page, or show what became of the choice."""
        self._limit.admit(call)
        view = await self._sessions.view(*_address(call), wait_seconds=self._wait_seconds_max)
        if view is None:
            return unknown_page(call.header_values(b"accept-language"))
        page = _page(call, view)
        # What follows a form must not redirect: see `body`.
        return page.leads_on(view.step.url) if isinstance(view.step, GoTo | Completed) else page.show()

    async def returned(self, call: Call) -> Response:
        """Have the PSP asked about the customer who comes back, and show what became of the payment."""
        self._limit.admit(call)
        view = await self._sessions.returned(
            *_address(call), request=call.request_id, wait_seconds=self._wait_seconds_max
        )
        return (
            unknown_page(call.header_values(b"accept-language"))
            if view is None
            else _shown(_page(call, view), view)
        )

    async def left(self, call: Call) -> Response:
        """Show the customer who left the PSP's page without paying the choice again."""
        self._limit.admit(call)
        view = await self._sessions.view(*_address(call))
        return (
            unknown_page(call.header_values(b"accept-language"))
            if view is None
            else _shown(_page(call, view), view)
        )

    async def _begin(
        self, call: Call, view: CheckoutView, method: SessionPaymentMethod, *, wait_seconds: float
    ) -> CheckoutView | Notice | None:
        """The session once an attempt is live; a notice where none begins; None where the session is not open any more."""
        browser = CustomerContext(
            ip=self._limit.customers_address(call),
            user_agent=seen_user_agent(next(iter(call.header_values(b"user-agent")), None)),
        )
        begun = await self._sessions.begin(
            *_address(call),
            method,
            request=call.request_id,
            wait_seconds=wait_seconds,
            seen=view.session,
            browser=browser,
        )
        match begun:
            case CheckoutView() | None:
                return begun
            case NoRoute():
                return "method_not_available"
            case SessionRefusal():
                return _NOTICES.get(begun.code)
            case _:
                assert_never(begun)


def _address(call: Call) -> tuple[str, str]:
    return call.path_parameter("session_id"), call.path_parameter("word")


def _page(call: Call, view: CheckoutView) -> Page:
    return Page(view, language_of(call.header_values(b"accept-language")))


def _shown(page: Page, view: CheckoutView, notice: Notice | None = None) -> Response:
    """The page, or the way on to the merchant for what is paid."""
    return page.redirects(view.step.url) if isinstance(view.step, Completed) else page.show(notice=notice)


def _first_try(view: CheckoutView) -> SessionPaymentMethod | None:
    """The method to begin with unasked: the only one on offer, and only once."""
    step = view.step
    if not isinstance(step, Choose) or view.session.attempts or len(step.payment_methods) != 1:
        return None
    return step.payment_methods[0]
