"""The last rows of an export: totals by currency, what the ledger has, the difference, and a row that says that it is whole. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from fincore.domain.csv_cell import Cell
from fincore.domain.currency import Currency
from fincore.staff.csv_stream import Row

TOTAL: Final = "total"
LEDGER: Final = "ledger"
DIFFERENCE: Final = "difference"
END: Final = "end"
"""What the first column of these rows says. A file without a row `end` was cut off."""


class Tally:
    """Counts and adds up rows. The columns begin with `id` and end with `rows`; one of them is `currency`."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._rows = 0
        self._counted: dict[Currency | None, int] = defaultdict(int)
        self._sums: dict[Currency | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._ledger: dict[Currency, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._compared: set[str] = set()

    def add(self, currency: Currency | None, amounts: Mapping[str, int]) -> None:
        """One row in a currency."""
        self._rows += 1
        self._counted[currency] += 1
        self.add_amounts(currency, amounts)

    def add_amounts(self, currency: Currency | None, amounts: Mapping[str, int]) -> None:
        """Further amounts of a row, in a currency that may not be its own."""
        for name, minor in amounts.items():
            self._sums[currency][name] += minor

    def compare(self, currency: Currency, amounts: Mapping[str, int]) -> None:
        """What the ledger has of some rows."""
        self._compared.update(amounts)
        for name, minor in amounts.items():
            self._ledger[currency][name] += minor

    def rows(self, compared: Sequence[str] = ()) -> Iterator[Row]:
        """The last rows; `compared` are the columns that the ledger was asked for, whether it had anything or not."""
        columns = (*compared, *sorted(self._compared - set(compared)))
        for currency in sorted({*self._counted, *self._sums, *self._ledger}, key=lambda one: one or ""):
            sums = self._sums.get(currency, {})
            yield self._row(TOTAL, currency, sums, rows=self._counted[currency])
            if columns and currency is not None:
                ledger = {name: self._ledger[currency][name] for name in columns}
                yield self._row(LEDGER, currency, ledger)
                yield self._row(
                    DIFFERENCE, currency, {name: sums.get(name, 0) - ledger[name] for name in columns}
                )
        yield self._row(END, None, {}, rows=self._rows)

    def _row(
        self, name: str, currency: Currency | None, amounts: Mapping[str, int], rows: int | None = None
    ) -> Row:
        cells: dict[str, Cell] = {"id": name, "currency": currency, "rows": rows, **amounts}
        return [cells.get(column) for column in self._columns]


class Times:
    """Times in two columns: by UTC, and by the clock of a zone where one is asked for."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone

    def columns(self, *names: str) -> list[str]:
        """`created_at`, and `created_at_local` after it where there is a zone."""
        return [column for name in names for column in ((name, f"{name}_local") if self._zone else (name,))]

    def cells(self, *moments: datetime | None) -> list[Cell]:
        """The cells of these columns."""
        found: list[Cell] = []
        for moment in moments:
            found.append(
                None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
            )
            if self._zone is not None:
                found.append(None if moment is None else moment.astimezone(self._zone).isoformat())
        return found
