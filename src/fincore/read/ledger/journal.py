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
from fincore.read.ledger.accounts import CHART, Account, AccountCode, normal_side
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


class Bound(NamedTuple):
    """How much an amount that goes back can be: what the books hold of the charge on accounts of one code.

    `amount` and `held` are the words for the two in the reason of an entry that exceeds it.
    """

    code: AccountCode
    amount: str
    held: str


class Line(NamedTuple):
    """A rule: an amount of the event, and the codes of the accounts it goes to and comes from.

    `minor` and `currency` find the two in the event. A difference (`is_difference`) may be negative, and then goes the other
    way. Any other amount may not.
    """

    purpose: Purpose
    amount: str
    debit: AccountCode
    credit: AccountCode
    minor: Callable[[Any], int]
    currency: Callable[[Any], str | None] = attrgetter("currency")
    bound: Bound | None = None
    is_difference: bool = False


Holding = Mapping[tuple[AccountCode, Currency], int]
"""What the books hold of one charge, by code of account and currency, on the accounts' normal sides; nothing for what is not there."""


def _captured_more(event: Any) -> int:
    minor: int = event.captured_after_minor - event.captured_before_minor
    return minor


def _platform_fee_more(event: Any) -> int:
    minor: int = event.platform_fee_after_minor - event.platform_fee_before_minor
    return minor


_CLEARING: Final[AccountCode] = "psp_clearing"
_HELD: Final[AccountCode] = "psp_held"
_PAYABLE: Final[AccountCode] = "merchant_payable"
_REVERSALS: Final[AccountCode] = "reversals_payable"
_LOSS: Final[AccountCode] = "reversal_fees"
_AMOUNT: Final = attrgetter("amount_minor")
_FEE: Final = attrgetter("fee_minor")
_IN_FEE_CURRENCY: Final = attrgetter("fee_currency")
_REFUNDABLE: Final = Bound(_PAYABLE, "refund", "captured and not refunded yet")
_FEE_TAKEN: Final = Bound("psp_fees", "fee given back", "the PSP took and has not given back")
_LOSS_TAKEN: Final = _FEE_TAKEN._replace(code=_LOSS)
_TAKEN_BY_MISTAKE: Final = Bound(_REVERSALS, "reversal", "taken by abandoned attempts and not given back yet")
_PUT_ASIDE: Final = Bound(_HELD, "release", "held for disputes")

_TO_MERCHANT: Final = Line("principal", "amount", _CLEARING, _PAYABLE, _AMOUNT)
_PSP_FEE: Final = Line("psp_fee", "fee", "psp_fees", _CLEARING, _FEE, _IN_FEE_CURRENCY)
_REFUND: Final = (
    Line("principal", "amount", _PAYABLE, _CLEARING, _AMOUNT, bound=_REFUNDABLE),
    Line("psp_fee", "fee given back", _CLEARING, "psp_fees", _FEE, _IN_FEE_CURRENCY, _FEE_TAKEN),
)

