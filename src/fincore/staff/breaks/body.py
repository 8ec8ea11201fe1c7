"""Breaks as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import charge_of
from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.reconciliation.breaks.break_status import BreakStatus, StandingStatus
from fincore.reconciliation.breaks.listing import ListedBreak, StandingSum
from fincore.reconciliation.matching.differences import BreakClass
from fincore.staff.access.person import Mode

BreakId = Annotated[str, Meta(description="The number of the break.", examples=["17"])]
ClassOfBreak = Annotated[BreakClass, Meta(description="What is different.")]
StatusOfBreak = Annotated[BreakStatus, Meta(description="How the break stands.")]
AccountOfBreak = Annotated[
    str, Meta(description="The account at the PSP: the PSP and the name.", examples=["paypal/default"])
]
BreakCurrency = Annotated[
    str | None, Meta(description="ISO 4217 code in lower case; null for a break of a whole file.")
]
BreakAmount = Annotated[
    int | None,
    Meta(
        description="What the statement says less what the ledger expects; null for a break of a whole file."
    ),
]
BreakReference = Annotated[
    str | None, Meta(description="What the PSP calls the thing; null: nothing names it.")
]
Owner = Annotated[str | None, Meta(description="The person who takes care of it; null: no person.")]


class StaffBreak(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a statement and the ledger say differently."""

    object: Annotated[Literal["break"], ObjectName] = "break"
    id: BreakId
    break_class: ClassOfBreak
    account: AccountOfBreak
    currency: BreakCurrency
    amount_minor: BreakAmount
    opened_at: Annotated[datetime, Meta(description="When a run found it first.")]
    days: Annotated[int, Meta(description="Its age in whole days, until now or until it was closed.")]
    status: StatusOfBreak
    closed_at: Annotated[datetime | None, Meta(description="When it was closed; null: it is not.")]
    owner: Owner
    charge: Annotated[str | None, Meta(description="The charge that it is about; null: none is known.")]
    reference: BreakReference
    file_name: Annotated[str | None, Meta(description="The statement's file; null: it is about no line.")]
    line: Annotated[int | None, Meta(description="The line of that file; null: it is about no line.")]


class StaffBreakList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of breaks."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffBreak], Meta(description="The breaks, those opened last first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffBreakSum(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one status, class and currency that are not closed."""

    status: Annotated[StandingStatus, Meta(description="How they stand.")]
    break_class: ClassOfBreak
    currency: BreakCurrency
    breaks: Annotated[int, Meta(description="How many there are.")]
    amount_minor: Annotated[
        int, Meta(description="What they come to; 9223372036854775807 is that or more, and so below zero.")
    ]
    oldest_days: Annotated[int, Meta(description="The age of the oldest in whole days.")]


class StaffBreakSums(msgspec.Struct, frozen=True, kw_only=True):
    """All breaks of a mode that are not closed, in sums."""

    object: Annotated[Literal["break_sums"], ObjectName] = "break_sums"
    mode: Annotated[Mode, Meta(description="Of which mode.")]
    data: Annotated[
        list[StaffBreakSum], Meta(description="The sums; first those on which a person has to act.")
    ]


def render_break(one: ListedBreak) -> StaffBreak:
    """A break of a list."""
    return StaffBreak(
        id=str(one.break_id),
        break_class=one.break_class,
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        amount_minor=one.amount_minor,
        opened_at=one.opened_at,
        days=one.days,
        status=one.status,
        closed_at=one.closed_at,
        owner=one.owner,
        charge=None if one.stream_id is None else charge_of(one.stream_id),
        reference=one.reference,
        file_name=one.file_name,
        line=one.number,
    )


def render_sum(one: StandingSum) -> StaffBreakSum:
    """A sum."""
    return StaffBreakSum(
        status=one.status,
        break_class=one.break_class,
        currency=one.currency,
        breaks=one.breaks,
        amount_minor=one.amount_minor,
        oldest_days=one.oldest_days,
    )
