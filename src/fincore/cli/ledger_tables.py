"""The books as plain text tables, for the terminal, the docs and the tests. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Final

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.ids import EventId
from fincore.domain.money import Money
from fincore.read.ledgerdb.balances import AccountBalance, Statement, StatementLine
from fincore.read.ledgerdb.legs import Purpose
from fincore.read.ledgerdb.queries import BookedEntry, TrialBalanceRow

_GAP: Final = "  "
_PRINCIPALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "charge.captured": "capture",
        "charge.corrected": "correction of a charge",
        "refund.succeeded": "refund",
        "refund.failed": "refund came back",
        "refund.corrected": "correction of a refund",
        "dispute.funds_withdrawn": "dispute",
        "dispute.funds_reinstated": "dispute reversed",
        "dispute.funds_held": "held for a dispute",
        "dispute.funds_released": "released by a dispute",
        "charge.attempt_captured": "taken by an abandoned attempt",
        "charge.attempt_reversed": "reversal",
        "payout.created": "payout sent",
        "payout.paid": "payout arrived",
        "payout.failed": "payout failed",
        "payout.canceled": "payout canceled",
        "settlement_file.totalled": "stated by a file",
        "settlement_file.matched": "matched",
        "adjustment.booked": "adjusted",
        "adjustment.reversed": "adjustment reversed",
        "settlement_file.converted": "matched across currencies",
        "suspense.cleared": "suspense cleared",
    }
)
"""Kind of an entry -> what its principal is; any other kind is called by its own name."""
_WHOLES: Final[Mapping[str, str]] = MappingProxyType({"accounts.reclassified": "reclassified"})
"""Kind of an entry -> what each of its movements is."""
_FEES: Final[Mapping[Purpose, str]] = MappingProxyType(
    {
        "platform_fee": "platform fee",
        "psp_fee": "PSP fee",
        "dispute_fee": "dispute fee",
    }
)


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


def statement_table(statement: Statement, subjects: Mapping[EventId, str]) -> str:
    """A statement: the opening, each movement with the balance after it, the close; what came too late says for when.

    `subjects` are the refund or the dispute that an event is about beside its charge.
    """
    currency = statement.account.currency
    mode = "live" if statement.livemode else "test"
    lines = [
        ("time (UTC)", "what", "subject", "refund or dispute", "PSP reference", "debit", "credit", "balance"),
        ("opening", "", "", "", "", "", "", money_text(statement.opening_minor, currency)),
    ]
    for line in statement.lines:
        amount, balance = money_text(line.amount_minor, currency), money_text(line.balance_minor, currency)
        lines.append(
            (
                f"{line.accounted_at:%Y-%m-%d %H:%M:%S}",
                _what(line),
                line.subject or "",
                subjects.get(line.event_id, ""),
                line.description,
                *((amount, "") if line.side == "debit" else ("", amount)),
                balance,
            )
        )
    lines.append(("closing", "", "", "", "", "", "", money_text(statement.closing_minor, currency)))
    title = f"{statement.account.name} ({mode}), {statement.first_day} to {statement.last_day}"
    return f"{title}\n{_aligned(lines, texts=5)}"


def _what(line: StatementLine) -> str:
    what = _WHOLES.get(line.kind) or _FEES.get(line.purpose) or _PRINCIPALS.get(line.kind, line.kind)
    if line.purpose == "settlement_fee":
        what = f"fees {what}"
    return f"{what}, late for {line.late_for:%Y-%m}" if line.late_for else what


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


def _aligned(lines: Sequence[tuple[str, ...]], *, texts: int = 1) -> str:
    """Columns of equal width: the first ones, texts, to the left, amounts to the right."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        _GAP.join(
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
