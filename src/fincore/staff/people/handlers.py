"""/staff/v1/people: people of the built-in issuer, as admins keep them."""

from typing import Final

import msgspec

from fincore.backoffice.proposed_people import ProposedRoles
from fincore.backoffice.staff_people import PeopleKeeper, details_of
from fincore.domain.proposal import ProposalKind
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, Reasoned, StaffActs, read_act
from fincore.staff.people.body import StaffMemberList, render_member
from fincore.staff.people.openapi import ADD_PERSON, DISABLE_PERSON, LIST_PEOPLE, SET_ROLES
from fincore.staff.people.requests import StaffPersonRequest, StaffRolesRequest
from fincore.staff.proposing import Proposing
from fincore.write.payments.flaw import first_text_flaw
from fincore.write.staff.people import PersonRefused, StaffAccount
from fincore.write.staff.proposals import NewProposal

NEEDED: Final = "a person's roles decide what they may do: two people agree on them"
_PERSON: Final = msgspec.json.Decoder(StaffPersonRequest)
_ROLES: Final = msgspec.json.Decoder(StaffRolesRequest)
_REASONED: Final = msgspec.json.Decoder(Reasoned)


class PeopleHandlers:
    """The handlers of people. `keeps_people` is False where staff log in at an issuer of the installation's own."""

    def __init__(
        self,
        admission: Admission,
        *,
        acts: StaffActs,
        proposing: Proposing,
        keeper: PeopleKeeper,
        keeps_people: bool,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
        self._keeper = keeper
        self._keeps_people = keeps_people

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/people"
        one = f"{path}/{{subject}}"
        return (
            route("GET", path, LIST_PEOPLE, self.list, permission="staff.read"),
            route("POST", path, ADD_PERSON, self.add, permission="staff.manage"),
            route("POST", f"{one}/roles", SET_ROLES, self.set_roles, permission="staff.manage"),
            route("POST", f"{one}/disable", DISABLE_PERSON, self.disable, permission="staff.manage"),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """All people."""
        self._require(visit)
        people = [render_member(one) for one in await self._keeper.list()]
        return json_response(200, StaffMemberList(data=people))

    async def add(self, call: Call, visit: Visit) -> Response:
        """Propose a person."""
        request = await read_act(call, _PERSON)
        self._require(visit)
        if flaw := first_text_flaw([("username", request.username), ("name", request.name)]):
            raise Problem(flaw.code, flaw.detail, param=flaw.param)

        async def prepare() -> NewProposal:
            try:
                prepared = await self._keeper.prepared(request.username, request.name, request.roles)
            except PersonRefused as refused:
                raise _impossible(refused) from None
            return _proposal_of(visit, request, "staff_member", prepared.username, prepared)

        deed = Deed(action="add_person", object_kind="person", object_id=request.username)
        return await self._acts.carry_out(
            call, visit, request, deed, self._proposing.carry_of(call, request, prepare)
        )

    async def set_roles(self, call: Call, visit: Visit) -> Response:
        """Propose roles of a person."""
        account = await self._account(call, visit)
        request = await read_act(call, _ROLES)

        async def prepare() -> NewProposal:
            try:
                roles = self._keeper.checked_roles(request.roles)
            except PersonRefused as refused:
                raise _impossible(refused) from None
            act = ProposedRoles(
                subject=account.subject, username=account.username, before=account.groups, roles=roles
            )
            return _proposal_of(visit, request, "staff_roles", account.subject, act)

        deed = Deed(action="set_roles", object_kind="person", object_id=account.subject)
        return await self._acts.carry_out(
            call, visit, request, deed, self._proposing.carry_of(call, request, prepare)
        )

    async def disable(self, call: Call, visit: Visit) -> Response:
        """Let a person in no more, at once."""
        account = await self._account(call, visit)
        request = await read_act(call, _REASONED)
        if account.subject == visit.person.subject:
            raise Problem("act_not_possible", "Have another admin disable you.")

        async def make(transaction: Transaction) -> Made:
            try:
                disabled = await self._keeper.disable_in(
                    transaction, account.subject, username=account.username
                )
            except PersonRefused as refused:
                raise _impossible(refused) from None
            deed = Deed(
                action="disable_person",
                object_kind="person",
                object_id=disabled.subject,
                details=details_of(disabled),
            )
            return Made(json_response(200, render_member(disabled)), deed)

        return await self._acts.change(call, visit, request, make)

    async def _account(self, call: Call, visit: Visit) -> StaffAccount:
        self._require(visit)
        account = await self._keeper.find(call.path_parameter("subject"))
        if account is None:
            raise Problem("person_not_found", param="subject")
        return account

    def _require(self, visit: Visit) -> None:
        visit.require_everywhere()
        if not self._keeps_people:
            raise Problem(
                "act_not_possible",
                "Staff log in at the issuer that FINCORE_STAFF_ISSUER names: people and groups are kept there.",
            )


def _proposal_of(
    visit: Visit, request: Reasoned, kind: ProposalKind, object_id: str, act: msgspec.Struct
) -> NewProposal:
    return NewProposal(
        kind=kind,
        livemode=None,
        merchant_id=None,
        object_id=object_id,
        money=None,
        act=act,
        proposer=visit.person.actor,
        reason=request.reason,
        needed_because=NEEDED,
    )


def _impossible(refused: PersonRefused) -> Problem:
    sentence = str(refused).rstrip(".")
    return Problem("act_not_possible", f"{sentence[:1].upper()}{sentence[1:]}.")
