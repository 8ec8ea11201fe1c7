"""The table of alerts names what exists, and leaves no invariant without one."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

from fincore.alerting.alert import Alert
from fincore.alerting.alerts import ALERTS
from fincore.alerting.books import INVARIANTS_THAT_CAN_WAIT
from fincore.alerting.cloudwatch import (
    MathAlarm,
    MetricAlarm,
    PrometheusOnly,
    queries,
    resources,
    single_alarms,
)
from fincore.audit.invariants import INVARIANTS

PROJECT: Final = Path(__file__).parents[3]
RUNBOOKS: Final = PROJECT / "docs/runbooks"
_SELECTOR: Final = re.compile(r"\b(fincore_\w+)(?:\{([^}]*)\})?")
_MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


def metrics() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each series that Prometheus finds, with its labels."""
    for path in sorted((PROJECT / "src/fincore").rglob("metrics.py")):
        module = import_module(".".join(path.relative_to(PROJECT / "src").with_suffix("").parts))
        for metric in vars(module).values():
            if not isinstance(metric, MetricWrapperBase):
                continue
            suffixes = (
                ("_total",)
                if isinstance(metric, Counter)
                else ("_count", "_sum", "_bucket")
                if isinstance(metric, Histogram)
                else ("",)
            )
            for suffix in suffixes:
                le = ("le",) if suffix == "_bucket" else ()
                yield f"{metric._name}{suffix}", (*metric._labelnames, *le)


SERIES: Final = dict(metrics())


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_alert_names_only_metrics_and_labels_that_exist(alert: Alert) -> None:
    selectors = _SELECTOR.findall(alert.expression)
    assert selectors
    for name, matchers in selectors:
        assert name in SERIES
        labels = {label for label, _, _ in _MATCHER.findall(matchers)}
        assert labels <= set(SERIES[name])
        assert _MATCHER.sub("", matchers).strip(", ") == ""


def test_metric_of_which_the_absence_fires_has_labels() -> None:
    """One without labels is shown, as 0, by each process that loads its module: it is never absent."""
    absent = {name for alert in ALERTS for name in re.findall(r"absent\((fincore_\w+)", alert.expression)}
    assert "fincore_relay_event_lag_seconds" in absent
    assert {name for name in absent if not SERIES[name]} == set()


BEGUN_WHEN_CONFIGURED: Final = {
    "fincore_webhooks_received_total": "for each PSP, by the inbox",
    "fincore_routing_rule_errors_total": "for each live rule, as it is read",
    "fincore_risk_rule_results_total": "for each live rule, as it is read",
    "fincore_reconciliation_runs_total": "by the role reconciliation",
}
"""Counters of which the series begin at 0 later than the process, with a test of their own each."""


def test_counter_of_which_one_is_enough_begins_at_zero() -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    counters = {
        name
        for alert in ALERTS
        for name in re.findall(r"increase\((fincore_\w+)[^)]*\)+ > 0$", alert.expression)
    }
    begun = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    assert BEGUN_WHEN_CONFIGURED.keys() <= counters
    assert counters - begun <= BEGUN_WHEN_CONFIGURED.keys()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_alert_has_a_page_that_says_what_to_do(alert: Alert) -> None:
    page = (RUNBOOKS / f"{alert.name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.MULTILINE)
    assert [part.partition("\n")[0] for part in parts] == [f"# {alert.name}", "Look at", "Do"]
    assert f"<!-- printed: alert_{alert.name} -->" in parts[0]
    assert "\n- " in parts[1]
    assert "\n1. " in parts[2]
    assert alert.meaning.endswith(".")


def test_no_page_is_left_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert.name for alert in ALERTS}


ALARMS: Final = [(alert.name, alarm) for alert in ALERTS for alarm in single_alarms(alert.cloudwatch)]


@pytest.mark.parametrize(("name", "alarm"), ALARMS, ids=[name for name, _ in ALARMS])
def test_cloudwatch_alarm_names_metrics_and_labels_that_exist(
    name: str, alarm: MetricAlarm | MathAlarm
) -> None:
    for query in queries(alarm):
        assert query.metric in SERIES, name
        assert set(query.dimensions) <= set(SERIES[query.metric])
    if isinstance(alarm, MathAlarm):
        assert set(re.findall(r"\bm[0-9]+\b", alarm.expression)) == set(alarm.metrics)


@pytest.mark.parametrize(("name", "alarm"), ALARMS, ids=[name for name, _ in ALARMS])
def test_cloudwatch_alarm_keeps_to_the_limits_of_the_service(
    name: str, alarm: MetricAlarm | MathAlarm
) -> None:
    """PutMetricAlarm: a day in all, or a week where a period is an hour or longer."""
    assert alarm.period_seconds % 60 == 0, name
    longest_seconds = 604_800 if alarm.period_seconds >= 3_600 else 86_400
    assert alarm.period_seconds * alarm.periods <= longest_seconds


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_cloudwatch_counter_is_summed_and_gauge_is_not(alert: Alert) -> None:
    for alarm in single_alarms(alert.cloudwatch):
        for query in queries(alarm):
            is_counter = query.metric.endswith(("_total", "_count", "_bucket"))
            assert not is_counter or query.statistic == "Sum"


def test_cloudwatch_resources_have_names_of_their_own() -> None:
    found = [
        name for alert in ALERTS for name in resources(alert.name, alert.cloudwatch, meaning=alert.meaning)
    ]
    assert len(set(found)) == len(found)
    assert all(name.isalnum() for name in found)
    left_out = {alert.name for alert in ALERTS} - set(found)
    assert left_out == {alert.name for alert in ALERTS if isinstance(alert.cloudwatch, PrometheusOnly)}


def test_alert_names_are_unique() -> None:
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


def test_each_invariant_has_exactly_one_alert() -> None:
    matchers = [
        (operator, re.compile(value))
        for alert in ALERTS
        for name, found in _SELECTOR.findall(alert.expression)
        if name == "fincore_law_violations"
        for label, operator, value in _MATCHER.findall(found)
        if label == "law"
    ]
    alarms = {
        invariant.name: sum(
            bool(pattern.fullmatch(invariant.name)) is (operator == "=~") for operator, pattern in matchers
        )
        for invariant in INVARIANTS
    }
    assert alarms == {invariant.name: 1 for invariant in INVARIANTS}
    assert set(INVARIANTS_THAT_CAN_WAIT) <= alarms.keys()
