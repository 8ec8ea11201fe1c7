"""The books as a Beancount file, for `bean-check`, Fava and auditors who trust their own tools. Pure.

Transactions are dated by their booking (UTC): what was booked up to a day never changes, so neither does its export.
When the money moved at the PSP is in `effective_at`. Debits are positive, as Beancount has it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fincore.domain.currency import EXPONENTS
from fincore.read.ledgerdb.exported import (
    AccountType,
    ExportedAccount,
    ExportedBooks,
    ExportedEntry,
    decimal_text,
)

OPENING: Final = "Equity:Opening-Balances"
"""Where the balances come from that were there before the range; since they balance, it is left at zero."""

_ROOTS: Final[Mapping[AccountType, str]] = MappingProxyType(
    {
        "asset": "Assets",
        "liability": "Liabilities",
        "equity": "Equity",
        "revenue": "Income",
        "expense": "Expenses",
    }
)
_NAMES_CACHED_MAX: Final = 100_000
_PLAIN: Final = re.compile(r"[a-z0-9_]", re.ASCII)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@lru_cache(_NAMES_CACHED_MAX)
def beancount_account(name: str, account_type: AccountType) -> str:
    """An account's name by Beancount's rules: `merchant:mer_1:payable:usd` is `Liabilities:Merchant:Mer-1:Payable:USD`.

    A first segment that only repeats the type is left out. No two accounts of the chart share a name.
    """
    *segments, currency = name.split(":")
    if segments and segments[0] == account_type:
        segments = segments[1:]
    return ":".join((_ROOTS[account_type], *map(_component, segments), currency.upper()))


def head(books: ExportedBooks) -> str:
    """Everything that stands before the entries: options, commodities, accounts, and what they held before."""
    currencies = sorted({account.currency for account in books.accounts})
    mode = "live" if books.livemode else "test"
    lines = [
        f'option "title" "FinCore ledger, {mode} mode, booked {books.first_day} to {books.last_day}"',
        *(f'option "operating_currency" "{currency.upper()}"' for currency in currencies),
    ]
    for currency in currencies:
        lines += [
            "",
            f"{books.first_day} commodity {currency.upper()}",
            f"  exponent: {EXPONENTS.get(currency, 0)}",
        ]
    if books.has_opening:
        lines += ["", f"{books.first_day} open {OPENING}"]
    for account in books.accounts:
        lines += [
            "",
            f"{books.first_day} open {_named(account)} {account.currency.upper()}",
            f"  name: {_quoted(account.name)}",
        ]
    for account in books.accounts:
        if account.opening_debit_minor:
            lines += [
                "",
                f'{books.first_day} * "opening balance"',
                f"  {_named(account)}  {_money(account, account.opening_debit_minor)}",
                f"  {OPENING}  {_money(account, -account.opening_debit_minor)}",
            ]
    return _text(lines)


def transaction(entry: ExportedEntry) -> str:
    """An entry, with all that the ledger knows of it as metadata."""
    told: dict[str, object] = {
        "entry_id": entry.entry_id,
        "event_id": entry.event_id,
        "kind": entry.kind,
        "charge": entry.charge,
        "effective_at": entry.effective_at.isoformat(),
        "booked_at": entry.booked_at.isoformat(),
        "late_for": f"{entry.late_for:%Y-%m}" if entry.late_for else None,
        "reason": entry.reason,
        "booked_by": entry.booked_by,
        "clears_entry_id": entry.clears_entry_id,
        "settlement": entry.settlement,
    }
    lines = ["", f"{entry.booked_at:%Y-%m-%d} * {_quoted(f'{entry.kind}: {entry.description}')}"]
    for key, value in told.items():
        if value is not None:
            lines.append(f"  {key}: {_quoted(value) if isinstance(value, str) else value}")
    for posting in entry.postings:
        account = beancount_account(posting.account, posting.account_type)
        sign = "" if posting.side == "debit" else "-"
        lines.append(f"  {account}  {sign}{posting.amount} {posting.currency.upper()}")
    return _text(lines)


def tail(books: ExportedBooks) -> str:
    """What every account must hold at the end of the last day, to the last minor unit."""
    # Beancount asserts what an account holds as a day begins; without `~ 0` it forgives one minor unit.
    day = books.last_day + timedelta(days=1)
    lines = [""]
    for account in books.accounts:
        closing = decimal_text(account.closing_debit_minor, account.currency)
        lines.append(f"{day} balance {_named(account)}  {closing} ~ 0 {account.currency.upper()}")
    if books.has_opening:
        lines += [
            f"{day} balance {OPENING}  0 ~ 0 {currency.upper()}"
            for currency in sorted({account.currency for account in books.accounts})
        ]
    return _text(lines)


def _component(segment: str) -> str:
    """A segment as a component. What is neither a small letter, a digit nor `_` becomes its code point between two X."""
    text = "".join(
        letter.replace("_", "-") if _PLAIN.fullmatch(letter) else f"X{ord(letter):x}X" for letter in segment
    )
    # A component begins with a capital letter or a digit.
    return f"X5fX{text[1:]}" if text.startswith("-") else text[:1].upper() + text[1:]


def _named(account: ExportedAccount) -> str:
    return beancount_account(account.name, account.type)


def _money(account: ExportedAccount, debit_minor: int) -> str:
    return f"{decimal_text(debit_minor, account.currency)} {account.currency.upper()}"


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
