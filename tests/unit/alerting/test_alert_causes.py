"""Which alerts a test fires by making their cause."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fincore.alerting.alert import Alert
from fincore.alerting.alerts import ALERTS

TESTS: Final = Path(__file__).parents[2]
FILES: Final = (
    "acceptance/test_monitoring.py",
    "acceptance/test_causes_of_alerts.py",
    "fixtures/alert_causes.py",
    "fixtures/settlement_alert_causes.py",
)
EXCEPTIONS: Final = {
    "page RelayLags": "the role relay needs a stream of Amazon Kinesis, which the system of these tests lacks",
    "page JobRelayLags": "the role relay needs a queue of Amazon SQS, which the system of these tests lacks",
}
"""Alerts that no test fires by their cause, although their windows are short -> why."""
WINDOW_SECONDS_MAX: Final = 300
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_NAMED: Final = re.compile(r"(?:page|ticket) [A-Z]\w+")


def windows_seconds(alert: Alert) -> Iterator[int]:
    for number, unit in re.findall(r"(?:\[|offset )(\d+)([smhdw])", alert.expression):
        yield int(number) * _SECONDS[unit]


def named() -> Iterator[str]:
    """Each alert that those files name, with its severity."""
    for file in FILES:
        for node in ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _NAMED.fullmatch(node.value)
            ):
                yield node.value


def test_each_alert_of_short_windows_is_fired_by_its_cause() -> None:
    short = {
        f"{alert.severity} {alert.name}"
        for alert in ALERTS
        if max(windows_seconds(alert), default=0) <= WINDOW_SECONDS_MAX
    }
    assert short - set(named()) == set(EXCEPTIONS)


def test_causes_name_only_alerts_that_exist() -> None:
    assert set(named()) <= {f"{alert.severity} {alert.name}" for alert in ALERTS}
