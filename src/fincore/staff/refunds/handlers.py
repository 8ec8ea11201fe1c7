"""/staff/v1/refunds: refunds of all merchants."""

from typing import Final, get_args

from fincore.domain.ids import RefundId
from fincore.domain.refund import RefundStatus
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen_charge, chosen_several
from fincore.http.list_query import ListQuery
from fincore.read.paymentdb.staff_objects import Made, StaffObjects
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.payment_scope import query_scope
from fincore.staff.refunds.body import StaffRefund, staff_refund
from fincore.staff.refunds.openapi import REFUNDS

_STATUSES: Final[tuple[RefundStatus, ...]] = get_args(RefundStatus)


class StaffRefunds:
    """The handler of the list of refunds."""

    def __init__(self, admission: Admission, objects: StaffObjects) -> None:
        self._admission = admission
        self._objects = objects

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/refunds", REFUNDS.operation, self.list, permission="payments.read"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of refunds."""

        async def find(scope: Scope, query: ListQuery[RefundId]) -> tuple[list[StaffRefund], bool]:
            page = await self._objects.list_refunds(
                query_scope(scope),
                limit=query.limit,
                statuses=chosen_several(query, "status", _STATUSES),
                charge_id=chosen_charge(query),
                created=Made(query.created_from, query.created_before),
                after_id=query.after_id,
            )
            return [staff_refund(view) for view in page.rows], page.has_more

        return await REFUNDS.respond(call, visit, find)
