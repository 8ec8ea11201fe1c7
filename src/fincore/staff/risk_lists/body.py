"""Lists of risk and their entries as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.write.risk.list_entries import ListEntry, RiskList
from fincore.write.risk.store import ListKind

ENTRIES_COUNTED_MAX: Final = 1_000

_Kind = Annotated[ListKind, Meta(description="What it holds.")]
_Name = Annotated[str, Meta(description="The name of the list.", examples=["blocked_emails"])]


class StaffRiskListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A list of values that risk rules ask for."""

    object: Annotated[Literal["risk_list"], ObjectName] = "risk_list"
    name: _Name
    kind: _Kind
    entries: Annotated[int, Meta(description=f"How many entries count now, up to {ENTRIES_COUNTED_MAX:,}.")]
    has_more: Annotated[bool, Meta(description="Whether there are more than were counted.")]
    created_at: Annotated[datetime, Meta(description="When it was created.")]
    created_by: Annotated[str, Meta(description="Who created it.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRiskListList(msgspec.Struct, frozen=True, kw_only=True):
    """All lists, on one page."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRiskListBody], Meta(description="The lists, by name.")]


class StaffRiskEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a list."""

    id: Annotated[str, Meta(description="The number of the entry.", examples=["17"])]
    object: Annotated[Literal["risk_entry"], ObjectName] = "risk_entry"
    list: _Name
    value: Annotated[str, Meta(description="The value, as its kind is written.")]
    merchant: Annotated[
        str | None, Meta(description="The only merchant that it counts for; null: for all of them.")
    ]
    expires_at: Annotated[datetime | None, Meta(description="Until when it counts; null: for good.")]
    added_at: Annotated[datetime, Meta(description="When it was added.")]
    added_by: Annotated[str, Meta(description="Who added it.")]
    reason: Annotated[str, Meta(description="Why.")]
    removed_at: Annotated[datetime | None, Meta(description="When it was removed; null while it was not.")]
    removed_by: Annotated[str | None, Meta(description="Who removed it; null while it was not.")]
    removal_reason: Annotated[str | None, Meta(description="Why it was removed; null while it was not.")]


class StaffRiskEntryList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRiskEntryBody], Meta(description="The entries, in the order they were added.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffRiskEntryFoundList(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of all lists that match a value."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRiskEntryBody], Meta(description="The entries.")]
    has_more: Annotated[bool, Meta(description="Whether more entries match than are shown.")]


class StaffRiskListChangeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed in a list."""

    object: Annotated[Literal["risk_list_change"], ObjectName] = "risk_list_change"
    list: _Name
    change: Annotated[Literal["created", "added", "removed", "imported"], Meta(description="What was done.")]
    values: Annotated[
        int, Meta(description="How many values were added or removed; 0 for a removal of what was not there.")
    ]


def render_list(one: RiskList) -> StaffRiskListBody:
    """A list as staff see it."""
    return StaffRiskListBody(
        name=one.name,
        kind=one.kind,
        entries=min(one.entries, ENTRIES_COUNTED_MAX),
        has_more=one.entries >= ENTRIES_COUNTED_MAX,
        created_at=one.created_at,
        created_by=one.created_by,
        reason=one.reason,
    )


def render_entry(one: ListEntry) -> StaffRiskEntryBody:
    """An entry as staff see it."""
    return StaffRiskEntryBody(
        id=str(one.entry_id),
        list=one.list,
        value=one.value,
        merchant=one.merchant_id,
        expires_at=one.expires_at,
        added_at=one.added_at,
        added_by=one.added_by,
        reason=one.reason,
        removed_at=one.removed_at,
        removed_by=one.removed_by,
        removal_reason=one.removal_reason,
    )
