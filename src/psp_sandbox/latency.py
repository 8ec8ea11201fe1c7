"""How long the PSP takes to answer: a log-normal distribution fitted to its median and its 99th percentile."""

import math
import random
from collections.abc import Callable

Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""


class ImpossibleLatency(ValueError):
    """No log-normal distribution has these two percentiles; the message says what to change."""


def log_normal(*, p50_ms: float, p99_ms: float, rng: random.Random) -> Callable[[], float]:
    """A source of delays in seconds. Both zero: no delay at all. p99 equal to p50 (or 0): always p50.

    Raises ImpossibleLatency: a negative value, or 0 < p99 < p50, or a p99 without a p50.
    """
    if p50_ms < 0 or p99_ms < 0 or not math.isfinite(p50_ms + p99_ms):
        raise ImpossibleLatency("Latency percentiles must be finite and not negative.")
    if p50_ms == 0:
        if p99_ms:
            raise ImpossibleLatency("Give latency-p50-ms (above 0) together with latency-p99-ms.")
        return lambda: 0.0
    if p99_ms == 0:
        p99_ms = p50_ms
    if p99_ms < p50_ms:
        raise ImpossibleLatency("latency-p99-ms must not be below latency-p50-ms.")
    mu = math.log(p50_ms / 1_000)
    sigma = math.log(p99_ms / p50_ms) / Z99
    return lambda: rng.lognormvariate(mu, sigma)
