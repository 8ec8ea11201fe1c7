"""What asyncpg is told of types of arrays is what the server says of them, and all that it needs for our statements."""

import re
from pathlib import Path

from fincore.postgres.array_types import ELEMENT_TYPE_OIDS
from fincore.postgres.pool import Pool

SOURCES = Path(__file__).parents[2] / "src" / "fincore"
OTHER_NAMES = {"bigint": "int8", "boolean": "bool", "int": "int4", "integer": "int4", "smallint": "int2"}
KNOWN_TO_ASYNCPG = {"text"}


async def test_types_have_the_numbers_of_the_server(pool: Pool) -> None:
    rows = await pool.fetch(
        "select typname, typarray, oid from pg_type where typname = any($1) and typnamespace = 'pg_catalog'::regnamespace",
        list(ELEMENT_TYPE_OIDS),
    )
    assert {row["typname"]: (row["typarray"], row["oid"]) for row in rows} == ELEMENT_TYPE_OIDS


async def test_connection_asks_the_server_for_no_type_of_an_array(pool: Pool) -> None:
    names = sorted(ELEMENT_TYPE_OIDS)
    nulls = ", ".join(f"${number}::{name}[]" for number, name in enumerate(names, start=1))
    async with pool.acquire() as connection:
        (row,) = await connection.fetch(f"select {nulls}", *[[None]] * len(names))
        assert list(row) == [[None]] * len(names)
        asked = await connection.fetchval(
            "select count(*) from pg_prepared_statements where statement like 'WITH RECURSIVE typeinfo_tree%'"
        )
    assert asked == 0


async def test_array_of_each_kind_comes_back_as_it_was_sent(pool: Pool) -> None:
    sent = {
        "bool": [True, None],
        "int2": [1, -1],
        "int4": [2],
        "int8": [2**40],
        "bytea": [b"\0"],
        "jsonb": ["{}"],
    }
    for name, values in sent.items():
        assert await pool.fetchval(f"select $1::{name}[]", values) == values


def test_every_array_of_a_statement_has_a_known_type() -> None:
    files = (file for suffix in ("sql", "py") for file in SOURCES.rglob(f"*.{suffix}"))
    named = {name for file in files for name in re.findall(r"::(\w+)\[\]", file.read_text())}
    assert {OTHER_NAMES.get(name, name) for name in named} <= ELEMENT_TYPE_OIDS.keys() | KNOWN_TO_ASYNCPG
