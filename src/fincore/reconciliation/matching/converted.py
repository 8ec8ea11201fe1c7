"""What a run found converted, and what that realised of the position of each account and pair of currencies."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

import asyncpg

from fincore.domain.fx_position import FxPosition, convert
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.reconciliation.matching", "matching.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0


class _Pair(NamedTuple):
    """An account, the currency in which it settles, and that of the charges: a position."""

    scope_no: int
    currency: str
    charge_currency: str


class _Part(NamedTuple):
    """What becomes one event of a file."""

    file_id: str
    kind: str
    pair: _Pair


async def keep_converted(connection: Connection, run_no: int) -> None:
    """Keep what the run found converted of each file, kind and pair of currencies, inside the transaction in which it matched.

    Lines that settle payments of another currency come first, and then conversions that a PSP tells by lines of their own.
    """
    rows = await connection.fetch(_SQL.read_converted, run_no, timeout=STATEMENT_SECONDS_MAX)
    pairs = await connection.fetch(_SQL.read_conversions, timeout=STATEMENT_SECONDS_MAX)
    if not rows and not pairs:
        return
    positions: defaultdict[_Pair, FxPosition] = defaultdict(FxPosition)
    for row in await connection.fetch(_SQL.read_positions, run_no, timeout=STATEMENT_SECONDS_MAX):
        before = FxPosition(int(row["charge_minor"]), int(row["settled_minor"]))
        positions[_Pair(row["scope_no"], row["currency"], row["charge_currency"])] = before
    moved: dict[_Part, list[int]] = {}
    for row in rows:
        pair = _Pair(row["scope_no"], row["currency"], row["charge_currency"])
        part = _Part(row["file_id"], row["kind"], pair)
        moves = FxPosition(row["charge_gross_minor"], row["gross_minor"])
        positions[pair], realised_minor = convert(positions[pair], moves)
        moved[part] = [row["lines"], moves.settled_minor, moves.charge_minor, realised_minor]
    for part, moves in _conversions(pairs, positions):
        positions[part.pair], realised_minor = convert(positions[part.pair], moves)
        sums = moved.setdefault(part, [0, 0, 0, 0])
        for place, minor in enumerate((moves.settled_minor, moves.charge_minor, realised_minor), start=1):
            sums[place] += minor
    columns = zip(
        *((part.file_id, part.kind, *part.pair[1:], *sums) for part, sums in moved.items()), strict=True
    )
    await connection.execute(
        _SQL.keep_converted_totals, run_no, *map(list, columns), timeout=STATEMENT_SECONDS_MAX
    )


def _conversions(
    rows: Iterable[asyncpg.Record], positions: Container[_Pair]
) -> Iterable[tuple[_Part, FxPosition]]:
    """What pairs of lines move of each position, file after file; of one file what adds to it in either currency before what goes back.

    A position keeps the currency of settlement that it began with. A new one has that into which the money of a payment is converted;
    where a conversion names no payment, that which came in.
    """
    began: set[_Pair] = set()
    for file_id, of_file in groupby(rows, key=itemgetter("file_id")):
        found: list[tuple[_Part, FxPosition]] = []
        for row in _named_first(list(of_file)):
            pair = _pair(row, positions, began)
            began.add(pair)
            is_in = pair.currency == row["in_currency"]
            moves = (
                FxPosition(-row["out_minor"], row["in_minor"])
                if is_in
                else FxPosition(-row["in_minor"], row["out_minor"])
            )
            found.append((_Part(file_id, "conversion", pair), moves))
        yield from sorted(found, key=lambda one: one[1].charge_minor < 0)


def _named_first(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row["named_currency"] is None)


def _pair(row: Any, positions: Container[_Pair], began: Container[_Pair]) -> _Pair:
    into = _Pair(row["scope_no"], row["in_currency"], row["out_currency"])
    out_of = _Pair(row["scope_no"], row["out_currency"], row["in_currency"])
    for pair in (into, out_of):
        if pair in positions or pair in began:
            return pair
    return out_of if row["named_currency"] == row["in_currency"] else into
