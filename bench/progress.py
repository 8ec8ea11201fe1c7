"""How far the charges of an installation have come, read from its tables."""

from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("bench", "progress.sql")


class Backlog(msgspec.Struct, frozen=True):
    """What waits: jobs, and events a consumer has not had."""

    jobs_queued: int
    jobs_at_work: int
    jobs_held: int
    view_behind_events: int
    ledger_behind_events: int

    @property
    def is_empty(self) -> bool:
        """Nothing waits and nothing is being done."""
        return not (
            self.jobs_queued or self.jobs_at_work or self.view_behind_events or self.ledger_behind_events
        )


class SecondOfCharges(msgspec.Struct, frozen=True):
    """One second of the log: charges accepted and charges decided in it."""

    second: int
    accepted: int
    decided: int


class TimesToOutcome(msgspec.Struct, frozen=True):
    """Milliseconds from a charge's acceptance to its outcome, both as the log recorded them."""

    charges: int
    p50_ms: float
    p99_ms: float


class Totals(msgspec.Struct, frozen=True):
    """Counts and sums of the view and the ledger; money in minor units of the one currency the load uses."""

    charges: int
    view_succeeded: int
    view_minor: int
    ledger_entries: int
    ledger_minor: int


class Progress:
    """Asks the tables, on one connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)

    def backlog(self) -> Backlog:
        """What waits now."""
        return msgspec.convert(self._row(_SQL.backlog), Backlog)

    def by_second(self, *, began: float) -> list[SecondOfCharges]:
        """The log second by second, since a moment in seconds since 1970."""
        rows = self._connection.execute(_SQL.outcomes_by_second, {"began": began}).fetchall()
        return msgspec.convert(rows, list[SecondOfCharges])

    def times_to_outcome(self, *, began: float, ended: float) -> TimesToOutcome:
        """How long charges accepted between two moments took."""
        row = self._row(_SQL.times_to_outcome, {"began": began, "ended": ended})
        return msgspec.convert(
            {name: float(value) for name, value in row.items()}, TimesToOutcome, strict=False
        )

    def charges(self) -> dict[str, int | None]:
        """Each charge of the log with what it captured, in minor units; None where no money moved."""
        rows = self._connection.execute(_SQL.charges_in_log).fetchall()
        return {
            charge_of(StreamId(row["stream_id"])): row["captured_minor"] if row["is_captured"] else None
            for row in rows
        }

    def totals(self) -> Totals:
        """The view and the ledger in sum."""
        return msgspec.convert(self._row(_SQL.totals), Totals)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _row(self, statement: str, arguments: dict[str, float] | None = None) -> dict[str, Any]:
        row = self._connection.execute(statement, arguments).fetchone()
        if row is None:
            raise RuntimeError("a statement of one row gave none")
        return row
