"""What the list of unknown outcomes answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.unknown_outcomes import Listed
from fincore.domain.events import Operation
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.staff.list_bodies import (
    AccountOfRow,
    ChargeOfRow,
    MerchantOfRow,
    ModeOfRow,
    PspOfRow,
    mode_of,
)
from fincore.staff.worklist_place import place_text

UnknownOperation = Operation | Literal["refund", "reverse"]


class StaffUnknownOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that may or may not have happened at a PSP."""

    id: Annotated[
        str, Meta(description="The charge's id, then a colon and the refund or the attempt that it is about.")
    ]
    object: Annotated[Literal["unknown_outcome"], ObjectName] = "unknown_outcome"
    mode: ModeOfRow
    merchant: MerchantOfRow
    charge: ChargeOfRow
    refund: Annotated[str | None, Meta(description="The refund that it is about; null: none.")]
    attempt: Annotated[
        int | None, Meta(description="The abandoned attempt that it is about, by number; null: none.")
    ]
    operation: Annotated[
        UnknownOperation,
        Meta(
            description="What the PSP was asked for. `reverse`: an attempt that was given up has, or may have, money that has to go back."
        ),
    ]
    amount_minor: Annotated[int, Meta(description="The amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    psp: PspOfRow
    psp_account: AccountOfRow
    psp_reference: Annotated[str | None, Meta(description="Its id at the PSP; null: not known.")]
    since: Annotated[datetime, Meta(description="Since when.")]
    held_because: Annotated[
        str | None,
        Meta(
            description="Why FinCore has given up asking, and a person has to resolve it; null: FinCore still asks the PSP."
        ),
    ]


class StaffUnknownOutcomeList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of unknown outcomes, oldest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffUnknownOutcome], Meta(description="The unknown outcomes of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def staff_unknown(listed: Listed) -> StaffUnknownOutcome:
    """An unknown outcome in one row."""
    outcome = listed.outcome
    return StaffUnknownOutcome(
        id=f"{outcome.charge_id}:{_part(outcome.refund_id, outcome.attempt)}",
        mode=mode_of(livemode=outcome.livemode),
        merchant=outcome.merchant_id,
        charge=outcome.charge_id,
        refund=outcome.refund_id,
        attempt=outcome.attempt,
        operation=msgspec.convert(outcome.operation, UnknownOperation),
        amount_minor=outcome.amount_minor,
        currency=outcome.currency,
        psp=outcome.psp,
        psp_account=outcome.psp_account,
        psp_reference=outcome.psp_reference,
        since=outcome.since,
        held_because=listed.held_because,
    )


def unknown_place(row: StaffUnknownOutcome) -> str:
    """Where a row is in the list."""
    return place_text(row.since, row.charge, _part(row.refund, row.attempt))


def _part(refund: str | None, attempt: int | None) -> str:
    return refund or ("" if attempt is None else str(attempt))
