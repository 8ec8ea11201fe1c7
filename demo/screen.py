"""What the demo shows: one line per payment, live in a terminal, as they change everywhere else."""

import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from demo.till import Sale

_COLOURS: Final = {
    "succeeded": "green",
    "authorized": "cyan",
    "failed": "red",
    "requires_action": "yellow",
    "canceled": "red",
}


class Screen:
    """Shows sales as they move."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
        self._live: Live | None = None
        self._printed: dict[str, str] = {}

    def heading(self, text: str) -> None:
        """A new part of the story."""
        self.console.print(f"\n[bold]{text}[/bold]")

    def text(self, text: str) -> None:
        """Plain text, printed as it is."""
        self.console.print(text, markup=False, soft_wrap=True)

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
            state = _state(sale)
            if sale.charge and self._printed.get(sale.charge["id"]) != state:
                self._printed[sale.charge["id"]] = state
                self.console.print(f"  {sale.payment.title:<24} {_amount(sale):>16}  {state}", markup=False)

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
    for column, justify in (("payment", "left"), ("amount", "right"), ("status", "left"), ("why", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left", no_wrap=column != "why")
    for sale in sales:
        status = sale.charge["status"] if sale.charge else "sending"
        colour = _COLOURS.get(status, "dim")
        table.add_row(sale.payment.title, _amount(sale), f"[{colour}]{status}[/{colour}]", _why(sale))
    return table


def _state(sale: Sale) -> str:
    return f"{sale.charge['status']:<16} {_why(sale)}".rstrip() if sale.charge else "sending"


def _why(sale: Sale) -> str:
    if sale.charge is None:
        return ""
    failure = sale.charge["failure"]
    if failure:
        return f"{failure['decline_code'] or failure['code']}: {failure['advice'].replace('_', ' ')}"
    if sale.charge["outcome_unknown_since"]:
        return "outcome unknown: asking the PSP"
    notes = []
    if any(entry["type"] == "charge.outcome_unknown" for entry in sale.charge.get("timeline", [])):
        notes.append("the janitor found out")
    if sale.replays:
        notes.append(f"sent {sale.replays + 1} times, charged once")
    return ", ".join(notes)


def _amount(sale: Sale) -> str:
    digits = {"jpy": 0, "kwd": 3}.get(sale.payment.currency, 2)
    return f"{sale.payment.amount_minor / 10**digits:,.{digits}f} {sale.payment.currency.upper()}"
