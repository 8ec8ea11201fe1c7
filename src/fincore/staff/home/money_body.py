"""What PSPs took on the last days, as the home page answers it. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode
from fincore.read.ledgerdb.money_days import MoneyDay
from fincore.staff.home.part_state import PartState

_BIGINT_MAX: Final = 2**63 - 1


class StaffMoneyDayBody(msgspec.Struct, frozen=True, kw_only=True):
    """What PSPs took on a day in one currency."""

    day: Annotated[date, Meta(description="The day, by UTC, on which it happened at the PSP.")]
    currency: CurrencyCode
    taken_minor: Annotated[
        int,
        Meta(
            description="What the clearing accounts of PSPs were debited with, in the minor unit; 9223372036854775807 is that or more."
        ),
    ]


class StaffMoneyBody(msgspec.Struct, frozen=True, kw_only=True):
    """What PSPs took in the last 30 days, this day included, by the ledger. What went back later is not taken off."""

    state: PartState
    days: Annotated[
        list[StaffMoneyDayBody],
        Meta(description="By day and currency; days on which nothing was taken are left out."),
    ]


HIDDEN_MONEY: Final = StaffMoneyBody(state="hidden", days=[])
"""For a person who does not read the books of all merchants."""


def render_money(money: Sequence[MoneyDay] | None) -> StaffMoneyBody:
    """The days; None where they could not be read."""
    days = [
        StaffMoneyDayBody(day=one.day, currency=one.currency, taken_minor=min(one.taken_minor, _BIGINT_MAX))
        for one in money or ()
    ]
    return StaffMoneyBody(state="unavailable" if money is None else "read", days=days)
