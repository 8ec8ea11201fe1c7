"""The journal: which event moves money between which accounts. Pure, and a table one can print.

It records, it does not authorize: what happened is booked, and what makes no sense goes to suspense with the reason.
Every movement stands for itself, gross: a fee is never taken off the amount it is for.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.events import EVENTS, ChargeEvent, EventType, event_type
from fincore.read.ledger.accounts import CHART, Account, AccountCode
from fincore.read.ledgerdb.legs import Purpose

NO_CURRENCY: Final = Currency("xxx")
"""ISO 4217's code for no currency; for amounts without a currency, or with one that cannot be."""


class Movement(NamedTuple):
    """An amount, always positive, that goes from the account credited to the account debited."""

    purpose: Purpose
    debit: Account
    credit: Account
    amount_minor: int


class Entry(NamedTuple):
    """What one event did to the books; debits and credits have equal sums in each currency by construction.

    `reason` says why some of it went to suspense, and is None where nothing did.
    """

    kind: str
    livemode: bool
    effective_at: datetime
    description: str
    movements: tuple[Movement, ...]
    reason: str | None = None


class Line(NamedTuple):
    """A rule: an amount of the event, and the codes of the accounts it goes to and comes from.

    A difference (`is_difference`) may be negative, and then goes the other way. Any other amount may not.
    """

    purpose: Purpose
    amount: str
    debit: AccountCode
    credit: AccountCode
    minor: Callable[[Any], int]
    is_difference: bool = False


def _captured_more(event: Any) -> int:
    minor: int = event.captured_after_minor - event.captured_before_minor
    return minor


def _platform_fee_more(event: Any) -> int:
    minor: int = event.platform_fee_after_minor - event.platform_fee_before_minor
    return minor


_CLEARING: Final[AccountCode] = "psp_clearing"
_PAYABLE: Final[AccountCode] = "merchant_payable"
_PSP_FEE: Final = Line("psp_fee", "fee", "psp_fees", _CLEARING, attrgetter("fee_minor"))
_TO_MERCHANT: Final = Line("principal", "amount", _CLEARING, _PAYABLE, attrgetter("amount_minor"))
_FROM_MERCHANT: Final = Line("principal", "amount", _PAYABLE, _CLEARING, attrgetter("amount_minor"))

