"""Adjustments as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.adjustment_events import Adjusted, AdjustmentKind
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.reconciliation.adjustments.listing import ListedAdjustment


class StaffAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What a person booked to end a difference with a PSP."""

    object: Annotated[Literal["adjustment"], ObjectName] = "adjustment"
    id: Annotated[str, Meta(description="Its id.", examples=["adj_01h2xcejqtf2nbrexx3vqjhp41"])]
    kind: Annotated[AdjustmentKind, Meta(description="Whether it adjusts or writes off.")]
    adjusts: Annotated[Adjusted, Meta(description="What it is about.")]
    break_id: Annotated[int | None, Meta(description="The break that it ended; null: an opening has none.")]
    account: Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
    currency: CurrencyCode
    gross_minor: Annotated[int, Meta(description="The amount.")]
    fee_minor: Annotated[int, Meta(description="The fee.")]
    by: Annotated[str, Meta(description="Who decided.")]
    reason: Annotated[str, Meta(description="Why.")]
    decided_at: Annotated[datetime, Meta(description="When.")]
    told_at: Annotated[
        datetime | None, Meta(description="Since when the log has it; null: the next run tells it.")
    ]
    is_matched: Annotated[bool, Meta(description="Whether a run found both sides equal with it.")]
    reversed_by: Annotated[str | None, Meta(description="Who took it back; null: no person did.")]
    reversed_for: Annotated[str | None, Meta(description="Why it was taken back; null: it was not.")]
    reversed_at: Annotated[datetime | None, Meta(description="When it was taken back; null: it was not.")]


class StaffAdjustmentList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of adjustments."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffAdjustment], Meta(description="The adjustments, those decided last first.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_adjustment(one: ListedAdjustment) -> StaffAdjustment:
    """An adjustment."""
    return StaffAdjustment(
        id=one.adjustment_id,
        kind=one.kind,
        adjusts=one.adjusts,
        break_id=one.break_id,
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        gross_minor=one.gross_minor,
        fee_minor=one.fee_minor,
        by=one.by,
        reason=one.reason,
        decided_at=one.decided_at,
        told_at=one.told_at,
        is_matched=one.is_matched,
        reversed_by=one.reversed_by,
        reversed_for=one.reversed_for,
        reversed_at=one.reversed_at,
    )
