"""What is uncleared, as staff see it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.ledger.clearing_item import ItemKind
from fincore.reconciliation.pages.uncleared_pages import UnclearedItem
from fincore.reconciliation.uncleared import UnclearedAmount

ClearingAccount = Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]


class StaffUnclearedAmount(msgspec.Struct, frozen=True, kw_only=True):
    """What is uncleared of one account, currency and age."""

    account: ClearingAccount
    currency: CurrencyCode
    from_days: Annotated[int, Meta(description="From so many whole days.")]
    to_days: Annotated[int | None, Meta(description="To so many days; null: and older.")]
    items: Annotated[int, Meta(description="How many items.")]
    amount_minor: Annotated[int, Meta(description="What they come to, debits positive.")]
    oldest_at: Annotated[datetime, Meta(description="The time of the oldest.")]
    overdue: Annotated[int, Meta(description="Of how many a statement should have told by now.")]


class StaffUnclearedAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """What PSPs took in a mode and no statement has told of, by account, currency and age."""

    object: Annotated[Literal["uncleared_amounts"], ObjectName] = "uncleared_amounts"
    data: Annotated[list[StaffUnclearedAmount], Meta(description="The amounts.")]


class StaffUnclearedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry left on clearing and no line has matched."""

    object: Annotated[Literal["uncleared_item"], ObjectName] = "uncleared_item"
    id: Annotated[
        str, Meta(description="The number of its entry and that of the account.", examples=["4711-3"])
    ]
    entry: Annotated[int, Meta(description="The entry.")]
    account: ClearingAccount
    currency: CurrencyCode
    kind: Annotated[ItemKind, Meta(description="What it is.")]
    psp_reference: Annotated[str, Meta(description="What the PSP calls it; empty: nothing names it.")]
    subject: Annotated[str, Meta(description="The charge or adjustment that it is of.")]
    gross_minor: Annotated[int, Meta(description="The amount that is not matched, debits positive.")]
    fee_minor: Annotated[int, Meta(description="The fee that is not matched, debits positive.")]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    booked_at: Annotated[datetime, Meta(description="When it was booked.")]
    days: Annotated[int, Meta(description="Its age in whole days.")]


class StaffUnclearedItemList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of items."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffUnclearedItem], Meta(description="The items in the order of booking.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_amount(one: UnclearedAmount) -> StaffUnclearedAmount:
    """A sum."""
    return StaffUnclearedAmount(
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        from_days=one.days[0],
        to_days=one.days[1],
        items=one.items,
        amount_minor=one.amount_minor,
        oldest_at=one.oldest_at,
        overdue=one.overdue,
    )


def render_uncleared(one: UnclearedItem) -> StaffUnclearedItem:
    """An item."""
    return StaffUnclearedItem(
        id=f"{one.place.entry_id}-{one.place.account_id}",
        entry=one.place.entry_id,
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        kind=one.kind,
        psp_reference=one.psp_reference,
        subject=one.subject,
        gross_minor=one.gross_minor,
        fee_minor=one.fee_minor,
        effective_at=one.effective_at,
        booked_at=one.booked_at,
        days=one.days,
    )
