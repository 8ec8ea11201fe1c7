"""How what is uncleared is documented."""

from typing import Final, get_args

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter
from fincore.read.ledger.clearing_item import ItemKind
from fincore.reconciliation.pages.uncleared_pages import ItemPlace
from fincore.staff.ledger_parameters import CURRENCY
from fincore.staff.list_filters import ACCOUNT, MAX_DAYS, MIN_DAYS
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_number
from fincore.staff.uncleared.body import StaffUnclearedAmounts, StaffUnclearedItem, StaffUnclearedItemList

_TAG: Final = "Reconciliation"
KINDS: Final = get_args(ItemKind)


def parse_place(text: str) -> ItemPlace:
    """The place of an item, `4711-3`. Raises `InvalidId`."""
    entry, _, account = text.partition("-")
    return ItemPlace(parse_number(entry), parse_number(account))


ITEMS: Final[StaffList[ItemPlace, StaffUnclearedItem]] = StaffList(
    "uncleared items",
    tag=_TAG,
    description="Returns what PSPs took and no statement has told of, one by one, in the order of booking.",
    filters=(
        ACCOUNT,
        CURRENCY,
        Parameter(
            name="kind",
            place="query",
            description="Only items of this kind.",
            schema={"type": "string", "enum": list(KINDS)},
        ),
        MIN_DAYS,
        MAX_DAYS,
    ),
    parse_id=parse_place,
    body=StaffUnclearedItemList,
    of_merchants=False,
)
GET_AMOUNTS: Final = Operation(
    operation_id="get_uncleared_amounts",
    summary="Get what is uncleared by age",
    description="Returns what PSPs took in a mode and no statement has told of yet, by account, currency and age in days.",
    tag=_TAG,
    parameters=(MODE,),
    responses={200: Content(shape=StaffUnclearedAmounts, description="The amounts.")},
    problems=READ_PROBLEMS,
)
