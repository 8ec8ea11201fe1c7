"""Whatever a caller logs, no card number or secret leaves the sink."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from fincore.observability.logs import configure_logs, redact


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("key sk_test_4eC39HqLyjWDarjtT1", "key sk_test_[redacted]"),
        ("sk_live_abcdef123456", "sk_live_[redacted]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8", "whsec_[redacted]"),
        ("pi_3MtwBwLkd_secret_YrKJUKribcBjcG8HVhfZluoGH", "pi_3MtwBwLkd_secret_[redacted]"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer [redacted]"),
        ("postgresql://fincore:hunter2@db/fincore", "postgresql://fincore:[redacted]@db/fincore"),
        ("pan 4242 4242 4242 4242.", "pan [card number]."),
    ],
)
def test_secrets_are_masked(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_a_structured_line_is_redacted_wherever_the_secret_stands(sink: io.StringIO) -> None:
    structlog.get_logger("x").info(
        "psp.called", body={"card": ["4242424242424242"]}, key="sk_test_4eC39HqLyj"
    )
    line = json.loads(sink.getvalue())
    assert line["event"] == "psp.called"
    assert line["body"] == {"card": ["[card number]"]}
    assert line["key"] == "sk_test_[redacted]"


def test_other_libraries_and_tracebacks_go_through_the_same_sink(sink: io.StringIO) -> None:
    try:
        raise ValueError("4242424242424242")
    except ValueError:
        logging.getLogger("some.library").exception("broken by %s", "whsec_abcdefgh")
    line = json.loads(sink.getvalue())
    assert line["event"] == "broken by whsec_[redacted]"
    assert "ValueError: [card number]" in line["exception"]
    assert "4242" not in sink.getvalue()


def test_each_entry_is_one_line_of_json(sink: io.StringIO) -> None:
    structlog.get_logger("x").warning("a.b", text="two\nlines", thing=object())
    (line,) = sink.getvalue().splitlines()
    assert json.loads(line)["level"] == "warning"
