"""Each line of log names the request and the span in which it was written."""

import io
import json
import logging
import random
from collections.abc import Iterator

import pytest
import structlog

from fincore.observability.log_ids import logged_request
from fincore.observability.logs import configure_logs
from fincore.observability.tracing import tracer
from fixtures.spans import FixedClock


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream=stream)
    yield stream
    tracer.uninstall()
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def lines(sink: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_lines_of_a_request_hold_its_id(sink: io.StringIO) -> None:
    log = structlog.get_logger("test")
    log.info("before")
    with logged_request("req_1"):
        log.info("inside")
        logging.getLogger("a library").warning("beside it")
        log.info("its own", request_id="req_2")
    log.info("after")
    assert [line.get("request_id") for line in lines(sink)] == [None, "req_1", "req_1", "req_2", None]


def test_lines_of_a_span_hold_its_ids(sink: io.StringIO) -> None:
    share = tracer.CallersShare(0, lambda: 0.0)
    tracer.install(tracer.Tracer(0.0, share, lambda _: None, FixedClock(), random=random.Random(1)))
    log = structlog.get_logger("test")
    with tracer.begin_after("job", "job refund.send", "00-" + "a" * 32 + "-" + "b" * 16 + "-00"):
        log.info("inside")
    log.info("after")
    inside, after = lines(sink)
    assert inside["trace_id"] == "a" * 32
    assert len(inside["span_id"]) == 16
    assert "trace_id" not in after
