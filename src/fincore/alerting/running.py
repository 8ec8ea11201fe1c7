"""Alerts on whether FinCore runs: its roles, requests, stores, clocks, certificates and traces. Pure."""

from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import (
    CompositeAlarm,
    MathAlarm,
    MetricAlarm,
    MetricQuery,
    PrometheusOnly,
    above,
    grows,
)

_SERVERS: Final = ("api", "checkout")
_SERVERS_SEEN: Final = ("staff", "card-edge")
"""Servers that an installation need not have: they are missed only where they ran in the last day."""
_CONSUMERS: Final = ("projectionist", "ledger", "notify", "risk")
_RELAYS: Final = ("fincore_relay_event_lag_seconds", "fincore_relay_job_lag_seconds")
_IN_FLIGHT: Final = 'fincore_http_requests_in_flight{server="%s"}'


def _absent_role(role: str, metric: str) -> str:
    """A metric that only one role shows is missing. It has a label: those without one are shown, as 0, by each process that loads their module."""
    return f'label_replace(absent({metric}), "role", "{role}", "", "")'


_ABSENT: Final = " or ".join(
    (
        *(f"absent({_IN_FLIGHT % server})" for server in _SERVERS),
        _absent_role("worker", "fincore_jobs"),
        *(f'absent(fincore_consumer_lag_seconds{{consumer="{consumer}"}})' for consumer in _CONSUMERS),
        _absent_role("auditor", "fincore_audit_unchecked"),
        *(
            f"(absent({_IN_FLIGHT % server}) and on() count(last_over_time({_IN_FLIGHT % server}[1d])) > 0)"
            for server in _SERVERS_SEEN
        ),
        *(
            f"({_absent_role('relay', relay)} and on() count(last_over_time({relay}[1d])) > 0)"
            for relay in _RELAYS
        ),
        f"({_absent_role('reconciliation', 'fincore_settlement_looks_total')} and on() count(fincore_settlement_look_overdue_seconds) > 0)",
    )
)


def _reported(metric: str, **dimensions: str) -> MetricAlarm:
    return MetricAlarm(
        metric=metric,
        statistic="SampleCount",
        comparison="<",
        threshold=1,
        missing="breaching",
        dimensions=dimensions,
    )


_REPORTED: Final = (
    *(_reported("fincore_http_requests_in_flight", server=server) for server in _SERVERS),
    _reported("fincore_jobs"),
    *(_reported("fincore_consumer_lag_seconds", consumer=consumer) for consumer in _CONSUMERS),
    _reported("fincore_audit_unchecked"),
)

