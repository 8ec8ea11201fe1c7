"""/staff/v1/ledger_accounts: the tree of accounts, a statement, and the postings of one page by page."""

from fincore.backoffice.ledger_views import LedgerViews, MomentAsked
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery, read_time
from fincore.http.problems import Problem
from fincore.read.ledgerdb.account_list import AccountFilters
from fincore.read.ledgerdb.account_statement import Place
from fincore.read.ledgerdb.ledger_moment import EMPTY_LEDGER
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.ledger_accounts.body import (
    StaffLedgerAccount,
    StaffPosting,
    render_account,
    render_posting,
    render_statement,
)
from fincore.staff.ledger_accounts.openapi import (
    ACCOUNTS,
    BEFORE,
    FROM,
    GET_STATEMENT,
    NAME_CHARACTERS_MAX,
    POSTINGS,
)
from fincore.staff.ledger_parameters import currency_filter, moment_asked
from fincore.staff.lists import MODE
from fincore.staff.reading import read_query


class LedgerAccounts:
    """The handlers of accounts of the ledger."""

    def __init__(self, admission: Admission, ledger: LedgerViews) -> None:
        self._admission = admission
        self._ledger = ledger

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        path = "/staff/v1/ledger_accounts"
        return (
            route("GET", path, ACCOUNTS.operation, self.list, permission="books.read"),
            route("GET", f"{path}/{{account}}", GET_STATEMENT, self.statement, permission="books.read"),
            route(
                "GET",
                f"{path}/{{account}}/postings",
                POSTINGS.operation,
                self.postings,
                permission="books.read",
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of accounts. A person of some merchants sees those merchants' own accounts."""

        async def find(scope: Scope, query: ListQuery[str]) -> tuple[list[StaffLedgerAccount], bool]:
            prefix = query.filters.get("prefix")
            if prefix is not None and not 1 <= len(prefix) <= NAME_CHARACTERS_MAX:
                raise Problem(
                    "parameter_invalid",
                    f"prefix must have 1 to {NAME_CHARACTERS_MAX} characters.",
                    param="prefix",
                )
            moment = await self._ledger.moment(moment_asked(query))
            if moment is None:
                raise Problem("ledger_moment_unknown")
            page = await self._ledger.accounts(
                AccountFilters(
                    livemode=scope.livemode,
                    prefix=prefix,
                    currency=currency_filter(query),
                    merchants=scope.merchant_ids,
                ),
                moment,
                after_name=query.after_id,
                limit=query.limit,
            )
            return [render_account(one, moment) for one in page.accounts], page.has_more

        return await ACCOUNTS.respond(call, visit, find)

    async def statement(self, call: Call, visit: Visit) -> Response:
        """What an account held at both ends of a time."""
        scope, query = read_query(call, visit, (MODE, FROM, BEFORE))
        begins, ends = query.filters.get("from"), query.filters.get("before")
        bounds = await self._ledger.statements.bounds(
            call.path_parameter("account"),
            livemode=scope.livemode,
            merchants=scope.merchant_ids,
            booked_from=None if begins is None else read_time("from", begins),
            booked_before=None if ends is None else read_time("before", ends),
        )
        if bounds is None:
            raise Problem("ledger_account_not_found", param="account")
        moment = await self._ledger.moment(MomentAsked()) or EMPTY_LEDGER
        return json_response(200, render_statement(bounds, moment))

    async def postings(self, call: Call, visit: Visit) -> Response:
        """A page of postings."""

        async def find(scope: Scope, query: ListQuery[Place]) -> tuple[list[StaffPosting], bool]:
            page = await self._ledger.statements.page(
                call.path_parameter("account"),
                livemode=scope.livemode,
                merchants=scope.merchant_ids,
                booked_from=query.created_from,
                booked_before=query.created_before,
                before=query.after_id,
                limit=query.limit,
            )
            if page is None:
                raise Problem("ledger_account_not_found", param="account")
            return [render_posting(one, page.bounds) for one in page.postings], page.has_more

        return await POSTINGS.respond(call, visit, find)
