"""/v1/csp-reports: from what a browser sends to counted violations."""

from ipaddress import IPv4Address, IPv6Network
from typing import Final, get_args

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.csp_reports.openapi import REPORT_VIOLATIONS
from fincore.checkout.page_policy import REPORTS_PATH
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem
from fincore.write.pages.csp_reports import CspReports
from fincore.write.pages.violation import Pages, ReportFormat, read_violations
from fincore.write.payments.budget import Budget

BODY_BYTES_MAX: Final = 64 * 1024
REPORTS_PER_SECOND: Final = 1.0
"""Bodies of one address, on average: a browser sends one for a page, and gathers what happens soon after."""
REPORTS_AT_ONCE_MAX: Final = 20


def report_budget() -> Budget[IPv4Address | IPv6Network]:
    """What each address may report."""
    return Budget(per_second=REPORTS_PER_SECOND, at_once_max=REPORTS_AT_ONCE_MAX)


class CspReportHandlers:
    """The handler of reports. `pages` are those that may be reported by name."""

    def __init__(self, *, reports: CspReports, pages: Pages, limit: AddressLimit) -> None:
        self._reports = reports
        self._pages = pages
        self._limit = limit

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (Route(method="POST", path=REPORTS_PATH, operation=REPORT_VIOLATIONS, handler=self.report),)

    async def report(self, call: Call) -> Response:
        """Count what a browser reports."""
        self._limit.admit(call)
        media_type = self._media_type(call)
        body = await call.body(bytes_max=BODY_BYTES_MAX)
        try:
            reported = read_violations(media_type, body, self._pages)
        except ValueError:
            self._reports.add_unread("body")
            raise Problem("json_invalid", "Send reports as a browser does: the body is none.") from None
        self._reports.add(reported.violations)
        self._reports.add_unread("report", reported.unread)
        return Response(204, b"")

    def _media_type(self, call: Call) -> ReportFormat:
        given = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
        for known in get_args(ReportFormat):
            if given == known:
                return known  # type: ignore[no-any-return]  # an item of a Literal
        self._reports.add_unread("media_type")
        raise Problem(
            "media_type_unsupported",
            f"Send reports as {' or '.join(get_args(ReportFormat))}.",
            param="Content-Type",
        )
