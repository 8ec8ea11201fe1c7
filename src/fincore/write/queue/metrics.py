"""What the queue says about itself to Prometheus."""

from typing import Final

from prometheus_client import Gauge

JOBS: Final = Gauge("fincore_jobs", "Jobs in the queue; `held` ones wait for a person.", ["status"])
