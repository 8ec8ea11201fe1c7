"""The file in which staff write routing rules: TOML, one `[[rule]]` for each, checked as a whole. Pure.

[[rule]]
name = "euro-cards"
when = 'currency == "eur" && payment_method_type == "card"'
accounts = ["stripe/eu", "stripe/us"]
weights = [90, 10]
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.routing.facts import ROUTING_FACTS
from fincore.write.routing.plan import AccountName
from fincore.write.routing.rules import CompiledRule, Rule
from fincore.write.rules.cel import ConditionFlaw

TEXT_CHARACTERS_MAX: Final = 65_536
RULES_MAX: Final = 100
ACCOUNTS_PER_RULE_MAX: Final = 10
MERCHANTS_PER_RULE_MAX: Final = 1_000
WEIGHT_MAX: Final = 1_000_000
KEY_PARTS_MAX: Final = 32
"""Parts of a key such as a.b.c: the parser's work grows with their square."""

_PART: Final = r"[\w\-\"']++"
_LONG_KEY: Final = re.compile(
    rf"(?<![\w\-\"'])(?:{_PART}[ \t]*+\.[ \t]*+){{{KEY_PARTS_MAX}}}{_PART}", re.ASCII
)
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_\-]{0,58}[a-z0-9])?")
_HEADER: Final = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_WHEN: Final = re.compile(r"\s*when\s*=\s*(?P<opening>'''|\"\"\")?(?P<rest>.*)")


class RuleFlaw(NamedTuple):
    """What is wrong with a file, and at which line, from 1, where that can be told."""

    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


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
    tables = _tables(text)
    if isinstance(tables, RuleFlaw):
        return [tables]
    places = _places(text, len(tables))
    rules: list[CompiledRule] = []
    flaws: list[RuleFlaw] = []
    for number, (table, place) in enumerate(zip(tables, places, strict=True), start=1):
        found = _rule(table, place, number, accounts)
        if isinstance(found, CompiledRule):
            if found.rule.name in {before.rule.name for before in rules}:
                flaws.append(RuleFlaw(place.header, f"there are two rules called {found.rule.name}"))
            rules.append(found)
        else:
            flaws += found
    return flaws or tuple(rules)


def _tables(text: str) -> list[object] | RuleFlaw:
    """The tables of the rules, or why the text as a whole holds none."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return RuleFlaw(
            None, f"the rules have at most {TEXT_CHARACTERS_MAX:,} characters, and these {len(text):,}"
        )
    if holds_card_number(text):
        return RuleFlaw(None, "the text holds a card number: it would be kept, so leave it out")
    document = _parsed(text)
    if isinstance(document, RuleFlaw):
        return document
    unknown = sorted(document.keys() - {"rule"})
    if unknown:
        return RuleFlaw(None, f"{unknown[0]!r} means nothing here: each rule begins with [[rule]]")
    tables = document.get("rule", [])
    if not isinstance(tables, list):
        return RuleFlaw(None, "each rule begins with [[rule]], in two brackets")
    if len(tables) > RULES_MAX:
        return RuleFlaw(None, f"there are at most {RULES_MAX} rules, and these are {len(tables)}")
    return tables


def _parsed(text: str) -> dict[str, object] | RuleFlaw:
    if _LONG_KEY.search(text):
        return RuleFlaw(None, f"this is no file of rules: a key has more than {KEY_PARTS_MAX} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        return RuleFlaw(None, "this is no file of rules: it nests lists or tables too deeply")
    except tomllib.TOMLDecodeError as error:
        return RuleFlaw(None, f"this is no TOML: {error}")
    except ValueError:
        return RuleFlaw(None, "this is no file of rules: it holds a number with thousands of digits")


class _Place(NamedTuple):
    """The lines of a rule in the file: that of its header, and the first of its condition."""

    header: int | None = None
    condition: int | None = None


def _places(text: str, count: int) -> list[_Place]:
    """The places of `count` rules; without lines where the text writes them in another way."""
    places: list[_Place] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            places.append(_Place(number))
        elif places and places[-1].condition is None and (when := _WHEN.match(line)):
            # TOML leaves out a newline that follows three quotes at once.
            begins_below = bool(when["opening"]) and not when["rest"].strip()
            places[-1] = _Place(places[-1].header, number + begins_below)
    return places if len(places) == count else [_Place()] * count


def _rule(
    table: object, place: _Place, number: int, accounts: Sequence[AccountName] | None
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
    if not _NAME.fullmatch(rule.name):
        yield "a name has 1 to 60 lower-case letters, digits, hyphens and underscores"
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