JOURNAL: Final[Mapping[EventType, tuple[Line, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(EVENTS, ()),
        "charge.captured": (
            _TO_MERCHANT,
            Line("platform_fee", "platform fee", _PAYABLE, "platform_fees", attrgetter("platform_fee_minor")),
            _PSP_FEE,
        ),
        "charge.fee_assessed": (Line("psp_fee", "fee", "psp_fees", _CLEARING, _FEE),),
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
        "charge.attempt_captured": (
            Line("principal", "amount", _CLEARING, _REVERSALS, _AMOUNT),
            Line("psp_fee", "fee", _LOSS, _CLEARING, _FEE, _IN_FEE_CURRENCY),
        ),
        "charge.attempt_reversed": (
            Line("principal", "amount", _REVERSALS, _CLEARING, _AMOUNT, bound=_TAKEN_BY_MISTAKE),
            Line("psp_fee", "fee given back", _CLEARING, _LOSS, _FEE, _IN_FEE_CURRENCY, _LOSS_TAKEN),
        ),
        "refund.succeeded": _REFUND,
        "refund.failed": (_TO_MERCHANT, _PSP_FEE),
        "refund.corrected": _REFUND,
        "dispute.funds_withdrawn": (
            Line("principal", "amount", _PAYABLE, _CLEARING, _AMOUNT),
            Line("dispute_fee", "dispute fee", _PAYABLE, _CLEARING, _FEE),
        ),
        "dispute.funds_reinstated": (
            _TO_MERCHANT,
            Line("dispute_fee", "dispute fee", _CLEARING, _PAYABLE, _FEE),
        ),
        "dispute.funds_held": (Line("principal", "amount", _HELD, _CLEARING, _AMOUNT),),
        "dispute.funds_released": (Line("principal", "amount", _CLEARING, _HELD, _AMOUNT, bound=_PUT_ASIDE),),
    }
)
"""Event -> the movements it makes; an event without any moves no money."""

_LINES: Final[Mapping[type[ChargeEvent], tuple[Line, ...]]] = {
    EVENTS[name][1]: lines for name, lines in JOURNAL.items() if lines
}
_GIVES_BACK: Final[frozenset[type[ChargeEvent]]] = frozenset(
    shape for shape, lines in _LINES.items() if any(line.bound for line in lines)
)
_OF_PSPS: Final[frozenset[AccountCode]] = frozenset(
    code for code, kind in CHART.items() if "{psp}" in kind.segments
)
_PLACEABLE: Final = re.compile(r"[a-z]{3}", re.ASCII)


def moves_money(event: ChargeEvent) -> bool:
    """Whether an event can have an entry at all."""
    return type(event) in _LINES


def gives_back(event: ChargeEvent) -> bool:
    """Whether money or a fee goes back by an event, which makes sense only up to what was taken and is not back yet."""
    return type(event) in _GIVES_BACK


def entry_of(event: ChargeEvent, *, holding: Holding | None = None) -> Entry | None:
    """The entry that books an event; None where no money moved.

    `holding`: what the books hold of the charge before it; None if it was not read, and then nothing is too much.
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
        said = line.currency(fields)
        reason = _nonsense(line, minor, said) or _too_much(fields, kind, line, minor, holding)
        currency = Currency(said) if said and said in EXPONENTS else _placed(said)
        debit, credit = _account(line.debit, currency, fields), _account(line.credit, currency, fields)
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


def held_after(holding: Holding, entry: Entry) -> Holding:
    """What the books hold of a charge after an entry of it, on the accounts that bound what goes back.

    What a dispute takes from the merchant, or gives back, leaves open what may be refunded.
    """
    after = dict(holding)
    for movement in entry.movements:
        for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
            if account.code == _PAYABLE and (
                movement.purpose != "principal" or entry.kind.startswith("dispute.")
            ):
                continue
            sign = 1 if normal_side(CHART[account.code].type) == side else -1
            key = (account.code, account.currency)
            after[key] = after.get(key, 0) + sign * movement.amount_minor
    return after


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


def _too_much(fields: Any, kind: EventType, line: Line, minor: int, holding: Holding | None) -> str | None:
    """Why an amount that could be meant by itself cannot be right beside the others, if so."""
    if line.purpose == "platform_fee" and kind == "charge.captured" and minor > max(fields.amount_minor, 0):
        return f"the platform fee of {minor} is more than the {fields.amount_minor} captured"
    if line.bound is None or holding is None:
        return None
    code, amount, held = line.bound
    held_minor = holding.get((code, Currency(line.currency(fields) or "")), 0)
    return f"the {amount} of {minor} is more than the {held_minor} {held}" if minor > held_minor else None


def _placed(currency: str | None) -> Currency:
    return Currency(currency) if currency and _PLACEABLE.fullmatch(currency) else NO_CURRENCY


def _account(code: AccountCode, currency: Currency, fields: Any) -> Account:
    if code in _OF_PSPS:
        return Account(code, currency, fields.psp, fields.psp_account)
    return Account(code, currency, fields.merchant_id if code == _PAYABLE else "")


def _with_suspense(debit: Account, credit: Account) -> tuple[Account, Account]:
    """Suspense in the place of the unknown account. The PSP's is known: its money did move."""
    suspense = Account("suspense", debit.currency)
    return (debit, suspense) if debit.code == _CLEARING else (suspense, credit)
