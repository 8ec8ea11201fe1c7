"""No card number or secret that a caller logs is written."""

import io
import json
import logging
from collections.abc import Iterator
from typing import get_args

import pytest
import structlog

from fincore.observability.logs import LogFormat, configure_logs, redact


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def sink() -> io.StringIO:
    stream = io.StringIO()
    configure_logs(stream=stream)
    return stream


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("key sk_test_4eC39HqLyjWDarjtT1", "key sk_test_[redacted]"),
        ("sk_live_abcdef123456", "sk_live_[redacted]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8", "whsec_[redacted]"),
        ("pi_3MtwBwLkd_secret_YrKJUKribcBjcG8HVhfZluoGH", "pi_3MtwBwLkd_secret_[redacted]"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer [redacted]"),
        ("postgresql://fincore:hunter2@db/fincore", "postgresql://fincore:[redacted]@db/fincore"),
        ("rediss://default:hunter2@cache:6379", "rediss://default:[redacted]@cache:6379"),
        ("authorization: BASIC aHVudGVyMg==", "authorization: BASIC [redacted]"),
        ("pan 4242 4242 4242 4242.", "pan [card number]."),
        ("of risk_test_cases and task_live_updates", "of risk_test_cases and task_live_updates"),
        (
            '{"url":"http://host:80","mail":"a@example.com"}',
            '{"url":"http://host:80","mail":"a@example.com"}',
        ),
    ],
)
def test_secrets_are_masked(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize("log_format", get_args(LogFormat))
@pytest.mark.parametrize(
    "before",
    ["\n", "\t", "\r", "\0", "\x1b", "\x85", "\u2028", "\U000e0001", "é", '"', "\\"],
    ids=lambda before: f"U+{ord(before):04X}",
)
def test_secret_after_any_character_is_masked(before: str, log_format: LogFormat) -> None:
    """What is redacted is the line as it is written, in which a character may have become an escape that ends in a letter or digit."""
    stream = io.StringIO()
    configure_logs(log_format=log_format, stream=stream)
    secrets = ("sk_live_4eC39HqLyj", "Bearer 4eC39HqLyj", "whsec_4eC39HqLyj", "postgres://u:4eC39HqLyj@db")
    for secret in secrets:
        text = f"text{before}{secret}"
        structlog.get_logger("x").info("psp.called", body={"of": [text]}, text=text)
        logging.getLogger("library").warning("of %s", text)
    written = stream.getvalue()
    assert written.count("[redacted]") == 3 * len(secrets)
    assert "4eC39HqLyj" not in written


def test_stranger_moves_no_cursor_and_begins_no_line() -> None:
    stream = io.StringIO()
    configure_logs(log_format="console", stream=stream)
    text = "o\n2026-05-04 [info] forged\x1b[2J\r\x85\u2028\u202e"
    structlog.get_logger("x").info("psp.called", order=text)
    logging.getLogger("library").warning(text)
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger("x").exception("failed")
    written = stream.getvalue()
    assert all(one.isprintable() for one in written.split("\n"))
    assert [one for one in written.split("\n") if one.startswith("2026-05-04")] == []
    assert written.count("forged") >= 3


def test_structured_log_line_is_redacted_at_any_depth(sink: io.StringIO) -> None:
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
    assert "4242424242424242" not in sink.getvalue()


def test_each_entry_is_one_line_of_json(sink: io.StringIO) -> None:
    structlog.get_logger("x").warning("a.b", text="two\nlines", thing=object())
    (line,) = sink.getvalue().splitlines()
    assert json.loads(line)["level"] == "warning"


@pytest.mark.parametrize(
    ("stream", "log_format", "is_json"),
    [
        (io.StringIO(), None, True),
        (Terminal(), None, False),
        (io.StringIO(), "console", False),
        (Terminal(), "json", True),
    ],
)
def test_log_lines_are_for_people_at_a_terminal(
    stream: io.StringIO, log_format: LogFormat | None, *, is_json: bool
) -> None:
    configure_logs(stream=stream, log_format=log_format)
    structlog.get_logger("x").info("role.started", role="worker")
    assert stream.getvalue().startswith("{") is is_json
    assert "role.started" in stream.getvalue()
