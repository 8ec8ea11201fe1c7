"""False reports on demand: what the simulated Stripe gets wrong in its reports about a payout, and nowhere else. Pure."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.stripe.movements import Movement

FalsificationKind = Literal["change_amount", "change_fee", "double_row", "drop_row", "swap_currency"]
MAX_DELTA_MINOR = 99_999_999


class Falsification(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /sandbox/payouts/{id}/falsify. `row` is counted from 1, as the itemized report has them below its header.

    `delta_minor` is added to the amount or to the fee, in minor units, and the row's net follows; `currency` is what
    `swap_currency` writes: euros, and dollars instead of euros, unless it says otherwise. `summary`: whether the summary
    report agrees, or is right.
    """

    kind: FalsificationKind
    row: Annotated[int, msgspec.Meta(ge=1)] = 1
    delta_minor: Annotated[int, msgspec.Meta(ge=-MAX_DELTA_MINOR, le=MAX_DELTA_MINOR)] = 1
    currency: Annotated[str, msgspec.Meta(pattern="^[a-z]{3}$")] | None = None
    summary: bool = False


def falsified(movements: Sequence[Movement], order: Falsification | None) -> list[Movement]:
    """The rows of a report about a payout, with what it gets wrong. A row that is not there changes nothing."""
    rows = list(movements)
    if order is None or order.row > len(rows):
        return rows
    place = order.row - 1
    row = rows[place]
    match order.kind:
        case "change_amount":
            rows[place] = replace(row, amount=row.amount + order.delta_minor)
        case "change_fee":
            rows[place] = replace(row, fee=row.fee + order.delta_minor)
        case "double_row":
            rows.insert(place, row)
        case "drop_row":
            del rows[place]
        case "swap_currency":
            other = "usd" if row.currency == "eur" else "eur"
            rows[place] = replace(row, currency=order.currency or other)
    return rows
