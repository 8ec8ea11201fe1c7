"""How suspense is documented."""

from typing import Final

from fincore.backoffice.ledger_views import SuspensePlace
from fincore.domain.currency import Currency
from fincore.staff.lists import StaffList
from fincore.staff.reading import parse_number
from fincore.staff.suspense.body import StaffSuspenseItem, StaffSuspenseItemList


def parse_place(text: str) -> SuspensePlace:
    """The place of an item, `4711-usd`. Raises `InvalidId`."""
    entry, _, currency = text.partition("-")
    return SuspensePlace(parse_number(entry), Currency(currency))


ITEMS: Final[StaffList[SuspensePlace, StaffSuspenseItem]] = StaffList(
    "suspense items",
    tag="Ledger",
    description="Returns the money that moved in a way that makes no sense, the oldest first. Find out to which account it belongs, and book "
    "it with `fincore ledger clear`.",
    parse_id=parse_place,
    body=StaffSuspenseItemList,
    of_merchants=False,
)