RUNNING_ALERTS: Final = (
    Alert(
        name="RoleAbsent",
        severity="page",
        expression=_ABSENT,
        for_seconds=60,
        meaning="Prometheus receives no metrics of a role, which the label `server`, `consumer` or `role` of the alert names. `staff`, "
        "`card-edge` and `relay` count where they ran in the last day, `reconciliation` where sources of settlement files are declared.",
        cloudwatch=CompositeAlarm(
            any_of=tuple((one,) for one in _REPORTED),
            besides="Of `staff`, `card-edge`, `reconciliation` and `relay`, of which CloudWatch does not know whether they ran in the last day: "
            "Minimum of the `RunningTaskCount` of the role's service, by Container Insights of ECS, < 1 over 60 s in 5 periods, or no such "
            "figure. `infra` makes these alarms",
        ),
    ),
    Alert(
        name="ProcessUnread",
        severity="ticket",
        expression="up == 0 and on (job, instance) present_over_time(fincore_store_usable[1d])",
        for_seconds=300,
        meaning="Prometheus cannot read the metrics of a process, which the label `instance` names, and could within the last day. Others of its role may "
        "do its work: where none is left, RoleAbsent pages. What this process counts is in no other alert meanwhile.",
        cloudwatch=PrometheusOnly(
            substitute="CloudWatch asks no process for metrics. ECS replaces a task that ends or does not answer its health check, and the alarms of "
            "RoleAbsent tell where a role is left without one."
        ),
    ),
    Alert(
        name="RequestsFail",
        severity="page",
        expression='sum(rate(fincore_http_request_seconds_count{status="5xx"}[5m])) > 0.05 * '
        "sum(rate(fincore_http_request_seconds_count[5m]))",
        for_seconds=120,
        meaning="More than one request in twenty, of all servers together, is answered with a 5xx error. 503 means that a "
        "store is unavailable or that the server is overloaded.",
        cloudwatch=MathAlarm(
            expression="FILL(m1, 0) / m2",
            metrics={
                "m1": MetricQuery(
                    metric="fincore_http_request_seconds_count",
                    statistic="Sum",
                    dimensions={"status": "5xx"},
                ),
                "m2": MetricQuery(metric="fincore_http_request_seconds_count", statistic="Sum"),
            },
            threshold=0.05,
            period_seconds=300,
        ),
    ),
    Alert(
        name="RequestsLimited",
        severity="ticket",
        expression="sum by (reason) (increase(fincore_http_requests_limited_total[15m])) > 100",
        meaning="A client exceeds its share and receives 429. `reason` says whether a merchant's key sends too many requests a "
        "second, a merchant has too many open at once, or one address of customers asks too often: that is a robot, or "
        "a proxy that `FINCORE_TRUSTED_PROXIES` lacks.",
        cloudwatch=grows("fincore_http_requests_limited_total", 100, seconds=900),
    ),
    Alert(
        name="CommitsQueue",
        severity="page",
        expression="fincore_commits_waiting > 300",
        for_seconds=30,
        meaning="The event store writes more slowly than changes arrive. Check its disk, and look for long transactions. "
        "Requests stay open meanwhile: at 2,000 of them a process answers merchants with 503.",
        cloudwatch=above("fincore_commits_waiting", 300),
    ),
    Alert(
        name="ClockNotTrusted",
        severity="page",
        expression="fincore_clock_trusted == 0",
        for_seconds=60,
        meaning="The clocks of two machines differ, or one was set. Charges go on, but FinCore purges, expires and gives up "
        "nothing. The log line `clock.distrusted` shows both clocks: correct the wrong one.",
        cloudwatch=MetricAlarm(
            metric="fincore_clock_trusted", statistic="Minimum", comparison="<", threshold=1, periods=1
        ),
    ),
    Alert(
        name="FiguresStale",
        severity="page",
        expression="fincore_figures_age_seconds > 60",
        meaning="A process cannot measure figures that other alerts rely on: the queue, webhooks, or the lag of a consumer. "
        "Its store is unavailable, or its log line `metrics.unmeasured` gives the reason.",
        cloudwatch=above("fincore_figures_age_seconds", 60),
    ),
    Alert(
        name="StoreUnusable",
        severity="page",
        expression="min by (store, access) (fincore_store_usable) == 0",
        for_seconds=60,
        meaning="A store does not answer a role, or is read-only for a role that writes. While the event store is so, "
        "merchants receive 503 `store_unavailable` and no charge is accepted.",
        cloudwatch=MetricAlarm(
            metric="fincore_store_usable", statistic="Minimum", comparison="<", threshold=1
        ),
    ),
    Alert(
        name="CertificateEnds",
        severity="ticket",
        expression="min by (certificate) (fincore_certificate_ends_timestamp_seconds) - time() < 1209600",
        meaning="A certificate ends within 14 days. `card_edge` is the card edge's own; `eventstore`, `paymentdb` and `ledgerdb` are of "
        "the stores' servers; `paypal_live` and `paypal_test` sign PayPal's webhooks.",
        cloudwatch=MathAlarm(
            expression="m1 - EPOCH(m1)",
            metrics={
                "m1": MetricQuery(metric="fincore_certificate_ends_timestamp_seconds", statistic="Minimum")
            },
            threshold=1209600,
            comparison="<",
        ),
    ),
    Alert(
        name="CertificateEndsSoon",
        severity="page",
        expression="min by (certificate) (fincore_certificate_ends_timestamp_seconds) - time() < 172800",
        meaning="A certificate ends within two days, or has ended. Without it the card edge takes no card numbers, a store is "
        "unavailable to new connections, or PayPal's webhooks are refused.",
        cloudwatch=MathAlarm(
            expression="m1 - EPOCH(m1)",
            metrics={
                "m1": MetricQuery(metric="fincore_certificate_ends_timestamp_seconds", statistic="Minimum")
            },
            threshold=172800,
            comparison="<",
        ),
    ),
    Alert(
        name="SigningKeyOld",
        severity="ticket",
        expression="time() - max(fincore_staff_signing_key_timestamp_seconds > 0) > 31536000",
        meaning="The key of the built-in issuer of staff has signed for a year.",
        cloudwatch=MathAlarm(
            expression="IF(m1 > 0, EPOCH(m1) - m1, 0)",
            metrics={
                "m1": MetricQuery(metric="fincore_staff_signing_key_timestamp_seconds", statistic="Maximum")
            },
            threshold=31536000,
        ),
    ),
    Alert(
        name="SpansLost",
        severity="ticket",
        expression='sum(increase(fincore_trace_spans_total{result!="exported"}[1h])) > '
        "0.01 * sum(increase(fincore_trace_spans_total[1h]))",
        meaning="More than one span in a hundred of those that were to be exported in the last hour did not reach the "
        "collector, so that traces lack them. `collector_failed`: the log line `traces.not_exported` has the reason. "
        "`queue_full`: the collector is slower than the spans.",
        cloudwatch=MathAlarm(
            expression="IF(FILL(m1, 0) > 0, 1 - FILL(m2, 0) / m1, 0)",
            metrics={
                "m1": MetricQuery(metric="fincore_trace_spans_total", statistic="Sum"),
                "m2": MetricQuery(
                    metric="fincore_trace_spans_total", statistic="Sum", dimensions={"result": "exported"}
                ),
            },
            threshold=0.01,
            period_seconds=3600,
        ),
    ),
)
