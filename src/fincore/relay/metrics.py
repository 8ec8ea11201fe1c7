"""What the relay says about itself to Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

EVENT_LAG: Final = Gauge(
    "fincore_relay_event_lag_seconds",
    "How long the oldest event that the stream has not taken has been in the log.",
    ["sink"],
)
EVENTS: Final = Counter("fincore_relay_events_total", "Events that the stream took, with those sent twice.")
RECORDS: Final = Counter(
    "fincore_relay_records_total",
    "Records by what became of them: the stream took them (`taken`), or they are sent again (`repeated`).",
    ["result"],
)
JOB_LAG: Final = Gauge(
    "fincore_relay_job_lag_seconds",
    "How long the job has been due that waits longest for its first message.",
    ["sink"],
)
JOB_MESSAGES: Final = Counter(
    "fincore_relay_job_messages_total",
    "Messages about due jobs by what became of them: the queue took them (`taken`), or they are sent again (`repeated`).",
    ["result"],
)
SHARD_EVENTS: Final = Counter(
    "fincore_shard_events_total",
    "What shards gave a consumer, by what became of it: events that had their effect (`applied`), those of them that the stream had lost or could not hold (`loaded`) and those of "
    "parked streams (`parked`); records that were repetitions (`skipped`) and of events that the log does not have (`not_in_log`).",
    ["consumer", "result"],
)
