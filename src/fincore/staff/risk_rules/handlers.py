"""/staff/v1/risk_rules: look at versions, draft rules, try them in shadow, propose that they be live, retire them."""

from typing import Literal

from fincore.backoffice.proposed_settings import ProposedRiskRules
from fincore.backoffice.risk_rules import (
    NoSuchRiskVersion,
    RiskRulesNotUsable,
    RiskStateRefused,
    checked_rules,
    draft_rules,
    order_of,
    use_rules,
)
from fincore.backoffice.text_difference import difference
from fincore.domain.clock import Clock
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.proposing import Proposing
from fincore.staff.risk_rules.body import (
    StaffRiskCheckBody,
    StaffRiskVersionList,
    render_change,
    render_rule,
    render_rules,
    render_version,
)
from fincore.staff.risk_rules.openapi import (
    CHECK_RISK_RULES,
    COMPARE_RISK_RULES,
    DRAFT_RISK_RULES,
    GET_RISK_RULES,
    LIST_RISK_RULES,
    PROPOSE_RISK_RULES,
    RETIRE_RISK_RULES,
    SHADOW_RISK_RULES,
    VERSIONS_LISTED_MAX,
)
from fincore.staff.risk_rules.requests import CHECK, DRAFT, USE, StaffRiskUseRequest
from fincore.staff.rule_bodies import render_difference, render_flaws
from fincore.staff.versions_path import compared_with, no_version, version_of
from fincore.write.risk.rule_states import NEXT_STATES
from fincore.write.risk.rule_versions import RiskRulesBusy, RiskRuleVersion, RiskRuleVersions
from fincore.write.staff.act_names import ActName
from fincore.write.staff.proposals import NewProposal


