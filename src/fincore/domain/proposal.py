"""A proposal: what one person of staff asks for and another has to agree to. Its states, its steps, and who may take each. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, ProposalId
from fincore.domain.money import Money
from fincore.domain.staff_actor import StaffActor, are_one_person

ProposalStatus = Literal["proposed", "approved", "executed", "refused", "declined", "withdrawn", "expired"]
"""`approved`: two people agreed, and it is being carried out. `refused`: by then it was impossible, a person gave it up, or its proposer was disabled or got other roles."""
ProposalStep = Literal["approve", "decline", "withdraw", "expire", "execute", "refuse", "give_up"]

PROPOSAL_TRANSITIONS: Final[Mapping[tuple[ProposalStatus, ProposalStep], ProposalStatus]] = MappingProxyType(
    {
        ("proposed", "approve"): "approved",
        ("proposed", "decline"): "declined",
        ("proposed", "withdraw"): "withdrawn",
        ("proposed", "expire"): "expired",
        ("proposed", "refuse"): "refused",
        ("approved", "execute"): "executed",
        ("approved", "refuse"): "refused",
        ("approved", "give_up"): "refused",
    }
)
"""(state, step) -> next state. A pair that is not here cannot happen; the database holds the same table."""

TAKEN_BY: Final[Mapping[ProposalStep, str]] = MappingProxyType(
    {
        "approve": "a second person",
        "decline": "a second person",
        "withdraw": "the person who proposed it",
        "expire": "FinCore, after 7 days",
        "execute": "FinCore",
        "refuse": "FinCore, where it is impossible by then, or its person was disabled or got other roles",
        "give_up": "a person with the permission of a second person, where it is not carried out yet",
    }
)
"""Step -> who takes it."""

ApprovePermission = Literal["money.approve", "settings.approve"]
ProposePermission = Literal[
    "payments.act",
    "breaks.decide",
    "jobs.replay",
    "merchants.manage",
    "rules.manage",
    "routes.manage",
    "staff.manage",
]
ProposalKind = Literal[
    "refund",
    "adjustment",
    "write_off",
    "adjustment_reversal",
    "opening",
    "webhook_discard",
    "live_key",
    "risk_rules",
    "routing_rules",
    "fee_plan",
    "raw_cards",
    "risk_list_entries",
    "staff_member",
    "staff_roles",
]


class KindOfProposal(NamedTuple):
    """The permissions that the first and the second person need, when a proposal is needed, and what the second person agrees to."""

    propose_permission: ProposePermission
    approve_permission: ApprovePermission
    needed_when: str
    meaning: str


_ABOVE_ADJUSTMENTS: Final = "above `FINCORE_ADJUSTMENT_LIMITS_MINOR`"
PROPOSAL_KINDS: Final[Mapping[ProposalKind, KindOfProposal]] = MappingProxyType(
    {
        "refund": KindOfProposal(
            "payments.act",
            "money.approve",
            "above `FINCORE_REFUND_LIMITS_MINOR`",
            "refund a charge, whole or in part",
        ),
        "adjustment": KindOfProposal(
            "breaks.decide",
            "money.approve",
            _ABOVE_ADJUSTMENTS,
            "book the difference of a break as the statement has it",
        ),
        "write_off": KindOfProposal(
            "breaks.decide", "money.approve", _ABOVE_ADJUSTMENTS, "give up what the PSP owes by a break"
        ),
        "adjustment_reversal": KindOfProposal(
            "breaks.decide", "money.approve", _ABOVE_ADJUSTMENTS, "take an adjustment or a write-off back"
        ),
        "opening": KindOfProposal(
            "breaks.decide",
            "money.approve",
            _ABOVE_ADJUSTMENTS,
            "explain what a PSP held before its first statement",
        ),
        "webhook_discard": KindOfProposal(
            "jobs.replay",
            "money.approve",
            "where the inbox has its body",
            "discard a webhook of a PSP that FinCore could not read",
        ),
        "live_key": KindOfProposal(
            "merchants.manage", "settings.approve", "always", "let a new key of a merchant work in live mode"
        ),
        "risk_rules": KindOfProposal(
            "rules.manage",
            "settings.approve",
            "always",
            "let a version of the risk rules be live, or retire the live one",
        ),
        "routing_rules": KindOfProposal(
            "routes.manage", "settings.approve", "always", "let routing rules be live"
        ),
        "fee_plan": KindOfProposal(
            "merchants.manage",
            "settings.approve",
            "always",
            "let a fee plan of a merchant count, in both modes",
        ),
        "raw_cards": KindOfProposal(
            "merchants.manage",
            "settings.approve",
            "in live mode",
            "let a merchant send card numbers",
        ),
        "risk_list_entries": KindOfProposal(
            "rules.manage",
            "settings.approve",
            "where live rules let more through by it",
            "add entries to a list of risk, or remove one",
        ),
        "staff_member": KindOfProposal(
            "staff.manage", "settings.approve", "always", "add a person to the built-in issuer, with roles"
        ),
        "staff_roles": KindOfProposal(
            "staff.manage", "settings.approve", "always", "give a person of the built-in issuer other roles"
        ),
    }
)

OPEN_FOR: Final = timedelta(days=7)
"""How long a proposal waits for a second person."""
AGREED_FOR: Final = timedelta(days=7)
"""How long what two people agreed on may be carried out: they knew of things as they were, for as long as a proposal waits."""
OPEN_OF_ONE_PERSON_MAX: Final = 100
"""Proposals of one person that wait at a time."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal as it stands. `act` is JSON of what is to be done, by kind; `object_id` names what it is done to.

    `money` is None where the act moves none, `livemode` and `merchant_id` where it belongs to no mode and no merchant. `needed_because` is the
    sentence why one person does not do it alone. The last three tell of the step that ended it, if a person took it: who, why, and when.
    `result` says in short what came of it. `sums` are as of the reading, and None where no money moves.
    """

    proposal_id: ProposalId
    kind: ProposalKind
    status: ProposalStatus
    livemode: bool | None
    merchant_id: MerchantId | None
    object_id: str
    money: Money | None
    act: bytes
    proposer: StaffActor
    reason: str
    needed_because: str
    proposed_at: datetime
    expires_at: datetime
    decider: StaffActor | None = None
    decided_reason: str | None = None
    decided_at: datetime | None = None
    result: str | None = None
    sums: "ProposerSums | None" = None


class ProposerSums(NamedTuple):
    """What else the proposer moves by proposals of the currency and mode: refunds, or adjustments and their like. In minor units.

    `waiting_minor` waits for a second person, the proposal itself with it; `agreed_minor` others agreed to on this day, by UTC.
    """

    waiting_minor: int
    agreed_minor: int


StepFlaw = Literal["not_open", "is_proposer", "is_not_proposer", "is_over"]
"""Why a step is impossible: the proposal ended; a second person is needed; only the proposer withdraws it; its time is over."""


def step_flaw(
    proposal: Proposal, step: ProposalStep, by: StaffActor | None, now: datetime
) -> StepFlaw | None:
    """Why a step is impossible now; None where it is possible. `by` is None for the steps of FinCore."""
    if (proposal.status, step) not in PROPOSAL_TRANSITIONS:
        return "not_open"
    match step:
        case "approve" | "decline":
            if by is None or are_one_person(by, proposal.proposer):
                return "is_proposer"
            return "is_over" if now >= proposal.expires_at else None
        case "withdraw":
            return None if by is not None and by.subject == proposal.proposer.subject else "is_not_proposer"
        case "expire":
            return None if now >= proposal.expires_at else "not_open"
        case _:
            return None


def proposal_table() -> list[tuple[str, str, str, str]]:
    """Each state and step with the state it leads to and who takes it, for the docs."""
    return [(before, step, after, TAKEN_BY[step]) for (before, step), after in PROPOSAL_TRANSITIONS.items()]


def proposal_kind_table() -> list[tuple[str, str, str, str, str]]:
    """Each kind with what is agreed to, when a second person is needed, and the permissions of both, for the docs."""
    return [
        (
            f"`{kind}`",
            about.meaning,
            about.needed_when,
            f"`{about.propose_permission}`",
            f"`{about.approve_permission}`",
        )
        for kind, about in PROPOSAL_KINDS.items()
    ]


PROPOSAL_STATUSES: Final[tuple[ProposalStatus, ...]] = get_args(ProposalStatus)


def money_of(amount_minor: int | None, currency: str | None) -> Money | None:
    """An amount as it is stored; None where there is none."""
    return None if amount_minor is None or currency is None else Money(amount_minor, Currency(currency))
