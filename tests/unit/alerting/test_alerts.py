"""The table of alerts names what exists, and leaves no invariant without one."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

from fincore.alerting.alert import Alert
from fincore.alerting.alerts import ALERTS, INVARIANTS_THAT_CAN_WAIT
from fincore.audit.invariants import INVARIANTS

PROJECT: Final = Path(__file__).parents[3]
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
                yield f"{metric._name}{suffix}", metric._labelnames


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


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_alert_leads_to_a_section_of_the_guide(alert: Alert) -> None:
    guide = (PROJECT / "docs/guides/operate.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", guide, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert alert.section in anchors
    assert alert.runbook.endswith(".")


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
