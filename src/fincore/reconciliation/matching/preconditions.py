"""What must be so before a run matches: the ledger is the one that the last run saw, and its matches are those of the runs here."""

from typing import Final

import asyncpg

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import EventId, RunId, SettlementFileId, settlement_file_of
from fincore.domain.settlement_event_ids import converted_event_id, matched_event_id
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.reconciliation.matching", "preconditions.sql")

STATEMENT_SECONDS_MAX: Final = 600.0


class RunRefused(FinCoreError):
    """The ledger and the record of runs are not of one time: a run would match lines again, or other items. It matched nothing."""


async def refuse_moved_entries(connection: Connection) -> None:
    """Raise `RunRefused` where the last entry that the last run saw is another one now, or gone.

    Matches name entries by number, and a run begins after the last entry of the run before it.
    """
    moved = await connection.fetchrow(_SQL.moved_entry, timeout=STATEMENT_SECONDS_MAX)
    if moved is not None:
        raise RunRefused(
            f"the ledger's entry {moved['last_entry_id']} is not the one that {moved['run_id']} saw there: the log was set back and the "
            "ledger built again, or a part of it was restored. Matches name other entries now, so nothing was matched. Restore "
            "LedgerDB's database from a backup of the same moment as the log's, and run it again"
        )


async def refuse_unknown_matches(connection: Connection) -> None:
    """Raise `RunRefused` where the ledger has booked a match of a run that this database does not have.

    Only what was booked since the last run is looked at: each run before it has looked at the rest.
    """
    booked = await connection.fetch(_SQL.booked_matches, timeout=STATEMENT_SECONDS_MAX)
    if not booked:
        return
    file_ids = {settlement_file_of(row["stream_id"]) for row in booked}
    known = {
        _event_id(row)
        for row in await connection.fetch(_SQL.known_matches, sorted(file_ids), timeout=STATEMENT_SECONDS_MAX)
    }
    unknown = [row for row in booked if row["event_id"] not in known]
    if unknown:
        first = unknown[0]
        raise RunRefused(
            f"the log tells of {len(unknown)} matches, the first of {settlement_file_of(first['stream_id'])} in the ledger's entry "
            f"{first['entry_id']}, of runs that LedgerDB's database does not have: a backup from before them was restored. A run would "
            "match the same lines a second time, so nothing was matched. Restore LedgerDB's database as it was after its last run, from "
            "a later backup or its write-ahead log, or derive these runs anew with `fincore rebuild reconciliation`"
        )


async def lacks_adjustments(connection: Connection) -> bool:
    """Whether a person decided what the ledger has not booked: a run would find the break again that was just ended."""
    lacks: bool = await connection.fetchval(_SQL.unbooked_adjustments, timeout=STATEMENT_SECONDS_MAX)
    return lacks


def _event_id(row: asyncpg.Record) -> EventId:
    file_id, run_id = SettlementFileId(row["file_id"]), RunId(row["run_id"])
    kind, currency = row["kind"], Currency(row["currency"])
    if row["charge_currency"] is None:
        return matched_event_id(file_id, run_id, kind, currency)
    return converted_event_id(file_id, run_id, kind, currency, Currency(row["charge_currency"]))
