"""What rules would have done with charges of the past, put together charge by charge in bounded memory. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.backoffice.charge_results import Result
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.risk import RiskAssessment, RiskDecision, RuleError, RuleHit
from fincore.write.risk.rules import Action
from fincore.write.risk.store import ListName

NAMED_MAX: Final = 20
"""Unreadable charges that are named; all are counted."""
NOT_ASSESSED: Final = "not assessed"
NO_LIVE_VERSION: Final = "no live version"


class Decided(NamedTuple):
    """What rules say of one charge. Unknown rules and errors are those of a back-test: a recorded shadow does not tell them."""

    decision: RiskDecision
    rule: str | None
    hits: Sequence[RuleHit]
    unknown: Sequence[str] = ()
    errors: Sequence[RuleError] = ()


class Weighed(NamedTuple):
    """One charge: what was decided about it then, what became of it, and the money of it."""

    charge_id: ChargeId
    at: datetime
    then: RiskAssessment | None
    result: Result
    money: Money
    has_context: bool


class Tally(msgspec.Struct):
    """How many charges, and how much money in each currency, which is never added up over currencies."""

    charges: int = 0
    money: dict[Currency, int] = {}

    def add(self, money: Money) -> None:
        """Count a charge."""
        self.charges += 1
        self.money[money.currency] = self.money.get(money.currency, 0) + money.amount_minor


Tallies = dict[Result, Tally]


class RuleReport(msgspec.Struct):
    """What one rule would have done: how often it hit and decided, what became of the charges that it hit, and where it could not say."""

    name: str
    action: Action
    hits: int = 0
    decided: int = 0
    results: Tallies = {}
    unknown: int = 0
    errors: int = 0
    first_error: str | None = None


class Difference(NamedTuple):
    """A charge about which the rules of then decided otherwise."""

    charge_id: ChargeId
    at: datetime
    then: str
    then_rule: str | None
    now: RiskDecision
    now_rule: str | None
    result: Result


class RiskReport(msgspec.Struct, kw_only=True):
    """What rules would have done with charges, in all and by each rule, beside what was decided then.

    `changes` counts charges by what was decided then and what these rules decide; `differences` names the latest of those that differ.
    `read_before`: charges before the first, read for the counters. `forgotten`: counters that were dropped while they still counted,
    so that later counts may be too low. `outcomes_unread`: events that may be outcomes, and that no counter has. `lists_since`: the lists
    that the rules ask for and that were made after the first charge. `is_cut_off`: there are further charges that were not looked at.
    `is_by_days`: only charges of some days were asked for, and found by when the log recorded them.
    """

    charges: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    read_before: int = 0
    without_context: int = 0
    unreadable: int = 0
    unreadable_first: dict[ChargeId, str] = {}
    decisions: dict[RiskDecision, Tallies] = {}
    rules: dict[str, RuleReport] = {}
    changes: dict[tuple[str, RiskDecision], int] = {}
    differences: list[Difference] = []
    forgotten: int = 0
    outcomes_unread: int = 0
    lists_since: dict[ListName, datetime] = {}
    is_by_days: bool = False
    is_cut_off: bool = False
    seconds: float = 0.0

    def add(self, charge: Weighed, decided: Decided, *, named_max: int) -> None:
        """Count a charge."""
        self.charges += 1
        self.first_at = charge.at if self.first_at is None else min(self.first_at, charge.at)
        self.last_at = charge.at if self.last_at is None else max(self.last_at, charge.at)
        self.without_context += not charge.has_context
        of_decision = self.decisions.setdefault(decided.decision, {})
        of_decision.setdefault(charge.result, Tally()).add(charge.money)
        for hit in decided.hits:
            rule = self.rules[hit.rule]
            rule.hits += 1
            rule.results.setdefault(charge.result, Tally()).add(charge.money)
        if decided.rule is not None:
            self.rules[decided.rule].decided += 1
        for name in decided.unknown:
            self.rules[name].unknown += 1
        for error in decided.errors:
            rule = self.rules[error.rule]
            rule.errors += 1
            rule.first_error = rule.first_error or error.reason
        self._compare(charge, decided, named_max)

    def add_unreadable(self, charge_id: ChargeId, reason: str) -> None:
        """Count a charge of which nothing can be said, or not what became of it."""
        self.unreadable += 1
        if len(self.unreadable_first) < NAMED_MAX:
            self.unreadable_first[charge_id] = reason

    def _compare(self, charge: Weighed, decided: Decided, named_max: int) -> None:
        then = decision_then(charge.then)
        self.changes[then, decided.decision] = self.changes.get((then, decided.decision), 0) + 1
        if charge.then is None or then in (decided.decision, NO_LIVE_VERSION):
            return
        self.differences.append(
            Difference(
                charge.charge_id,
                charge.at,
                then,
                charge.then.rule,
                decided.decision,
                decided.rule,
                charge.result,
            )
        )
        del self.differences[: max(len(self.differences) - named_max, 0)]


def decision_then(assessment: RiskAssessment | None) -> str:
    """What was decided about a charge when it was made."""
    if assessment is None:
        return NOT_ASSESSED
    if assessment.rules_version == 0 and assessment.unavailable is None:
        return NO_LIVE_VERSION
    return assessment.decision


def new_report(actions: Mapping[str, Action], *, is_by_days: bool = False) -> RiskReport:
    """A report on rules about no charge."""
    return RiskReport(
        is_by_days=is_by_days,
        rules={name: RuleReport(name=name, action=action) for name, action in actions.items()},
    )
