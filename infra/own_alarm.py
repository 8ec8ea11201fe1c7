"""An alarm on one of AWS's own metrics. Pure."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from fincore.alerting.alert import Severity
from fincore.alerting.cloudwatch import Missing

Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]


class OwnAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm. `missing`: what missing data does; `dimensions` may hold references of CloudFormation."""

    name: str
    severity: Severity
    meaning: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Maximum", "Minimum", "Average", "Sum"]
    comparison: Comparison = "GreaterThanThreshold"
    threshold: float
    period_seconds: int = 300
    periods: int = 3
    missing: Missing = "notBreaching"
