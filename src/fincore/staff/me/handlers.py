"""/staff/v1/me: the person who is logged in."""

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.me.body import render_person
from fincore.staff.me.openapi import GET_ME


class Me:
    """The handler of `/staff/v1/me`."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (self._admission.route("GET", "/staff/v1/me", GET_ME, self.get, permission="self.read"),)

    async def get(self, _: Call, visit: Visit) -> Response:
        """The caller."""
        return json_response(200, render_person(visit.person))
