"""How accounts of the ledger are documented."""

from typing import Final

from fincore.domain.errors import InvalidId
from fincore.http.list_operation import CREATED
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.read.ledgerdb.account_statement import Place
from fincore.staff.ledger_accounts.body import (
    StaffLedgerAccount,
    StaffLedgerAccountList,
    StaffPosting,
    StaffPostingList,
    StaffStatement,
)
from fincore.staff.ledger_parameters import CURRENCY, MOMENT
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_number

_TAG: Final = "Ledger"
NAME_CHARACTERS_MAX: Final = 200

ACCOUNT: Final = path_parameter(
    "account", "The name of the account.", example="psp:stripe:default:clearing:usd"
)
PREFIX: Final = Parameter(
    name="prefix",
    place="query",
    description="Only accounts of which the name begins so, such as `psp:stripe:`.",
    schema={"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX},
)
FROM: Final = Parameter(
    name="from",
    place="query",
    description="Only what was booked at this time or later.",
    schema={"type": "string", "format": "date-time"},
)
BEFORE: Final = Parameter(
    name="before",
    place="query",
    description="Only what was booked before this time.",
    schema={"type": "string", "format": "date-time"},
)


def parse_account_name(text: str) -> str:
    """The name of an account as the place of a cursor. Raises `InvalidId`."""
    if not text or len(text) > NAME_CHARACTERS_MAX:
        raise InvalidId(text, "account")
    return text


def parse_place(text: str) -> Place:
    """The place of a posting, `4711-2`. Raises `InvalidId`."""
    entry, _, leg = text.partition("-")
    place = Place(parse_number(entry), parse_number(leg))
    if place.leg > 1_000:  # noqa: PLR2004 -- far more than an entry has legs
        raise InvalidId(text, "posting")
    return place


ACCOUNTS: Final[StaffList[str, StaffLedgerAccount]] = StaffList(
    "ledger accounts",
    tag=_TAG,
    description="Returns the accounts of the ledger by name, with their balances after an entry: the last one unless you say otherwise. "
    "The parts of a name make a tree.",
    filters=(PREFIX, CURRENCY, *MOMENT),
    parse_id=parse_account_name,
    body=StaffLedgerAccountList,
    problems=("ledger_moment_unknown",),
)
POSTINGS: Final[StaffList[Place, StaffPosting]] = StaffList(
    "ledger postings",
    tag=_TAG,
    description="Returns the postings of an account, the last booked first, each with the balance that it left. `created` is when a posting "
    "was booked.",
    path=(ACCOUNT,),
    filters=(CREATED,),
    parse_id=parse_place,
    body=StaffPostingList,
    problems=("ledger_account_not_found",),
    of_merchants=False,
)
GET_STATEMENT: Final = Operation(
    operation_id="get_ledger_statement",
    summary="Get the statement of an account",
    description="Returns what an account held before and after the entries that were booked in a time, and how many postings lie between; "
    "the list of its postings has them.",
    tag=_TAG,
    parameters=(ACCOUNT, MODE, FROM, BEFORE),
    responses={200: Content(shape=StaffStatement, description="The statement.")},
    problems=(*READ_PROBLEMS, "ledger_account_not_found"),
)
