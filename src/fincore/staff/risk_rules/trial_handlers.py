"""/staff/v1/risk_rules/back_tests and /comparisons: rules tried on charges of the past, one trial at a time."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Final

from fincore.backoffice.past_charges import Selection
from fincore.backoffice.risk_backtest import Trial, back_test, compare_shadow, rules_of_text, rules_of_version
from fincore.backoffice.risk_report import RiskReport
from fincore.backoffice.risk_rules import NoSuchRiskVersion, RiskRulesNotUsable
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import MerchantId
from fincore.domain.outcome import PspName
from fincore.eventstore.log import EventLog
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.risk_rules.handlers import not_usable
from fincore.staff.risk_rules.openapi import BACK_TEST_RISK_RULES, COMPARE_RISK_DECISIONS
from fincore.staff.risk_rules.requests import BACK_TEST, StaffRiskBackTestRequest
from fincore.staff.risk_rules.trial_body import render_report
from fincore.staff.versions_path import no_version
from fincore.write.psp.limits import PspLimits
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.risk.rules import RuleSet

SECONDS_MAX: Final = 25.0
"""How long a back-test may take; it reads the log from as long before its first charge as counters reach."""


class RiskTrialHandlers:
    """The handler of back-tests."""

    def __init__(
        self,
        admission: Admission,
        *,
        store: RiskRuleVersions,
        lists: RiskLists,
        log: EventLog[ChargeEvent],
        limits: Mapping[PspName, PspLimits],
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._store = store
        self._lists = lists
        self._log = log
        self._limits = limits
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/risk_rules"
        return (
            route(
                "POST", f"{path}/back_tests", BACK_TEST_RISK_RULES, self.back_test, permission="rules.read"
            ),
            route(
                "POST", f"{path}/comparisons", COMPARE_RISK_DECISIONS, self.compare, permission="rules.read"
            ),
        )

    async def back_test(self, call: Call, visit: Visit) -> Response:
        """What rules would have done with charges of the past."""
        visit.require_everywhere()
        request = await read_request(call, BACK_TEST)
        trial = _trial(request, await self._rules(request))
        return await self._tried(
            back_test(self._log, self._lists, self._limits, trial, progress=_tell_nothing)
        )

    async def compare(self, call: Call, visit: Visit) -> Response:
        """What a version said in shadow, beside what was decided."""
        visit.require_everywhere()
        request = await read_request(call, BACK_TEST)
        if request.version is None:
            raise Problem("field_invalid", "Name the version that is or was in shadow.", param="version")
        trial = _trial(request, await self._rules(request))
        return await self._tried(compare_shadow(self._log, trial, progress=_tell_nothing))

    async def _tried(self, trial: Coroutine[object, object, RiskReport]) -> Response:
        if self._one_at_a_time.locked():
            trial.close()
            raise _busy("Another trial runs.")
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(SECONDS_MAX):
                    return json_response(200, render_report(await trial))
            except TimeoutError:
                raise _busy(
                    f"The trial took more than {SECONDS_MAX:g} s: name fewer days or charges."
                ) from None

    async def _rules(self, request: StaffRiskBackTestRequest) -> RuleSet:
        if (request.version is None) == (request.text is None):
            raise Problem("field_invalid", "Send either a version or a text.", param="version")
        if request.since and request.until and request.until < request.since:
            raise Problem("field_invalid", "until is before since.", param="until")
        try:
            if request.version is not None:
                return await rules_of_version(self._store, request.version)
            return await rules_of_text(self._store, request.text or "", now=self._clock.now())
        except NoSuchRiskVersion:
            raise no_version() from None
        except RiskRulesNotUsable as refused:
            raise not_usable(refused) from None


def _trial(request: StaffRiskBackTestRequest, rules: RuleSet) -> Trial:
    selection = Selection(
        since=request.since,
        until=request.until,
        merchant_id=None if request.merchant is None else MerchantId(request.merchant),
        mode=request.mode,
    )
    return Trial(
        rules=rules, selection=selection, charges_max=request.charges_max, named_max=request.named_max
    )


def _tell_nothing(_: int, __: datetime) -> None:
    pass


def _busy(why: str) -> Problem:
    return Problem("overloaded", f"{why} Send the request again later.", headers=(("retry-after", "10"),))
