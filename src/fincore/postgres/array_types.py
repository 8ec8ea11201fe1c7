"""The types of arrays that our statements take, told to asyncpg, which knows by itself those of text alone.

Otherwise each connection asks the server for what it does not know, by a query over the catalog that takes it ten milliseconds
of CPU, and up to five times before its first commit. The numbers are those of PostgreSQL's `pg_type.dat`, which stay.
"""

from typing import Any, Final

import asyncpg

ELEMENT_TYPE_OIDS: Final = {
    "bool": (1000, 16),
    "bytea": (1001, 17),
    "date": (1182, 1082),
    "float8": (1022, 701),
    "int2": (1005, 21),
    "int4": (1007, 23),
    "int8": (1016, 20),
    "interval": (1187, 1186),
    "jsonb": (3807, 3802),
    "numeric": (1231, 1700),
    "timestamptz": (1185, 1184),
    "uuid": (2951, 2950),
}
"""Type -> the number of its array, and its own."""

_TYPES: Final[list[dict[str, Any]]] = [
    {
        "oid": array,
        "ns": "pg_catalog",
        "name": f"_{name}",
        "kind": b"b",
        "basetype": None,
        "elemtype": element,
        "elemdelim": ",",
        "range_subtype": None,
        "attrtypoids": None,
        "attrnames": None,
        "basetype_name": None,
        "elemtype_name": name,
        "range_subtype_name": None,
    }
    for name, (array, element) in ELEMENT_TYPE_OIDS.items()
]
"""The rows that asyncpg's own query would give."""


async def tell_array_types(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Tell a new connection the types; it sends nothing."""
    untyped: Any = connection
    untyped._protocol.get_settings().register_data_types(_TYPES)  # noqa: SLF001 -- pinned in pyproject.toml
