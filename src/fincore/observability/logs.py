"""Structured logs on stderr, redacted at the sink: for any value that a caller passes, no card number or secret gets out."""

import logging
import re
import sys
from typing import Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from fincore.domain.card_number import without_card_numbers
from fincore.observability.log_ids import add_ids

LogFormat = Literal["json", "console"]

_BEGIN: Final = (
    r"(?:(?<![A-Za-z0-9_])|(?<=\\[bfnrtv])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})|(?<=\\U[0-9a-f]{8}))"
)
"""Where a word begins, also after a character that the line writes as an escape, which ends in a letter or digit."""
_SPACE: Final = r"(?:\s|\\[nrtfv])+"
_SECRET: Final = re.compile(
    rf"(?P<kind>{_BEGIN}(?:sk|rk|pk)_(?:test|live)_|whsec_|_secret_|{_BEGIN}(?i:bearer|basic){_SPACE})"
    r"[A-Za-z0-9+/=_\-.]{6,}"
    r"""|(?P<dsn>://[^\s:/@"']*):[^\s@/"']+@"""
)
_OF_MANY_LINES: Final = frozenset({"exception", "stack"})
_QUIET: Final = (
    "asyncio",
    "aiohttp.access",
    "uvicorn",
    "pgqueuer",
    "yoyo",
    "httpx",
    "aiobotocore",
    "asyncssh",
    "botocore",
)
"""Loggers of libraries that say only what is wrong. What those of AWS say at `debug` holds signed requests and session tokens."""


def redact(text: str) -> str:
    """A line of log without card numbers, API keys, webhook secrets, client secrets, tokens and passwords."""
    return without_card_numbers(_SECRET.sub(_masked, text))


def configure_logs(
    *, level: str = "info", log_format: LogFormat | None = None, stream: TextIO | None = None
) -> None:
    """Send structlog and the standard library's loggers through one redacting sink.

    Without a format, lines are for people where the stream is a terminal, and JSON elsewhere.
    """
    sink = stream or sys.stderr
    log_format = log_format or ("console" if sink.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_ids,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderers: list[Processor] = (
        [structlog.processors.JSONRenderer(sort_keys=False, default=repr)]
        if log_format == "json"
        else [_visible_line, structlog.dev.ConsoleRenderer(colors=False)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderers,
                _redact_line,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_number(level))
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, _number(level)))


def _visible_line(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A line for a terminal: what a stranger sent moves no cursor and begins no line. JSON escapes by itself."""
    return {
        name: _visible_lines(value)
        if name in _OF_MANY_LINES
        else _visible(value)
        if isinstance(value, str)
        else value
        for name, value in line.items()
    }


def _visible_lines(text: str) -> str:
    return "\n".join(f"    {_visible(one)}" for one in text.split("\n"))


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _redact_line(_: WrappedLogger, __: str, line: EventDict) -> str:
    return redact(str(line))


def _masked(match: re.Match[str]) -> str:
    if match["dsn"]:
        return f"{match['dsn']}:[redacted]@"
    return f"{match['kind']}[redacted]"


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
