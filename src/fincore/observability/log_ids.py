"""The ids that stand in every line of log: of the request that the running task answers, and of the span that it is in."""

from contextvars import ContextVar
from typing import Final

from structlog.typing import EventDict, WrappedLogger

from fincore.observability.tracing.span import CURRENT

_REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("fincore_request_id", default=None)


class logged_request:  # noqa: N801 -- used as a function is; one made by `contextmanager` costs three times as much
    """Let the lines of the block tell the request."""

    __slots__ = ("_request_id", "_token")

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id

    def __enter__(self) -> None:
        self._token = _REQUEST_ID.set(self._request_id)

    def __exit__(self, *_: object) -> None:
        _REQUEST_ID.reset(self._token)


def add_ids(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A line with the ids that it does not tell itself."""
    request_id = _REQUEST_ID.get()
    if request_id is not None:
        line.setdefault("request_id", request_id)
    span = CURRENT.get()
    if span is not None:
        line["trace_id"] = f"{span.context.trace_id:032x}"
        line["span_id"] = f"{span.context.span_id:016x}"
    return line
