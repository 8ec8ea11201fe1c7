"""A file on its way through a parser: what is expected of it, its lines, what is known at its end, and why it is refused. Pure."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.card_number import without_card_numbers
from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.totals import ComputedTotals, StatedTotals, Sums, computed_totals

FileFormat = Literal["paypal_stl", "stripe_payout_itemized", "stripe_payout_summary"]
"""What PSPs state: a file of such a format is booked."""
BankFormat = Literal["camt053", "bank_csv"]
"""What banks state: the other side of payouts."""
ReadFormat = Literal[FileFormat, BankFormat]
"""All that can be read."""

QUOTED_CHARACTERS_MAX: Final = 40
"""How much of a file a sentence repeats."""


class Expected(msgspec.Struct, frozen=True):
    """What a file must be about. None is not checked: what comes from our own source by name may be any of its objects."""

    account_id: str | None = None
    """The PSP's own name of our account, such as PayPal's merchant id."""
    payout_reference: str | None = None
    """The payout that the report was asked about."""


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself beside its totals; None where its format does not say it."""

    format: ReadFormat
    version: str | None = None
    """Of the report, in the PSP's words."""
    account_id: str | None = None
    period_start: datetime | None = None
    """As stated, with its offset from UTC: a business day is the PSP's, not UTC's."""
    period_end: datetime | None = None
    sequence: int | None = None
    """Of this file among those of one report, from 1."""
    continued: bool = False
    """Whether the report goes on in a further file."""
    extra_columns: tuple[str, ...] = ()
    """Columns that the parser does not read."""


class FileEnd(msgspec.Struct, frozen=True):
    """What is known once the last line was read and everything added up."""

    facts: FileFacts
    stated: Mapping[Currency, StatedTotals]
    computed: Mapping[Currency, ComputedTotals]


Reading = Generator[SettlementLine, None, FileEnd]
"""A parser at work: it yields the lines and returns what is known at the end."""


class FileRefused(FinCoreError):
    """A file, or a line of it, is not what its format allows. Nothing of the file may be used, not even the lines before."""

    def __init__(self, line_number: int | None, reason: str) -> None:
        super().__init__(reason if line_number is None else f"line {line_number}: {reason}")
        self.line_number = line_number
        self.reason = reason


def file_end(facts: FileFacts, stated: Mapping[Currency, StatedTotals], sums: Iterable[Sums]) -> FileEnd:
    """The end of a file of which each line was read. Raises `FileRefused` for totals and balances beyond `SUM_MINOR_MAX`.

    The sum or difference of a few such amounts fits into PostgreSQL's bigint.
    """
    computed = computed_totals(sums)
    for currency, totals in computed.items():
        if _largest(totals) > SUM_MINOR_MAX:
            raise FileRefused(None, f"the amounts in {currency.upper()} add up to more than can be booked")
    for currency, says in stated.items():
        if _largest(says) > SUM_MINOR_MAX:
            raise FileRefused(None, f"states more of {currency.upper()} than can be booked")
    return FileEnd(facts, stated, computed)


def _largest(totals: ComputedTotals | StatedTotals) -> int:
    """The largest amount or count among them, without its sign."""
    return max(abs(value) for value in msgspec.structs.astuple(totals) if isinstance(value, int))


class ParsedFile:
    """The lines of a file, to be read once and to the end; only then is it known whether the file is whole.

    `facts`, `stated` and `computed` raise `RuntimeError` before. Reading raises `FileRefused`.
    """

    def __init__(self, reading: Reading) -> None:
        self._end: FileEnd | None = None
        self.lines: Iterator[SettlementLine] = self._to_the_end(reading)

    @property
    def facts(self) -> FileFacts:
        """What the file says of itself."""
        return self._known().facts

    @property
    def stated(self) -> Mapping[Currency, StatedTotals]:
        """What the file says its lines add up to. A parser has compared what one file alone can prove."""
        return self._known().stated

    @property
    def computed(self) -> Mapping[Currency, ComputedTotals]:
        """What its lines add up to."""
        return self._known().computed

    def _known(self) -> FileEnd:
        if self._end is None:
            raise RuntimeError("the file was not read to its end")
        return self._end

    def _to_the_end(self, reading: Reading) -> Iterator[SettlementLine]:
        self._end = yield from reading


def quoted(text: str) -> str:
    """A piece of a file as a sentence may repeat it: short, in quotation marks, without card numbers."""
    cut = text if len(text) <= QUOTED_CHARACTERS_MAX else f"{text[:QUOTED_CHARACTERS_MAX]}..."
    return repr(without_card_numbers(cut))
