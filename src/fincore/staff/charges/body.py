"""What lists of charges answer."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.paymentdb.staff_charge_queries import ChargeTotals, StaffChargePage
from fincore.staff.charge_summary import StaffChargeSummary, charge_summary


class StaffChargeList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of charges, newest first. It may hold fewer than you asked for, even none, and more may follow all the same."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffChargeSummary], Meta(description="The charges of this page.")]
    has_more: HasMore
    next_cursor: NextCursor
    looked_back_to: Annotated[
        datetime | None,
        Meta(
            description="How far back FinCore looked, where it looked at as many charges as it does for a page: older ones may match. Null: `data` ends "
            "where the list ends, or is full."
        ),
    ]


class StaffChargeTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Charges in one currency. Amounts are in its minor unit."""

    currency: CurrencyCode
    charges: Annotated[int, Meta(description="How many there are.")]
    amount_minor: Annotated[int, Meta(description="What was asked for, in all.")]
    amount_captured_minor: Annotated[int, Meta(description="What PSPs took, in all.")]
    amount_refunded_minor: Annotated[int, Meta(description="What customers got back, in all.")]


class StaffChargeTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What some charges add up to."""

    object: Annotated[Literal["charge_totals"], ObjectName] = "charge_totals"
    data: Annotated[list[StaffChargeTotal], Meta(description="The totals, by currency.")]
    is_exact: Annotated[
        bool,
        Meta(
            description="`false`: there are more charges than FinCore counts for one request, or a sum reaches 9223372036854775807; each total is at least what it says."
        ),
    ]


def charge_list(page: StaffChargePage, next_cursor: str | None) -> StaffChargeList:
    """A page as a body."""
    return StaffChargeList(
        data=[charge_summary(view.charge_id, view.charge) for view in page.charges],
        has_more=next_cursor is not None,
        next_cursor=next_cursor,
        looked_back_to=page.looked_back_to,
    )


def charge_totals(totals: ChargeTotals) -> StaffChargeTotals:
    """Totals as a body."""
    return StaffChargeTotals(
        data=[
            StaffChargeTotal(
                currency=total.currency,
                charges=total.charges,
                amount_minor=total.amount_minor,
                amount_captured_minor=total.captured_minor,
                amount_refunded_minor=total.refunded_minor,
            )
            for total in totals.totals
        ],
        is_exact=totals.is_exact,
    )
