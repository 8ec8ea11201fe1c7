"""/staff/v1/disputes: disputes of all merchants, newest first or by deadline."""

from typing import Final, get_args

from fincore.domain.clock import Clock
from fincore.domain.ids import DisputeId
from fincore.domain.outcome import DisputeStatus
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen, chosen_charge, chosen_several
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.read.paymentdb.staff_objects import Made, Page, StaffObjects
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.disputes.body import StaffDispute, staff_dispute
from fincore.staff.disputes.openapi import DISPUTES, ORDERS
from fincore.staff.payment_scope import query_scope

_STATUSES: Final[tuple[DisputeStatus, ...]] = get_args(DisputeStatus)


class StaffDisputes:
    """The handler of the list of disputes."""

    def __init__(self, admission: Admission, objects: StaffObjects, clock: Clock) -> None:
        self._admission = admission
        self._objects = objects
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/disputes", DISPUTES.operation, self.list, permission="payments.read"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of disputes."""

        async def find(scope: Scope, query: ListQuery[DisputeId]) -> tuple[list[StaffDispute], bool]:
            page = await self._page(scope, query)
            now = self._clock.now()
            return [staff_dispute(view, now) for view in page.rows], page.has_more

        return await DISPUTES.respond(call, visit, find)

    async def _page(self, scope: Scope, query: ListQuery[DisputeId]) -> Page[DisputeView]:
        statuses = chosen_several(query, "status", _STATUSES)
        charge_id = chosen_charge(query)
        opened = Made(query.created_from, query.created_before)
        if chosen(query, "order", ORDERS) != "deadline":
            return await self._objects.list_disputes(
                query_scope(scope),
                limit=query.limit,
                statuses=statuses,
                charge_id=charge_id,
                opened=opened,
                after_id=query.after_id,
            )
        if charge_id is not None or opened != Made():
            raise Problem(
                "parameter_invalid", "Leave out order=deadline, or charge and created.", param="order"
            )
        return await self._objects.list_disputes_by_deadline(
            query_scope(scope),
            limit=query.limit,
            statuses=statuses or ("needs_response",),
            after_id=query.after_id,
        )
