"""Alerts on where charges go and whether they are assessed. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import MetricAlarm, above, grows

ROUTING_AND_RISK_ALERTS: Final = (
    Alert(
        name="AccountOutOfReach",
        severity="ticket",
        expression="max by (psp, psp_account) (fincore_breaker_state) == 2",
        for_seconds=300,
        meaning="The breaker of an account has been open for five minutes: FinCore cannot reach the PSP. Charges go to the "
        "next account of their plan, or are sent all the same. `fincore psp accounts` says why; look at the PSP's "
        "status page.",
        cloudwatch=MetricAlarm(
            metric="fincore_breaker_state", statistic="Maximum", comparison=">=", threshold=2, periods=5
        ),
    ),
    Alert(
        name="RoutingRulesUnusable",
        severity="page",
        expression="max(fincore_routing_rules_unusable) > 0",
        meaning="An api process cannot use the live version of the routing rules, and goes by the one before it. The log line "
        "`routing.rules_unusable` has the reason; set a further version with `fincore routes set`.",
        cloudwatch=above("fincore_routing_rules_unusable", 0),
    ),
    Alert(
        name="RoutingRulesOld",
        severity="page",
        expression="max(fincore_routing_rules_age_seconds) > 60",
        for_seconds=60,
        meaning="A process has not been able to look for changes of the routing rules for a minute, and goes by those that it "
        "had then. Read the last lines of its log, and see whether the event store answers it; restart it if it does.",
        cloudwatch=above("fincore_routing_rules_age_seconds", 60),
    ),
    Alert(
        name="RoutingRuleErrs",
        severity="ticket",
        expression="increase(fincore_routing_rule_errors_total[1h]) > 0",
        meaning="A routing rule cannot be evaluated for some charges, so that it does not match them. The log line "
        "`routing.rule_erred` has the reason, most often a key that the metadata lacks.",
        cloudwatch=grows("fincore_routing_rule_errors_total", 0, seconds=3600),
    ),
    Alert(
        name="RiskUnavailable",
        severity="page",
        expression="sum by (reason) (increase(fincore_risk_unavailable_total[5m])) > 0",
        meaning="Risk rules could not decide about charges, so that FINCORE_RISK_FAILURE_MODE counted. `store_unavailable` and "
        "`store_slow`: counters and lists did not answer within FINCORE_RISK_TIMEOUT_MS. `no_rules`: no live version "
        "can be used; the log of the process has the reason. `engine_unavailable` and `engine_slow`: the function in FINCORE_RISK_FUNCTION failed, or did not answer within "
        "FINCORE_RISK_FUNCTION_TIMEOUT_MS; the process logs `risk.function_unavailable`.",
        cloudwatch=grows("fincore_risk_unavailable_total", 0, seconds=300),
    ),
    Alert(
        name="RiskAttemptsUncounted",
        severity="page",
        expression="sum(increase(fincore_risk_attempts_uncounted_total[5m])) > 0",
        meaning="Attempts to pay could not be counted, so that the counters of risk rules are too low for up to their windows. "
        "The log line `risk.attempts_uncounted` has the reason; without one, the queue of a process is full because "
        "the event store's PostgreSQL counts more slowly than charges arrive.",
        cloudwatch=grows("fincore_risk_attempts_uncounted_total", 0, seconds=300),
    ),
    Alert(
        name="RiskRulesUnusable",
        severity="page",
        expression="max(fincore_risk_rules_unusable) > 0",
        meaning="A process cannot use a version of the risk rules that is live or in shadow, and goes by the live one before "
        "it. The log line `risk.rules_unusable` has the reason; let another version be live with `fincore risk live`, "
        "or retire it.",
        cloudwatch=above("fincore_risk_rules_unusable", 0),
    ),
    Alert(
        name="RiskRulesOld",
        severity="page",
        expression="max(fincore_risk_rules_age_seconds) > 60",
        for_seconds=60,
        meaning="A process has not been able to look for changes of the risk rules for a minute, and goes by those that it had "
        "then: a rule that was made live since does not count there. Read the last lines of its log, and see whether "
        "the event store answers it.",
        cloudwatch=above("fincore_risk_rules_age_seconds", 60),
    ),
    Alert(
        name="RiskRuleErrs",
        severity="ticket",
        expression='sum by (rule) (increase(fincore_risk_rule_results_total{result="error",mode="live"}[1h])) > 0',
        meaning="A live risk rule cannot be evaluated for some charges, so that it does not decide about them. The log line "
        "`risk.rule_erred` has the reason, most often a key that the metadata lacks.",
        cloudwatch=grows("fincore_risk_rule_results_total", 0, seconds=3600, result="error", mode="live"),
    ),
)
