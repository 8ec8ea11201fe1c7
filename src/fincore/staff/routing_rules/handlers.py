"""/staff/v1/routing_rules: look at versions, try rules on a charge, propose rules that are to be live."""

from collections.abc import Sequence
from typing import Final

from fincore.backoffice.proposed_settings import ProposedRoutingRules
from fincore.backoffice.routing_rules import (
    NoSuchVersion,
    RulesNotUsable,
    ShownRules,
    checked_rules,
    rules_to_try,
    show_rules,
)
from fincore.backoffice.text_difference import difference
from fincore.domain.currency import parse_currency
from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import payment_method_of
from fincore.domain.route_plan import PaymentMethodChoice
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, StaffActs, read_act
from fincore.staff.proposing import Proposing
from fincore.staff.routing_rules.body import (
    StaffRoutingCheckBody,
    StaffRoutingVersionList,
    render_routed,
    render_rule,
    render_rules,
    render_version,
)
from fincore.staff.routing_rules.openapi import (
    CHECK_ROUTING_RULES,
    COMPARE_ROUTING_RULES,
    GET_ROUTING_RULES,
    LIST_ROUTING_RULES,
    PROPOSE_ROUTING_RULES,
    SIMULATE_ROUTING,
    VERSIONS_LISTED_MAX,
)
from fincore.staff.routing_rules.requests import CHECK, SET, SIMULATE, StaffRoutingSimulationRequest
from fincore.staff.rule_bodies import render_difference, render_flaws
from fincore.staff.versions_path import compared_with, no_version, version_of
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.router import RouteRequest
from fincore.write.routing.rule_store import RuleStore
from fincore.write.routing.rules import routed
from fincore.write.staff.proposals import NewProposal

_ANY_METHOD: Final = "any"
"""Stands for the token of a payment method, which routing does not look at."""


class RoutingRuleHandlers:
    """The handlers of routing rules, which may name only `accounts`."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        proposing: Proposing,
        store: RuleStore,
        accounts: Sequence[ConfiguredAccount],
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
        self._store = store
        self._accounts = accounts

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/routing_rules"
        one = path + "/{version}"
        return (
            route("GET", path, LIST_ROUTING_RULES, self.list, permission="routes.read"),
            route("POST", f"{path}/checks", CHECK_ROUTING_RULES, self.check, permission="routes.read"),
            route("POST", f"{path}/simulations", SIMULATE_ROUTING, self.simulate, permission="routes.read"),
            route("POST", f"{path}/live", PROPOSE_ROUTING_RULES, self.propose, permission="routes.manage"),
            route("GET", one, GET_ROUTING_RULES, self.get, permission="routes.read"),
            route("GET", f"{one}/difference", COMPARE_ROUTING_RULES, self.compare, permission="routes.read"),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """The latest versions."""
        visit.require_everywhere()
        found = await self._store.list(VERSIONS_LISTED_MAX)
        shown = [render_version(one, is_live=place == 0) for place, one in enumerate(found)]
        return json_response(200, StaffRoutingVersionList(data=shown))

    async def get(self, call: Call, visit: Visit) -> Response:
        """One version."""
        version = version_of(call)
        visit.require_everywhere()
        return json_response(200, render_rules(await self._shown(version)))

    async def compare(self, call: Call, visit: Visit) -> Response:
        """How a version differs from another."""
        version, other = version_of(call), compared_with(call)
        visit.require_everywhere()
        before, after = await self._shown(other), await self._shown(version)
        lines = difference(before.version.text, after.version.text)
        return json_response(200, render_difference(other, version, lines))

    async def check(self, call: Call, visit: Visit) -> Response:
        """What is wrong with a text of rules."""
        visit.require_everywhere()
        request = await read_request(call, CHECK)
        live = await self._store.live_version()
        try:
            rules = checked_rules(request.text, self._accounts)
        except RulesNotUsable as refused:
            body = StaffRoutingCheckBody(live_version=live, flaws=render_flaws(refused.flaws), rules=[])
        else:
            shown = [render_rule(one.rule) for one in rules]
            body = StaffRoutingCheckBody(live_version=live, flaws=[], rules=shown)
        return json_response(200, body)

    async def simulate(self, call: Call, visit: Visit) -> Response:
        """Where a charge would go."""
        visit.require_everywhere()
        request = await read_request(call, SIMULATE)
        charge = _charge(request)
        try:
            rules = await rules_to_try(self._store, self._accounts, request.text)
        except RulesNotUsable as refused:
            raise Problem("rules_not_usable", f"{str(refused).capitalize()}.", param="text") from None
        found = routed(charge, self._accounts, rules)
        return json_response(200, render_routed(found, None if rules is None else rules.version))

    async def propose(self, call: Call, visit: Visit) -> Response:
        """Propose rules that are to be live."""
        visit.require_everywhere()
        request = await read_act(call, SET)

        async def prepare() -> NewProposal:
            try:
                checked_rules(request.text, self._accounts)
            except RulesNotUsable as refused:
                raise Problem("rules_not_usable", f"{str(refused).capitalize()}.", param="text") from None
            if await self._store.live_version() != request.after:
                raise Problem("rules_changed", param="after")
            return NewProposal(
                kind="routing_rules",
                livemode=None,
                merchant_id=None,
                object_id="routing_rules",
                money=None,
                act=ProposedRoutingRules(text=request.text, after=request.after),
                proposer=visit.person.actor,
                reason=request.reason,
                needed_because="routing rules decide where every charge goes",
            )

        deed = Deed(
            action="set_rules",
            object_kind="routing_rules",
            object_id="routing_rules",
            details={"after": request.after},
        )
        return await self._acts.carry_out(
            call, visit, request, deed, self._proposing.carry_of(call, request, prepare)
        )

    async def _shown(self, version: int) -> ShownRules:
        try:
            shown = await show_rules(self._store, version)
        except NoSuchVersion:
            raise no_version() from None
        if shown is None:
            raise no_version()
        return shown


def _charge(request: StaffRoutingSimulationRequest) -> RouteRequest:
    currency = parse_currency(request.currency)
    if currency is None:
        raise Problem("currency_unknown", param="currency")
    return RouteRequest(
        key=request.key,
        merchant_id=MerchantId(request.merchant or ""),
        livemode=request.mode == "live",
        money=Money(request.amount_minor, currency),
        capture_method=request.capture_method,
        offered=tuple(
            PaymentMethodChoice(
                payment_method_of(one.type, _ANY_METHOD),
                None if one.psp_account is None else PspAccount(one.psp_account),
            )
            for one in request.payment_methods
        ),
        metadata=request.metadata,
    )
