"""How far the charges of an installation have come, read from its tables."""

from typing import Any, Literal

import msgspec
import psycopg
from psycopg.rows import dict_row

from fincore.domain.ids import ChargeId, RefundId, StreamId, charge_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("bench", "progress.sql")


class Backlog(msgspec.Struct, frozen=True):
    """What waits: jobs, events a consumer has not had, webhooks to merchants."""

    jobs_queued: int
    jobs_at_work: int
    jobs_held: int
    view_behind_events: int
    ledger_behind_events: int
    notify_behind_events: int
    webhooks_due: int

    @property
    def is_empty(self) -> bool:
        """Nothing waits and nothing is being done; jobs that are held for a person are no work."""
        return not any(msgspec.structs.astuple(msgspec.structs.replace(self, jobs_held=0)))


class SecondOfCharges(msgspec.Struct, frozen=True):
    """One second of the log: what was accepted or asked for in it, and what was decided or carried out."""

    second: int
    accepted: int = 0
    decided: int = 0
    captures_asked: int = 0
    captures_done: int = 0
    refunds_asked: int = 0
    refunds_done: int = 0


class TimesToOutcome(msgspec.Struct, frozen=True):
    """Milliseconds from a charge's acceptance to its outcome, both as the log recorded them."""

    charges: int
    p50_ms: float
    p99_ms: float


class TimesOfOperations(msgspec.Struct, frozen=True):
    """Milliseconds from a request about a charge to its outcome, as the log recorded both."""

    type: Literal["charge.capture_requested", "refund.requested"]
    operations: int
    p50_ms: float
    p99_ms: float


class Deliveries(msgspec.Struct, frozen=True):
    """Webhooks to merchants about some events. Milliseconds from an event's record to the end of its delivery."""

    events: int
    delivered: int
    repeated: int
    p50_ms: float
    p99_ms: float


class Totals(msgspec.Struct, frozen=True):
    """Counts and sums of the view and the ledger; money in minor units of the one currency the load uses."""

    charges: int
    view_captures: int
    view_captured_minor: int
    view_refunds: int
    view_refunded_minor: int
    ledger_captures: int
    ledger_captured_minor: int
    ledger_refunds: int
    ledger_refunded_minor: int


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

    def times_of_operations(self, *, began: float, ended: float) -> list[TimesOfOperations]:
        """How long captures and refunds asked for between two moments took; nothing for a kind that was not asked for."""
        rows = self._connection.execute(_SQL.times_of_operations, {"began": began, "ended": ended}).fetchall()
        return msgspec.convert(rows, list[TimesOfOperations])

    def deliveries(self, *, began: float, ended: float) -> Deliveries:
        """What became of the webhooks about events written between two moments."""
        return msgspec.convert(self._row(_SQL.deliveries, {"began": began, "ended": ended}), Deliveries)

    def deliveries_ended(self, *, began: float, ended: float) -> int:
        """How many webhooks arrived between two moments."""
        return int(self._row(_SQL.deliveries_ended, {"began": began, "ended": ended})["ended"])

    def charges(self) -> dict[ChargeId, int]:
        """Each charge of the log with what it captured, in minor units; 0 where no money moved."""
        rows = self._connection.execute(_SQL.charges_in_log).fetchall()
        return {charge_of(StreamId(row["stream_id"])): row["captured_minor"] for row in rows}

    def refunds(self) -> dict[RefundId, int]:
        """Each refund of the log with what the customer got, in minor units; 0 where that is nothing."""
        rows = self._connection.execute(_SQL.refunds_in_log).fetchall()
        return {RefundId(row["refund_id"]): row["amount_minor"] if row["is_done"] else 0 for row in rows}

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
