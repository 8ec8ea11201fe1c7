"""The file in which staff write routing rules: TOML, one `[[rule]]` for each, checked as a whole. Pure.

[[rule]]
name = "euro-cards"
when = 'currency == "eur" && payment_method_type == "card"'
accounts = ["stripe/eu", "stripe/us"]
weights = [90, 10]
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.routing.facts import ROUTING_FACTS
from fincore.write.routing.plan import AccountName
from fincore.write.routing.rules import CompiledRule, Rule
from fincore.write.rules.cel import ConditionFlaw
from fincore.write.rules.rule_text import RULE_NAME, RULE_NAME_HINT, RuleFlaw, RulePlace, read_tables

TEXT_CHARACTERS_MAX: Final = 65_536
RULES_MAX: Final = 100
ACCOUNTS_PER_RULE_MAX: Final = 10
MERCHANTS_PER_RULE_MAX: Final = 1_000
WEIGHT_MAX: Final = 1_000_000


class _RuleText(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    when: str
    accounts: list[str]
    weights: list[int] = []
    merchants: list[str] = []
    mode: Literal["live", "test"] | None = None


def read_rules(
    text: str, accounts: Sequence[AccountName] | None = None
) -> tuple[CompiledRule, ...] | list[RuleFlaw]:
    """The rules of a file in their order, or everything that is wrong with it. A file without rules is one of no rules.

    `accounts`: those that rules may name; None where that was checked before.
    """
    tables = read_tables(text, "rule", characters_max=TEXT_CHARACTERS_MAX, rules_max=RULES_MAX)
    if isinstance(tables, RuleFlaw):
        return [tables]
    rules: list[CompiledRule] = []
    flaws: list[RuleFlaw] = []
    for number, (table, place) in enumerate(tables, start=1):
        found = _rule(table, place, number, accounts)
        if isinstance(found, CompiledRule):
            if found.rule.name in {before.rule.name for before in rules}:
                flaws.append(RuleFlaw(place.header, f"there are two rules called {found.rule.name}"))
            rules.append(found)
        else:
            flaws += found
    return flaws or tuple(rules)


def _rule(
    table: object, place: RulePlace, number: int, accounts: Sequence[AccountName] | None
) -> CompiledRule | list[RuleFlaw]:
    try:
        written = msgspec.convert(table, _RuleText)
    except msgspec.ValidationError as error:
        return [RuleFlaw(place.header, f"rule {number}: {error}")]
    flaws = [
        RuleFlaw(place.header, f"rule {written.name}: {message}") for message in _flaws(written, accounts)
    ]
    condition = ROUTING_FACTS.compile(written.when)
    if isinstance(condition, ConditionFlaw):
        line = None if place.condition is None else place.condition + condition.line - 1
        at = f"rule {written.name}, column {condition.column} of the condition: {condition.message}"
        return [*flaws, RuleFlaw(line, at)]
    if flaws:
        return flaws
    rule = Rule(
        name=written.name,
        when=written.when,
        accounts=tuple(map(_account_name, written.accounts)),
        weights=tuple(written.weights),
        merchants=tuple(map(MerchantId, written.merchants)),
        mode=written.mode,
    )
    return CompiledRule(rule, condition)


def _flaws(rule: _RuleText, accounts: Sequence[AccountName] | None) -> Iterator[str]:
    """What is wrong with a rule beside its condition."""
    if not RULE_NAME.fullmatch(rule.name):
        yield RULE_NAME_HINT
    yield from _account_flaws(rule.accounts, accounts)
    if rule.weights and len(rule.weights) != len(rule.accounts):
        yield "weights stand beside accounts, one for each"
    if rule.weights and not (any(rule.weights) and all(0 <= weight <= WEIGHT_MAX for weight in rule.weights)):
        yield f"weights are whole numbers from 0 to {WEIGHT_MAX:,}, at least one above 0"
    if len(rule.merchants) > MERCHANTS_PER_RULE_MAX:
        yield f"a rule names at most {MERCHANTS_PER_RULE_MAX:,} merchants"
    for merchant in rule.merchants:
        try:
            parse_merchant_id(merchant)
        except InvalidId as error:
            yield str(error)


def _account_flaws(names: Sequence[str], accounts: Sequence[AccountName] | None) -> Iterator[str]:
    if not 1 <= len(names) <= ACCOUNTS_PER_RULE_MAX:
        yield f"a rule names 1 to {ACCOUNTS_PER_RULE_MAX} accounts, such as stripe/eu"
    if len(set(names)) < len(names):
        yield "an account is named twice"
    for name in names:
        psp, _, account = name.partition("/")
        if not psp or not account:
            yield f"{name[:60]!r} is no account: write psp/account, such as stripe/eu"
        elif accounts is not None and _account_name(name) not in accounts:
            known = ", ".join(map(str, accounts)) or "none"
            yield f"the account {name[:60]} is not configured; configured: {known}"


def _account_name(text: str) -> AccountName:
    psp, _, account = text.partition("/")
    return AccountName(PspName(psp), PspAccount(account))
