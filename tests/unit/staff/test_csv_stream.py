"""Exports as CSV: row by row, totals last, and nothing that a spreadsheet would run."""

import re
from collections.abc import AsyncIterator

import pytest

from fincore.domain.csv_cell import Cell, safe_cell
from fincore.staff.csv_stream import PART_CHARACTERS, csv_response


async def text_of(rows: list[list[Cell]], totals: list[list[Cell]]) -> str:
    async def found() -> AsyncIterator[list[Cell]]:
        for row in rows:
            yield row

    response = csv_response("a.csv", ("one", "two"), found(), lambda: totals)
    assert response.stream is not None
    return b"".join([part async for part in response.stream]).decode()


async def test_rows_stand_below_their_columns_and_above_totals() -> None:
    text = await text_of([["a, b", -5], ['"', None]], [["total", -5]])
    assert text == 'one,two\r\n"a, b",-5\r\n"""",\r\ntotal,-5\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", " =1", "\uff1d1", "=cmd|' /C calc'!A0"])
async def test_text_that_is_a_formula_gets_an_apostrophe(text: str) -> None:
    line = (await text_of([[text, 1]], [])).splitlines()[1]
    assert line.lstrip('"').startswith("'")


@pytest.mark.parametrize("text", ["x;=1+1", "x; +1", 'x;"@a', "a;b;\uff1d1"])
def test_formula_after_a_semicolon_gets_an_apostrophe(text: str) -> None:
    """Where lists are written with semicolons, spreadsheets begin a cell there."""
    assert safe_cell(text) == re.sub(r"([=+@\uff1d])", r"'\1", text, count=1)
    assert safe_cell("a; b; c - d") == "a; b; c - d"


async def test_text_with_line_breaks_and_controls_stays_one_cell() -> None:
    assert (await text_of([["\t=a\r\nb\0", "-1.5"]], [])).splitlines()[1:] == [
        "\ufffd=a\ufffd\ufffdb\ufffd,-1.5"
    ]


async def test_many_rows_are_sent_in_parts() -> None:
    async def found() -> AsyncIterator[list[Cell]]:
        for number in range(20_000):
            yield [number, "x" * 20]

    response = csv_response("a.csv", ("one", "two"), found())
    assert response.stream is not None
    parts = [part async for part in response.stream]
    assert len(parts) > 5
    assert max(map(len, parts)) < PART_CHARACTERS + 100
    assert sum(part.count(b"\r\n") for part in parts) == 20_001
