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
    """Bounds of `created`, in unix seconds."""

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
    matching = filter(_created_filter(wanted.created), rest)
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

    found = list(filter(_created_filter(wanted.created), takewhile(newer, items)))
    if not met:
        raise invalid_request(f"No such object: '{cursor}'", param="ending_before", code="resource_missing")
    return found[-wanted.limit :], len(found) > wanted.limit


def _created_filter(created: CreatedRange | str | None) -> Callable[[Listed], bool]:
    if created is None:
        return lambda _: True
    if isinstance(created, str):
        if not created.isdigit():
            raise invalid_request(
                "Invalid integer: created", param="created", code="parameter_invalid_integer"
            )
        moment = int(created)
        return lambda item: item.created == moment
    bounds = created

    def within(item: Listed) -> bool:
        at = item.created
        return (
            (bounds.gt is None or at > bounds.gt)
            and (bounds.gte is None or at >= bounds.gte)
            and (bounds.lt is None or at < bounds.lt)
            and (bounds.lte is None or at <= bounds.lte)
        )

    return within
