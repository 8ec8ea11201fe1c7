"""The log-normal law of the PSP's answers has the percentiles it was asked for."""

import random

import pytest

from psp_sandbox.latency import ImpossibleLatency, log_normal


def test_the_two_percentiles_are_those_asked_for() -> None:
    sample = log_normal(p50_ms=120, p99_ms=380, rng=random.Random(7))
    delays = sorted(sample() for _ in range(100_000))
    assert delays[50_000] == pytest.approx(0.120, rel=0.01)
    assert delays[99_000] == pytest.approx(0.380, rel=0.02)


def test_the_same_seed_gives_the_same_delays() -> None:
    one, other = (log_normal(p50_ms=10, p99_ms=30, rng=random.Random(3)) for _ in range(2))
    assert [one() for _ in range(5)] == [other() for _ in range(5)]


@pytest.mark.parametrize(("p50_ms", "p99_ms", "seconds"), [(0, 0, 0.0), (50, 50, 0.05), (50, 0, 0.05)])
def test_latency_without_spread_is_constant(p50_ms: float, p99_ms: float, seconds: float) -> None:
    sample = log_normal(p50_ms=p50_ms, p99_ms=p99_ms, rng=random.Random(1))
    assert [sample() for _ in range(3)] == pytest.approx([seconds] * 3)


@pytest.mark.parametrize(
    ("p50_ms", "p99_ms"), [(-1, 5), (5, -1), (0, 5), (5, 4), (float("nan"), 5), (5, float("inf"))]
)
def test_impossible_latency_is_refused(p50_ms: float, p99_ms: float) -> None:
    with pytest.raises(ImpossibleLatency):
        log_normal(p50_ms=p50_ms, p99_ms=p99_ms, rng=random.Random(1))
