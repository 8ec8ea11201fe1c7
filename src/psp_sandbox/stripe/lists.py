"""Stripe's lists: newest first, cursors are object ids, `created` may be a moment or a range."""

from collections.abc import Callable, Iterable
from itertools import islice, takewhile
from typing import Protocol, TypeVar

import msgspec

from psp_sandbox.stripe.errors import invalid_request
from psp_sandbox.stripe.wire import Page

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


class Listed(Protocol):
    """Anything a list can hold."""

    @property
    def id(self) -> str:
        """Its cursor."""

    @property
    def created(self) -> int:
        """Unix seconds."""


L = TypeVar("L", bound=Listed)


class CreatedRange(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """Bounds of `created`, or of another time, in unix seconds."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class ListParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """What every list endpoint takes."""

    limit: int = DEFAULT_LIMIT
    starting_after: str | None = None
    ending_before: str | None = None
    created: CreatedRange | str | None = None
    expand: list[str] = []


def page(items: Iterable[L], wanted: ListParameters, *, url: str, show: Callable[[L], object]) -> Page:
    """The asked-for page of `items`, which come newest first. Raises Refusal: the limit, or an unknown cursor."""
    if not 1 <= wanted.limit <= MAX_LIMIT:
        raise invalid_request(f"Limit must be between 1 and {MAX_LIMIT}.", param="limit")
    if wanted.starting_after and wanted.ending_before:
        raise invalid_request("Give only one of starting_after and ending_before.", param="ending_before")
    if wanted.ending_before:
        found, has_more = _before(items, wanted)
    else:
        found, has_more = _after(items, wanted)
    return Page(data=tuple(show(item) for item in found), has_more=has_more, url=url)


def _after(items: Iterable[L], wanted: ListParameters) -> tuple[list[L], bool]:
    rest = iter(items)
    cursor = wanted.starting_after
    if cursor and all(item.id != cursor for item in rest):
        raise invalid_request(f"No such object: '{cursor}'", param="starting_after", code="resource_missing")
    created = matches_times(wanted.created, name="created")
    matching = (item for item in rest if created(item.created))
    found = list(islice(matching, wanted.limit + 1))
    return found[: wanted.limit], len(found) > wanted.limit


def _before(items: Iterable[L], wanted: ListParameters) -> tuple[list[L], bool]:
    """The page just newer than the cursor: the last ones met on the way to it."""
    cursor = wanted.ending_before
    met = False

    def newer(item: L) -> bool:
        nonlocal met
        met = item.id == cursor
        return not met

    created = matches_times(wanted.created, name="created")
    found = [item for item in takewhile(newer, items) if created(item.created)]
    if not met:
        raise invalid_request(f"No such object: '{cursor}'", param="ending_before", code="resource_missing")
    return found[-wanted.limit :], len(found) > wanted.limit


def matches_times(wanted: CreatedRange | str | None, *, name: str) -> Callable[[int], bool]:
    """Whether a time, in unix seconds, is the one or within the range that a request wants. Raises Refusal: it is no time."""
    if wanted is None:
        return lambda _: True
    if isinstance(wanted, str):
        if not wanted.isdigit():
            raise invalid_request(f"Invalid integer: {name}", param=name, code="parameter_invalid_integer")
        moment = int(wanted)
        return lambda at: at == moment
    bounds = wanted

    def within(at: int) -> bool:
        return (
            (bounds.gt is None or at > bounds.gt)
            and (bounds.gte is None or at >= bounds.gte)
            and (bounds.lt is None or at < bounds.lt)
            and (bounds.lte is None or at <= bounds.lte)
        )

    return within
