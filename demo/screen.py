"""What the demo shows: one line per payment, live in a terminal, as they change everywhere else."""

import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from demo.sale import Sale

WIDTH_WITHOUT_TERMINAL: Final = 120

_COLOURS: Final = {
    "succeeded": "green",
    "authorized": "cyan",
    "failed": "red",
    "requires_action": "yellow",
    "canceled": "magenta",
}


class Screen:
    """Shows sales as they move."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
        self._live: Live | None = None
        self._printed: dict[str, str] = {}

    def heading(self, text: str) -> None:
        """A new part of the demo."""
        self.console.print(f"\n[bold]{escape(text)}[/bold]")

    def text(self, text: str) -> None:
        """Plain text, printed as it is: what is copied or stands in columns."""
        self.console.print(text, markup=False, soft_wrap=True)

    def prose(self, text: str) -> None:
        """Sentences, broken between words where a line ends."""
        self.console.print(text, markup=False)

    def command(self, line: str, printed: str) -> None:
        """A command that a person types, and what it prints."""
        self.console.print(f"  [bold]$ {escape(line)}[/bold]", soft_wrap=True)
        for one in printed.splitlines():
            self.text(f"  {one}".rstrip())

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A small table: the first and the last column are words, those between them figures."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for place, column in enumerate(columns):
            table.add_column(column, justify="right" if 0 < place < len(columns) - 1 else "left")
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)

    def begin(self, sales: Sequence[Sale]) -> None:
        """Start to show sales."""
        if self.console.is_terminal:
            self._live = Live(_table(sales), console=self.console, refresh_per_second=12)
            self._live.start()

    def show(self, sales: Sequence[Sale]) -> None:
        """Show how far they are."""
        if self._live is not None:
            self._live.update(_table(sales))
            return
        for sale in sales:
            state = f"{sale.status:<16} {sale.news}".rstrip()
            if sale.charge and self._printed.get(sale.charge["id"]) != state:
                self._printed[sale.charge["id"]] = state
                self.console.print(
                    f"  {sale.payment.title:<26} {sale.amount:>14}  {state}",
                    markup=False,
                    no_wrap=True,
                    overflow="ellipsis",
                )

    def end(self, sales: Sequence[Sale]) -> None:
        """Leave the last picture on the screen."""
        if self._live is not None:
            self._live.update(_table(sales), refresh=True)
            self._live.stop()
            self._live = None
            return
        self.console.print()
        self.console.print(_table(sales))


def _table(sales: Sequence[Sale]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("payment", no_wrap=True)
    table.add_column("amount", no_wrap=True, justify="right")
    # As wide as the longest status, so that nothing jumps when one changes.
    table.add_column("status", no_wrap=True, min_width=len("requires_action"))
    table.add_column("")
    for sale in sales:
        colour = _COLOURS.get(sale.status, "dim")
        table.add_row(
            sale.payment.title, sale.amount, f"[{colour}]{sale.status}[/{colour}]", escape(sale.remark)
        )
    return table
