"""Risk rules and the order in which they decide. Pure.

First the block lists: the first rule that hits blocks. Then the allow lists: the first that hits allows, and no further rule is
looked at. Then the others, the lowest priority first and in the order of the file: the first that blocks ends, the first that
allows ends too, and else the strictest action of those that hit is taken. A rule that errs, or needs a fact that is unknown,
decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from fincore.domain.ids import MerchantId
from fincore.domain.risk import RiskDecision, RuleError, RuleHit
from fincore.write.risk.features import (
    COUNTERS,
    FACT_NAMES,
    FACTS,
    RISK_FACTS,
    TOLD_EARLIER,
    UNSURE_FACTS,
)
from fincore.write.risk.rule_reach import reach_flaw
from fincore.write.risk.store import ListKind, ListName
from fincore.write.rules.cel import (
    IN_LIST,
    BoundFacts,
    Condition,
    ConditionError,
    ConditionFlaw,
    UnknownFact,
    flaw_at,
)
from fincore.write.rules.syntax import Call, Name

Action = Literal["block", "review", "challenge", "allow"]
Stage = Literal["block_lists", "allow_lists", "rules"]
Fallback = Literal["block", "allow"]

STAGES: Final[Mapping[Stage, str]] = MappingProxyType(
    {
        "block_lists": "the first rule that hits blocks; no further rule is looked at",
        "allow_lists": "the first rule that hits allows; no further rule is looked at",
        "rules": "the first rule that blocks or allows ends; the strictest action of all that hit is taken",
    }
)
"""The stages in their order, and how each ends."""

STRICTNESS: Final[tuple[RiskDecision, ...]] = ("allow", "challenge", "review", "block")
"""The actions, the mildest first."""

_HOW_TO_ASK: Final = (
    f'{IN_LIST} takes the name of a list in quotes and a fact, such as {IN_LIST}("name", email)'
)
PRIORITY_DEFAULT: Final = 100
RULES_PER_GROUP_MAX: Final = 20
"""Rules that are asked at once whether any of them hits: mostly none does."""
RULES_PER_GROUP_MIN: Final = 10
"""Rules that are in one group though they need other facts: a group costs as much as one rule by itself."""


class RiskRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it was written. `merchants`, `mode` and `expires` limit it, where they are given.

    `fallback` is what a review or a challenge becomes where the PSP or the payment method cannot do it; None for other actions.
    """

    name: str
    when: str
    action: Action
    stage: Stage = "rules"
    fallback: Fallback | None = None
    priority: int = PRIORITY_DEFAULT
    merchants: tuple[MerchantId, ...] = ()
    mode: Literal["live", "test"] | None = None
    expires: datetime | None = None
    reason: str | None = None


class Case(NamedTuple):
    """What of a charge decides which rules are about it, and what can be done with it."""

    merchant_id: MerchantId
    livemode: bool
    now: datetime
    can_hold: bool
    can_challenge: bool


class Asked(NamedTuple):
    """The question of a condition whether a list holds the value of a fact."""

    list: ListName
    kind: ListKind
    fact: str


class CompiledRule(NamedTuple):
    """A rule and its condition, ready to be evaluated; the facts that it names, and the lists that it asks."""

    rule: RiskRule
    condition: Condition
    facts: frozenset[str]
    asks: tuple[Asked, ...]

    def is_about(self, case: Case) -> bool:
        """Whether the charge is of the rule's mode and merchants, and the rule has not expired."""
        rule = self.rule
        if rule.mode is not None and (rule.mode == "live") != case.livemode:
            return False
        if rule.expires is not None and case.now >= rule.expires:
            return False
        return not rule.merchants or case.merchant_id in rule.merchants


class Verdict(NamedTuple):
    """What rules decide, and what each of those that were looked at said. `rule` is None where none decided.

    `fell_back_from` is the action of that rule where its fallback took the place.
    """

    decision: RiskDecision = "allow"
    rule: str | None = None
    fell_back_from: Literal["review", "challenge"] | None = None
    hits: tuple[RuleHit, ...] = ()
    unknown: tuple[str, ...] = ()
    errors: tuple[RuleError, ...] = ()


class RuleSet:
    """A version of the rules in the order in which they decide, and everything that they need to know.

    `card_fields` are what a `CardInstrument` calls the facts of the card that they need.
    """

    def __init__(self, version: int, rules: Sequence[CompiledRule]) -> None:
        self.version = version
        self.rules = in_order(rules)
        self.facts = frozenset[str]().union(*(one.facts for one in rules))
        self.counters = frozenset(COUNTERS[name] for name in self.facts & COUNTERS.keys())
        if any(one.key == "bin" for one in self.counters):
            # Kept with the charge: what becomes of it is counted by it, and nothing else in the log tells it.
            self.facts |= {"card_bin"}
        self.asks = frozenset(asked for one in rules for asked in one.asks)
        reads_card = any(one.key == "card" for one in self.counters)
        self.card_fields = frozenset(
            field
            for name, field in TOLD_EARLIER.items()
            if not self.facts.isdisjoint((name, f"has_{name}")) or (reads_card and field == "fingerprint")
        )
        self.actions: Mapping[str, Action] = {one.rule.name: one.rule.action for one in rules}
        self._all = RuleGroup(range(len(self.rules)), self.rules)
        self._groups = _groups_of(self.rules)

    @property
    def needs_store(self) -> bool:
        """Whether anything has to be read from the store."""
        return bool(self.counters or self.asks)

    def decide(self, case: Case, facts: BoundFacts) -> Verdict:
        """What the rules say of a charge."""
        # Mostly no rule hits, and one expression of all of them tells. Else the groups tell which rules to look at.
        if not self._all.possible(facts):
            return Verdict()
        possible = sorted(place for group in self._groups for place in group.possible(facts))
        return decide((self.rules[place] for place in possible), case, facts)


