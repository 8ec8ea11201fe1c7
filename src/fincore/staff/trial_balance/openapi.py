"""How the trial balance is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter
from fincore.staff.ledger_parameters import CURRENCY, MOMENT
from fincore.staff.lists import MODE
from fincore.staff.trial_balance.body import StaffTrialBalance

PARAMETERS: Final[tuple[Parameter, ...]] = (MODE, CURRENCY, *MOMENT)
GET_TRIAL_BALANCE: Final = Operation(
    operation_id="get_trial_balance",
    summary="Get the trial balance",
    description="Returns the sums of all balances of a mode by side and currency, as of now, a time, a sealed day or an entry. Debits equal "
    "credits.",
    tag="Ledger",
    parameters=PARAMETERS,
    responses={200: Content(shape=StaffTrialBalance, description="The trial balance.")},
    problems=(*READ_PROBLEMS, "ledger_moment_unknown"),
)
