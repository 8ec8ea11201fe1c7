"""Entries: what an event does to the books, by the journal. Pure.

It records, it does not authorize: what happened is booked, and what makes no sense goes to suspense with the reason.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from fincore.domain.adjustment_events import ADJUSTMENT_SHAPES
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.log_events import LogEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.settlement_events import SETTLEMENT_FILE_SHAPES
from fincore.read.ledger.accounts import CHART, Account, AccountCode, normal_side
from fincore.read.ledger.clearing_item import Expectation, expectation_of
from fincore.read.ledger.journal import JOURNAL, SHAPES, Line, MoneyEvent, MoneyEventType
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

    `reason` says why some of it went to suspense, and is None where nothing did. `expectation`: how the PSP's statements name
    what it left on clearing, if it did.
    """

    kind: str
    livemode: bool
    effective_at: datetime
    description: str
    movements: tuple[Movement, ...]
    reason: str | None = None
    expectation: Expectation | None = None


Holding = Mapping[tuple[AccountCode, Currency], int]
"""What the books hold of one charge, by code of account and currency, on the accounts' normal sides; nothing for what is not there."""

_TYPE_OF: Final[Mapping[type[MoneyEvent], MoneyEventType]] = {shape: name for name, shape in SHAPES.items()}
_LINES: Final[Mapping[type[MoneyEvent], tuple[Line, ...]]] = {
    SHAPES[name]: lines for name, lines in JOURNAL.items() if lines
}
_GIVES_BACK: Final[frozenset[type[MoneyEvent]]] = frozenset(
    shape for shape, lines in _LINES.items() if any(line.bound for line in lines)
)
_OF_PSPS: Final[frozenset[AccountCode]] = frozenset(
    code for code, kind in CHART.items() if "{psp}" in kind.segments
)
_CERTAIN: Final[frozenset[AccountCode]] = frozenset({"psp_clearing", "psp_balance", "bank"})
"""Where money did move, by what the PSP or the bank says, also where the rest of the event makes no sense."""
_NAMELESS: Final[frozenset[str]] = frozenset({*SETTLEMENT_FILE_SHAPES, *ADJUSTMENT_SHAPES})
_PLACEABLE: Final = re.compile(r"[a-z]{3}", re.ASCII)


def money_events(events: Iterable[RecordedEvent[LogEvent]]) -> list[RecordedEvent[MoneyEvent]]:
    """Those of some events that can have an entry at all, in their order."""
    found = [recorded for recorded in events if type(recorded.event) in _LINES]
    return cast("list[RecordedEvent[MoneyEvent]]", found)


def gives_back(event: MoneyEvent) -> bool:
    """Whether money or a fee goes back by an event, which makes sense only up to what was taken and is not back yet."""
    return type(event) in _GIVES_BACK


def entry_of(event: MoneyEvent, *, holding: Holding | None = None) -> Entry | None:
    """The entry that books an event; None where no money moved.

    `holding`: what the books hold of the charge before it; None if it was not read, and then nothing is too much.
    """
    lines = _LINES.get(type(event))
    if lines is None:
        return None
    fields: Any = event  # an event with lines has the fields they name
    kind = _TYPE_OF[type(event)]
    movements: list[Movement] = []
    reasons: list[str] = []
    for line in lines:
        if line.applies is not None and not line.applies(fields):
            continue
        minor = line.minor(fields)
        if minor == 0:
            continue
        said = line.currency(fields)
        reason = _nonsense(line, minor, said, fields) or _too_much(fields, kind, line, minor, holding)
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
    # Lines of a file have no name of their own, nor have adjustments: their kind says what they are.
    about = fields.kind if kind in _NAMELESS else fields.psp_reference
    return Entry(
        kind=kind,
        livemode=fields.livemode,
        effective_at=fields.occurred_at,
        description=f"{fields.psp} {about}" if about else fields.psp,
        movements=tuple(movements),
        reason="; ".join(reasons) or None,
        expectation=expectation_of(kind, fields),
    )


def held_after(holding: Holding, entry: Entry) -> Holding:
    """What the books hold of a charge after an entry of it, on the accounts that bound what goes back.

    What a dispute takes from the merchant, or gives back, leaves open what may be refunded.
    """
    after = dict(holding)
    for movement in entry.movements:
        for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
            if account.code == "merchant_payable" and (
                movement.purpose != "principal" or entry.kind.startswith("dispute.")
            ):
                continue
            sign = 1 if normal_side(CHART[account.code].type) == side else -1
            key = (account.code, account.currency)
            after[key] = after.get(key, 0) + sign * movement.amount_minor
    return after


def _nonsense(line: Line, minor: int, currency: str | None, fields: Any) -> str | None:
    """Why an amount cannot be meant, if so."""
    if not currency:
        return f"the {line.amount} of {minor} has no currency"
    if currency not in EXPONENTS:
        return f"the {line.amount} of {minor} is in {currency[:20]!r}, which is no currency of payments"
    if minor < 0 and not line.is_signed:
        return f"the {line.amount} is negative: {minor} minor units of {currency}"
    if "bank" in (line.debit, line.credit) and not fields.bank_account:
        return f"the {line.amount} of {minor} names no bank account"
    return None


def _too_much(
    fields: Any, kind: MoneyEventType, line: Line, minor: int, holding: Holding | None
) -> str | None:
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
    if code == "merchant_payable":
        return Account(code, currency, fields.merchant_id)
    return Account(code, currency, fields.bank_account or "" if code == "bank" else "")


def _with_suspense(debit: Account, credit: Account) -> tuple[Account, Account]:
    """Suspense in the place of the account that is in doubt."""
    suspense = Account("suspense", debit.currency)
    if debit.code in _CERTAIN and (debit.code != "bank" or debit.owner):
        return debit, suspense
    return suspense, credit
