"""The report of a run as CSV. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from fincore.reconciliation.report.csv_rows import Row, age_cells, amount_cells, csv_text, place_cells
from fincore.reconciliation.report.run_report import (
    AccountReport,
    AdjustedSum,
    BreakReport,
    FileReport,
    RunReport,
    UnclearedMoney,
)
from fincore.reconciliation.totals import ComputedTotals, StatedTotals

_TOTALS: Final = (
    "beginning_minor",
    "ending_minor",
    "gross_credit_minor",
    "gross_debit_minor",
    "fee_credit_minor",
    "fee_debit_minor",
)
Figure = tuple[str, int | None, int | None]
"""Its name, how many it counts, and its amount in minor units."""


def report_csv(report: RunReport, sha256: str) -> str:
    """The rows. `sha256` is the hash of the report as JSON."""
    return csv_text(_rows(report, sha256))


def _rows(report: RunReport, sha256: str) -> Iterator[Row]:
    yield {"section": "run", "name": report.run_id, "sha256": sha256}
    yield {"section": "run", "figure": "cut_off", "name": report.cut_off.isoformat()}
    yield {"section": "run", "figure": "last_entry_id", "count": report.last_entry_id}
    yield {"section": "run", "figure": "report_before", "sha256": report.sha256_before}
    yield from headline_rows(report.uncleared)
    for account in report.accounts:
        yield from _account(account)
    for file in report.files:
        yield from file_rows(file)
    for one in report.break_sums:
        yield (
            place_cells("breaks", one)
            | {
                "currency": one.currency,
                "figure": one.break_class,
                "from_days": one.oldest_days,
                "count": one.breaks,
                "status": one.status,
            }
            | amount_cells(one.amount_minor, one.currency)
        )
    yield from break_rows("break", report.breaks)


def adjusted_figures(adjusted: Iterable[AdjustedSum]) -> Iterator[Figure]:
    """What people decided, by kind."""
    for one in adjusted:
        for part, minor in (("gross", one.gross_minor), ("fee", one.fee_minor)):
            yield f"adjusted_{one.kind}_{part}", one.adjustments, minor


def headline_rows(uncleared: Iterable[UnclearedMoney]) -> Iterator[Row]:
    """What is uncleared, by mode, currency and age."""
    for total in uncleared:
        place: Row = {"section": "headline", "mode": total.mode, "currency": total.currency}
        yield place | {"figure": "uncleared"} | amount_cells(total.amount_minor, total.currency)
        for age in total.by_age:
            yield place | age_cells(age, total.currency)


def break_rows(section: str, breaks: Iterable[BreakReport]) -> Iterator[Row]:
    """Breaks one by one."""
    for one in breaks:
        yield (
            place_cells(section, one)
            | {
                "currency": one.currency,
                "figure": one.break_class,
                "from_days": one.days,
                "count": one.break_id,
                "name": one.reference or one.file_name,
                "status": one.status,
                "owner": one.owner,
                "reason": one.reason,
            }
            | amount_cells(one.amount_minor, one.currency)
        )


def _account(account: AccountReport) -> Iterator[Row]:
    place = place_cells("account", account) | {"currency": account.currency}
    for age in account.uncleared:
        yield place | age_cells(age, account.currency)
    for kind in account.matched:
        for part, minor in (("gross", kind.gross_minor), ("fee", kind.fee_minor)):
            yield (
                place
                | {"figure": f"matched_{kind.kind}_{part}", "count": kind.lines}
                | amount_cells(minor, account.currency)
            )
    figures: list[Figure] = [
        ("lines_without_match", account.open_lines, account.open_lines_minor),
        ("ledger_balance", None, account.balance_minor),
        ("stated_balance", None, account.stated_balance_minor),
        ("in_transit", None, account.in_transit_minor),
    ]
    figures += adjusted_figures(account.adjusted)
    for tie in account.all_ties:
        figures.append((f"ledger_{tie.account}", None, tie.ledger_minor))
        figures.append((f"difference_{tie.account}", None, tie.difference_minor))
    for figure, count, amount_minor in figures:
        yield place | {"figure": figure, "count": count} | amount_cells(amount_minor, account.currency)


def file_rows(file: FileReport) -> Iterator[Row]:
    """A file, and what it states of each currency beside what its lines add up to."""
    place = place_cells("file", file) | {"name": file.name, "sha256": file.sha256}
    yield place | {"figure": "size_bytes", "count": file.size_bytes}
    sides: tuple[tuple[str, tuple[StatedTotals | ComputedTotals, ...]], ...] = (
        ("stated", file.stated),
        ("computed", file.computed),
    )
    for side, totals in sides:
        for one in totals:
            yield place | {"currency": one.currency, "figure": f"{side}_rows", "count": one.rows}
            for field in _TOTALS:
                if (minor := getattr(one, field, None)) is not None:
                    figure = f"{side}_{field.removesuffix('_minor')}"
                    yield (
                        place
                        | {"currency": one.currency, "figure": figure}
                        | amount_cells(minor, one.currency)
                    )
