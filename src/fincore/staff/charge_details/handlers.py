"""/staff/v1/charges/{charge_id}: a charge in full, part by part."""

from collections.abc import Awaitable, Callable

from fincore.backoffice.charge_in_full import ChargeInFull, LoadedCharge
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.openapi import Operation
from fincore.staff.access.admission import Admission, StaffHandler, Visit
from fincore.staff.charge_details.body import staff_charge
from fincore.staff.charge_details.openapi import (
    GET_CHARGE,
    GET_CHECKS,
    GET_ENTRIES,
    GET_PSP_CALLS,
    GET_PSP_REPORTS,
    GET_TIMELINE,
)
from fincore.staff.charge_details.parts_body import (
    checks_body,
    entries_body,
    psp_calls_body,
    psp_reports_body,
    timeline_body,
)
from fincore.staff.charge_details.seen_charge import seen_charge

Show = Callable[[LoadedCharge], Awaitable[object]]


class StaffChargeDetails:
    """The handlers of a charge in full."""

    def __init__(self, admission: Admission, charges: ChargeInFull) -> None:
        self._admission = admission
        self._charges = charges

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._route("", GET_CHARGE, self._whole),
            self._route("/timeline", GET_TIMELINE, self._timeline),
            self._route("/psp_calls", GET_PSP_CALLS, self._psp_calls),
            self._route("/psp_reports", GET_PSP_REPORTS, self._psp_reports),
            self._route("/ledger_entries", GET_ENTRIES, self._entries),
            self._route("/checks", GET_CHECKS, self._checks),
        )

    def _route(self, part: str, operation: Operation, show: Show) -> Route:
        return self._admission.route(
            "GET",
            f"/staff/v1/charges/{{charge_id}}{part}",
            operation,
            self._shown(show),
            permission="payments.read",
        )

    def _shown(self, show: Show) -> StaffHandler:
        async def handler(call: Call, visit: Visit) -> Response:
            return json_response(200, await show(await seen_charge(call, visit, self._charges)))

        return handler

    async def _whole(self, loaded: LoadedCharge) -> object:
        waits = await self._charges.waits(loaded)
        return staff_charge(loaded, waits, await self._charges.held_reports(loaded))

    async def _timeline(self, loaded: LoadedCharge) -> object:
        return timeline_body(await self._charges.timeline(loaded))

    async def _psp_calls(self, loaded: LoadedCharge) -> object:
        return psp_calls_body(await self._charges.psp_calls(loaded))

    async def _psp_reports(self, loaded: LoadedCharge) -> object:
        held = {report.psp_event_id for report in loaded.charge.held_reports}
        return psp_reports_body(await self._charges.reports(loaded), held)

    async def _entries(self, loaded: LoadedCharge) -> object:
        return entries_body(await self._charges.ledger_entries(loaded))

    async def _checks(self, loaded: LoadedCharge) -> object:
        return checks_body(await self._charges.checks(loaded))
