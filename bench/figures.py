"""Figures beside their references and targets, and the table that shows them."""

import sys
from collections.abc import Sequence
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

WIDTH_WITHOUT_TERMINAL: Final = 140

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value.

    `target` is met from below for `lower_is_better`, from above otherwise. A reference is a value taken in the same
    run, named in words.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    lower_is_better: bool = False
    reference: str = ""
    reference_value: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its reference."""
        return self.value / self.reference_value if self.reference_value else None

    @property
    def verdict(self) -> str:
        """`reached`, or how much is missing."""
        if self.target is None:
            return ""
        missing = self.value - self.target if self.lower_is_better else self.target - self.value
        if missing <= 0:
            return "reached"
        return f"short by {_number(missing)}{_unit(self.unit)}"


def show(title: str, method: str, figures: Sequence[Figure], notes: Sequence[str] = ()) -> None:
    """Print a section: what was done in words, its figures, and what else was seen."""
    out.print(f"\n[bold]{title}[/bold]", markup=True)
    out.print(method, markup=False)
    table = Table("figure", "measured", "target", "reference", "ratio", "verdict", box=None, pad_edge=False)
    for figure in figures:
        table.add_row(
            figure.name,
            _number(figure.value) + _unit(figure.unit) + (f" ({figure.note})" if figure.note else ""),
            ""
            if figure.target is None
            else f"{'<=' if figure.lower_is_better else '>='} {_number(figure.target)}",
            ""
            if figure.reference_value is None
            else f"{figure.reference} {_number(figure.reference_value)}{_unit(figure.unit)}",
            "" if figure.ratio is None else f"{figure.ratio:.2f} x",
            figure.verdict,
        )
    out.print(table)
    for note in notes:
        out.print(f"  {note}", markup=False)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _unit(unit: str) -> str:
    return unit if unit.startswith("/") else f" {unit}" if unit else ""
