"""What must be so before a run matches: the ledger's matches are those of the runs in this database."""

from typing import Final

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import RunId, SettlementFileId, settlement_file_of
from fincore.domain.settlement_file import matched_event_id
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.reconciliation.matching", "preconditions.sql")

STATEMENT_SECONDS_MAX: Final = 600.0


class RunRefused(FinCoreError):
    """The ledger and the record of runs are not of one time, so that a run would match lines a second time, or items that are others
    by now. It matched nothing."""


async def refuse_unknown_matches(connection: Connection) -> None:
    """Raise `RunRefused` where the ledger has booked a match of a run that this database does not have.

    Only what was booked since the last run is looked at: each run before it has looked at the rest.
    """
    booked = await connection.fetch(_SQL.booked_matches, timeout=STATEMENT_SECONDS_MAX)
    if not booked:
        return
    file_ids = {settlement_file_of(row["stream_id"]) for row in booked}
    known = {
        matched_event_id(
            SettlementFileId(row["file_id"]), RunId(row["run_id"]), row["kind"], Currency(row["currency"])
        )
        for row in await connection.fetch(
            _SQL.known_matches, sorted(file_ids), timeout=STATEMENT_SECONDS_MAX
        )
    }
    unknown = [row for row in booked if row["event_id"] not in known]
    if unknown:
        first = unknown[0]
        raise RunRefused(
            f"the log tells of {len(unknown)} matches, the first of {settlement_file_of(first['stream_id'])} in the ledger's entry "
            f"{first['entry_id']}, of runs that LedgerDB's database does not have: a backup from before them was restored. A run would "
            "match the same lines a second time, so nothing was matched. Restore LedgerDB's database as it was after its last run, from "
            "a later backup or its write-ahead log, and run it again"
        )
