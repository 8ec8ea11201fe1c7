"""Alerts in Prometheus's own words: each fires over series that show its cause, is quiet over others, and over a quiet week."""

import re
from pathlib import Path
from typing import Final

import pytest

from fincore.alerting.alerts import ALERTS
from fincore.alerting.objectives import BURN_ALERTS
from fixtures.promtool import assert_cases, assert_quiet, check_rules
from fixtures.quiet_installation import quiet_series
from unit.alerting.alert_cases import cases

BY_NAME: Final = {alert.name: alert for alert in ALERTS}
CASES: Final = tuple(cases())
HOURS: Final = 6
LOOK_BACK_DAYS: Final = ("AuthorizationRateFell", *(alert.name for alert in BURN_ALERTS))
"""What alerts by what was days before."""


def test_prometheus_reads_every_expression(tmp_path: Path) -> None:
    check_rules(tmp_path, ALERTS)


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    assert {case.alert for case in CASES if case.firing} == BY_NAME.keys()
    assert {case.alert for case in CASES if not case.firing} == BY_NAME.keys()
    assert len({case.name for case in CASES}) == len(CASES)


def test_alerts_fire_over_the_series_of_their_cases_alone(tmp_path: Path) -> None:
    assert_cases(tmp_path, BY_NAME, CASES)


def test_no_alert_fires_over_hours_of_quiet_load(tmp_path: Path) -> None:
    times = [f"{minute}m" for minute in range(20, HOURS * 60, 20)]
    assert_quiet(tmp_path, ALERTS, quiet_series(HOURS * 60), at=times, every="2m")


@pytest.mark.long
def test_no_alert_by_days_before_fires_after_a_quiet_week(tmp_path: Path) -> None:
    alerts = [BY_NAME[name] for name in LOOK_BACK_DAYS]
    at = [f"{8 * 1_440 + minute}m" for minute in range(0, 300, 60)]
    assert_quiet(tmp_path, alerts, quiet_series(9 * 1_440), at=at, every="60m")


def test_quiet_installation_shows_every_metric_of_every_alert() -> None:
    shown = {name.partition("{")[0] for name in quiet_series(1)}
    asked = {name for alert in ALERTS for name in re.findall(r"\bfincore_\w+", alert.expression)}
    assert asked <= shown
