"""/staff/v1/proposals: what one person of staff proposed, as a second person decides it."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from fincore.backoffice.proposals import NotDecided, ProposalDecisions
from fincore.domain.ids import ProposalId, parse_proposal_id
from fincore.domain.proposal import PROPOSAL_KINDS, PROPOSAL_STATUSES, Proposal
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.list_filters import chosen, chosen_several
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit, missing
from fincore.staff.access.permissions import Permission
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.answers import Answer, Answers
from fincore.staff.proposals.body import StaffProposalBody, render_proposal
from fincore.staff.proposals.openapi import (
    APPROVE_PROPOSAL,
    DECLINE_PROPOSAL,
    GET_PROPOSAL,
    GIVE_UP_PROPOSAL,
    LIST_PROPOSALS,
    PROPOSALS,
    WITHDRAW_PROPOSAL,
)
from fincore.staff.proposals.proposers import Proposers, holds
from fincore.write.staff.act_names import ActName
from fincore.write.staff.proposals import ProposalFilters, Proposals

SEES: Final[Permission] = "proposals.read"
_REASONED: Final = msgspec.json.Decoder(Reasoned)
_BY: Final = ("me", "others")

Decide = Callable[[Proposal, StaffActor, str], Awaitable[Proposal | NotDecided | None]]


class ProposalHandlers:
    """The handlers of proposals."""

    def __init__(
        self,
        admission: Admission,
        *,
        acts: StaffActs,
        answers: Answers,
        proposals: Proposals,
        decisions: ProposalDecisions,
        proposers: Proposers,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._answers = answers
        self._proposals = proposals
        self._decisions = decisions
        self._proposers = proposers

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/proposals"
        one = f"{path}/{{proposal_id}}"
        return (
            route("GET", path, LIST_PROPOSALS, self.list, permission=SEES),
            route("GET", one, GET_PROPOSAL, self.get, permission=SEES),
            route("POST", f"{one}/approve", APPROVE_PROPOSAL, self.approve, permission=SEES),
            route("POST", f"{one}/decline", DECLINE_PROPOSAL, self.decline, permission=SEES),
            route("POST", f"{one}/withdraw", WITHDRAW_PROPOSAL, self.withdraw, permission=SEES),
            route("POST", f"{one}/give_up", GIVE_UP_PROPOSAL, self.give_up, permission=SEES),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of proposals."""

        async def find(scope: Scope, query: ListQuery[ProposalId]) -> tuple[list[StaffProposalBody], bool]:
            by, subject = chosen(query, "by", _BY), visit.person.subject
            filters = ProposalFilters(
                livemode=scope.livemode,
                of_no_mode=visit.person.may_everywhere(SEES),
                merchant_ids=scope.merchant_ids,
                statuses=chosen_several(query, "status", PROPOSAL_STATUSES) or None,
                object_id=query.filters.get("object"),
                of=subject if by == "me" else None,
                not_of=subject if by == "others" else None,
            )
            proposals, has_more = await self._proposals.page(
                filters, after_id=query.after_id, limit=query.limit
            )
            standing = await self._proposers.may_each(proposals)
            shown = zip(proposals, standing, strict=True)
            return [render_proposal(one, may, is_listed=True) for one, may in shown], has_more

        return await PROPOSALS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One proposal."""
        proposal = await self._seen(call, visit)
        return json_response(200, render_proposal(proposal, await self._proposers.may(proposal)))

    async def approve(self, call: Call, visit: Visit) -> Response:
        """Agree to a proposal."""

        async def decide(proposal: Proposal, by: StaffActor, reason: str) -> Proposal | NotDecided | None:
            if proposal.status == "proposed" and await self._proposers.may(proposal) == "no":
                raise Problem(
                    "act_not_possible",
                    f"{proposal.proposer.username} may not propose this any more. Decline it.",
                )
            return await self._decisions.approve(proposal, by, reason=reason)

        return await self._decide(call, visit, "approve_proposal", decide, as_second_person=True)

    async def decline(self, call: Call, visit: Visit) -> Response:
        """Refuse a proposal."""

        async def decide(proposal: Proposal, by: StaffActor, reason: str) -> Proposal | NotDecided | None:
            return await self._decisions.decline(proposal, by, reason=reason)

        return await self._decide(call, visit, "decline_proposal", decide, as_second_person=True)

    async def withdraw(self, call: Call, visit: Visit) -> Response:
        """Take a proposal back."""

        async def decide(proposal: Proposal, by: StaffActor, reason: str) -> Proposal | NotDecided | None:
            return await self._decisions.withdraw(proposal, by, reason=reason)

        return await self._decide(call, visit, "withdraw_proposal", decide, as_second_person=False)

    async def give_up(self, call: Call, visit: Visit) -> Response:
        """End what two people agreed on and that cannot be carried out."""

        async def decide(proposal: Proposal, by: StaffActor, reason: str) -> Proposal | NotDecided | None:
            return await self._decisions.give_up(proposal, by, reason=reason)

        return await self._decide(call, visit, "give_up_proposal", decide, as_second_person=True)

    async def _seen(self, call: Call, visit: Visit) -> Proposal:
        """The proposal of a call. Raises `proposal_not_found`, also for one that the person may not see."""
        proposal_id = call.path_id("proposal_id", parse_proposal_id, "proposal_not_found")
        proposal = await self._proposals.read(proposal_id)
        if proposal is None or not holds(visit.person, SEES, proposal):
            raise Problem("proposal_not_found", param="proposal_id")
        return proposal

    async def _decide(
        self, call: Call, visit: Visit, action: ActName, decide: Decide, *, as_second_person: bool
    ) -> Response:
        call.path_id("proposal_id", parse_proposal_id, "proposal_not_found")
        request = await read_act(call, _REASONED)
        proposal = await self._seen(call, visit)
        if as_second_person:
            permission = PROPOSAL_KINDS[proposal.kind].approve_permission
            if not holds(visit.person, permission, proposal):
                raise missing(permission, " to decide this proposal")
            visit = Visit(visit.person, permission)
        deed = Deed(
            action=action,
            object_kind="proposal",
            object_id=proposal.proposal_id,
            livemode=proposal.livemode,
            merchant_id=proposal.merchant_id,
            details={"kind": proposal.kind, "about": proposal.object_id},
        )
        fingerprint = fingerprint_of(call.method, call.path, request)
        by = visit.person.actor

        async def make() -> Answer:
            decided = await decide(proposal, by, request.reason)
            if isinstance(decided, NotDecided):
                raise _problem_of(decided)
            if decided is None:
                raise Problem("proposal_not_found", param="proposal_id")
            body = render_proposal(decided, await self._proposers.may(decided))
            return Answer(json_response(200, body), is_final=decided.status != "approved")

        async def carry(key: IdempotencyKey) -> Response:
            return await self._answers.once(key, fingerprint, make)

        return await self._acts.carry_out(call, visit, request, deed, carry)


def _problem_of(not_decided: NotDecided) -> Problem:
    proposal = not_decided.proposal
    match not_decided.flaw:
        case None:
            sentence = not_decided.sentence.rstrip(".")
            return Problem(
                "act_not_possible",
                f"{sentence[:1].upper()}{sentence[1:]}. The proposal stays as it is.",
            )
        case "is_proposer":
            return Problem(
                "second_person_needed",
                f"{proposal.proposer.username} proposed this: another person decides it.",
            )
        case "is_not_proposer":
            return Problem(
                "second_person_needed",
                f"{proposal.proposer.username} proposed this, and alone may withdraw it: decline it.",
            )
        case "is_over":
            return Problem(
                "proposal_not_open", f"The proposal waited until {proposal.expires_at:%Y-%m-%d %H:%M} UTC."
            )
        case "not_open":
            return Problem("proposal_not_open", f"The proposal is {proposal.status}.")
