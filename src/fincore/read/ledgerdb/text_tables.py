"""The books as plain text tables, for the terminal, the docs and the tests. Pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from fincore.domain.money import Money
from fincore.read.ledgerdb.queries import BookedEntry, TrialBalanceRow

_GAP: Final = "  "


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
        debit = Money(sum(row.debit_minor for row in of_currency), currency)
        credit = Money(sum(row.credit_minor for row in of_currency), currency)
        lines += [
            (
                row.account,
                str(Money(row.debit_minor, currency)),
                str(Money(row.credit_minor, currency)),
                str(Money(row.balance_minor, currency)),
            )
            for row in of_currency
        ]
        difference = debit - credit
        lines.append((f"total {currency}", str(debit), str(credit), ""))
        verdicts.append(
            f"{currency}: balanced"
            if difference.amount_minor == 0
            else f"{currency}: NOT BALANCED, debits minus credits are {difference}"
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
            amount = str(Money(posting.amount_minor, posting.currency))
            after = str(Money(posting.balance_after_minor, posting.currency))
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