class RuleGroup:
    """Some rules, by their places among all, in any order."""

    def __init__(self, places: Sequence[int], rules: Sequence[CompiledRule]) -> None:
        self._places = places
        self._any = RISK_FACTS.any_of([rules[place].rule.when for place in places])

    def possible(self, facts: BoundFacts) -> Sequence[int]:
        """All of the rules, or none where it is certain that none hits, errs, or needs an unknown fact."""
        return () if self._any is not None and self._any.is_none(facts) else self._places


def _groups_of(rules: Sequence[CompiledRule]) -> tuple[RuleGroup, ...]:
    """All rules, those that need the same facts together: where one is unknown, only the rules that need it are looked at."""
    unsure = [sorted(one.facts & UNSURE_FACTS) for one in rules]
    groups: list[list[int]] = []
    for place in sorted(range(len(rules)), key=unsure.__getitem__):
        last = groups[-1] if groups else []
        is_alike = bool(last) and (len(last) < RULES_PER_GROUP_MIN or unsure[place] == unsure[last[-1]])
        if is_alike and len(last) < RULES_PER_GROUP_MAX:
            last.append(place)
        else:
            groups.append([place])
    return tuple(RuleGroup(places, rules) for places in groups)


def in_order(rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Rules in the order in which they decide; `rules` are in that of their file."""
    stages = list(STAGES)
    return tuple(sorted(rules, key=lambda one: (stages.index(one.rule.stage), one.rule.priority)))


def decide(rules: Iterator[CompiledRule], case: Case, facts: BoundFacts) -> Verdict:
    """What rules, in order, say of a charge."""
    decision: RiskDecision = "allow"
    decided_by: RiskRule | None = None
    hits: list[RuleHit] = []
    unknown: list[str] = []
    errors: list[RuleError] = []
    for one in rules:
        if not one.is_about(case):
            continue
        rule = one.rule
        held = one.condition.holds_if_known(facts)
        if isinstance(held, ConditionError):
            errors.append(RuleError(rule.name, held.reason))
        elif isinstance(held, UnknownFact):
            unknown.append(rule.name)
        elif held:
            hits.append(RuleHit(rule.name, rule.action))
            taken = taken_action(rule, case)
            if decided_by is None or STRICTNESS.index(taken) > STRICTNESS.index(decision):
                decision, decided_by = taken, rule
            if taken == "block" or rule.action == "allow":
                break
    fell_back = None
    if (
        decided_by is not None
        and decided_by.action in ("review", "challenge")
        and decision != decided_by.action
    ):
        fell_back = decided_by.action
    return Verdict(
        decision,
        None if decided_by is None else decided_by.name,
        fell_back,
        tuple(hits),
        tuple(unknown),
        tuple(errors),
    )


def taken_action(rule: RiskRule, case: Case) -> RiskDecision:
    """What becomes of a charge that a rule hits: its action, or its fallback where the action cannot be done."""
    can = {"review": case.can_hold, "challenge": case.can_challenge}.get(rule.action, True)
    return rule.action if can else rule.fallback or "block"


def compile_rule(rule: RiskRule, lists: Mapping[ListName, ListKind] | None) -> CompiledRule | ConditionFlaw:
    """A rule ready to be evaluated, or what is wrong with its condition.

    `lists`: those that there are; None for a rule that was checked when it was saved.
    """
    condition = RISK_FACTS.compile(rule.when)
    if isinstance(condition, ConditionFlaw):
        # The library says of a call with other arguments that there is no such function.
        is_call = f"undeclared reference to '{IN_LIST}'" in condition.message
        return replace(condition, message=_HOW_TO_ASK) if is_call else condition
    syntax = condition.syntax
    hidden = sorted(syntax.loop_variables & FACT_NAMES)
    if hidden:
        return ConditionFlaw(f"a loop has the variable {hidden[0]}, which is a fact: give it another name")
    asks: list[Asked] = []
    for call in syntax.calls:
        if call.function == IN_LIST:
            asked = _asked(call, lists)
            if isinstance(asked, str):
                return flaw_at(rule.when, call, asked)
            asks.append(asked)
        elif call.function == "matches":
            pattern = call.arguments[-1]
            if not isinstance(pattern, str):
                return flaw_at(rule.when, call, "matches takes a regular expression in quotes")
            if not RISK_FACTS.is_pattern(pattern):
                return flaw_at(
                    rule.when, call, f"{pattern[:60]!r} is no regular expression in the syntax of RE2"
                )
    flaw = None if lists is None else reach_flaw(rule.when, syntax, is_of_lists=rule.stage != "rules")
    return flaw or CompiledRule(rule, condition, syntax.names & FACT_NAMES, tuple(dict.fromkeys(asks)))


def _asked(call: Call, lists: Mapping[ListName, ListKind] | None) -> Asked | str:
    """What a call of `in_list` asks, or what is wrong with it."""
    name, fact = call.arguments
    if not isinstance(name, str) or not isinstance(fact, Name):
        return _HOW_TO_ASK
    kind = FACTS[fact.name].list_kind if fact.name in FACTS else None
    if kind is None:
        able = ", ".join(known for known, one in FACTS.items() if one.list_kind is not None)
        return f"no list is of {fact.name}; lists are asked for {able}"
    if lists is None:
        return Asked(ListName(name), kind, fact.name)
    held = lists.get(ListName(name))
    if held is None:
        return f"there is no list {name[:60]!r}; create it with `fincore risk lists create`"
    if held != kind:
        return f"the list {name} holds values of kind {held}, and {fact.name} is of kind {kind}"
    return Asked(ListName(name), kind, fact.name)
