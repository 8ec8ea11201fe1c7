"""Matches lines of banks with the entries of their payouts, and finds what differs, in the transaction of a run."""

from typing import Final

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.reconciliation.bank", "matching.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0


async def match_banks(connection: Connection, run_no: int) -> None:
    """Match what is equal: a line with an entry of the payout that it names, of its bank, currency and amount."""
    for statement, arguments in (
        (_SQL.stage_entries, (run_no,)),
        (_SQL.stage_lines, ()),
        (_SQL.match_equal, (run_no,)),
        (_SQL.drop_matched_lines, (run_no,)),
        (_SQL.drop_matched_entries, (run_no,)),
    ):
        await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)


async def find_bank_breaks(connection: Connection, run_no: int) -> None:
    """What is left of lines that name payouts, and payouts that no statement has in time, among the breaks that the run finds."""
    for statement, arguments in (
        (_SQL.stage_in_transit, (run_no,)),
        (_SQL.stage_bank_breaks, (run_no,)),
        (_SQL.add_scopes, ()),
        (_SQL.find_bank_breaks, ()),
    ):
        await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)
