"""As of when the ledger is asked for, as parameters of a query."""

from typing import Final, TypeVar

from fincore.backoffice.ledger_views import MomentAsked
from fincore.domain.currency import Currency
from fincore.http.list_query import ListQuery, read_time
from fincore.http.openapi import Parameter
from fincore.http.problems import Problem
from fincore.staff.reading import day_filter, number_filter

Id = TypeVar("Id")

AT: Final = Parameter(
    name="at",
    place="query",
    description="With all that was booked at this time or before it. At most one of `at`, `day` and `entry` may be sent.",
    schema={"type": "string", "format": "date-time"},
)
DAY: Final = Parameter(
    name="day",
    place="query",
    description="With all that was booked until the end of this sealed day (UTC).",
    schema={"type": "string", "format": "date"},
)
ENTRY: Final = Parameter(
    name="entry",
    place="query",
    description="With all that was booked up to this entry, which is included.",
    schema={"type": "integer", "minimum": 1},
)
MOMENT: Final = (AT, DAY, ENTRY)
CURRENCY: Final = Parameter(
    name="currency",
    place="query",
    description="Only what is in this currency: its ISO 4217 code in lower case.",
    schema={"type": "string", "pattern": "^[a-z]{3}$"},
)


def moment_asked(query: ListQuery[Id]) -> MomentAsked:
    """As of when a query asks. Raises `parameter_invalid`, also for more than one of the three."""
    at = query.filters.get("at")
    asked = MomentAsked(
        at=None if at is None else read_time("at", at),
        day=day_filter(query, "day"),
        entry_id=number_filter(query, "entry"),
    )
    if sum(one is not None for one in (asked.at, asked.day, asked.entry_id)) > 1:
        raise Problem("parameter_invalid", "Send one of at, day and entry.", param="at")
    return asked


def currency_filter(query: ListQuery[Id]) -> Currency | None:
    """The filter `currency`, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get("currency")
    if value is None:
        return None
    if not (len(value) == 3 and value.isascii() and value.isalpha() and value.islower()):  # noqa: PLR2004 -- ISO 4217
        raise Problem(
            "parameter_invalid", "currency must be an ISO 4217 code in lower case.", param="currency"
        )
    return Currency(value)