JOURNAL: Final[Mapping[EventType, tuple[Line, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(EVENTS, ()),
        "charge.captured": (
            _TO_MERCHANT,
            Line("platform_fee", "platform fee", _PAYABLE, "platform_fees", attrgetter("platform_fee_minor")),
            _PSP_FEE,
        ),
        "charge.fee_assessed": (_PSP_FEE,),
        "charge.corrected": (
            Line("principal", "captured more", _CLEARING, _PAYABLE, _captured_more, is_difference=True),
            Line(
                "platform_fee",
                "platform fee more",
                _PAYABLE,
                "platform_fees",
                _platform_fee_more,
                is_difference=True,
            ),
        ),
        "refund.succeeded": (_FROM_MERCHANT,),
        "refund.failed": (_TO_MERCHANT,),
        "refund.corrected": (_FROM_MERCHANT,),
        "dispute.funds_withdrawn": (
            _FROM_MERCHANT,
            Line("dispute_fee", "dispute fee", _PAYABLE, _CLEARING, attrgetter("fee_minor")),
        ),
        "dispute.funds_reinstated": (
            _TO_MERCHANT,
            Line("dispute_fee", "dispute fee", _CLEARING, _PAYABLE, attrgetter("fee_minor")),
        ),
    }
)
"""Event -> the movements it makes; an event without any moves no money."""

_LINES: Final[Mapping[type[ChargeEvent], tuple[Line, ...]]] = {
    EVENTS[name][1]: lines for name, lines in JOURNAL.items() if lines
}
_GIVES_BACK: Final[frozenset[EventType]] = frozenset({"refund.succeeded", "refund.corrected"})
_PLACEABLE: Final = re.compile(r"[a-z]{3}", re.ASCII)


def moves_money(event: ChargeEvent) -> bool:
    """Whether an event can have an entry at all."""
    return type(event) in _LINES


def gives_back(event: ChargeEvent) -> bool:
    """Whether an event is a refund, which makes sense only up to what was captured and not given back yet."""
    return event_type(event) in _GIVES_BACK


def entry_of(event: ChargeEvent, *, refundable_minor: int | None = None) -> Entry | None:
    """The entry that books an event; None where no money moved.

    `refundable_minor`: what the books say was captured of the charge and not refunded yet; None if it was not read.
    """
    lines = _LINES.get(type(event))
    if lines is None:
        return None
    fields: Any = event  # an event with lines has the fields they name
    kind = event_type(event)
    if kind == "refund.failed" and not fields.was_succeeded:
        return None
    movements: list[Movement] = []
    reasons: list[str] = []
    for line in lines:
        minor = line.minor(fields)
        if minor == 0:
            continue
        said = fields.currency
        if line.purpose == "psp_fee" and kind == "charge.captured":
            said = fields.fee_currency
        reason = _nonsense(line, minor, said) or _too_much(fields, kind, line, minor, refundable_minor)
        currency = said if said in EXPONENTS else _placed(said)
        debit = Account(line.debit, currency, _owner(line.debit, fields))
        credit = Account(line.credit, currency, _owner(line.credit, fields))
        if reason is not None:
            reasons.append(reason)
            debit, credit = _with_suspense(debit, credit)
        if minor < 0:
            debit, credit = credit, debit
        movements.append(Movement(line.purpose, debit, credit, abs(minor)))
    if not movements:
        return None
    return Entry(
        kind=kind,
        livemode=fields.livemode,
        effective_at=fields.occurred_at,
        description=f"{fields.psp} {fields.psp_reference}" if fields.psp_reference else fields.psp,
        movements=tuple(movements),
        reason="; ".join(reasons) or None,
    )


def journal_table() -> str:
    """The journal as text, one line a leg, for the docs and the terminal."""
    rows: list[tuple[str, str, str, str]] = []
    for name, lines in JOURNAL.items():
        legs = [
            (side, CHART[code].pattern, line.amount)
            for line in lines
            for side, code in (("Dr", line.debit), ("Cr", line.credit))
        ]
        if not legs:
            rows.append((name, "-", "moves no money", ""))
        rows += [("" if row else name, *leg) for row, leg in enumerate(legs)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )


def _nonsense(line: Line, minor: int, currency: str | None) -> str | None:
    """Why an amount cannot be meant, if so."""
    if not currency:
        return f"the {line.amount} of {minor} has no currency"
    if currency not in EXPONENTS:
        return f"the {line.amount} of {minor} is in {currency[:20]!r}, which is no currency of payments"
    if minor < 0 and not line.is_difference:
        return f"the {line.amount} is negative: {minor} minor units of {currency}"
    return None


def _too_much(
    fields: Any, kind: EventType, line: Line, minor: int, refundable_minor: int | None
) -> str | None:
    """Why an amount that could be meant by itself cannot be right beside the others, if so."""
    if line.purpose == "platform_fee" and kind == "charge.captured" and minor > max(fields.amount_minor, 0):
        return f"the platform fee of {minor} is more than the {fields.amount_minor} captured"
    if kind in _GIVES_BACK and refundable_minor is not None and minor > refundable_minor:
        return f"the refund of {minor} is more than the {refundable_minor} captured and not refunded yet"
    return None


def _placed(currency: str | None) -> Currency:
    return Currency(currency) if currency and _PLACEABLE.fullmatch(currency) else NO_CURRENCY


def _owner(code: AccountCode, fields: Any) -> str:
    if code == "merchant_payable":
        return str(fields.merchant_id)
    return str(fields.psp) if code in ("psp_clearing", "psp_fees") else ""


def _with_suspense(debit: Account, credit: Account) -> tuple[Account, Account]:
    """Suspense in the place of the unknown account. The PSP's is known: its money did move."""
    suspense = Account("suspense", debit.currency)
    return (debit, suspense) if debit.code == _CLEARING else (suspense, credit)
