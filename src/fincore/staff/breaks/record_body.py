"""One break with all that is known of it, as staff see it. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import charge_of
from fincore.public.fields import CurrencyCode, ObjectName
from fincore.reconciliation.adjustments.decision import ADJUSTABLE
from fincore.reconciliation.breaks.break_actions import ActedBreak
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_record import BreakRecord
from fincore.reconciliation.breaks.break_status import (
    TRANSITIONS,
    BreakAction,
    BreakStatus,
    PersonAction,
)
from fincore.reconciliation.breaks.next_steps import NEXT_STEPS
from fincore.reconciliation.matching.differences import MEANINGS
from fincore.staff.access.person import Mode
from fincore.staff.breaks.body import (
    AccountOfBreak,
    BreakAmount,
    BreakCurrency,
    BreakId,
    BreakReference,
    ClassOfBreak,
    Owner,
    StatusOfBreak,
)

StaffBreakAct = Literal["assign", "note", "explain", "claim", "reopen", "adjust", "write_off", "reverse"]
"""What a person may do with a break itself; a file is dismissed and released as a file."""
_ACTS: tuple[StaffBreakAct, ...] = (
    "assign",
    "note",
    "explain",
    "claim",
    "reopen",
    "adjust",
    "write_off",
    "reverse",
)
_BY_ENTRY: Final[Collection[StaffBreakAct]] = ("adjust", "write_off")
"""What books an entry: no entry ends a break of a class that has no account for it, such as one of a whole file."""


class StaffBreakLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says: a line. A part of amount 0 counts as matched."""

    file_name: Annotated[str, Meta(description="The statement's file.")]
    number: Annotated[int, Meta(description="The line of the file.")]
    kind: Annotated[str, Meta(description="What the line is.", examples=["payment"])]
    psp_type: Annotated[str, Meta(description="What the PSP calls the kind.")]
    psp_reference: Annotated[str, Meta(description="The line's id at the PSP.")]
    currency: CurrencyCode
    gross_minor: Annotated[int, Meta(description="The amount, from our side: negative was taken from us.")]
    fee_minor: Annotated[int, Meta(description="The fee, likewise.")]
    occurred_at: Annotated[datetime, Meta(description="When it happened, by the PSP.")]
    is_gross_matched: Annotated[bool, Meta(description="Whether the amount is matched with the ledger.")]
    is_fee_matched: Annotated[bool, Meta(description="Whether the fee is.")]


