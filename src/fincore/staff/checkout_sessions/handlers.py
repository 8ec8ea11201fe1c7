"""/staff/v1/checkout_sessions: checkout sessions of all merchants."""

from typing import Final, get_args

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import CheckoutSessionId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen_several
from fincore.http.list_query import ListQuery
from fincore.read.paymentdb.staff_objects import Made, StaffObjects
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.checkout_sessions.body import StaffCheckoutSession, staff_session
from fincore.staff.checkout_sessions.openapi import SESSIONS
from fincore.staff.payment_scope import query_scope

_STATUSES: Final[tuple[CheckoutSessionStatus, ...]] = get_args(CheckoutSessionStatus)


class StaffCheckoutSessions:
    """The handler of the list of checkout sessions."""

    def __init__(self, admission: Admission, objects: StaffObjects) -> None:
        self._admission = admission
        self._objects = objects

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET",
                "/staff/v1/checkout_sessions",
                SESSIONS.operation,
                self.list,
                permission="payments.read",
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of checkout sessions."""

        async def find(
            scope: Scope, query: ListQuery[CheckoutSessionId]
        ) -> tuple[list[StaffCheckoutSession], bool]:
            page = await self._objects.list_sessions(
                query_scope(scope),
                limit=query.limit,
                statuses=chosen_several(query, "status", _STATUSES),
                created=Made(query.created_from, query.created_before),
                after_id=query.after_id,
            )
            return [staff_session(view) for view in page.rows], page.has_more

        return await SESSIONS.respond(call, visit, find)
