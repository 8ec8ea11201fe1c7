"""What waits in suspense, as staff see it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.stream_names import stream_name
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.ledger.suspense import Suspended


class StaffSuspenseItem(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry left in suspense in one currency."""

    object: Annotated[Literal["suspense_item"], ObjectName] = "suspense_item"
    id: Annotated[str, Meta(description="The entry's number and the currency.", examples=["4711-usd"])]
    entry: Annotated[int, Meta(description="The entry.")]
    amount_minor: Annotated[
        int, Meta(description="What waits: a debit where positive, a credit where negative.")
    ]
    currency: CurrencyCode
    subject: Annotated[
        str, Meta(description="The charge, payout, settlement file or adjustment that it is of.")
    ]
    kind: Annotated[str, Meta(description="What happened.", examples=["refund.succeeded"])]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    description: Annotated[str, Meta(description="The PSP and what it calls the thing.")]
    reason: Annotated[str | None, Meta(description="Why it is in suspense.")]


class StaffSuspenseItemList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what waits in suspense."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffSuspenseItem], Meta(description="The items, the oldest first.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_item(one: Suspended) -> StaffSuspenseItem:
    """An item."""
    return StaffSuspenseItem(
        id=f"{one.entry_id}-{one.currency}",
        entry=one.entry_id,
        amount_minor=one.debit_minor,
        currency=one.currency,
        subject=stream_name(one.stream_id, one.kind),
        kind=one.kind,
        effective_at=one.effective_at,
        description=one.description,
        reason=one.reason,
    )
