"""What `fincore pages` can do: what browsers report of FinCore's pages."""

from cyclopts import App

from fincore.cli.arguments import Limit
from fincore.cli.commands import COMMANDS
from fincore.cli.terminal import moment_text, on_stores, show_table

pages = App(name="pages", help=COMMANDS["pages"].help)


@pages.command(name="reports")
def list_reports(*, limit: Limit = 100) -> None:
    """List what browsers kept out of the pages, by the pages' policies: the violations that were reported last come first."""
    found = on_stores(lambda stores: stores.csp_reports.list(limit=limit), "eventstore")
    show_table(
        ("page", "directive", "blocked", "reports", "first seen", "last seen"),
        [
            (
                one.page,
                one.directive,
                one.blocked,
                f"{one.reports:,}",
                moment_text(one.first_seen_at),
                moment_text(one.last_seen_at),
            )
            for one in found
        ],
    )
