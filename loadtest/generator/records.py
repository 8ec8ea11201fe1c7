"""What a generator writes down: one line of JSON each, a list that begins with its kind. Seconds count from the begin of the run.

| kind | further fields |
|---|---|
| `began` | seconds since 1970, worker |
| `request` | step, due, sent, ended, status (0: no answer), the error |
| `charge` | key, charge id, amount in minor units |
| `offered` | key of a charge that was sent and not answered, or not accepted |
| `session` | key of a checkout session that was accepted: its charge is made when the customer pays |
| `refund` | charge id, refund id, amount in minor units |
| `unsent` | due: an arrival for which as many scenarios were under way as may be |
| `cut` | due, scenario, why: a scenario that was answered in a way that leaves nothing to do |
| `failed` | due, scenario, why: an error of the generator itself |
| `arrived` | due, scenario: an arrival that was begun |
| `ended` | worker, arrivals, CPU seconds of the generator |
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "began",
    "request",
    "charge",
    "offered",
    "session",
    "refund",
    "unsent",
    "cut",
    "failed",
    "arrived",
    "ended",
]
Row = list[Any]
DIGITS = 4
"""Of a second, that are kept of a moment."""


class Recorder:
    """Keeps rows until they are taken."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(self, kind: Kind, *fields: float | str) -> None:
        """Note one row."""
        self._rows.append(
            [kind, *(round(field, DIGITS) if isinstance(field, float) else field for field in fields)]
        )

    def take(self) -> list[Row]:
        """What was noted since the last time."""
        rows, self._rows = self._rows, []
        return rows


def no_more_file(records: Path) -> Path:
    """The file beside the records that says that nothing more is to be offered."""
    return records.with_suffix(".no_more")


def append_rows(file: Path, rows: Iterable[Row]) -> None:
    """Write rows at the end of a file."""
    lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    if lines:
        with file.open("a", encoding="utf-8") as out:
            out.write(lines)


def rows_of(file: Path, offset: int = 0) -> tuple[list[Row], int]:
    """The whole lines of a file of records from an offset on, and where the next one begins."""
    if not file.exists():
        return [], offset
    with file.open("rb") as records:
        records.seek(offset)
        content = records.read()
    whole = content[: content.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole)
