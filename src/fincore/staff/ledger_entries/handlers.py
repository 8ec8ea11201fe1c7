"""/staff/v1/ledger_entries: the entries of one subject, and one entry with its event."""

from fincore.backoffice.ledger_views import LedgerViews
from fincore.domain.errors import InvalidId
from fincore.domain.stream_names import stream_named
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.ledger_entries.body import StaffLedgerEntry, render_entry
from fincore.staff.ledger_entries.openapi import ENTRIES, GET_ENTRY
from fincore.staff.lists import MODE
from fincore.staff.reading import parse_number, read_query


class LedgerEntriesOfStaff:
    """The handlers of entries. A person of some merchants sees entries that moved an account of theirs, without the balances of others."""

    def __init__(self, admission: Admission, ledger: LedgerViews) -> None:
        self._admission = admission
        self._ledger = ledger

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        path = "/staff/v1/ledger_entries"
        return (
            route("GET", path, ENTRIES.operation, self.list, permission="books.read"),
            route("GET", f"{path}/{{entry}}", GET_ENTRY, self.get, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of the entries of one subject."""

        async def find(scope: Scope, query: ListQuery[int]) -> tuple[list[StaffLedgerEntry], bool]:
            try:
                stream_id = stream_named(query.filters.get("subject", ""))
            except InvalidId:
                raise Problem(
                    "parameter_invalid",
                    "Send subject, the id of a charge, payout, settlement file or adjustment.",
                    param="subject",
                ) from None
            page = await self._ledger.entries_of(
                stream_id,
                livemode=scope.livemode,
                merchants=scope.merchant_ids,
                before=query.after_id,
                limit=query.limit,
            )
            return [render_entry(one) for one in page.entries], page.has_more

        return await ENTRIES.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """An entry with its event."""
        scope, _ = read_query(call, visit, (MODE,))
        shown = await self._ledger.entry(
            call.path_id("entry", parse_number, "ledger_entry_not_found"),
            livemode=scope.livemode,
            merchants=scope.merchant_ids,
        )
        if shown is None:
            raise Problem("ledger_entry_not_found", param="entry")
        return json_response(200, render_entry(shown.entry, shown.event))
