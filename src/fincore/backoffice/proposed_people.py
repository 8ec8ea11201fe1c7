"""Proposals about people of the built-in issuer as they are carried out, each in one transaction with its end."""

import msgspec

from fincore.backoffice.proposals import Executed, Impossible
from fincore.backoffice.staff_people import Cause, NoSuchPerson, PeopleKeeper, PreparedPerson
from fincore.domain.ids import RequestId, StaffSubject
from fincore.domain.proposal import Proposal
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.pool import Connection
from fincore.write.staff.people import PersonRefused, StaffAccount


class ProposedRoles(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `staff_roles` is to do: `roles` in place of `before`, which the person has when it is proposed."""

    subject: StaffSubject
    username: str
    before: tuple[str, ...]
    roles: tuple[str, ...]


class StaffMemberExecutor:
    """Adds a person without a password, so that neither of the two people who agreed on it can log in as a third."""

    def __init__(self, keeper: PeopleKeeper) -> None:
        self._keeper = keeper

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the name is free."""
        prepared = msgspec.json.decode(proposal.act, type=PreparedPerson)
        if await self._keeper.is_taken(prepared.username):
            return Impossible(f"there is a person {prepared.username} already")
        return None

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Add the person."""
        prepared = msgspec.json.decode(proposal.act, type=PreparedPerson)
        try:
            account = await self._keeper.add_in(transaction, prepared, _cause(proposal))
        except PersonRefused as error:
            return Impossible(str(error))
        return Executed(account.subject)


class StaffRolesExecutor:
    """Gives a person other roles, who has those still that the proposal names."""

    def __init__(self, keeper: PeopleKeeper) -> None:
        self._keeper = keeper

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the person has the roles of before still."""
        act = msgspec.json.decode(proposal.act, type=ProposedRoles)
        return _changed(act, await self._keeper.find(act.subject))

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Set the roles, unless others were given meanwhile."""
        act = msgspec.json.decode(proposal.act, type=ProposedRoles)
        try:
            account = await self._keeper.set_roles_in(
                transaction,
                act.subject,
                act.roles,
                _cause(proposal),
                username=act.username,
                before=act.before,
            )
        except NoSuchPerson:
            return Impossible(f"{act.username} has not the roles {' '.join(act.before)} any more")
        except PersonRefused as error:
            return Impossible(str(error))
        return Executed(f"{account.username}: {' '.join(account.groups)}")


def _cause(proposal: Proposal) -> Cause:
    proposer = proposal.proposer
    return Cause(
        actor=StaffActor(subject=proposer.subject, username=proposer.username),
        reason=proposal.reason,
        request_id=RequestId(proposal.proposal_id),
    )


def _changed(act: ProposedRoles, found: StaffAccount | None) -> Impossible | None:
    if found is None:
        return Impossible(f"there is no person {act.username}")
    if found.groups != act.before:
        return Impossible(
            f"{act.username} has the roles {' '.join(found.groups)} by now, and not {' '.join(act.before)}"
        )
    return None
