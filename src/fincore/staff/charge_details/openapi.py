"""How a charge in full is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.staff.charge_details.body import StaffCharge
from fincore.staff.charge_details.parts_body import (
    StaffChargeChecks,
    StaffChargeEntries,
    StaffPspCalls,
    StaffPspReports,
    StaffTimeline,
)

_TAG: Final = "Payments"
CHARGE_ID: Final = path_parameter("charge_id", "The charge's id.", example="ch_01kab5m5wvfb9v1c2m5hfv0d2e")


def _get(operation_id: str, summary: str, description: str, shape: type) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag=_TAG,
        parameters=(CHARGE_ID,),
        responses={200: Content(shape=shape, description=summary.removeprefix("Get ").capitalize() + ".")},
        problems=(*READ_PROBLEMS, "charge_not_found"),
    )


GET_CHARGE: Final = _get(
    "get_charge",
    "Get a charge in full",
    "Returns a charge of any merchant that you see, from its events: why it went where it went, what the risk rules decided, and what it waits for now.",
    StaffCharge,
)
GET_TIMELINE: Final = _get(
    "get_charge_timeline",
    "Get the timeline of a charge",
    "Returns what happened to a charge, who caused it and why, also what its merchant is not shown.",
    StaffTimeline,
)
GET_PSP_CALLS: Final = _get(
    "get_charge_psp_calls",
    "Get the PSP calls of a charge",
    "Returns what PSPs were asked for, under which key of FinCore's, and what became of it.",
    StaffPspCalls,
)
GET_PSP_REPORTS: Final = _get(
    "get_charge_psp_reports",
    "Get the PSP reports of a charge",
    "Returns the webhooks of PSPs that changed a charge or are held, without what they say.",
    StaffPspReports,
)
GET_ENTRIES: Final = _get(
    "get_charge_ledger_entries",
    "Get the ledger entries of a charge",
    "Returns what is booked for a charge.",
    StaffChargeEntries,
)
GET_CHECKS: Final = _get(
    "get_charge_checks",
    "Get the checks of a charge",
    "Evaluates the invariants of FinCore for a charge: whether its events, its row in lists, its ledger entries and its jobs agree.",
    StaffChargeChecks,
)
