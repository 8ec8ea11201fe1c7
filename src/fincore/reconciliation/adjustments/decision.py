"""What is booked to end a break, and why nothing is. Pure, and a table one can print."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.adjustment import PARTS_MAX
from fincore.domain.adjustment_events import (
    Adjusted,
    AdjustedItem,
    AdjustedLine,
    AdjustmentBooked,
    AdjustmentKind,
    AmountPart,
)
from fincore.domain.currency import Currency
from fincore.domain.ids import AdjustmentId, ChargeId, RunId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.staff_decision import StaffDecision
from fincore.reconciliation.matching.differences import MEANINGS, BreakClass

_OF_PAYOUTS: Final = (
    "a payout follows what the PSP says of it alone: ask the PSP with `fincore reconcile claim`"
)
_OF_BANKS: Final = (
    "what is in a bank account follows its payouts alone: ask the bank with `fincore reconcile claim`"
)
_OF_MISSING_FILES: Final = (
    "what a file moves is not known before it comes: ask the PSP with `fincore reconcile claim`, or explain it with "
    "`fincore reconcile explain`"
)
_OF_FILES: Final = (
    "nothing of the file is booked: `fincore reconcile files` says what came and why it was not read"
)

ADJUSTABLE: Final[Mapping[BreakClass, Adjusted]] = MappingProxyType(
    {
        "missing_there": "clearing",
        "missing_here": "clearing",
        "amount": "clearing",
        "fee": "clearing",
        "fee_not_returned": "clearing",
        "duplicate": "clearing",
        "hold": "clearing",
        "unexpected_movement": "clearing",
        "balance": "balance",
    }
)
"""Class of a break -> the account at the PSP on which an entry ends it. No entry ends any other."""

INSTEAD: Final[Mapping[BreakClass, str]] = MappingProxyType(
    {
        "currency": "two currencies have no difference that one entry books: explain it with `fincore reconcile explain`",
        "incomplete_conversion": "the other side of the conversion is what is missing: ask the PSP with `fincore reconcile claim`",
        "payout_total": _OF_PAYOUTS,
        "unexplained_remainder": _OF_PAYOUTS,
        "late": "statements are still to come: `fincore reconcile sources` says which, and why they did not",
        "bank_amount": _OF_BANKS,
        "bank_missing": _OF_BANKS,
        "payout_overdue": _OF_PAYOUTS,
        "payout_unknown": _OF_PAYOUTS,
        "payout_unreported": _OF_PAYOUTS,
        "adjustment": "it is an adjustment that is left: take it back with `fincore reconcile reverse`",
        "file_refused": _OF_FILES,
        "file_replaced": _OF_FILES,
        "file_late": _OF_MISSING_FILES,
        "file_gap": _OF_MISSING_FILES,
    }
)
"""Class of a break -> what to do in place of an adjustment, where that is not to explain or to claim it."""

_ELSE: Final = "no entry of the ledger ends it: explain it with `fincore reconcile explain`, or ask the PSP with `fincore reconcile claim`"


class PartOfLine(msgspec.Struct, frozen=True):
    """A part of a line that the break is made of, with its amount."""

    line: AdjustedLine
    amount_minor: int


class PartOfItem(msgspec.Struct, frozen=True):
    """The same of an item."""

    item: AdjustedItem
    amount_minor: int


class FoundBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break as the last run left it. `run_id` is the run that found it first."""

    break_id: int
    break_class: BreakClass
    subject: str
    run_id: RunId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    currency: Currency | None
    amount_minor: int | None
    charge_id: ChargeId | None
    reference: str | None
    lines: tuple[PartOfLine, ...] = ()
    items: tuple[PartOfItem, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides about a break of which they have seen the amount."""

    kind: AdjustmentKind
    amount_minor: int
    by: str
    reason: str
    staff: StaffDecision | None = None


class NotAdjusted(msgspec.Struct, frozen=True):
    """Nothing is booked; the sentence says why, and what to do."""

    sentence: str


def adjustment_of_break(
    found: FoundBreak, decision: Decision, adjustment_id: AdjustmentId, occurred_at: datetime
) -> AdjustmentBooked | NotAdjusted:
    """What is booked: the statement less what the ledger expects, gross and fee apart, over exactly what the break is made of."""
    adjusts = ADJUSTABLE.get(found.break_class)
    if adjusts is None or found.currency is None or found.amount_minor is None:
        return NotAdjusted(
            f"the break {found.break_id} is {found.break_class}: {INSTEAD.get(found.break_class, _ELSE)}"
        )
    if decision.amount_minor != found.amount_minor:
        return NotAdjusted(
            f"the break {found.break_id} comes to {_told(found.amount_minor, found.currency)}, and not to "
            f"{_told(decision.amount_minor, found.currency)}: look at it again"
        )
    if adjusts == "balance":
        gross_minor, fee_minor = found.amount_minor, 0
    else:
        gross_minor, fee_minor = _difference(found, "gross"), _difference(found, "fee")
    flaw = _flaw(found, decision, adjusts, gross_minor, fee_minor)
    if flaw is not None:
        return NotAdjusted(flaw)
    return AdjustmentBooked(
        adjustment_id=adjustment_id,
        kind=decision.kind,
        adjusts=adjusts,
        psp=found.psp,
        psp_account=found.psp_account,
        livemode=found.livemode,
        currency=found.currency,
        gross_minor=gross_minor,
        fee_minor=fee_minor,
        by=decision.by,
        reason=decision.reason,
        occurred_at=occurred_at,
        break_class=found.break_class,
        subject=found.subject,
        run_id=found.run_id,
        charge_id=found.charge_id,
        reference=found.reference,
        lines=tuple(one.line for one in found.lines) if adjusts == "clearing" else (),
        items=tuple(one.item for one in found.items) if adjusts == "clearing" else (),
        staff=decision.staff,
    )


def _flaw(
    found: FoundBreak, decision: Decision, adjusts: Adjusted, gross_minor: int, fee_minor: int
) -> str | None:
    if adjusts == "clearing":
        if not found.lines and not found.items:
            return (
                f"no entry on clearing makes the sides of the break {found.break_id} equal: it is booked as the statement has it, or its line "
                "moved another currency. Explain it with `fincore reconcile explain`, or ask the PSP with `fincore reconcile claim`"
            )
        if max(len(found.lines), len(found.items)) > PARTS_MAX:
            return (
                f"the break {found.break_id} is of {len(found.lines):,} parts of lines and {len(found.items):,} of items, and an "
                f"adjustment may be of {PARTS_MAX} of each: explain it with `fincore reconcile explain`"
            )
        if gross_minor + fee_minor != found.amount_minor:
            return (
                f"the lines and items of the break {found.break_id} do not come to its amount: `fincore reconcile run` looks at them "
                "again, then repeat the command"
            )
    if decision.kind == "write_off" and (adjusts != "clearing" or gross_minor + fee_minor >= 0):
        return (
            f"the break {found.break_id} is nothing that the PSP owes: a write-off gives up what it owes. Use "
            "`fincore reconcile adjust`"
        )
    return None


def _difference(found: FoundBreak, part: AmountPart) -> int:
    """What statements say of a part less what the ledger expects."""
    return sum(one.amount_minor for one in found.lines if one.line.part == part) - sum(
        one.amount_minor for one in found.items if one.item.part == part
    )


def _told(amount_minor: int, currency: Currency) -> str:
    return f"{Money(amount_minor, currency)} ({amount_minor} minor units)"


def adjustable_table() -> list[tuple[str, str, str]]:
    """Each class with the account on which an entry ends it, or what to do instead, for the docs."""
    accounts: Mapping[Adjusted, Literal["clearing", "balance", "unmatched"]] = {
        "clearing": "clearing",
        "balance": "balance",
        "opening": "unmatched",
    }
    return [
        (
            f"`{one}`",
            f"`{accounts[ADJUSTABLE[one]]}`" if one in ADJUSTABLE else "",
            "" if one in ADJUSTABLE else INSTEAD.get(one, _ELSE),
        )
        for one in MEANINGS
    ]
