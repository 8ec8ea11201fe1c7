"""The risk assessment of a charge in words: what was decided, by which rule, from which facts, and what could not be decided."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.domain.risk import RiskAssessment, RiskFact, RiskUnavailable, RuleHit

UNAVAILABLE: Final[Mapping[RiskUnavailable, str]] = MappingProxyType(
    {
        "store_unavailable": "the store of counters and lists was away: the failure mode decided",
        "store_slow": "the store of counters and lists took too long: the failure mode decided",
        "no_rules": "the rules could not be used: the failure mode decided",
        "engine_unavailable": "the function of the risk engine failed: the failure mode decided",
        "engine_slow": "the function of the risk engine took too long: the failure mode decided",
    }
)


def assessment_lines(assessment: RiskAssessment) -> list[str]:
    """A line for what was decided, and one for each kind of thing that it was decided by, where there is any."""
    return [
        f"risk: {assessment.decision}; {_decided_by(assessment)}; {assessment.elapsed_microseconds} us",
        *_listed("hits", _hits(assessment.hits)),
        *_listed("facts", ", ".join(_fact(name, value) for name, value in sorted(assessment.facts.items()))),
        *_listed("unknown", ", ".join(assessment.unknown)),
        *(f"  error in {error.rule}: {error.reason}" for error in assessment.errors),
        *(
            f"  shadow: version {one.rules_version} would {one.decision}"
            f"{'' if one.rule is None else f', rule {one.rule}'}{f'; hits {_hits(one.hits)}' if one.hits else ''}"
            for one in assessment.shadow
        ),
    ]


def _decided_by(assessment: RiskAssessment) -> str:
    if assessment.unavailable is not None and assessment.rule is None:
        return UNAVAILABLE[assessment.unavailable]
    if assessment.rules_version == 0:
        return "no version was live"
    if assessment.rule is None:
        return f"no rule of version {assessment.rules_version} decided"
    fallback = (
        ""
        if assessment.fell_back_from is None
        else f", which falls back from {assessment.fell_back_from}: this payment cannot do it"
    )
    return f"rule {assessment.rule} of version {assessment.rules_version}{fallback}"


def _listed(what: str, text: str) -> list[str]:
    return [f"  {what}: {text}"] if text else []


def _hits(hits: tuple[RuleHit, ...]) -> str:
    return ", ".join(f"{hit.rule} ({hit.action})" for hit in hits)


def _fact(name: str, value: RiskFact) -> str:
    return f"{name} {str(value).lower() if isinstance(value, bool) else value}"
