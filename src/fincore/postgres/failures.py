"""What an error of PostgreSQL means for FinCore: one table, by SQLSTATE, for everything that meets one.

The codes are those of PostgreSQL's appendix "Error Codes". A code that the table does not name takes the meaning of its
class, which is its first two characters; a class that the table does not name is a defect.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import asyncpg

from fincore.domain.errors import StoreUnavailable

Outage = Literal["unavailable", "read_only", "full", "interrupted", "configuration"]
"""The same statement may succeed later, and says nothing about what it was to write."""

Meaning = Literal["unavailable", "read_only", "full", "interrupted", "configuration", "data", "defect"]
"""An outage, or `data` (what was to be written caused the error), or `defect` (the program or the schema did)."""

OUTAGES: Final[Mapping[Outage, str]] = MappingProxyType(
    {
        "unavailable": "the database cannot be reached, or takes no more connections",
        "read_only": "the database is read-only, as during a fail-over",
        "full": "the database has no disk space or memory left",
        "interrupted": "the database canceled the statement",
        "configuration": "the database refuses the login or has no such database",
    }
)
"""Each outage as a clause."""

MEANINGS: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "08": "unavailable",  # connection exceptions
        "21": "data",  # cardinality
        "22": "data",  # data exceptions
        "23": "data",  # constraints
        "25006": "read_only",  # read_only_sql_transaction: a standby, or default_transaction_read_only
        "25P03": "unavailable",  # idle_in_transaction_session_timeout: the session is gone
        "25P04": "unavailable",  # transaction_timeout: the session is gone
        "28": "configuration",  # the login or its password is wrong
        "3D": "configuration",  # no such database
        "40": "interrupted",  # serialization failures and deadlocks
        "53": "full",  # disk, memory, configured limits
        "53300": "unavailable",  # too_many_connections
        "55P03": "interrupted",  # lock_not_available
        "57": "unavailable",  # shutting down, starting up
        "57014": "interrupted",  # query_canceled: by a timeout or an administrator
        "57P04": "configuration",  # database_dropped
        "58": "unavailable",  # the server's own files and disks fail
        "P0": "data",  # raised by our own triggers
    }
)
"""The table: a SQLSTATE, or the class of one, and what it means."""

_WITHOUT_SQLSTATE: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # A session that dies while a statement is being sent leaves asyncpg's protocol in a state it did not expect.
    asyncpg.InternalClientError,
)
"""What the operating system and asyncpg raise when a server cannot be reached or a session ends."""


def meaning_of_sqlstate(sqlstate: str) -> Meaning:
    """What a SQLSTATE, five characters, means."""
    return MEANINGS.get(sqlstate) or MEANINGS.get(sqlstate[:2], "defect")


def meaning_of(error: BaseException) -> Meaning:
    """What an error that a statement or a connection raised means; that of `StoreUnavailable` is what caused it."""
    if isinstance(error, asyncpg.PostgresError):
        return meaning_of_sqlstate(error.sqlstate or "")
    if isinstance(error, StoreUnavailable):
        return (error.__cause__ and outage_of(error.__cause__)) or "unavailable"
    # asyncpg's refusal of a bad argument is also an InterfaceError, but a ValueError too: that one stays a defect.
    if isinstance(error, _WITHOUT_SQLSTATE) and not isinstance(error, ValueError):
        return "unavailable"
    return "defect"


def outage_of(error: BaseException) -> Outage | None:
    """The outage that an error means; None for an error that a repetition would only meet again."""
    meaning = meaning_of(error)
    return None if meaning == "data" or meaning == "defect" else meaning  # noqa: PLR1714 -- mypy narrows only by `==`


def is_outage(error: BaseException) -> bool:
    """Whether the same statement may succeed later: then it is repeated, and nothing is blamed on what it says."""
    return outage_of(error) is not None
