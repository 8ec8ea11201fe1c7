"""Metrics as lines of the embedded metric format: what CloudWatch makes of them is what the alarms of the table ask for."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped]
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fincore.alerting.alert import Alert
from fincore.alerting.alerts import ALERTS
from fincore.alerting.cloudwatch import above, grows, queries, single_alarms
from fincore.alerting.published import bounds, published
from fincore.observability.metric_log import METRICS_MAX, VALUES_MAX, MetricLog, Wanted

NUMBER: Final = {"type": "number"}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "maxItems": 30,
                                    "items": {"type": "string", "minLength": 1, "maxLength": 250},
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {"type": "string", "minLength": 1, "maxLength": 1024}
                                    },
                                },
                            },
                        },
                    },
                },
            },
        }
    },
    "additionalProperties": {
        "oneOf": [
            {"type": "string", "minLength": 1, "maxLength": 1024},
            NUMBER,
            {"type": "array", "minItems": 1, "maxItems": 100, "items": NUMBER},
        ]
    },
}
"""The schema in AWS's specification, with the bounds that its text adds."""

Values = dict[tuple[str, tuple[tuple[str, str], ...]], list[float]]


def read(lines: list[str]) -> Values:
    """What CloudWatch has of lines: the values of each metric by its dimensions."""
    found: Values = defaultdict(list)
    for line in lines:
        document = json.loads(line)
        jsonschema.validate(document, SCHEMA)
        for declared in document["_aws"]["CloudWatchMetrics"]:
            for dimensions in declared["Dimensions"]:
                where = tuple((name, document[name]) for name in dimensions)
                for metric in declared["Metrics"]:
                    value = document[metric["Name"]]
                    found[metric["Name"], where] += value if isinstance(value, list) else [value]
    return dict(found)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def log_of(registry: CollectorRegistry, wanted: Wanted) -> tuple[MetricLog, list[str]]:
    lines: list[str] = []
    return MetricLog(registry, wanted, lines.append), lines


def test_gauge_has_the_values_of_all_series_of_a_dimension(registry: CollectorRegistry) -> None:
    jobs = Gauge("jobs", "x", ["status", "kind"], registry=registry)
    for number, (status, kind) in enumerate([("due", "a"), ("due", "b"), ("held", "a")], start=1):
        jobs.labels(status, kind).set(number)
    log, lines = log_of(registry, {"jobs": [(), ("status",)]})
    log.look(1_000)
    assert read(lines) == {
        ("jobs", ()): [1, 2, 3],
        ("jobs", (("status", "due"),)): [1, 2],
        ("jobs", (("status", "held"),)): [3],
    }


def test_counter_has_what_it_grew_by_since_the_line_before(registry: CollectorRegistry) -> None:
    answers = Counter("answers", "x", ["result"], registry=registry)
    log, lines = log_of(registry, {"answers_total": [("result",)]})
    answers.labels("good").inc(5)
    log.look(1_000)
    answers.labels("good").inc(2)
    answers.labels("bad").inc()
    log.look(2_000)
    log.look(3_000)
    assert read(lines) == {
        ("answers_total", (("result", "good"),)): [5, 2, 0],
        ("answers_total", (("result", "bad"),)): [1, 0],
    }
    assert [json.loads(line)["_aws"]["Timestamp"] for line in lines] == [1_000, 2_000, 2_000, 3_000, 3_000]


def test_histogram_has_its_count_and_buckets_that_are_asked_for(registry: CollectorRegistry) -> None:
    seconds = Histogram("seconds", "x", ["mode"], buckets=(0.5, 1.0), registry=registry)
    wanted: Wanted = {"seconds_count": [("mode",)], "seconds_bucket": [("le", "mode")]}
    lines: list[str] = []
    log = MetricLog(registry, wanted, lines.append, bounds={"seconds_bucket": frozenset({"0.5"})})
    for each in (0.1, 0.7, 3.0):
        seconds.labels("live").observe(each)
    log.look(1_000)
    seconds.labels("live").observe(0.2)
    log.look(2_000)
    assert read(lines) == {
        ("seconds_count", (("mode", "live"),)): [3, 1],
        ("seconds_bucket", (("le", "0.5"), ("mode", "live"))): [1, 1],
    }


def test_process_that_does_not_run_on_prints_what_grew_alone(registry: CollectorRegistry) -> None:
    answers = Counter("answers", "x", ["result"], registry=registry)
    answers.labels("bad")
    Gauge("jobs", "x", registry=registry).set(1)
    lines: list[str] = []
    wanted: Wanted = {"answers_total": [("result",)], "jobs": [()]}
    log = MetricLog(registry, wanted, lines.append, only_growth=True)
    answers.labels("good").inc(5)
    log.look(1_000)
    log.look(2_000)
    answers.labels("good").inc(2)
    log.look(3_000)
    assert read(lines) == {("answers_total", (("result", "good"),)): [5, 2]}


def test_metric_that_no_alarm_asks_for_is_not_printed(registry: CollectorRegistry) -> None:
    Gauge("other", "x", registry=registry).set(1)
    log, lines = log_of(registry, {"jobs": [()]})
    log.look(1_000)
    assert lines == []


def test_value_that_is_no_number_is_left_out(registry: CollectorRegistry) -> None:
    gauge = Gauge("jobs", "x", ["status"], registry=registry)
    gauge.labels("due").set(float("nan"))
    gauge.labels("held").set(float("inf"))
    gauge.labels("dead").set(1)
    log, lines = log_of(registry, {"jobs": [()]})
    log.look(1_000)
    assert read(lines) == {("jobs", ()): [1]}


def test_label_without_a_value_is_a_dimension_that_has_one(registry: CollectorRegistry) -> None:
    Gauge("jobs", "x", ["status"], registry=registry).labels("").set(1)
    log, lines = log_of(registry, {"jobs": [("status",)]})
    log.look(1_000)
    assert read(lines) == {("jobs", (("status", "none"),)): [1]}


def test_values_and_metrics_beyond_one_line_are_all_printed(registry: CollectorRegistry) -> None:
    gauge = Gauge("jobs", "x", ["status"], registry=registry)
    for number in range(2 * VALUES_MAX + 1):
        gauge.labels(str(number)).set(number)
    names = [f"metric_{number}" for number in range(METRICS_MAX + 1)]
    for name in names:
        Gauge(name, "x", registry=registry).set(1)
    log, lines = log_of(registry, {name: [()] for name in ("jobs", *names)})
    log.look(1_000)
    found = read(lines)
    assert sorted(found["jobs", ()]) == [float(number) for number in range(2 * VALUES_MAX + 1)]
    assert found.keys() == {(name, ()) for name in ("jobs", *names)}


def test_every_metric_of_every_alarm_is_published() -> None:
    wanted, buckets = published(ALERTS), bounds(ALERTS)
    assert len(wanted) > 50
    assert buckets
    for alert in ALERTS:
        for alarm in single_alarms(alert.cloudwatch):
            for query in queries(alarm):
                assert tuple(sorted(query.dimensions)) in wanted[query.metric]
                assert ("le" in query.dimensions) == query.metric.endswith("_bucket")
                assert query.dimensions.get("le") in buckets.get(query.metric, {None})


def test_published_metrics_are_those_of_the_alarms_alone() -> None:
    row = Alert(
        name="A", severity="page", expression="x", meaning="x", cloudwatch=above("jobs", 1, status="dead")
    )
    other = Alert(
        name="B", severity="page", expression="x", meaning="x", cloudwatch=grows("jobs", 1, seconds=60)
    )
    assert published([row, other]) == {"jobs": frozenset({("status",), ()})}
