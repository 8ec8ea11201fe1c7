"""What people adjusted, as runs match it: an adjustment makes exactly the lines and items equal that it was booked for.

All else that explains a line or an item comes first. Where it did, the adjustment is left, and is a break by itself: nothing is offset
against what it was not booked for.
"""

from typing import Final

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.reconciliation.matching.families import FAMILY_OF_ITEM, FAMILY_OF_LINE

_SQL = load_sql("fincore.reconciliation.matching", "adjusted.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0


async def stage_adjusted(connection: Connection) -> None:
    """Which of the items that are open are adjustments, and what their reversals stand for."""
    await _do(connection, _SQL.stage_adjusting)
    await _do(connection, _SQL.name_adjusted)
    await _do(
        connection,
        _SQL.place_reversals,
        list(FAMILY_OF_ITEM),
        list(FAMILY_OF_ITEM.values()),
        list(FAMILY_OF_LINE),
        list(FAMILY_OF_LINE.values()),
    )


async def match_adjusted(connection: Connection, run_no: int) -> None:
    """Match what is left by what was adjusted, and reversals with what they take back."""
    if await connection.fetchval(_SQL.has_adjusting):
        await _do(connection, _SQL.match_adjusted, run_no)
        await _do(connection, _SQL.match_reversed, run_no)


async def stage_adjusted_breaks(connection: Connection) -> None:
    """Which breaks go on with what is left of reversals."""
    await _do(connection, _SQL.stage_reversal_groups)


async def keep_break_parts(connection: Connection, run_no: int) -> None:
    """What makes each break, for those who adjust it."""
    await _do(connection, _SQL.stage_break_groups, run_no)
    await _do(connection, _SQL.analyze_break_groups)
    await _do(connection, _SQL.drop_break_parts)
    await _do(connection, _SQL.keep_break_parts)


async def _do(connection: Connection, statement: str, *arguments: object) -> None:
    await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)
