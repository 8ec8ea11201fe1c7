"""What acts on breaks are answered. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind, AdjustmentReversed
from fincore.domain.currency import Currency
from fincore.staff.access.person import Mode


class StaffDecidedAdjustmentBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked. The next run of reconciliation matches it."""

    object: Annotated[Literal["decided_adjustment"], Meta(description="The kind of object that this is.")] = (
        "decided_adjustment"
    )
    id: Annotated[str, Meta(description="The adjustment's id.", examples=["adj_33ypk166phbggbw12kaksehndv"])]
    kind: Annotated[AdjustmentKind, Meta(description="`write_off`: what the PSP owes is given up.")]
    is_reversal: Annotated[bool, Meta(description="`true`: it is taken back.")]
    mode: Annotated[Mode, Meta(description="In which mode.")]
    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    currency: Annotated[Currency, Meta(description="ISO 4217 code in lower case.", examples=["usd"])]
    gross_minor: Annotated[int, Meta(description="What is booked without the fee, signed.")]
    fee_minor: Annotated[int, Meta(description="The fee that is booked, signed.")]
    by: Annotated[str, Meta(description="The name of the person who decided it.")]
    occurred_at: Annotated[datetime, Meta(description="When it was decided.")]


def decided_body(decided: AdjustmentBooked | AdjustmentReversed) -> StaffDecidedAdjustmentBody:
    """A decision as staff see it."""
    return StaffDecidedAdjustmentBody(
        id=decided.adjustment_id,
        kind=decided.kind,
        is_reversal=isinstance(decided, AdjustmentReversed),
        mode="live" if decided.livemode else "test",
        psp=decided.psp,
        psp_account=decided.psp_account,
        currency=decided.currency,
        gross_minor=decided.gross_minor,
        fee_minor=decided.fee_minor,
        by=decided.by,
        occurred_at=decided.occurred_at,
    )
