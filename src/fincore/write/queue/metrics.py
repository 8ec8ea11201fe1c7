"""What the queue says about itself to Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

OLDEST_DUE_SECONDS: Final = Gauge(
    "fincore_job_oldest_due_seconds",
    "How long the oldest due job of a kind has waited to be begun; 0 where none is due. `webhook.interpret` reads webhooks of PSPs.",
    ["kind"],
)
JOBS: Final = Gauge("fincore_jobs", "Jobs in the queue; `held` ones wait for a person.", ["status"])
DEAD_LETTERS: Final = Counter(
    "fincore_job_dead_letters_total",
    "Dead letters of the queue of messages by what they led to: the job is held (`held`), it is due as before or done (`due_as_before`), or the letter "
    "cannot be read and is left (`unreadable`).",
    ["result"],
)