class StaffBreakItem(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger expects: an item of a clearing account. A part of amount 0 counts as matched."""

    entry_id: Annotated[int, Meta(description="The number of its entry.")]
    kind: Annotated[str, Meta(description="What the item is.", examples=["payment"])]
    psp_reference: Annotated[str, Meta(description="What the PSP calls it; empty: nothing names it.")]
    currency: CurrencyCode
    gross_minor: Annotated[int, Meta(description="The amount, debits positive.")]
    fee_minor: Annotated[int, Meta(description="The fee, debits positive.")]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    is_gross_matched: Annotated[bool, Meta(description="Whether a line has matched the amount.")]
    is_fee_matched: Annotated[bool, Meta(description="Whether a line has matched the fee.")]


class StaffBankLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's statement says of a payout."""

    file_name: Annotated[str, Meta(description="The file of the bank.")]
    number: Annotated[int, Meta(description="The line of the file.")]
    bank: Annotated[str, Meta(description="The bank account.")]
    kind: Annotated[str, Meta(description="What the line is.")]
    bank_reference: Annotated[str, Meta(description="The line's id at the bank.")]
    currency: CurrencyCode
    amount_minor: Annotated[int, Meta(description="The amount, from our side.")]
    occurred_at: Annotated[datetime, Meta(description="When it happened, by the bank.")]
    is_matched: Annotated[bool, Meta(description="Whether it is matched with a payout.")]


class StaffBreakState(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found: class and amount hold from that run on."""

    run_id: Annotated[str, Meta(description="The run.", examples=["run_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    cut_off: Annotated[datetime, Meta(description="Up to when the run looked.")]
    break_class: ClassOfBreak
    currency: BreakCurrency
    amount_minor: BreakAmount


class StaffBreakAction(msgspec.Struct, frozen=True, kw_only=True):
    """What a person or a run did with a break, or with one that became part of it."""

    break_id: Annotated[int, Meta(description="The break.")]
    action: Annotated[BreakAction, Meta(description="What was done.")]
    status: Annotated[BreakStatus, Meta(description="How the break stood after it.")]
    actor: Annotated[
        str,
        Meta(description="Who did it: `staff:` and a subject, `operator:` and a name, or `reconciliation`."),
    ]
    by: Annotated[str, Meta(description="The actor's name.")]
    owner: Owner
    reason: Annotated[str | None, Meta(description="Why, or what became known; null: no reason was given.")]
    reference: Annotated[
        str | None, Meta(description="What the PSP or the bank calls a claim, or the id of an adjustment.")
    ]
    other_break: Annotated[
        int | None, Meta(description="The break that goes on in its place, or that it took its owner from.")
    ]
    acted_at: Annotated[datetime, Meta(description="When.")]


class StaffBreakRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A break with both sides, what runs found of it, what was done, and what may be done now."""

    object: Annotated[Literal["break_record"], ObjectName] = "break_record"
    id: BreakId
    mode: Annotated[Mode, Meta(description="In which mode.")]
    break_class: ClassOfBreak
    meaning: Annotated[str, Meta(description="What the class means.")]
    account: AccountOfBreak
    currency: BreakCurrency
    amount_minor: BreakAmount
    charge: Annotated[str | None, Meta(description="The charge that it is about; null: none is known.")]
    reference: BreakReference
    file: Annotated[
        str | None, Meta(description="The settlement file that the whole break is about; null: of none.")
    ]
    status: StatusOfBreak
    owner: Owner
    opened_at: Annotated[datetime, Meta(description="When a run found it first.")]
    days: Annotated[int, Meta(description="Its age in whole days, until now or until it was closed.")]
    closed_at: Annotated[datetime | None, Meta(description="When it was closed; null: it is not.")]
    opened_by: Annotated[str, Meta(description="The run that found it first.")]
    seen_by: Annotated[str, Meta(description="The run that found it last.")]
    closed_by: Annotated[str | None, Meta(description="The run that saw it closed; null: none did.")]
    next_step: Annotated[str | None, Meta(description="What a person does next; null: it is closed.")]
    may: Annotated[list[StaffBreakAct], Meta(description="What a person may do with it as it stands.")]
    lines: Annotated[list[StaffBreakLine], Meta(description="What statements say of it, 200 lines at most.")]
    items: Annotated[list[StaffBreakItem], Meta(description="What the ledger expects, 200 items at most.")]
    bank_lines: Annotated[list[StaffBankLine], Meta(description="What banks say of its payout.")]
    states: Annotated[list[StaffBreakState], Meta(description="What runs found, the first one first.")]
    actions: Annotated[list[StaffBreakAction], Meta(description="What was done, the first one first.")]


class StaffBreakActed(msgspec.Struct, frozen=True, kw_only=True):
    """What an act did to a break."""

    object: Annotated[Literal["break_action"], ObjectName] = "break_action"
    break_id: Annotated[int, Meta(description="The break.")]
    number: Annotated[int, Meta(description="Which action of the break it is, from 1.")]
    action: Annotated[PersonAction, Meta(description="What was done.")]
    status: Annotated[BreakStatus, Meta(description="How the break stands after it.")]
    owner: Owner
    acted_at: Annotated[datetime | None, Meta(description="When.")]


def render_record(record: BreakRecord) -> StaffBreakRecord:
    """A break with all that is known of it."""
    return StaffBreakRecord(
        id=str(record.break_id),
        mode="live" if record.livemode else "test",
        break_class=record.break_class,
        meaning=MEANINGS[record.break_class],
        account=f"{record.psp}/{record.psp_account}",
        currency=record.currency,
        amount_minor=record.amount_minor,
        charge=None if record.stream_id is None else charge_of(record.stream_id),
        reference=record.reference,
        file=None if record.file is None else record.file.file_id,
        status=record.status,
        owner=record.owner,
        opened_at=record.opened_at,
        days=record.days,
        closed_at=record.closed_at,
        opened_by=record.opened_by,
        seen_by=record.seen_by,
        closed_by=record.closed_by,
        next_step=NEXT_STEPS[record.break_class] if record.closed_at is None else None,
        may=[
            act
            for act in _ACTS
            if (record.status, act) in TRANSITIONS
            and (act not in _BY_ENTRY or record.break_class in ADJUSTABLE)
        ],
        lines=[msgspec.convert(one, StaffBreakLine, from_attributes=True) for one in record.lines],
        items=[msgspec.convert(one, StaffBreakItem, from_attributes=True) for one in record.items],
        bank_lines=[msgspec.convert(one, StaffBankLine, from_attributes=True) for one in record.bank_lines],
        states=[msgspec.convert(one, StaffBreakState, from_attributes=True) for one in record.states],
        actions=[msgspec.convert(one, StaffBreakAction, from_attributes=True) for one in record.actions],
    )


def render_acted(acted: ActedBreak, done: Done) -> StaffBreakActed:
    """What an act did."""
    return StaffBreakActed(
        break_id=acted.before.break_id,
        number=acted.action_no,
        action=done.action,
        status=acted.status,
        owner=acted.owner,
        acted_at=acted.acted_at,
    )
