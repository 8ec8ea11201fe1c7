"""/staff/v1/trial_balance: both sides of the ledger."""

from fincore.backoffice.ledger_views import LedgerViews
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.ledger_parameters import currency_filter, moment_asked
from fincore.staff.reading import read_query, require_all_merchants
from fincore.staff.trial_balance.body import render_trial_balance
from fincore.staff.trial_balance.openapi import GET_TRIAL_BALANCE, PARAMETERS


class TrialBalance:
    """The handler of the trial balance."""

    def __init__(self, admission: Admission, ledger: LedgerViews) -> None:
        self._admission = admission
        self._ledger = ledger

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route("GET", "/staff/v1/trial_balance", GET_TRIAL_BALANCE, self.get, permission="books.read"),
        )

    async def get(self, call: Call, visit: Visit) -> Response:
        """The sums of both sides. They are of all merchants."""
        scope, query = read_query(call, visit, PARAMETERS)
        require_all_merchants(visit, scope)
        moment = await self._ledger.moment(moment_asked(query))
        if moment is None:
            raise Problem("ledger_moment_unknown")
        totals = await self._ledger.totals(moment, livemode=scope.livemode, currency=currency_filter(query))
        return json_response(200, render_trial_balance(totals, moment, livemode=scope.livemode))
