"""An alert as an alarm of Amazon CloudWatch, which is sent the same metrics: counters as what they grew by in each period.

A metric is published once for each set of dimensions that an alarm here names, over all values of its other labels.
Source: CloudWatch's API reference, PutMetricAlarm and metric math. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

Statistic = Literal["Maximum", "Minimum", "Average", "Sum", "SampleCount"]
Comparison = Literal[">", ">=", "<", "<="]
Missing = Literal["notBreaching", "breaching", "ignore"]

NAMESPACE: Final = "FinCore"
_COMPARISONS: Final[Mapping[Comparison, str]] = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}


class MetricQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic of a metric, of the values that have these dimensions."""

    metric: str
    statistic: Statistic
    dimensions: Mapping[str, str] = {}


class _Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm compares with: it alarms once `periods` periods in a row lie beyond `threshold`.

    `besides`: what the alarm lacks of the alert, and what to use there; empty for nothing.
    """

    threshold: float
    comparison: Comparison = ">"
    period_seconds: int = 60
    periods: int = 1
    missing: Missing = "notBreaching"
    besides: str = ""


class MetricAlarm(_Bound, frozen=True, kw_only=True):
    """An alarm on one metric."""

    metric: str
    statistic: Statistic
    dimensions: Mapping[str, str] = {}


class MathAlarm(_Bound, frozen=True, kw_only=True):
    """An alarm on an expression of metric math over metrics that it names `m1`, `m2` ..."""

    expression: str
    metrics: Mapping[str, MetricQuery]


class CompositeAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms where all alarms of any of the groups do. `besides` as with single ones."""

    any_of: tuple[tuple[MetricAlarm | MathAlarm, ...], ...]
    besides: str = ""


class PrometheusOnly(msgspec.Struct, frozen=True, kw_only=True):
    """CloudWatch has no such alarm; `substitute` is what stands there in its place."""

    substitute: str


CloudWatchForm = MetricAlarm | MathAlarm | CompositeAlarm | PrometheusOnly


def above(metric: str, threshold: float, *, periods: int = 1, **dimensions: str) -> MetricAlarm:
    """An alarm on the highest value of a gauge, one period a minute."""
    return MetricAlarm(
        metric=metric, statistic="Maximum", threshold=threshold, periods=periods, dimensions=dimensions
    )


def grows(metric: str, threshold: float, *, seconds: int, **dimensions: str) -> MetricAlarm:
    """An alarm on what a counter grew by in a time."""
    return MetricAlarm(
        metric=metric, statistic="Sum", threshold=threshold, period_seconds=seconds, dimensions=dimensions
    )


def age(metric: str, threshold_seconds: float, *, periods: int = 1, **dimensions: str) -> MathAlarm:
    """An alarm on how long ago a time is that a gauge tells in seconds since 1970."""
    query = MetricQuery(metric=metric, statistic="Maximum", dimensions=dimensions)
    return MathAlarm(
        expression="EPOCH(m1) - m1", metrics={"m1": query}, threshold=threshold_seconds, periods=periods
    )


def single_alarms(form: CloudWatchForm) -> tuple[MetricAlarm | MathAlarm, ...]:
    """The alarms of which a form consists; none where CloudWatch has none."""
    match form:
        case MetricAlarm() | MathAlarm():
            return (form,)
        case CompositeAlarm():
            return tuple(one for group in form.any_of for one in group)
        case PrometheusOnly():
            return ()


def queries(alarm: MetricAlarm | MathAlarm) -> tuple[MetricQuery, ...]:
    """The metrics that an alarm asks for."""
    if isinstance(alarm, MathAlarm):
        return tuple(alarm.metrics.values())
    return (MetricQuery(metric=alarm.metric, statistic=alarm.statistic, dimensions=alarm.dimensions),)


def told(form: CloudWatchForm) -> str:
    """A form as a person reads it."""
    match form:
        case MetricAlarm() | MathAlarm():
            alarm = _told_one(form)
        case CompositeAlarm():
            alarm = "; or ".join(" and ".join(map(_told_one, group)) for group in form.any_of)
        case PrometheusOnly():
            return f"Prometheus only. Instead: {form.substitute}"
    return f"{alarm}. {form.besides}" if form.besides else alarm


def _told_one(alarm: MetricAlarm | MathAlarm) -> str:
    if isinstance(alarm, MathAlarm):
        where = ", ".join(f"{name} = {_told_query(query)}" for name, query in alarm.metrics.items())
        subject = f"`{alarm.expression}` with {where}"
    else:
        subject = _told_query(queries(alarm)[0])
    times = f" in {alarm.periods} periods" if alarm.periods > 1 else ""
    return f"{subject} {alarm.comparison} {alarm.threshold:g} over {alarm.period_seconds} s{times}"


def _told_query(query: MetricQuery) -> str:
    dimensions = ", ".join(f'{name}="{value}"' for name, value in query.dimensions.items())
    return (
        f"{query.statistic} of `{query.metric}{{{dimensions}}}`"
        if dimensions
        else f"{query.statistic} of `{query.metric}`"
    )


def resources(name: str, form: CloudWatchForm, *, meaning: str) -> dict[str, dict[str, Any]]:
    """The resources of a CloudFormation template that an alert is; none where CloudWatch has none."""
    if isinstance(form, CompositeAlarm):
        parts = {
            f"{name}{group_no}x{number}": one
            for group_no, group in enumerate(form.any_of, start=1)
            for number, one in enumerate(group, start=1)
        }
        rule = " OR ".join(
            "("
            + " AND ".join(
                f'ALARM("FinCore-{name}{group_no}x{number}")' for number in range(1, len(group) + 1)
            )
            + ")"
            for group_no, group in enumerate(form.any_of, start=1)
        )
        whole = {"AlarmName": f"FinCore-{name}", "AlarmRule": rule, "AlarmDescription": meaning}
        single = {part: _resource(part, one, meaning) for part, one in parts.items()}
        return {
            **single,
            name: {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": whole, "DependsOn": list(single)},
        }
    if isinstance(form, PrometheusOnly):
        return {}
    return {name: _resource(name, form, meaning)}


def _resource(name: str, alarm: MetricAlarm | MathAlarm, meaning: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "AlarmName": f"FinCore-{name}",
        "AlarmDescription": meaning,
        "ComparisonOperator": _COMPARISONS[alarm.comparison],
        "Threshold": alarm.threshold,
        "EvaluationPeriods": alarm.periods,
        "TreatMissingData": alarm.missing,
    }
    if isinstance(alarm, MathAlarm):
        properties["Metrics"] = [
            {"Id": "alarm", "Expression": alarm.expression, "ReturnData": True},
            *(
                {
                    "Id": metric_id,
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": _metric(query),
                        "Stat": query.statistic,
                        "Period": alarm.period_seconds,
                    },
                }
                for metric_id, query in alarm.metrics.items()
            ),
        ]
    else:
        properties |= _metric(queries(alarm)[0]) | {
            "Statistic": alarm.statistic,
            "Period": alarm.period_seconds,
        }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def _metric(query: MetricQuery) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    return {"Namespace": NAMESPACE, "MetricName": query.metric, "Dimensions": dimensions}
