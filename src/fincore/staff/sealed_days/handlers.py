"""/staff/v1/sealed_days: the days that are sealed, and whether one is still as it was."""

import asyncio
import re
from datetime import date
from typing import Final

from fincore.backoffice.ledger_views import LedgerViews
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.read.ledgerdb.day_verification import DayTooLong
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.lists import MODE
from fincore.staff.reading import parse_day, read_query, require_all_merchants
from fincore.staff.sealed_days.body import StaffSealedDay, render_day, render_verification
from fincore.staff.sealed_days.openapi import DAYS, EXPECTED, VERIFY_DAY

_HASH: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
RETRY_AFTER_SECONDS: Final = 5


class SealedDays:
    """The handlers of sealed days, which are of all merchants."""

    def __init__(self, admission: Admission, ledger: LedgerViews) -> None:
        self._admission = admission
        self._ledger = ledger
        self._verifying = asyncio.Lock()

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        path = "/staff/v1/sealed_days"
        return (
            route("GET", path, DAYS.operation, self.list, permission="books.read"),
            route("GET", f"{path}/{{day}}/verification", VERIFY_DAY, self.verify, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of sealed days."""

        async def find(scope: Scope, query: ListQuery[date]) -> tuple[list[StaffSealedDay], bool]:
            require_all_merchants(visit, scope)
            page = await self._ledger.sealed_days(after=query.after_id, limit=query.limit)
            return [render_day(one, livemode=scope.livemode) for one in page.days], page.has_more

        return await DAYS.respond(call, visit, find)

    async def verify(self, call: Call, visit: Visit) -> Response:
        """Whether a day is as it was sealed."""
        day = call.path_id("day", parse_day, "sealed_day_not_found")
        scope, query = read_query(call, visit, (MODE, EXPECTED))
        require_all_merchants(visit, scope)
        expected = query.filters.get("expected")
        if expected is not None and not _HASH.fullmatch(expected):
            raise Problem("parameter_invalid", "expected must be 64 hexadecimal digits.", param="expected")
        if self._verifying.locked():
            raise Problem(
                "rate_limited",
                f"Another day is being verified. Send this request again after {RETRY_AFTER_SECONDS} s.",
                headers=(("retry-after", str(RETRY_AFTER_SECONDS)),),
            )
        async with self._verifying:
            try:
                found = await self._ledger.verify_day(day, expected=expected)
            except DayTooLong as error:
                raise Problem("sealed_day_too_long", f"{error}.", param="day") from None
        if found is None:
            raise Problem("sealed_day_not_found", param="day")
        return json_response(200, render_verification(found))
