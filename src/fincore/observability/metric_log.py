"""Metrics as lines of log from which Amazon CloudWatch makes metrics: its embedded metric format.

Source: "Specification: Embedded metric format" of the documentation of CloudWatch.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from prometheus_client import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

NAMESPACE: Final = "FinCore"
VALUES_MAX: Final = 100
"""Values of one metric in one line."""
METRICS_MAX: Final = 100
"""Metrics in one line."""
DIMENSION_CHARACTERS_MAX: Final = 1_024
_NONE: Final = "none"
"""In place of a label without a value: a dimension has one."""

Wanted = Mapping[str, Iterable[tuple[str, ...]]]
"""By the name of a metric: the sets of labels that become dimensions."""
Bounds = Mapping[str, frozenset[str]]
"""By the name of the buckets of a histogram: the upper bounds that are wanted, as its label `le` has them."""
_COUNTING: Final = frozenset({"counter", "histogram"})
"""The types of which the values only grow."""
Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric, and the values of its labels."""
Group = tuple[tuple[str, str], ...]
"""Dimensions with their values."""


class MetricLog:
    """Writes the metrics that are wanted each time it is asked: gauges as they are, counters and parts of histograms as what they grew by since the time before.

    `bounds`: of buckets, those that are written. `only_growth`: nothing but counters that grew, for a process that does not run on and knows nothing of gauges.
    """

    def __init__(
        self,
        registry: CollectorRegistry | Collector,
        wanted: Wanted,
        write: Callable[[str], None],
        *,
        bounds: Bounds = MappingProxyType({}),
        only_growth: bool = False,
    ) -> None:
        self._registry = registry
        self._wanted = {metric: frozenset(sets) for metric, sets in wanted.items()}
        self._write = write
        self._counted: dict[Series, float] = {}
        self._bounds = bounds
        self._only_growth = only_growth

    def look(self, at_ms: int) -> None:
        """Write what there is at a time, in milliseconds since 1970."""
        values: dict[Group, dict[str, list[float]]] = {}
        for name, labels, value in self._seen(self._registry.collect()):
            for dimensions in self._wanted[name]:
                group = tuple((label, labels.get(label) or _NONE) for label in dimensions)
                values.setdefault(group, {}).setdefault(name, []).append(value)
        for group, metrics in sorted(values.items()):
            for line in _lines(group, metrics, at_ms):
                self._write(line)

    def _seen(self, families: Iterable[Metric]) -> Iterator[tuple[str, Mapping[str, str], float]]:
        """Every series that is wanted, with its value or growth."""
        for family in families:
            for sample in family.samples:
                if sample.name not in self._wanted or self._is_left_out(sample):
                    continue
                value = float(sample.value)
                if not math.isfinite(value):
                    continue
                if family.type in _COUNTING:
                    series = (sample.name, tuple(sorted(sample.labels.items())))
                    before = self._counted.get(series, 0.0)
                    self._counted[series] = value
                    value -= before
                if self._only_growth and (family.type not in _COUNTING or value <= 0):
                    continue
                yield sample.name, sample.labels, value

    def _is_left_out(self, sample: Sample) -> bool:
        bound = sample.labels.get("le")
        return bound is not None and bound not in self._bounds.get(sample.name, ())


def _lines(group: Group, metrics: Mapping[str, list[float]], at_ms: int) -> Iterator[str]:
    """The lines of one group of dimensions: as many as its values need."""
    left = {name: list(values) for name, values in sorted(metrics.items())}
    while left:
        names = list(left)[:METRICS_MAX]
        shown = {name: left[name][:VALUES_MAX] for name in names}
        for name in names:
            del left[name][:VALUES_MAX]
            if not left[name]:
                del left[name]
        declared = {
            "Namespace": NAMESPACE,
            "Dimensions": [[label for label, _ in group]],
            "Metrics": [{"Name": name} for name in names],
        }
        yield json.dumps(
            {
                "_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [declared]},
                **{label: value[:DIMENSION_CHARACTERS_MAX] for label, value in group},
                **{name: values[0] if len(values) == 1 else values for name, values in shown.items()},
            },
            separators=(",", ":"),
        )
