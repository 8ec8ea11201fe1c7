"""What the list of payouts answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.payout import Payout
from fincore.domain.payout_statuses import PayoutStatus
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.staff.list_bodies import AccountOfRow, ModeOfRow, PspOfRow, mode_of


class StaffPayout(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP sends from one of our accounts there to our bank; a negative amount is taken from there."""

    id: Annotated[str, Meta(description="The payout's id.")]
    object: Annotated[Literal["payout"], ObjectName] = "payout"
    mode: ModeOfRow
    psp: PspOfRow
    psp_account: AccountOfRow
    psp_reference: Annotated[str, Meta(description="The payout's id at the PSP.")]
    status: Annotated[PayoutStatus, Meta(description="Where it stands.")]
    amount_minor: Annotated[int, Meta(description="The amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    created_at: Annotated[datetime, Meta(description="When the PSP made it.")]
    changed_at: Annotated[datetime, Meta(description="When its status last changed, by the PSP's clock.")]
    expected_at: Annotated[
        datetime | None, Meta(description="When it should arrive; null: the PSP does not say.")
    ]
    failure_code: Annotated[
        str | None, Meta(description="Why it failed, in the PSP's word; null unless it did.")
    ]


class StaffPayoutList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of payouts, those that became known last first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffPayout], Meta(description="The payouts of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def staff_payout(payout: Payout) -> StaffPayout:
    """A payout in one row."""
    return StaffPayout(
        id=payout.payout_id,
        mode=mode_of(livemode=payout.account.livemode),
        psp=payout.account.psp,
        psp_account=payout.account.psp_account,
        psp_reference=payout.psp_reference,
        status=payout.status,
        amount_minor=payout.money.amount_minor,
        currency=payout.money.currency,
        created_at=payout.created_at,
        changed_at=payout.changed_at,
        expected_at=payout.expected_at,
        failure_code=payout.failure_code,
    )
