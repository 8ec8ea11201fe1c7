"""Routing rules: the first one that matches a charge names its accounts; without one the default order counts. Pure.

A rule that errs does not match, and is told.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.route_plan import RoutePlan
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.facts import ROUTING_FACTS, facts_of
from fincore.write.routing.plan import AccountName, Chosen, plan_of
from fincore.write.routing.router import NoRoute, RouteRequest
from fincore.write.rules.cel import BoundFacts, Condition, ConditionError

RULES_PER_GROUP: Final = 20
"""Rules that are evaluated as one expression: the library takes an expression of about 30 nested ones."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it was written. `mode` and `merchants` limit it, where they are given.

    `weights` stand beside `accounts`, or there are none: then the first account that can take the charge is the first attempt.
    """

    name: str
    when: str
    accounts: tuple[AccountName, ...]
    weights: tuple[int, ...] = ()
    merchants: tuple[MerchantId, ...] = ()
    mode: Literal["live", "test"] | None = None

    def is_about(self, request: RouteRequest) -> bool:
        """Whether the charge is of the rule's mode and merchants."""
        if self.mode is not None and (self.mode == "live") != request.livemode:
            return False
        return not self.merchants or request.merchant_id in self.merchants


class CompiledRule(NamedTuple):
    """A rule and its condition, ready to be evaluated."""

    rule: Rule
    condition: Condition


class RuleError(NamedTuple):
    """A rule that could not be evaluated for a charge, and why."""

    rule: str
    reason: str


class LiveRules:
    """A version of the rules, in their order, in groups that are evaluated together."""

    def __init__(self, version: int, rules: tuple[CompiledRule, ...]) -> None:
        self.version = version
        self.rules = rules
        self.groups = tuple(
            RuleGroup(rules[begin : begin + RULES_PER_GROUP])
            for begin in range(0, len(rules), RULES_PER_GROUP)
        )


class RuleGroup:
    """Some rules in a row. Where all are about every charge, one expression finds the first that matches."""

    def __init__(self, rules: tuple[CompiledRule, ...]) -> None:
        self.rules = rules
        is_limited = any(one.rule.mode is not None or one.rule.merchants for one in rules)
        self._first = None if is_limited else ROUTING_FACTS.first_of([one.rule.when for one in rules])

    def match(self, request: RouteRequest, facts: BoundFacts, errors: list[RuleError]) -> Rule | None:
        """The first rule that matches; rules that err before it are added to `errors`."""
        if self._first is not None:
            place = self._first.of(facts)
            if not isinstance(place, ConditionError):
                return None if place is None else self.rules[place].rule
        for rule, condition in self.rules:
            if not rule.is_about(request):
                continue
            holds = condition.holds(facts)
            if isinstance(holds, ConditionError):
                errors.append(RuleError(rule.name, holds.reason))
            elif holds:
                return rule
        return None


class Routed(NamedTuple):
    """The plan of a charge, or why there is none, and the rules that erred."""

    plan: RoutePlan | NoRoute
    errors: tuple[RuleError, ...] = ()


def routed(request: RouteRequest, accounts: Sequence[ConfiguredAccount], live: LiveRules | None) -> Routed:
    """The plan of a charge by the rules; `live` is None where there are none."""
    if live is None:
        return Routed(plan_of(request, accounts))
    errors: list[RuleError] = []
    matched = _first_match(request, live, errors)
    draw = draw_of(live.version, request.key)
    chosen = (
        Chosen(rules_version=live.version, draw=draw)
        if matched is None
        else Chosen(
            rules_version=live.version,
            draw=draw,
            rule=matched.name,
            accounts=matched.accounts,
            weights=matched.weights,
        )
    )
    return Routed(plan_of(request, accounts, chosen), tuple(errors))


def draw_of(version: int, key: str) -> float:
    """A number in [0, 1) for a key under a version of the rules: always the same for both, and evenly spread over keys."""
    digest = blake2b(f"{version}:{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53  # as many bits as a float holds


def _first_match(request: RouteRequest, live: LiveRules, errors: list[RuleError]) -> Rule | None:
    if not live.groups:
        return None
    facts = facts_of(request)
    for group in live.groups:
        matched = group.match(request, facts, errors)
        if matched is not None:
            return matched
    return None
