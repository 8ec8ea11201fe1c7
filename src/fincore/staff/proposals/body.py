"""A proposal as staff see it. Pure."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.currency import Currency
from fincore.domain.proposal import (
    PROPOSAL_KINDS,
    ApprovePermission,
    Proposal,
    ProposalKind,
    ProposalStatus,
)
from fincore.domain.staff_actor import StaffActor
from fincore.staff.access.person import Mode
from fincore.staff.proposals.proposers import ProposerMay


class StaffProposalPersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person of staff beside a proposal."""

    subject: Annotated[str, Meta(description="The issuer's id of the person, which never changes.")]
    username: Annotated[str, Meta(description="The name under which the person was logged in.")]


class StaffProposerSumsBody(msgspec.Struct, frozen=True, kw_only=True):
    """What else the proposer moves by proposals, in the currency and mode of this one: refunds, or adjustments and their like."""

    waiting_minor: Annotated[
        int, Meta(description="What waits for a second person, this proposal with it while it does.")
    ]
    agreed_minor: Annotated[int, Meta(description="What second persons agreed to on this day, by UTC.")]


class StaffProposalBody(msgspec.Struct, frozen=True, kw_only=True):
    """What one person proposed, and what became of it."""

    object: Annotated[Literal["proposal"], Meta(description="The kind of object that this is.")] = "proposal"
    id: Annotated[str, Meta(description="Its id.", examples=["prop_01h2xcejqtf2nbrexx3vqjhp41"])]
    kind: Annotated[ProposalKind, Meta(description="What is to be done.")]
    status: Annotated[
        ProposalStatus,
        Meta(
            description="`proposed`: it waits for a second person. `approved`: they agreed, and FinCore carries it out. `executed`: it is done. "
            "`refused`: `result` says why. `declined`, `withdrawn`, `expired`: nothing was done."
        ),
    ]
    mode: Annotated[Mode | None, Meta(description="In which mode; null: what is to be done has none.")]
    merchant: Annotated[str | None, Meta(description="Of which merchant; null: of none.")]
    object_id: Annotated[str, Meta(description="The id of what it is to be done to, such as a charge.")]
    amount_minor: Annotated[
        int | None, Meta(description="The amount in the minor unit of `currency`; null where no money moves.")
    ]
    currency: Annotated[
        Currency | None,
        Meta(description="ISO 4217 code in lower case; null where no money moves.", examples=["usd"]),
    ]
    act: Annotated[
        dict[str, Any],
        Meta(
            description="What exactly is to be done; the fields depend on `kind`. A list leaves out texts of more than 2,000 characters."
        ),
    ]
    proposer: Annotated[StaffProposalPersonBody, Meta(description="The person who proposed it.")]
    proposer_may: Annotated[
        ProposerMay,
        Meta(
            description="Whether that person may propose it as of this answer. `unknown`: with an issuer of your own, FinCore does not learn that a "
            "person left or lost a role. `no`: nothing of this is approved."
        ),
    ]
    proposer_sums: Annotated[
        StaffProposerSumsBody | None,
        Meta(
            description="What else that person moves by proposals, as of this answer; null where no money moves."
        ),
    ]
    reason: Annotated[str, Meta(description="Why, in the words of the proposer.")]
    needed_because: Annotated[str, Meta(description="Why one person does not do it alone.")]
    approve_permission: Annotated[
        ApprovePermission, Meta(description="The permission that a second person needs.")
    ]
    proposed_at: Annotated[datetime, Meta(description="When it was proposed.")]
    expires_at: Annotated[datetime, Meta(description="Until when it waits for a second person.")]
    decider: Annotated[
        StaffProposalPersonBody | None,
        Meta(description="The person who approved, declined or withdrew it; null until then."),
    ]
    decided_reason: Annotated[str | None, Meta(description="Why, in the words of that person.")]
    decided_at: Annotated[datetime | None, Meta(description="When it was decided, or ended.")]
    result: Annotated[
        str | None,
        Meta(
            description="What came of it, such as the id of the refund, or why it was impossible; null until it is carried out."
        ),
    ]


class StaffProposalList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of proposals."""

    object: Annotated[Literal["list"], Meta(description="The kind of object that this is.")] = "list"
    data: Annotated[list[StaffProposalBody], Meta(description="The proposals, latest first.")]
    has_more: Annotated[bool, Meta(description="Whether more proposals follow.")]
    next_cursor: Annotated[str | None, Meta(description="`cursor` of the next page; null on the last.")]


HIDDEN: Final = frozenset({"key_hash"})
"""Fields of acts that nothing shows."""
LISTED_CHARACTERS_MAX: Final = 2_000
"""Longer texts of an act, such as rules, are shown with the one proposal, and not in lists."""


def render_proposal(
    proposal: Proposal, proposer_may: ProposerMay, *, is_listed: bool = False
) -> StaffProposalBody:
    """A proposal as staff see it."""
    act = {
        name: value
        for name, value in msgspec.json.decode(proposal.act, type=dict[str, Any]).items()
        if name not in HIDDEN and not (is_listed and len(str(value)) > LISTED_CHARACTERS_MAX)
    }
    return StaffProposalBody(
        id=proposal.proposal_id,
        kind=proposal.kind,
        status=proposal.status,
        mode=None if proposal.livemode is None else "live" if proposal.livemode else "test",
        merchant=proposal.merchant_id,
        object_id=proposal.object_id,
        amount_minor=proposal.money.amount_minor if proposal.money else None,
        currency=proposal.money.currency if proposal.money else None,
        act=act,
        proposer=_person(proposal.proposer),
        proposer_may=proposer_may,
        proposer_sums=None
        if proposal.sums is None
        else StaffProposerSumsBody(
            waiting_minor=proposal.sums.waiting_minor, agreed_minor=proposal.sums.agreed_minor
        ),
        reason=proposal.reason,
        needed_because=proposal.needed_because,
        approve_permission=PROPOSAL_KINDS[proposal.kind].approve_permission,
        proposed_at=proposal.proposed_at,
        expires_at=proposal.expires_at,
        decider=None if proposal.decider is None else _person(proposal.decider),
        decided_reason=proposal.decided_reason,
        decided_at=proposal.decided_at,
        result=proposal.result,
    )


def _person(person: StaffActor) -> StaffProposalPersonBody:
    return StaffProposalPersonBody(subject=person.subject, username=person.username)
