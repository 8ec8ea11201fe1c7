"""What a run matched across currencies, and what that realised of the position of each account and pair of currencies."""

from collections import defaultdict
from typing import Final

from fincore.domain.fx_position import FxPosition, convert
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.reconciliation.matching", "matching.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0

_Pair = tuple[int, str, str]
"""scope, currency of settlement, currency of charges."""


async def keep_converted(connection: Connection, run_no: int) -> None:
    """Keep what the run matched of each file, kind and pair of currencies, inside the transaction in which it matched."""
    rows = await connection.fetch(_SQL.read_converted, run_no, timeout=STATEMENT_SECONDS_MAX)
    if not rows:
        return
    positions: defaultdict[_Pair, FxPosition] = defaultdict(FxPosition)
    for row in await connection.fetch(_SQL.read_positions, run_no, timeout=STATEMENT_SECONDS_MAX):
        before = FxPosition(int(row["charge_minor"]), int(row["settled_minor"]))
        positions[row["scope_no"], row["currency"], row["charge_currency"]] = before
    realised: list[int] = []
    for row in rows:
        pair = row["scope_no"], row["currency"], row["charge_currency"]
        positions[pair], realised_minor = convert(
            positions[pair], FxPosition(row["charge_gross_minor"], row["gross_minor"])
        )
        realised.append(realised_minor)
    names = ("file_id", "kind", "currency", "charge_currency", "lines", "gross_minor", "charge_gross_minor")
    columns = ([row[name] for row in rows] for name in names)
    await connection.execute(
        _SQL.keep_converted_totals, run_no, *columns, realised, timeout=STATEMENT_SECONDS_MAX
    )
