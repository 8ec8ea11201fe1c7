"""Whether the person who proposed something may do so still: known of people of the built-in issuer alone."""

from collections.abc import Mapping, Sequence
from typing import Literal

from fincore.backoffice.staff_people import PeopleKeeper
from fincore.domain.ids import StaffSubject
from fincore.domain.proposal import PROPOSAL_KINDS, Proposal
from fincore.staff.access.grants import grants_of_roles
from fincore.staff.access.permissions import Permission
from fincore.staff.access.person import Person
from fincore.write.staff.people import StaffAccount

ProposerMay = Literal["yes", "no", "unknown"]
"""`unknown`: the issuer is one of the installation's own, and FinCore learns of its people only what their tokens say."""


class Proposers:
    """Looks at people who proposed something."""

    def __init__(self, people: PeopleKeeper) -> None:
        self._people = people

    async def may_each(self, proposals: Sequence[Proposal]) -> list[ProposerMay]:
        """For each proposal, whether its proposer may propose it as of now."""
        known = await self._people.by_subject([one.proposer.subject for one in proposals])
        return [_may(one, known) for one in proposals]

    async def may(self, proposal: Proposal) -> ProposerMay:
        """The same for one."""
        return (await self.may_each([proposal]))[0]


def holds(person: Person, permission: Permission, proposal: Proposal) -> bool:
    """Whether a permission of the person counts for what a proposal is about. What belongs to no merchant needs it for all."""
    if proposal.livemode is None:
        return person.may_everywhere(permission)
    scope = person.scope(permission, livemode=proposal.livemode)
    if scope is None:
        return False
    return scope.merchant_ids is None if proposal.merchant_id is None else scope.holds(proposal.merchant_id)


def _may(proposal: Proposal, known: Mapping[StaffSubject, StaffAccount]) -> ProposerMay:
    account = known.get(StaffSubject(proposal.proposer.subject))
    if account is None:
        return "unknown"
    if account.disabled_at is not None:
        return "no"
    person = Person(
        subject=account.subject,
        username=account.username,
        name=account.name,
        grants=grants_of_roles(account.groups),
    )
    return "yes" if holds(person, PROPOSAL_KINDS[proposal.kind].propose_permission, proposal) else "no"
