"""What rules need to be told of a charge, and what they are evaluated by once that is told. Pure.

The engine asks the store; a back-test asks what stood there when the charge was made. Both evaluate the same evidence.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from fincore.domain.risk import RiskFact
from fincore.write.risk.features import RISK_FACTS, Known, counter_name
from fincore.write.risk.list_values import looked_up_values
from fincore.write.risk.rules import Asked, RuleSet
from fincore.write.risk.store import Counter, Membership, Readings
from fincore.write.rules.cel import IN_LIST, BoundFacts, Entry


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


def questions_of(known: Known, sets: Collection[RuleSet]) -> Questions:
    """What is to be read for a charge of which this much is known."""
    counters = frozenset(counter for one in sets for counter in one.counters if counter.key in known.keys)
    asked = {
        asked: str(known.facts[asked.fact]) for one in sets for asked in one.asks if asked.fact in known.facts
    }
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
    counted = {} if readings is None else {counter_name(one): count for one, count in readings.counts.items()}
    facts = {**known.facts, **counted}
    entries = None
    answers: dict[str, RiskFact] = {}
    if readings is not None:
        entries = frozenset((one.list, one.value) for one in readings.members)
        answers = {question(one): member in readings.members for one, member in questions.memberships.items()}
    named = frozenset[str]().union(*(one.facts for one in sets))
    needed = {name: facts[name] for name in named if name in facts}
    kept = {name: value for name, value in needed.items() if isinstance(value, bool | int | str)}
    bound = RISK_FACTS.bind(
        {name: dict(value) if isinstance(value, Mapping) else value for name, value in needed.items()},
        entries,
        questions.unanswered,
    )
    return Evidence(bound, {**kept, **answers})


def question(asked: Asked) -> str:
    """How the answer of a list stands among the facts of an assessment."""
    return f'{IN_LIST}("{asked.list}", {asked.fact})'
