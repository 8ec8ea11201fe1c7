"""What the risk engine and its store count."""

from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from fincore.domain.risk import RiskUnavailable

DECISIONS: Final = Counter(
    "fincore_risk_decisions_total",
    "Charges that the risk engine assessed, by decision. `challenge`, `review` and `block` are what became of them.",
    ["decision"],
)
RULE_RESULTS: Final = Counter(
    "fincore_risk_rule_results_total",
    "Charges that a rule hit, needs an unknown fact for, or erred for. `mode` is `live` or `shadow`.",
    ["mode", "rule", "action", "result"],
)
SHADOW_DECISIONS: Final = Counter(
    "fincore_risk_shadow_decisions_total",
    "What versions in shadow would have decided, beside what was decided.",
    ["version", "decision", "live_decision"],
)
UNAVAILABLE: Final = Counter(
    "fincore_risk_unavailable_total",
    "Charges for which rules could not decide, so that the failure mode counted, by the reason.",
    ["reason"],
)
for _reason in get_args(RiskUnavailable):
    # A series that begins at 0 tells of the first one, too.
    UNAVAILABLE.labels(_reason)
ASSESSMENT_SECONDS: Final = Histogram(
    "fincore_risk_assessment_seconds",
    "How long the assessment of a charge took, with the wait for the store.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)
RULES_VERSION: Final = Gauge(
    "fincore_risk_rules_version", "The version of the risk rules that this process goes by; 0 for none."
)
RULES_UNUSABLE: Final = Gauge(
    "fincore_risk_rules_unusable",
    "1 while this process cannot use a version of the risk rules that is live or in shadow, and goes by the live one before it.",
)
RULES_AGE: Final = Gauge(
    "fincore_risk_rules_age_seconds",
    "Seconds since this process last looked for changes of the risk rules and could read them; 0 where it does not look.",
)
ATTEMPTS_UNCOUNTED: Final = Counter(
    "fincore_risk_attempts_uncounted_total",
    "Attempts to pay that this process could not count, so that counters by which rules decide are too low.",
)
ATTEMPTS_CONTENDED: Final = Counter(
    "fincore_risk_attempts_contended_total",
    "Attempts to pay that were counted once more in DynamoDB, as another process came first, or the table was away or at its limit.",
)
