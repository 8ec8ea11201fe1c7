"""Faults of settlement reports: what a report states otherwise than it happened, or how its file cannot be read. Pure.

A fault of a row changes the row before any total is made of it: totals and balances follow, so that the file is right in itself and
what it says of that row is wrong. A fault of a file leaves the rows alone.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from psp_sandbox.misdirected import Misdirected
from psp_sandbox.paypal.money import TWO_DECIMALS, WHOLE, decimals
from psp_sandbox.paypal.settlement_report import COLUMNS, Falsified, Total
from psp_sandbox.paypal.transaction_rows import Row

RowFault = Literal["drop_row", "double_row", "change_amount", "change_fee", "swap_currency", "unknown_code"]
FileFault = Literal[
    "wrong_footer",
    "wrong_count",
    "wrong_account",
    "missing_column",
    "cut_off",
    "byte_order_mark",
    "utf_16",
    "late",
    "unfinished",
]
ROW_FAULTS = frozenset(get_args(RowFault))
PLAIN = frozenset(get_args(FileFault)) - {"wrong_footer", "wrong_count"}
"""Faults of which there is no more to tell than that the file has them."""
OTHER_ACCOUNT_ID = "SANDBQXOTHER3"
MAX_FAULTS = 100
"""Of one report."""


class SettlementFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. A fault of a row is about `transaction_id`, or the first row that it can be about.

    `delta_minor`: what an amount, a fee or a footer's total grows by. `currency`: what the row's becomes, or which footer is wrong.
    `total`: which total of the footer. `code`: what the row's becomes.
    """

    kind: RowFault | FileFault
    transaction_id: str | None = None
    delta_minor: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)] = 1
    currency: str | None = None
    total: Total = "gross_credits"
    code: Annotated[str, Meta(pattern="^T[0-9]{4}$")] = "T6001"


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault that a report has: the row it is about, and what the row states in place of what happened."""

    kind: RowFault | FileFault
    transaction_id: str | None = None
    currency: str | None = None
    happened: str | None = None
    stated: str | None = None


def with_row_faults(
    rows: Sequence[Row], faults: Sequence[SettlementFault]
) -> tuple[tuple[Row, ...], tuple[Told, ...]]:
    """The rows as the report states them. Raises Misdirected: no row is as a fault wants it."""
    stated, told = list(rows), []
    for fault in faults:
        if fault.kind in ROW_FAULTS:
            place = _place(stated, fault)
            row = stated[place]
            changed = CHANGES[fault.kind](row, fault)
            stated[place : place + 1] = changed
            told.append(
                Told(
                    kind=fault.kind,
                    transaction_id=row.id,
                    currency=row.currency,
                    happened=_shown(row),
                    stated="; ".join(_shown(one) for one in changed),
                )
            )
    return tuple(stated), tuple(told)


def falsified(rows: Sequence[Row], faults: Sequence[SettlementFault]) -> tuple[Falsified, tuple[Told, ...]]:
    """What the footers state otherwise than the rows say. Raises Misdirected: two faults of one footer, or no such currency."""
    currencies = [row.currency for row in rows]
    stated, told = Falsified(), []
    for fault in faults:
        if fault.kind == "wrong_count":
            stated = replace(stated, rows=stated.rows + 1)
            told.append(Told(kind=fault.kind, happened=str(len(rows)), stated=str(len(rows) + stated.rows)))
        if fault.kind == "wrong_footer":
            currency = fault.currency or next(iter(currencies), None)
            if currency not in currencies or stated.currency is not None or not fault.delta_minor:
                raise Misdirected(
                    409,
                    "wrong_footer wants one currency of the report's rows, and delta_minor above or below 0",
                )
            stated = replace(stated, currency=currency, total=fault.total, delta_minor=fault.delta_minor)
            told.append(
                Told(kind=fault.kind, currency=currency, stated=f"{fault.total} {fault.delta_minor:+}")
            )
    return stated, tuple(told)


def encoded(text: str, kinds: frozenset[str]) -> bytes:
    """A file's bytes, with the faults of its form."""
    if "missing_column" in kinds:
        text = text.replace(f',"{COLUMNS[-1]}"\n', "\n", 1)
    if "cut_off" in kinds:
        text = text[: len(text) * 2 // 3].rpartition("\n")[0] + "\n"
    if "utf_16" in kinds:
        return text.encode("utf-16")
    return text.encode("utf-8-sig" if "byte_order_mark" in kinds else "utf-8")


def _place(rows: Sequence[Row], fault: SettlementFault) -> int:
    for place, row in enumerate(rows):
        if fault.transaction_id in (None, row.id) and FITS.get(fault.kind, _any)(row, fault):
            return place
    about = f"transaction {fault.transaction_id}" if fault.transaction_id else "a row"
    raise Misdirected(409, f"{fault.kind} wants {about} of the report that it can change to something else")


def _any(_row: Row, _fault: SettlementFault) -> bool:
    return True


def _amount(row: Row, fault: SettlementFault) -> int:
    """The changed gross amount: more of what it is. Its sign stays."""
    return row.minor + (fault.delta_minor if row.minor > 0 else -fault.delta_minor)


def _currency(row: Row, fault: SettlementFault) -> str:
    return fault.currency or ("EUR" if row.currency == "USD" else "USD")


def _swaps(row: Row, fault: SettlementFault) -> bool:
    """The same digits in another currency: one without decimals takes only whole amounts."""
    currency = _currency(row, fault)
    scale = 100 if decimals(currency) < decimals(row.currency) else 1
    known = currency in WHOLE | TWO_DECIMALS
    return known and currency != row.currency and not row.minor % scale and not row.fee_minor % scale


def _in_currency(row: Row, fault: SettlementFault) -> list[Row]:
    currency = _currency(row, fault)
    more, less = decimals(currency) > decimals(row.currency), decimals(currency) < decimals(row.currency)
    up, down = 100 if more else 1, 100 if less else 1
    return [
        replace(row, currency=currency, minor=row.minor * up // down, fee_minor=row.fee_minor * up // down)
    ]


FITS: dict[str, Callable[[Row, SettlementFault], bool]] = {
    "change_amount": lambda row, fault: fault.delta_minor != 0 and _amount(row, fault) * row.minor > 0,
    "change_fee": lambda _row, fault: fault.delta_minor != 0,
    "swap_currency": _swaps,
    "unknown_code": lambda row, fault: row.code != fault.code,
}
CHANGES: dict[str, Callable[[Row, SettlementFault], list[Row]]] = {
    "drop_row": lambda _row, _fault: [],
    "double_row": lambda row, _fault: [row, row],
    "change_amount": lambda row, fault: [replace(row, minor=_amount(row, fault))],
    "change_fee": lambda row, fault: [replace(row, fee_minor=row.fee_minor - fault.delta_minor)],
    "swap_currency": _in_currency,
    "unknown_code": lambda row, fault: [replace(row, code=fault.code)],
}
"""What becomes of the row."""


def _shown(row: Row) -> str:
    return f"{row.code} {row.currency} {row.minor:+} fee {row.fee_minor:+}"
