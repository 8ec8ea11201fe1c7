"""The report of a day as CSV, in the columns of the report of a run. Pure."""

from collections.abc import Iterator

from fincore.reconciliation.report.csv_rows import Row, age_cells, amount_cells, csv_text, place_cells
from fincore.reconciliation.report.day_report import DayAccount, DayReport
from fincore.reconciliation.report.report_csv import (
    Figure,
    adjusted_figures,
    break_rows,
    file_rows,
    headline_rows,
)
from fincore.reconciliation.report.run_report import BreakSum


def day_csv(report: DayReport, sha256: str) -> str:
    """The rows. `sha256` is the hash of the report as JSON."""
    return csv_text(_rows(report, sha256))


def _rows(report: DayReport, sha256: str) -> Iterator[Row]:
    yield {"section": "day", "name": report.day.isoformat(), "sha256": sha256}
    yield {"section": "day", "figure": "so_far" if report.so_far else "sealed"}
    before = report.day_before.isoformat() if report.day_before else None
    yield {"section": "day", "figure": "report_before", "name": before, "sha256": report.sha256_before}
    for run in report.runs:
        yield {"section": "run", "name": run.run_id, "count": run.last_entry_id, "sha256": run.sha256}
        yield {"section": "run", "figure": "cut_off", "name": run.cut_off.isoformat()}
    yield from headline_rows(report.uncleared)
    for account in report.accounts:
        yield from _account(account)
    for file in report.files:
        yield from file_rows(file)
    for count in report.break_counts:
        for figure in ("before", "opened", "closed", "after", "difference"):
            yield {
                "section": "break_counts",
                "mode": count.mode,
                "figure": figure,
                "count": getattr(count, figure),
            }
    for section, sums in (
        ("breaks_opened", report.opened_sums),
        ("breaks_closed", report.closed_sums),
        ("breaks", report.open_sums),
    ):
        for one in sums:
            days, status = (one.oldest_days, one.status) if isinstance(one, BreakSum) else (None, None)
            yield (
                place_cells(section, one)
                | {
                    "currency": one.currency,
                    "figure": one.break_class,
                    "from_days": days,
                    "count": one.breaks,
                    "status": status,
                }
                | amount_cells(one.amount_minor, one.currency)
            )
    yield from break_rows("break_opened", report.opened)
    yield from break_rows("break_closed", report.closed)


def _account(account: DayAccount) -> Iterator[Row]:
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
        ("matched", None, account.matched_minor),
        ("lines_without_match", account.open_lines, account.open_lines_minor),
        ("ledger_balance", None, account.balance_minor),
        ("stated_balance", None, account.stated_balance_minor),
        ("in_transit", None, account.in_transit_minor),
    ]
    for move in account.movements:
        figures += [
            (f"{move.account}_before", None, move.before_minor),
            (f"{move.account}_booked", None, move.booked_minor),
            (f"{move.account}_matched", None, move.matched_minor),
            (f"{move.account}_after", None, move.after_minor),
            (f"{move.account}_difference", None, move.difference_minor),
        ]
    figures += adjusted_figures(account.adjusted)
    for tie in account.all_ties:
        figures.append((f"ledger_{tie.account}", None, tie.ledger_minor))
        figures.append((f"difference_{tie.account}", None, tie.difference_minor))
    for figure, count, amount_minor in figures:
        yield place | {"figure": figure, "count": count} | amount_cells(amount_minor, account.currency)
