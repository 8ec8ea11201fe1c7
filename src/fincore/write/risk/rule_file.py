"""The file in which staff write risk rules: TOML, one `[[rules]]` for each, checked as a whole. Pure.

[[rules]]
name = "card-testing"
when = "attempts_by_ip_1h > 20 && amount_minor < 500"
action = "block"
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.write.risk.rules import (
    PRIORITY_DEFAULT,
    Action,
    CompiledRule,
    Fallback,
    RiskRule,
    Stage,
    compile_rule,
)
from fincore.write.risk.store import ListKind, ListName
from fincore.write.rules.cel import IN_LIST, ConditionFlaw
from fincore.write.rules.rule_text import RULE_NAME, RULE_NAME_HINT, RuleFlaw, RulePlace, read_tables

TEXT_CHARACTERS_MAX: Final = 524_288
RULES_MAX: Final = 1_000
MERCHANTS_PER_RULE_MAX: Final = 1_000
PRIORITY_MAX: Final = 1_000
REASON_CHARACTERS_MAX: Final = 500

_ACTION_OF_STAGE: Final[Mapping[Stage, Action]] = {"block_lists": "block", "allow_lists": "allow"}


class _RuleText(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    when: str
    action: Action
    stage: Stage = "rules"
    fallback: Fallback | None = None
    priority: int = PRIORITY_DEFAULT
    merchants: list[str] = []
    mode: Literal["live", "test"] | None = None
    expires: datetime | None = None
    reason: str | None = None


def read_risk_rules(
    text: str, lists: Mapping[ListName, ListKind] | None = None, *, now: datetime | None = None
) -> tuple[CompiledRule, ...] | list[RuleFlaw]:
    """The rules of a file in their order, or everything that is wrong with it. A file without rules is one of no rules.

    `lists`: those that rules may ask; None for rules that were checked when they were saved. `now`: a rule that has expired by then is
    a flaw; None where such rules may stand.
    """
    tables = read_tables(text, "rules", characters_max=TEXT_CHARACTERS_MAX, rules_max=RULES_MAX)
    if isinstance(tables, RuleFlaw):
        return [tables]
    rules: list[CompiledRule] = []
    flaws: list[RuleFlaw] = []
    names: set[str] = set()
    for number, (table, place) in enumerate(tables, start=1):
        found = _rule(table, place, number, lists, now)
        if isinstance(found, CompiledRule):
            if found.rule.name in names:
                flaws.append(RuleFlaw(place.header, f"there are two rules called {found.rule.name}"))
            names.add(found.rule.name)
            rules.append(found)
        else:
            flaws += found
    return flaws or tuple(rules)


def _rule(
    table: object,
    place: RulePlace,
    number: int,
    lists: Mapping[ListName, ListKind] | None,
    now: datetime | None,
) -> CompiledRule | list[RuleFlaw]:
    try:
        written = msgspec.convert(table, _RuleText)
    except msgspec.ValidationError as error:
        return [RuleFlaw(place.header, f"rule {number}: {error}")]
    flaws = [
        RuleFlaw(place.header, f"rule {written.name[:60]}: {message}") for message in _flaws(written, now)
    ]
    rule = RiskRule(
        name=written.name,
        when=written.when,
        action=written.action,
        stage=written.stage,
        fallback=written.fallback,
        priority=written.priority,
        merchants=tuple(map(MerchantId, written.merchants)),
        mode=written.mode,
        expires=written.expires,
        reason=written.reason,
    )
    compiled = compile_rule(rule, lists)
    if isinstance(compiled, ConditionFlaw):
        line = None if place.condition is None else place.condition + compiled.line - 1
        at = f"rule {written.name[:60]}, column {compiled.column} of the condition: {compiled.message}"
        return [*flaws, RuleFlaw(line, at)]
    if rule.stage != "rules" and not compiled.asks:
        flaws.append(
            RuleFlaw(
                place.header, f"rule {rule.name}: a rule of the stage {rule.stage} asks a list with {IN_LIST}"
            )
        )
    return flaws or compiled


def _flaws(rule: _RuleText, now: datetime | None) -> Iterator[str]:
    """What is wrong with a rule beside its condition."""
    if not RULE_NAME.fullmatch(rule.name):
        yield RULE_NAME_HINT
    yield from _action_flaws(rule)
    if not 0 <= rule.priority <= PRIORITY_MAX:
        yield f"a priority is a whole number from 0 to {PRIORITY_MAX:,}"
    if rule.expires is not None and rule.expires.tzinfo is None:
        yield "expires names its time zone, such as 2027-01-31T00:00:00Z"
    elif rule.expires is not None and now is not None and rule.expires <= now:
        yield "expires is in the past, so the rule would never hit: leave the rule out, or change the time"
    if rule.reason is not None and not 1 <= len(rule.reason) <= REASON_CHARACTERS_MAX:
        yield f"a reason has 1 to {REASON_CHARACTERS_MAX} characters"
    if len(rule.merchants) > MERCHANTS_PER_RULE_MAX:
        yield f"a rule names at most {MERCHANTS_PER_RULE_MAX:,} merchants"
    for merchant in rule.merchants:
        try:
            parse_merchant_id(merchant)
        except InvalidId as error:
            yield str(error)


def _action_flaws(rule: _RuleText) -> Iterator[str]:
    action = _ACTION_OF_STAGE.get(rule.stage, rule.action)
    if rule.action != action:
        yield f"a rule of the stage {rule.stage} has the action {action}"
    if rule.action in ("review", "challenge"):
        if rule.fallback is None:
            yield f"a {rule.action} names its fallback, block or allow, for payments that it cannot be done for"
    elif rule.fallback is not None:
        yield "only a review or a challenge has a fallback"
