"""Stripe's summary of a payout (`payout_reconciliation.by_id.summary.1`): a row a category, which the itemized rows must add up to. Pure."""

from operator import itemgetter
from typing import BinaryIO, Final

from fincore.domain.currency import Currency
from fincore.reconciliation.formats.records import Records, columns_of
from fincore.reconciliation.formats.stripe_rows import amounts_of, currency_of, kind_of, require_columns
from fincore.reconciliation.parsed_file import Expected, FileFacts, FileRefused, Reading, file_end, quoted
from fincore.reconciliation.totals import StatedTotals, TypeTotals

PARSER_VERSION: Final = 1
REPORT_TYPE: Final = "payout_reconciliation.by_id.summary.1"
COLUMNS: Final = ("reporting_category", "currency", "count", "gross", "fee", "net")
"""What to ask Stripe for, and what must be there."""
PAYOUT_COLUMN: Final = "automatic_payout_id"
"""Reports over several payouts have it; here it may name one payout at most."""
TOTAL: Final = "total"
"""In place of a category: the row sums all others of its currency."""
COUNT_DIGITS_MAX: Final = 9


def read_stripe_summary(stream: BinaryIO, expected: Expected) -> Reading:
    """Read a summary, which has no lines: all it has is `stated`. Raises `FileRefused`."""
    yield from ()
    summary: _Summary | None = None
    number = 0
    for number, row in Records(stream):
        if summary is None:
            summary = _Summary(number, row, expected)
        else:
            summary.take(number, row)
    if summary is None:
        raise FileRefused(None, "the file is empty: not even a header is there")
    facts = FileFacts(format="stripe_payout_summary", extra_columns=summary.extra_columns)
    return file_end(facts, summary.stated(number), ())


class _Summary:
    """The rows as far as they were read."""

    def __init__(self, number: int, header: list[str], expected: Expected) -> None:
        columns = columns_of(number, header)
        require_columns(number, columns, COLUMNS)
        self.extra_columns = tuple(name for name in columns if name not in COLUMNS and name != PAYOUT_COLUMN)
        self._width = len(header)
        self._pick = itemgetter(*(columns[name] for name in COLUMNS))
        self._payout_place = columns.get(PAYOUT_COLUMN)
        self._payout = expected.payout_reference
        self._by_currency: dict[Currency, dict[str, TypeTotals]] = {}
        self._totals: dict[Currency, TypeTotals] = {}

    def take(self, number: int, row: list[str]) -> None:
        """A row. Raises `FileRefused`."""
        if len(row) != self._width:
            raise FileRefused(number, f"has {len(row)} fields, and the header {self._width}")
        category, code, count, gross, fee, net = self._pick(row)
        self._require_payout(number, row)
        currency = currency_of(number, code)
        gross_minor, fee_minor = amounts_of(number, gross, fee, net, currency)
        if not (count.isascii() and count.isdigit() and len(count) <= COUNT_DIGITS_MAX):
            raise FileRefused(number, f"{quoted(count)} is no count")
        kind = "adjustment" if category == TOTAL else kind_of(number, category)
        totals = TypeTotals(category, kind, int(count), gross_minor, fee_minor)
        if category == TOTAL:
            if self._totals.setdefault(currency, totals) is not totals:
                raise FileRefused(number, f"is a second total of {currency.upper()}")
        elif self._by_currency.setdefault(currency, {}).setdefault(category, totals) is not totals:
            raise FileRefused(number, f"is a second row of {quoted(category)} in {currency.upper()}")

    def stated(self, number: int) -> dict[Currency, StatedTotals]:
        """What the summary states. Raises `FileRefused` if its own total is not the sum of its rows."""
        stated = {}
        for currency in sorted(self._by_currency.keys() | self._totals.keys()):
            types = self._by_currency.get(currency, {})
            rows = sum(one.rows for one in types.values())
            sums = (
                rows,
                sum(one.gross_minor for one in types.values()),
                sum(one.fee_minor for one in types.values()),
            )
            told = self._totals.get(currency)
            if told is not None and (told.rows, told.gross_minor, told.fee_minor) != sums:
                raise FileRefused(number, f"the total of {currency.upper()} is not the sum of its categories")
            stated[currency] = StatedTotals(
                currency=currency, rows=rows, by_type=tuple(types[name] for name in sorted(types))
            )
        return stated

    def _require_payout(self, number: int, row: list[str]) -> None:
        payout = "" if self._payout_place is None else row[self._payout_place]
        if payout:
            self._payout = self._payout or payout
            if payout != self._payout:
                raise FileRefused(number, f"is about the payout {quoted(payout)}, not {quoted(self._payout)}")
