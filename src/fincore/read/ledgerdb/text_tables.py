"""The books as plain text tables, for the terminal, the docs and the tests. Pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money
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
