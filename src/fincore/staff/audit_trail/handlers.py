"""/staff/v1/audit_trail: the acts of staff, by time, person and object."""

from fincore.domain.ids import ActId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.audit_trail.body import StaffActBody, render_act
from fincore.staff.audit_trail.openapi import ACTS, LIST_ACTS
from fincore.staff.list_filters import flag_filter
from fincore.write.staff.acts import Acts


class AuditTrail:
    """The handler of the audit trail."""

    def __init__(self, admission: Admission, acts: Acts) -> None:
        self._admission = admission
        self._acts = acts

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/audit_trail", LIST_ACTS, self.list, permission="audit.read"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of acts."""

        async def find(scope: Scope, query: ListQuery[ActId]) -> tuple[list[StaffActBody], bool]:
            acts, has_more = await self._acts.list(
                livemode=scope.livemode,
                of_no_mode=visit.person.may_everywhere("audit.read"),
                merchant_ids=scope.merchant_ids,
                limit=query.limit,
                after_id=query.after_id,
                subject=query.filters.get("actor"),
                object_id=query.filters.get("object"),
                only_of_no_mode=flag_filter(query, "without_mode"),
                begun_from=query.created_from,
                begun_before=query.created_before,
            )
            return [render_act(act) for act in acts], has_more

        return await ACTS.respond(call, visit, find)
