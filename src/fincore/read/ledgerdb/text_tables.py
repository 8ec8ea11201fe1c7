"""The books as plain text tables, for the terminal, the docs and the tests. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money
from fincore.read.ledgerdb.balances import AccountBalance, Statement
from fincore.read.ledgerdb.queries import BookedEntry, TrialBalanceRow

_GAP: Final = "  "


def money_text(amount_minor: int, currency: Currency) -> str:
    """`1,234.56 USD`; whole minor units for a code that is no currency of payments, as suspense may hold."""
    if currency in EXPONENTS:
        return str(Money(amount_minor, currency))
    return f"{amount_minor:,} {currency.upper()}"


def trial_balance_table(rows: Sequence[TrialBalanceRow]) -> str:
    """A trial balance: each account's debits, credits and balance, then per currency the totals and whether they agree."""
    if not rows:
        return "no accounts: nothing has been booked yet"
    lines = [("account", "debit", "credit", "balance")]
    verdicts = []
    for currency, accounts in groupby(
        sorted(rows, key=lambda r: (r.currency, r.account)), lambda r: r.currency
    ):
        of_currency = list(accounts)
        debit = sum(row.debit_minor for row in of_currency)
        credit = sum(row.credit_minor for row in of_currency)
        lines += [
            (
                row.account,
                money_text(row.debit_minor, currency),
                money_text(row.credit_minor, currency),
                money_text(row.balance_minor, currency),
            )
            for row in of_currency
        ]
        difference = debit - credit
        lines.append((f"total {currency}", money_text(debit, currency), money_text(credit, currency), ""))
        verdicts.append(
            f"{currency}: balanced"
            if difference == 0
            else f"{currency}: NOT BALANCED, debits minus credits are {money_text(difference, currency)}"
        )
    return "\n".join([_aligned(lines), *verdicts])


def journal_table(entries: Sequence[BookedEntry]) -> str:
    """A journal: each entry with its debits, and its credits indented below them."""
    if not entries:
        return "no entries: no money has moved"
    lines: list[tuple[str, str, str, str]] = []
    for entry in entries:
        lines.append((f"{entry.effective_at:%Y-%m-%d %H:%M:%S}  {entry.kind}", "", "", ""))
        for posting in entry.postings:
            amount = money_text(posting.amount_minor, posting.currency)
            after = money_text(posting.balance_after_minor, posting.currency)
            if posting.side == "debit":
                lines.append((f"  {posting.account}", amount, "", after))
            else:
                lines.append((f"    {posting.account}", "", amount, after))
    return _aligned([("entry", "debit", "credit", "balance after"), *lines])


def statement_table(statement: Statement) -> str:
    """A statement: the opening, each movement with the balance after it, the close; what came too late says for when."""
    currency = statement.account.currency
    mode = "live" if statement.livemode else "test"
    lines: list[tuple[str, str, str, str]] = [
        (
            f"{statement.account.name} ({mode}), {statement.first_day} to {statement.last_day}",
            "debit",
            "credit",
            "balance",
        ),
        ("opening", "", "", money_text(statement.opening_minor, currency)),
    ]
    for line in statement.lines:
        amount, balance = money_text(line.amount_minor, currency), money_text(line.balance_minor, currency)
        late = f", late for {line.late_for:%Y-%m}" if line.late_for else ""
        what = f"{line.accounted_at:%Y-%m-%d %H:%M:%S}  {line.kind}{late}  {line.description}"
        lines.append((what, amount, "", balance) if line.side == "debit" else (what, "", amount, balance))
    lines.append(("closing", "", "", money_text(statement.closing_minor, currency)))
    return _aligned(lines)


def accounts_table(accounts: Sequence[AccountBalance], meanings: Mapping[str, str]) -> str:
    """Accounts with type and balance, and by type what a balance means."""
    if not accounts:
        return "no accounts: nothing has been booked yet"
    lines = [("account", "type", "postings", "balance")]
    lines += [
        (one.name, one.type, f"{one.version:,}", money_text(one.balance_minor, one.currency))
        for one in accounts
    ]
    described = [f"{pattern}: {meaning}" for pattern, meaning in meanings.items()]
    return "\n".join([_aligned(lines), "", *described])


def _aligned(lines: Sequence[tuple[str, str, str, str]]) -> str:
    """Columns of equal width: names to the left, amounts to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        _GAP.join(
            [
                line[0].ljust(widths[0]),
                *(cell.rjust(widths[column + 1]) for column, cell in enumerate(line[1:])),
            ]
        ).rstrip()
        for line in lines
    )
