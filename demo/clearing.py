"""What a settled day left: each clearing account before and after, beside what the PSP states. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from demo import money

_CLEARING: Final = re.compile(r"psp:(\w+):(\w+):clearing:(\w+)", re.ASCII)
_ENDING: Final = re.compile(r"^([A-Z]{3}) +ending balance +(\S+) ", re.ASCII | re.MULTILINE)

Balances = Mapping[str, int]
"""Account of the ledger -> its balance in minor units."""


class PspAccount(NamedTuple):
    """An account at a PSP, in one currency."""

    psp: str
    name: str
    currency: str

    def __str__(self) -> str:
        return f"{self.psp}/{self.name} {self.currency}"


class Cleared(NamedTuple):
    """What one account at a PSP came to. `ending_minor`: the balance at the end of its statement; None where it states none."""

    account: PspAccount
    before_minor: int
    left_minor: int
    unmatched_minor: int
    balance_minor: int
    ending_minor: int | None
    in_transit_minor: int
    paid_minor: int

    def row(self) -> tuple[str, ...]:
        """The amounts as they are shown under `COLUMNS`."""
        shown = (
            self.before_minor,
            self.before_minor - self.left_minor,
            self.left_minor,
            self.balance_minor,
            self.ending_minor,
            self.in_transit_minor,
            self.paid_minor,
        )
        currency = self.account.currency
        amounts = ("-" if minor is None else money.number(minor, currency) for minor in shown)
        return (str(self.account), *amounts, "explained" if not self.left_minor else "not explained")

    def flaws(self) -> Iterator[str]:
        """What is not as it should be, in sentences."""
        currency = self.account.currency
        if self.left_minor:
            yield f"{self.account}: {money.amount(self.left_minor, currency)} of clearing is left"
        if self.unmatched_minor:
            yield f"{self.account}: {money.amount(self.unmatched_minor, currency)} of the statement is unmatched"
        if self.ending_minor is not None and self.balance_minor != self.ending_minor:
            yield (
                f"{self.account}: the books say that the PSP holds {money.amount(self.balance_minor, currency)}, "
                f"its statement {money.amount(self.ending_minor, currency)}"
            )


COLUMNS: Final = (
    "",
    "clearing",
    "matched",
    "left",
    "PSP holds",
    "file says",
    "in transit",
    "paid",
    "",
)


class BreakSum(NamedTuple):
    """A class of open breaks, as `fincore reconcile breaks` sums them up: how many, and what they come to."""

    break_class: str
    open_breaks: int
    amount: str


def balances(books: str) -> Balances:
    """The balances that `fincore ledger trial-balance` printed."""
    rows = (line.split() for line in books.splitlines())
    return {words[0]: _minor(words[-2]) for words in rows if words and words[0].count(":") > 1}


def ending_balances(checked: str) -> dict[str, int]:
    """By currency, the balance that a file states at its end, from what `fincore reconcile check` printed of it."""
    return {currency.lower(): _minor(amount) for currency, amount in _ENDING.findall(checked)}


def cleared(
    before: Balances,
    after: Balances,
    endings: Mapping[PspAccount, int],
    banks: Mapping[tuple[str, str], str],
) -> list[Cleared]:
    """Every account with a clearing account. `banks`: the bank account to which an account at a PSP pays out."""
    found = sorted(
        PspAccount(*match.groups())
        for match in map(_CLEARING.fullmatch, before.keys() | after.keys())
        if match is not None
    )
    return [
        Cleared(
            account=account,
            before_minor=before.get(_of("clearing", account), 0),
            left_minor=after.get(_of("clearing", account), 0),
            unmatched_minor=after.get(_of("unmatched", account), 0),
            balance_minor=after.get(_of("balance", account), 0),
            ending_minor=endings.get(account),
            in_transit_minor=after.get(_of("in_transit", account), 0),
            paid_minor=after.get(f"bank:{banks[account.psp, account.name]}:{account.currency}", 0),
        )
        for account in found
    ]


def broken_down(printed: str) -> str:
    """The sums at the end of what `fincore reconcile breaks` printed, without the table of each break before them."""
    return printed.rpartition("\n\n")[2]


def each_break(printed: str) -> str:
    """The table of each break at the beginning of what `fincore reconcile breaks` printed."""
    return printed.partition("\n\n")[0]


def charges_of_breaks(printed: str) -> list[str]:
    """What each of these breaks is about: the last column."""
    rows = (line.split() for line in each_break(printed).splitlines()[1:])
    return [words[-1] for words in rows if words]


def without_ids(printed: str) -> str:
    """What `fincore reconcile fetch` printed, without the column of FinCore's ids, so that it fits a terminal of 100 columns."""
    header, *rows = printed.splitlines() or [""]
    first, last = header.find(" file "), header.find(" name ")
    if not 0 <= first < last:
        return printed
    return "\n".join(line[:first] + line[last:] for line in (header, *rows))


def breaks(printed: str) -> list[BreakSum]:
    """The sums at the end of what `fincore reconcile breaks` printed; none where nothing is open."""
    rows = (line.split() for line in broken_down(printed).splitlines()[1:])
    return [BreakSum(words[0], int(words[1]), " ".join(words[2:4])) for words in rows if words]


def _of(kind: str, account: PspAccount) -> str:
    return f"psp:{account.psp}:{account.name}:{kind}:{account.currency}"


def _minor(text: str) -> int:
    """The minor units of an amount that is written with all the digits of its currency."""
    return int(text.replace(",", "").replace(".", ""))


def notices(printed: str) -> list[str]:
    """The subjects that `fincore reconcile notices` printed, without when and where each was told."""
    rows = [line for line in printed.splitlines() if "Reconciliation: " in line]
    return [
        f"Reconciliation: {line.partition('Reconciliation: ')[2].rpartition('  ')[0].rstrip()}"
        for line in rows
    ]
