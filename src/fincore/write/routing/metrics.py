"""What routing counts."""

from typing import Final

from prometheus_client import Counter, Gauge

BREAKER_STATE: Final = Gauge(
    "fincore_breaker_state",
    "The breaker of an account, as this process sees it: 0 closed, 1 half-open, 2 open.",
    ["psp", "psp_account"],
)
BREAKER_OPENINGS: Final = Counter(
    "fincore_breaker_openings_total",
    "How often this process opened the closed breaker of an account.",
    ["psp", "psp_account"],
)
RULES_VERSION: Final = Gauge(
    "fincore_routing_rules_version", "The version of the routing rules that this process goes by; 0 for none."
)
RULES_UNUSABLE: Final = Gauge(
    "fincore_routing_rules_unusable",
    "1 while this process cannot use the live version of the routing rules, and goes by the one before it.",
)
RULES_AGE: Final = Gauge(
    "fincore_routing_rules_age_seconds",
    "Seconds since this process last looked for changes of the routing rules and could read them; 0 where it does not look.",
)
RULE_ERRORS: Final = Counter(
    "fincore_routing_rule_errors_total",
    "Charges for which a routing rule could not be evaluated, so that it did not match.",
    ["rule"],
)
