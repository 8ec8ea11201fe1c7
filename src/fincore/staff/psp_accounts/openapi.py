"""How `/staff/v1/psp_accounts` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.psp_accounts.body import StaffPspAccountList

LIST_PSP_ACCOUNTS: Final = Operation(
    operation_id="list_psp_accounts",
    summary="List accounts at PSPs",
    description="Lists the accounts of this installation in the modes that you see, with what each can do and its breaker.",
    tag="Routing",
    responses={200: Content(shape=StaffPspAccountList, description="The accounts.")},
    problems=READ_PROBLEMS,
)
