"""What became of spans that were to be exported."""

from typing import Final, Literal, get_args

from prometheus_client import Counter

SpanResult = Literal["exported", "queue_full", "collector_failed", "stopped"]

TRACE_SPANS: Final = Counter(
    "fincore_trace_spans_total",
    "Spans that were to be exported, by what became of them: `exported`; dropped because too many waited (`queue_full`), because the "
    "collector did not take them (`collector_failed`), or because the process stopped first (`stopped`).",
    ("result",),
)
SPANS: Final = {result: TRACE_SPANS.labels(result) for result in get_args(SpanResult)}
"""Each series from the start: Prometheus sees no increase in one that begins later."""
