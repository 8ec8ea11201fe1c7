"""What all lists for staff have in common: which merchants' rows they hold, where a page begins, how far it looks.

A list walks one index, newest first, and looks at a bounded number of rows for a page, whichever filters it has: a page may hold
fewer rows than asked for, even none, and yet say that there are more, and how far back it looked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.domain.ids import MerchantId

LOOKED_AT_MAX: Final = 10_000
"""Rows that one page, or the totals of one filter, look at."""
SCOPE_MERCHANTS_MAX: Final = 100
"""Merchants that a scope names; a scope of more is one of all."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The mode of the rows that a person sees, and the merchants; `merchants` None is all of them, and an empty tuple none."""

    livemode: bool
    merchants: tuple[MerchantId, ...] | None = None

    def __post_init__(self) -> None:
        if self.merchants is not None and len(self.merchants) > SCOPE_MERCHANTS_MAX:
            raise ValueError(f"a scope names at most {SCOPE_MERCHANTS_MAX} merchants")

    def has(self, merchant_id: MerchantId) -> bool:
        """Whether the rows of a merchant are within it."""
        return self.merchants is None or merchant_id in self.merchants


def scope_arguments(scope: Scope | None) -> tuple[bool | None, list[MerchantId] | None]:
    """A scope as two arguments of a statement for which null is no bound: the mode and the merchants."""
    if scope is None:
        return None, None
    return scope.livemode, None if scope.merchants is None else list(scope.merchants)


class Each(NamedTuple):
    """The parts of a list that are walked side by side: what stands before `lateral`, and the condition of each part."""

    sources: str
    part: str


class Place(NamedTuple):
    """A place in a list that is newest first: after the row that was made at `at` and has this id."""

    at: datetime
    row_id: str


Condition = tuple[str, object | None]
"""A condition that says `{value}` where its value belongs, and the value; without one it is left out."""


class Arguments:
    """The arguments of a statement that is put together; each is numbered as it is added."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def add(self, value: object) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def place(self, place: Place | None) -> str | None:
        """A place as a row of two placeholders."""
        return place and f"({self.add(place.at)}::timestamptz, {self.add(place.row_id)}::text)"

    def joined(self, conditions: Iterable[Condition]) -> str:
        """The conditions that have a value, each on a line of its own, as they follow a `where` that has one already."""
        return "".join(
            f"\n  and {condition.format(value=self.add(value))}"
            for condition, value in conditions
            if value is not None
        )

    def each(self, scope: Scope, statuses: Sequence[str], *, by_merchant: bool = True) -> Each:
        """The newest of each merchant of a scope and of each status: each part finds its rows by one descent of one index.

        Not `by_merchant`, an index over all merchants is walked, and rows of others are left out.
        """
        livemode = self.add(scope.livemode)
        sources, conditions = "", f"livemode::int = {livemode}::boolean::int"
        if scope.merchants is not None:
            merchants = f"{self.add(list(scope.merchants))}::text[]"
            if by_merchant:
                sources += f"unnest({merchants}) as allowed (merchant_id) cross join "
                conditions = f"merchant_id = allowed.merchant_id and livemode = {livemode}"
            else:
                conditions += f" and merchant_id = any ({merchants})"
        if statuses:
            sources += f"unnest({self.add(list(statuses))}::text[]) as wanted (status) cross join "
            conditions += " and status = wanted.status"
        return Each(sources, conditions)
