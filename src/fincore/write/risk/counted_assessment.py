"""Counts what became of charges that were assessed, in the process that asked: metrics of a function of Lambda are read by no one."""

from collections.abc import Mapping
from typing import Final

from fincore.domain.risk import RiskAssessment, RiskDecision
from fincore.write.risk.metrics import (
    ASSESSMENT_SECONDS,
    DECISIONS,
    RULE_RESULTS,
    SHADOW_DECISIONS,
    UNAVAILABLE,
)
from fincore.write.risk.rules import STRICTNESS

_DECIDED: Final = {decision: DECISIONS.labels(decision) for decision in STRICTNESS}


def count_assessment(assessment: RiskAssessment) -> None:
    """Count the decision, how long it took, and why rules could not decide."""
    ASSESSMENT_SECONDS.observe(assessment.elapsed_microseconds / 1_000_000)
    _DECIDED[assessment.decision].inc()
    if assessment.unavailable is not None:
        UNAVAILABLE.labels(assessment.unavailable).inc()


def count_rule_results(assessment: RiskAssessment, actions: Mapping[int, Mapping[str, RiskDecision]]) -> None:
    """Count what rules said as far as an assessment tells it. `actions` are those of the rules of each version, by name."""
    for hit in assessment.hits:
        RULE_RESULTS.labels("live", hit.rule, hit.action, "hit").inc()
    live = actions.get(assessment.rules_version, {})
    for name in assessment.unknown:
        if name in live:
            RULE_RESULTS.labels("live", name, live[name], "unknown").inc()
    for error in assessment.errors:
        if error.rule in live:
            RULE_RESULTS.labels("live", error.rule, live[error.rule], "error").inc()
    for tried in assessment.shadow:
        SHADOW_DECISIONS.labels(str(tried.rules_version), tried.decision, assessment.decision).inc()
        for hit in tried.hits:
            RULE_RESULTS.labels("shadow", hit.rule, hit.action, "hit").inc()
