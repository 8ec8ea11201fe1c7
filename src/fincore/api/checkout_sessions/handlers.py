"""/v1/checkout_sessions: create a session, look at one, list them, end one."""

from typing import Final, get_args

import msgspec

from fincore.api.checkout_sessions.openapi import CREATE_SESSION, EXPIRE_SESSION, GET_SESSION, LIST_SESSIONS
from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import CheckoutSessionId, parse_checkout_session_id
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import command_fields, idempotency_key, read_request, response_of
from fincore.http.list_filters import chosen_several
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.checkout_session_body import CheckoutSessionBody, checkout_session_body
from fincore.read.paymentdb.session_queries import SessionFilters, SessionQueries
from fincore.write.checkout.session_request import (
    CheckoutSessionRequest,
    ExpireRequest,
    checked_session,
    currency_of_session,
)
from fincore.write.checkout.session_service import ExpireCommand, SessionCommand, SessionService
from fincore.write.checkout.sessions import SessionRecorder
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.flaw import Flaw

_CREATE: Final = msgspec.json.Decoder(CheckoutSessionRequest)
_EXPIRE: Final = msgspec.json.Decoder(ExpireRequest)
_STATUSES: Final[tuple[CheckoutSessionStatus, ...]] = get_args(CheckoutSessionStatus)


class CheckoutSessionHandlers:
    """The handlers of /v1/checkout_sessions. One session is read from its stream, lists from the query view."""

    def __init__(
        self, *, service: SessionService, sessions: SessionRecorder, keys: ApiKeys, queries: SessionQueries
    ) -> None:
        self._service = service
        self._sessions = sessions
        self._keys = keys
        self._queries = queries

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        path = "/v1/checkout_sessions"
        one = f"{path}/{{session_id}}"
        return (
            Route(method="POST", path=path, operation=CREATE_SESSION, handler=self.create),
            Route(method="GET", path=path, operation=LIST_SESSIONS.operation, handler=self.list_page),
            Route(method="GET", path=one, operation=GET_SESSION, handler=self.get),
            Route(method="POST", path=f"{one}/expire", operation=EXPIRE_SESSION, handler=self.expire),
        )

    async def create(self, call: Call) -> Response:
        """Create a session, once for its idempotency key."""
        principal = await secret_principal(call, self._keys)
        key = idempotency_key(call)
        request = checked_session(await read_request(call, _CREATE))
        if isinstance(request, Flaw):
            raise Problem(request.code, request.detail, param=request.param)
        result = await self._service.create(
            SessionCommand(
                **command_fields(call, principal, key, request),
                request=request,
                fee_plan=principal.fee_plans.get(currency_of_session(request)),
            )
        )
        return response_of(result)

    async def get(self, call: Call) -> Response:
        """A session as it is now. It holds everything that was written before the request came."""
        principal = await secret_principal(call, self._keys)
        session_id = _session_id(call)
        session = await self._sessions.load(session_id)
        if session is None or (session.merchant_id, session.livemode) != (
            principal.merchant_id,
            principal.livemode,
        ):
            raise Problem("checkout_session_not_found", param="session_id")
        return json_response(200, checkout_session_body(session_id, session))

    async def expire(self, call: Call) -> Response:
        """End a session, once for the idempotency key."""
        principal = await secret_principal(call, self._keys)
        key = idempotency_key(call)
        request = await read_request(call, _EXPIRE, if_empty=ExpireRequest())
        session_id = _session_id(call)
        result = await self._service.expire(
            ExpireCommand(
                **command_fields(call, principal, key, request), session_id=session_id, request=request
            )
        )
        return response_of(result)

    async def list_page(self, call: Call) -> Response:
        """A page of sessions, newest first, from the query view: it may miss what was written a moment ago."""
        return await LIST_SESSIONS.respond(call, self._keys, self._page)

    async def _page(
        self, principal: Principal, query: ListQuery[CheckoutSessionId]
    ) -> tuple[list[CheckoutSessionBody], bool]:
        filters = SessionFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            statuses=chosen_several(query, "status", _STATUSES),
            created_from=query.created_from,
            created_before=query.created_before,
        )
        page = await self._queries.list_sessions(filters, after_id=query.after_id, limit=query.limit)
        return [checkout_session_body(one.session_id, one.session) for one in page.sessions], page.has_more


def _session_id(call: Call) -> CheckoutSessionId:
    return call.path_id("session_id", parse_checkout_session_id, "checkout_session_not_found")
