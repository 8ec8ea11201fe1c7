"""Which metrics Amazon CloudWatch is sent: those that the alarms of a table of alerts ask for, by their dimensions. Pure."""

from collections.abc import Iterable, Mapping

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import queries, single_alarms


def published(alerts: Iterable[Alert]) -> Mapping[str, frozenset[tuple[str, ...]]]:
    """Each metric with the sets of labels that become dimensions, each set in the order of its names."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for alert in alerts:
        for alarm in single_alarms(alert.cloudwatch):
            for query in queries(alarm):
                found.setdefault(query.metric, set()).add(tuple(sorted(query.dimensions)))
    return {metric: frozenset(sets) for metric, sets in found.items()}


def bounds(alerts: Iterable[Alert]) -> Mapping[str, frozenset[str]]:
    """The buckets of each histogram that are asked for, by their upper bounds."""
    found: dict[str, set[str]] = {}
    for alert in alerts:
        for alarm in single_alarms(alert.cloudwatch):
            for query in queries(alarm):
                if "le" in query.dimensions:
                    found.setdefault(query.metric, set()).add(query.dimensions["le"])
    return {metric: frozenset(wanted) for metric, wanted in found.items()}
