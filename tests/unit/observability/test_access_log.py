"""Which requests have a line in the log, and what it says."""

import random

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from fincore.observability.access_log import SLOW_SECONDS, WRONG_LINES_PER_SECOND_MAX, AccessLog


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines_of(
    log: AccessLog, count: int, *, status: int = 200, seconds: float = 0.01, has_waited: bool = False
) -> list[EventDict]:
    with capture_logs() as lines:
        for _ in range(count):
            log.write("POST", "/v1/charges", status, seconds, code=None, has_waited=has_waited)
    return lines


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.1, 60, 140), (1.0, 1_000, 1_000)])
def test_requests_have_lines_by_the_rate(rate: float, least: int, most: int) -> None:
    log = AccessLog(rate, random=random.Random(5))
    assert least <= len(lines_of(log, 1_000)) <= most


@pytest.mark.parametrize(
    ("status", "seconds", "has_waited", "is_written"),
    [
        (200, 0.01, False, False),
        (422, 0.01, False, False),
        (429, 0.01, False, False),
        (500, 0.01, False, True),
        (503, 0.01, False, True),
        (200, SLOW_SECONDS, False, True),
        (200, SLOW_SECONDS, True, False),
    ],
)
def test_what_went_wrong_has_a_line_at_any_rate(
    status: int, seconds: float, *, has_waited: bool, is_written: bool
) -> None:
    lines = lines_of(AccessLog(0.0), 1, status=status, seconds=seconds, has_waited=has_waited)
    assert bool(lines) is is_written


def test_lines_of_an_outage_are_bounded_and_counted() -> None:
    clock = Seconds()
    log = AccessLog(0.0, monotonic=clock)
    assert len(lines_of(log, 1_000, status=503)) == WRONG_LINES_PER_SECOND_MAX
    clock.now += 1
    first, second, *_ = lines_of(log, 3, status=503)
    assert first["lines_left_out"] == 1_000 - WRONG_LINES_PER_SECOND_MAX
    assert "lines_left_out" not in second


def test_line_says_how_the_request_was_answered() -> None:
    with capture_logs() as lines:
        AccessLog(1.0).write(
            "GET", "/v1/charges/{id}", 404, 0.0123, code="charge_not_found", has_waited=False
        )
    assert lines == [
        {
            "event": "http.answered",
            "log_level": "info",
            "method": "GET",
            "route": "/v1/charges/{id}",
            "status": 404,
            "duration_ms": 12.3,
            "code": "charge_not_found",
        }
    ]
