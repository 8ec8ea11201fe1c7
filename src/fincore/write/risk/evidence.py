"""What rules need to be told of a charge, and what they are evaluated by once that is told. Pure.

The engine asks the store; a back-test asks what stood there when the charge was made. Both evaluate the same evidence.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from fincore.domain.risk import RiskFact
from fincore.write.risk.features import COUNTER_NAMES, RISK_FACTS, Known
from fincore.write.risk.list_values import looked_up_values
from fincore.write.risk.rules import Asked, RuleSet
from fincore.write.risk.store import Counter, Membership, Readings
from fincore.write.rules.cel import IN_LIST, BoundFacts, Entry

_NEEDS_KEPT_MAX: Final = 16
"""Of how many versions together the needs are kept: a process goes by one or two at a time."""


class Questions(NamedTuple):
    """What is to be read for some versions of the rules: counters, and lists for each question of a condition.

    `unanswered`: the value of a fact that no list can hold. Staff cannot list it, so that it is not listed says nothing.
    """

    counters: frozenset[Counter]
    memberships: Mapping[Asked, Membership]
    unanswered: frozenset[Entry]


class Evidence(NamedTuple):
    """The facts as conditions take them, and those of them that are kept with the charge, with the answers of lists."""

    bound: BoundFacts
    kept: Mapping[str, RiskFact]


class _Needs(NamedTuple):
    """What some versions of the rules need together."""

    facts: frozenset[str]
    counters: frozenset[Counter]
    asks: frozenset[Asked]


@lru_cache(maxsize=_NEEDS_KEPT_MAX)
def _needs_of(sets: tuple[RuleSet, ...]) -> _Needs:
    return _Needs(
        frozenset[str]().union(*(one.facts for one in sets)),
        frozenset[Counter]().union(*(one.counters for one in sets)),
        frozenset[Asked]().union(*(one.asks for one in sets)),
    )


def questions_of(known: Known, sets: Collection[RuleSet]) -> Questions:
    """What is to be read for a charge of which this much is known."""
    needs = _needs_of(tuple(sets))
    counters = frozenset(counter for counter in needs.counters if known.counts(counter))
    asked = {one: str(known.facts[one.fact]) for one in needs.asks if one.fact in known.facts}
    memberships = {
        one: Membership(one.list, one.kind, value)
        for one, value in asked.items()
        if looked_up_values(one.kind, value)
    }
    unanswered = frozenset((one.list, value) for one, value in asked.items() if one not in memberships)
    return Questions(counters, memberships, unanswered)


def evidence_of(
    known: Known, questions: Questions, readings: Readings | None, sets: Collection[RuleSet]
) -> Evidence:
    """What rules are evaluated by; without readings every counter and every list is unknown."""
    counted: dict[str, int] = {}
    entries = None
    kept: dict[str, RiskFact] = {}
    if readings is not None:
        counted = {COUNTER_NAMES[one]: count for one, count in readings.counts.items()}
        entries = frozenset((one.list, one.value) for one in readings.members)
        kept = {question(one): member in readings.members for one, member in questions.memberships.items()}
    needed: dict[str, object] = {}
    for name in _needs_of(tuple(sets)).facts:
        value = counted[name] if name in counted else known.facts.get(name)
        if isinstance(value, (str, int)):
            needed[name] = kept[name] = value
        elif value is not None:
            needed[name] = dict(value)
    return Evidence(RISK_FACTS.bind(needed, entries, questions.unanswered), kept)


def question(asked: Asked) -> str:
    """How the answer of a list stands among the facts of an assessment."""
    return f'{IN_LIST}("{asked.list}", {asked.fact})'
