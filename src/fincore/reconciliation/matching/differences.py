"""Which breaks a group of lines and clearing items without a match is. Pure, and a table one can print.

A group is what a statement and the ledger say of one thing: of a payment, refund or dispute that both name, or of a line or an item
that only one side has.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

from fincore.domain.adjustment_events import AmountPart
from fincore.domain.currency import Currency
from fincore.reconciliation.matching.families import Family

BreakClass = Literal[
    "missing_there",
    "missing_here",
    "amount",
    "fee",
    "fee_not_returned",
    "currency",
    "duplicate",
    "hold",
    "unexpected_movement",
    "incomplete_conversion",
    "payout_total",
    "payout_unknown",
    "payout_unreported",
    "unexplained_remainder",
    "balance",
    "late",
    "bank_amount",
    "bank_missing",
    "payout_overdue",
    "adjustment",
    "file_refused",
    "file_replaced",
    "file_late",
    "file_gap",
]
Shape = Literal["none", "line", "item", "both"]
"""Who states an amount: neither side, only lines, only items, or both, and then not the same."""

_GroupClass = Literal["missing_there", "missing_here", "amount"]

MEANINGS: Final[Mapping[BreakClass, str]] = MappingProxyType(
    {
        "missing_there": "the ledger expects it, and no statement has it although its time is past",
        "missing_here": "a statement has it, and the ledger knows nothing of it",
        "amount": "both have it, with different amounts",
        "fee": "both have it, with different fees of the PSP",
        "fee_not_returned": "the PSP did not give back the part of its fee that the ledger expects with a refund",
        "currency": "both have it, in different currencies",
        "duplicate": "a statement has the same line of the PSP a second time",
        "hold": "the PSP put money aside or released it, and only one side knows",
        "unexpected_movement": "the PSP moved money on the account that belongs to no payment",
        "incomplete_conversion": "a conversion lacks a side, or converts another amount than the payment that it names moved",
        "payout_total": "a payout has another amount or state in a statement than it was reported with",
        "payout_unknown": "a statement has lines of a payout that the log does not know",
        "payout_unreported": "the log knows a payout, and no statement has it or its lines although its time is past",
        "unexplained_remainder": "the lines of a payout do not add up to the payout",
        "balance": "what the ledger says that the PSP holds is not the balance at the end of the last statement",
        "late": "the ledger expects it, and the statement that should have it has not come",
        "bank_amount": "a bank's statement has another amount of a payout than the ledger has in that bank account",
        "bank_missing": "a payout is on no statement of a bank although its time is past",
        "payout_overdue": "a payout is in transit past its day, and no statement of a bank can tell whether it arrived",
        "adjustment": "what a person adjusted was explained in another way since; the adjustment has to be reversed",
        "file_refused": "a settlement file cannot be read; nothing of it is booked",
        "file_replaced": "a file came again under its name with other content, and waits for a person",
        "file_late": "no new file came from a source in the time that is declared for it",
        "file_gap": "the booked files of an account leave out a period, or a number of one",
    }
)
"""Class of a break -> what it means."""

SHAPES_TO_CLASS: Final[Mapping[tuple[Shape, Shape], tuple[_GroupClass | None, Literal["fee"] | None]]] = (
    MappingProxyType(
        {
            ("none", "line"): (None, "fee"),
            ("none", "item"): (None, "fee"),
            ("none", "both"): (None, "fee"),
            ("line", "none"): ("missing_here", None),
            ("line", "line"): ("missing_here", None),
            ("line", "item"): ("missing_here", "fee"),
            ("line", "both"): ("missing_here", "fee"),
            ("item", "none"): ("missing_there", None),
            ("item", "line"): ("missing_there", "fee"),
            ("item", "item"): ("missing_there", None),
            ("item", "both"): ("missing_there", "fee"),
            ("both", "none"): ("amount", None),
            ("both", "line"): ("amount", "fee"),
            ("both", "item"): ("amount", "fee"),
            ("both", "both"): ("amount", "fee"),
        }
    )
)
"""(who states the gross amount, who states the fee) -> the break of the whole, the break of the fee. Without a break of its own the
fee counts with the whole."""

FAMILY_CLASSES: Final[Mapping[tuple[BreakClass, Family], BreakClass]] = MappingProxyType(
    {
        ("missing_here", "hold"): "hold",
        ("missing_here", "release"): "hold",
        ("missing_there", "hold"): "hold",
        ("missing_there", "release"): "hold",
        ("amount", "hold"): "hold",
        ("amount", "release"): "hold",
        ("missing_here", "movement"): "unexpected_movement",
        ("fee", "movement"): "unexpected_movement",
        ("fee", "fee_reversal"): "missing_here",
        ("missing_there", "adjustment"): "adjustment",
        ("fee", "adjustment"): "adjustment",
    }
)
"""(class by the shapes, family) -> the class that says it better."""


class Part(NamedTuple):
    """One part, gross or fee, of a group in one currency: how many lines and items state it, and the sums in minor units."""

    lines: int = 0
    line_minor: int = 0
    items: int = 0
    item_minor: int = 0

    @property
    def shape(self) -> Shape:
        """Who states it."""
        if not self.lines:
            return "item" if self.items else "none"
        return "both" if self.items else "line"

    @property
    def difference_minor(self) -> int:
        """What statements say less what the ledger expects."""
        return self.line_minor - self.item_minor


class Difference(NamedTuple):
    """A group in one currency. `line_no` is its first line, (`entry_id`, `account_id`) its first item.

    `is_duplicate`: its line repeats an earlier one. `is_converted`: a line moved another currency, and its gross amount is what the
    customer paid or got back.
    """

    scope_no: int
    group: str
    currency: Currency
    family: Family
    gross: Part
    fee: Part
    is_duplicate: bool = False
    line_no: int | None = None
    entry_id: int | None = None
    account_id: int | None = None
    stream_id: UUID | None = None
    reference: str | None = None
    is_converted: bool = False


class Break(NamedTuple):
    """What a group is. `is_fee`: it is about the fee alone, beside what else its line or item may be.

    `parts`: of which parts of the group's lines and items its amount is the difference; empty where two currencies have none, or a line moved
    another one.
    """

    break_class: BreakClass
    amount_minor: int
    of: Difference
    is_fee: bool = False
    parts: tuple[AmountPart, ...] = ("gross", "fee")


def breaks_of(group: Sequence[Difference]) -> list[Break]:
    """The breaks of one group, given in each of its currencies; at least one."""
    told = [one for one in group if one.gross.lines or one.fee.lines]
    owed = [one for one in group if one.gross.items or one.fee.items]
    if not told and any(one.gross.items for one in owed):
        return [found for one in group for found in _missing_there(one)]
    only_told = [one for one in told if one not in owed]
    only_owed = [one for one in owed if one not in told]
    if not (only_told and only_owed):
        return _each(group)
    # The same thing in two currencies: the sums of two currencies have no difference.
    first, *others = only_told
    beside = next(
        (one for one in only_owed if bool(one.gross.items) == bool(first.gross.lines)), only_owed[0]
    )
    # What else is owed of a thing that is told as a whole is told in the wrong currency, too.
    hidden = only_owed if first.gross.lines else [beside]
    rest = [one for one in group if one is not first and one not in others and one not in hidden]
    currency = Break(
        "currency", _whole(first), _with_item_of(first, beside), is_fee=not first.gross.lines, parts=()
    )
    return [currency, *_each([*others, *rest])]


def _missing_there(one: Difference) -> list[Break]:
    """No line tells of the thing; a fee that it has in a currency of its own is missing with it."""
    if one.gross.items:
        return _breaks_in_currency(one)
    return [Break("missing_there", _whole(one), one, is_fee=True, parts=("fee",))]


def _each(group: Sequence[Difference]) -> list[Break]:
    return [found for one in group for found in _breaks_in_currency(one)]


def _with_item_of(told: Difference, owed: Difference) -> Difference:
    return told._replace(entry_id=owed.entry_id, account_id=owed.account_id)


def _whole(one: Difference) -> int:
    return one.gross.difference_minor + one.fee.difference_minor


def _breaks_in_currency(one: Difference) -> list[Break]:
    if one.is_duplicate:
        return [Break("duplicate", _whole(one), one)]
    whole, fee = SHAPES_TO_CLASS[one.gross.shape, one.fee.shape]
    found: list[Break] = []
    if whole is not None:
        minor = one.gross.difference_minor if fee else _whole(one)
        parts: tuple[AmountPart, ...] = () if one.is_converted else ("gross",) if fee else ("gross", "fee")
        found.append(Break(FAMILY_CLASSES.get((whole, one.family), whole), minor, one, parts=parts))
    if fee is not None:
        is_kept = one.family == "refund" and one.fee.item_minor > max(one.fee.line_minor, 0)
        fee_class: BreakClass = "fee_not_returned" if is_kept else fee
        found.append(
            Break(
                FAMILY_CLASSES.get((fee_class, one.family), fee_class),
                one.fee.difference_minor,
                one,
                is_fee=True,
                parts=("fee",),
            )
        )
    return found


def break_table() -> str:
    """What a group is, one line for each pair of shapes, then what the family changes, for the docs."""
    rows = [("gross stated by", "fee stated by", "break of the whole", "break of the fee")]
    rows += [
        (gross, fee, whole or "-", of_fee or "-") for (gross, fee), (whole, of_fee) in SHAPES_TO_CLASS.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def meanings_table() -> str:
    """Every class with what it means, for the docs and the terminal."""
    width = max(map(len, get_args(BreakClass)))
    return "\n".join(f"{name.ljust(width)}  {meaning}" for name, meaning in MEANINGS.items())
