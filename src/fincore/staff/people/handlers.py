"""/staff/v1/people: people of the built-in issuer, as admins keep them."""

from typing import Final

import msgspec

from fincore.backoffice.proposed_people import ProposedRoles
from fincore.backoffice.staff_people import Cause, PeopleKeeper
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.answers import Answer, Answers, answered
from fincore.staff.people.body import StaffMemberList, StaffProposedMemberBody, render_member
from fincore.staff.people.openapi import ADD_PERSON, DISABLE_PERSON, LIST_PEOPLE, SET_ROLES
from fincore.staff.people.requests import StaffPersonRequest, StaffRolesRequest
from fincore.staff.proposals.body import StaffProposalBody
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
        answers: Answers,
        proposing: Proposing,
        keeper: PeopleKeeper,
        keeps_people: bool,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._answers = answers
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
        try:
            prepared, password = await self._keeper.prepared(request.username, request.name, request.roles)
        except PersonRefused as refused:
            raise _impossible(refused) from None
        new = NewProposal(
            kind="staff_member",
            livemode=None,
            merchant_id=None,
            object_id=prepared.username,
            money=None,
            act=prepared,
            proposer=visit.person.actor,
            reason=request.reason,
            needed_because=NEEDED,
        )
        response = await self._propose(call, visit, request, new, "add_person")
        is_first = ("idempotent-replayed", "true") not in response.headers
        body = StaffProposedMemberBody(
            proposal=msgspec.json.decode(response.body, type=StaffProposalBody),
            one_time_password=password.reveal() if is_first else None,
        )
        return msgspec.structs.replace(response, body=json_response(202, body).body)

    async def set_roles(self, call: Call, visit: Visit) -> Response:
        """Propose roles of a person."""
        account = await self._account(call, visit)
        request = await read_act(call, _ROLES)
        try:
            roles = self._keeper.checked_roles(request.roles)
        except PersonRefused as refused:
            raise _impossible(refused) from None
        new = NewProposal(
            kind="staff_roles",
            livemode=None,
            merchant_id=None,
            object_id=account.subject,
            money=None,
            act=ProposedRoles(
                subject=account.subject, username=account.username, before=account.groups, roles=roles
            ),
            proposer=visit.person.actor,
            reason=request.reason,
            needed_because=NEEDED,
        )
        return await self._propose(call, visit, request, new, "set_roles")

    async def disable(self, call: Call, visit: Visit) -> Response:
        """Let a person in no more, at once."""
        account = await self._account(call, visit)
        request = await read_act(call, _REASONED)
        if account.subject == visit.person.subject:
            raise Problem("act_not_possible", "Have another admin disable you.")
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def make() -> Answer:
            cause = Cause(visit.person.actor, request.reason, call.request_id)
            try:
                disabled = await self._keeper.disable(account.username, cause)
            except PersonRefused as refused:
                raise _impossible(refused) from None
            return Answer(json_response(200, render_member(disabled)))

        async def carry(key: IdempotencyKey) -> Response:
            return await self._answers.once(key, fingerprint, make)

        deed = Deed(action="disable_person", object_kind="person", object_id=account.subject)
        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _propose(
        self, call: Call, visit: Visit, request: Reasoned, new: NewProposal, action: str
    ) -> Response:
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def carry(key: IdempotencyKey) -> Response:
            earlier = await self._answers.earlier(key, fingerprint)
            if earlier is not None:
                return answered(earlier, is_replay=True)
            return await self._proposing.propose(key, fingerprint, new)

        deed = Deed(action=action, object_kind="person", object_id=new.object_id)
        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _account(self, call: Call, visit: Visit) -> StaffAccount:
        self._require(visit)
        subject = call.path_parameter("subject")
        for account in await self._keeper.list():
            if account.subject == subject:
                return account
        raise Problem("person_not_found", param="subject")

    def _require(self, visit: Visit) -> None:
        visit.require_everywhere()
        if not self._keeps_people:
            raise Problem(
                "act_not_possible",
                "Staff log in at the issuer that FINCORE_STAFF_ISSUER names: people and groups are kept there.",
            )


def _impossible(refused: PersonRefused) -> Problem:
    sentence = str(refused).rstrip(".")
    return Problem("act_not_possible", f"{sentence[:1].upper()}{sentence[1:]}.")