class RiskRuleHandlers:
    """The handlers of risk rules."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        proposing: Proposing,
        store: RiskRuleVersions,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
        self._store = store
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/risk_rules"
        one = path + "/{version}"
        return (
            route("GET", path, LIST_RISK_RULES, self.list, permission="rules.read"),
            route("POST", f"{path}/checks", CHECK_RISK_RULES, self.check, permission="rules.read"),
            route("POST", f"{path}/drafts", DRAFT_RISK_RULES, self.draft, permission="rules.manage"),
            route("GET", one, GET_RISK_RULES, self.get, permission="rules.read"),
            route("GET", f"{one}/difference", COMPARE_RISK_RULES, self.compare, permission="rules.read"),
            route("POST", f"{one}/shadow", SHADOW_RISK_RULES, self.shadow, permission="rules.manage"),
            route("POST", f"{one}/live", PROPOSE_RISK_RULES, self.propose, permission="rules.manage"),
            route("POST", f"{one}/retire", RETIRE_RISK_RULES, self.retire, permission="rules.manage"),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """The latest versions and changes."""
        visit.require_everywhere()
        versions = await self._store.list(VERSIONS_LISTED_MAX)
        changes = await self._store.changes(VERSIONS_LISTED_MAX)
        body = StaffRiskVersionList(
            data=[render_version(one) for one in versions], changes=[render_change(one) for one in changes]
        )
        return json_response(200, body)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One version with its rules in order."""
        version = version_of(call)
        visit.require_everywhere()
        found = await self._found(version)
        try:
            ordered = await order_of(self._store, version)
        except RiskRulesNotUsable:
            ordered = None
        return json_response(200, render_rules(found, None if ordered is None else ordered.rules))

    async def compare(self, call: Call, visit: Visit) -> Response:
        """How a version differs from another."""
        version, other = version_of(call), compared_with(call)
        visit.require_everywhere()
        before, after = await self._found(other), await self._found(version)
        return json_response(200, render_difference(other, version, difference(before.text, after.text)))

    async def check(self, call: Call, visit: Visit) -> Response:
        """What is wrong with a text of rules."""
        visit.require_everywhere()
        request = await read_request(call, CHECK)
        try:
            rules = await checked_rules(self._store, request.text, now=self._clock.now())
        except RiskRulesNotUsable as refused:
            return json_response(200, StaffRiskCheckBody(flaws=render_flaws(refused.flaws), rules=[]))
        return json_response(200, StaffRiskCheckBody(flaws=[], rules=[render_rule(rule) for rule in rules]))

    async def draft(self, call: Call, visit: Visit) -> Response:
        """Keep a text as a draft."""
        visit.require_everywhere()
        request = await read_act(call, DRAFT)

        async def make(transaction: Transaction) -> Made:
            store = RiskRuleVersions(transaction)
            try:
                version, rules = await draft_rules(
                    store,
                    request.text,
                    now=self._clock.now(),
                    by=visit.person.username,
                    reason=request.reason,
                )
            except RiskRulesNotUsable as refused:
                raise not_usable(refused) from None
            except RiskRulesBusy:
                raise Problem("overloaded", headers=(("retry-after", "1"),)) from None
            return await _made(store, version, "draft_rules", 201, rules=rules)

        return await self._acts.change(call, visit, request, make)

    async def shadow(self, call: Call, visit: Visit) -> Response:
        """Assess every charge by a version, without anything following from it."""
        version = version_of(call)
        visit.require_everywhere()
        request = await read_act(call, USE)
        return await self._use(call, visit, version, "shadow", request)

    async def propose(self, call: Call, visit: Visit) -> Response:
        """Propose that a version be live."""
        version = version_of(call)
        visit.require_everywhere()
        request = await read_act(call, USE)
        await self._found(version)
        return await self._propose(call, visit, version, "live", request)

    async def retire(self, call: Call, visit: Visit) -> Response:
        """Take a version out of use; the live one by two people."""
        version = version_of(call)
        visit.require_everywhere()
        request = await read_act(call, USE)
        found = await self._found(version)
        if found.state == "live":
            return await self._propose(call, visit, version, "retired", request)
        return await self._use(call, visit, version, "retired", request)

    async def _use(
        self,
        call: Call,
        visit: Visit,
        version: int,
        state: Literal["shadow", "retired"],
        request: StaffRiskUseRequest,
    ) -> Response:
        async def make(transaction: Transaction) -> Made:
            store = RiskRuleVersions(transaction)
            now = await store.read(version)
            if state == "retired" and now is not None and now.state == "live":
                # It became live after this request had looked: that one person retires it alone is refused.
                raise Problem("rules_changed", param="version")
            try:
                await use_rules(
                    store,
                    version,
                    state,
                    now=self._clock.now(),
                    by=visit.person.username,
                    reason=request.reason,
                )
            except NoSuchRiskVersion:
                raise no_version() from None
            except RiskRulesNotUsable as refused:
                raise not_usable(refused) from None
            except RiskStateRefused as refused:
                raise Problem("rules_changed", f"Not changed: {refused}.", param="version") from None
            return await _made(store, version, "shadow_rules" if state == "shadow" else "retire_rules", 200)

        return await self._acts.change(call, visit, request, make)

    async def _propose(
        self,
        call: Call,
        visit: Visit,
        version: int,
        state: Literal["live", "retired"],
        request: StaffRiskUseRequest,
    ) -> Response:
        async def prepare() -> NewProposal:
            found = await self._found(version)
            if state not in NEXT_STATES[found.state]:
                raise Problem(
                    "rules_changed",
                    f"Version {version} is {found.state}, and cannot be {state} next: only one in shadow, or retired, can be live.",
                    param="version",
                )
            return NewProposal(
                kind="risk_rules",
                livemode=None,
                merchant_id=None,
                object_id=f"risk_rules:{version}",
                money=None,
                act=ProposedRiskRules(version=version, state=state),
                proposer=visit.person.actor,
                reason=request.reason,
                needed_because="live risk rules decide about every charge",
            )

        action: ActName = "use_rules" if state == "live" else "retire_rules"
        return await self._acts.carry_out(
            call, visit, request, _deed(version, action), self._proposing.carry_of(call, request, prepare)
        )

    async def _found(self, version: int) -> RiskRuleVersion:
        found = await self._store.read(version)
        if found is None:
            raise no_version()
        return found


def not_usable(refused: RiskRulesNotUsable) -> Problem:
    """Rules have flaws."""
    text = str(refused)
    return Problem("rules_not_usable", f"{text[:1].upper()}{text[1:]}.", param="text")


async def _made(store: RiskRuleVersions, version: int, action: ActName, status: int, **details: int) -> Made:
    found = await store.read(version)
    if found is None:
        raise AssertionError(f"version {version} was just written")
    return Made(json_response(status, render_version(found)), _deed(version, action, **details))


def _deed(version: int, action: ActName, **details: int) -> Deed:
    return Deed(action=action, object_kind="risk_rules", object_id=str(version), details=details)
