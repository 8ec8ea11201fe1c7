"""Lines of log about requests that were answered: a share of all, and those that went wrong, within a bound.

A line has the route and never the path, the query, the address or a header of a request.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

SLOW_SECONDS: Final = 1.0
"""From this duration on a request has gone wrong, unless it waited as its client asked."""
WRONG_LINES_PER_SECOND_MAX: Final = 20
"""Lines a second about what went wrong, beside the share of all: an outage fails thousands of requests a second."""
_WRONG_FROM: Final = 500
_INSTALLED: Final[list["AccessLog"]] = []


class AccessLog:
    """Writes a line about each request with probability `rate`, and about each that went wrong up to the bound.

    A line says how many the bound has left out since the last one.
    """

    def __init__(
        self, rate: float, *, monotonic: Callable[[], float] = time.monotonic, random: Random | None = None
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._random = random or Random()  # noqa: S311 -- which requests have a line is no secret
        self._second = 0
        self._lines = 0
        self._left_out = 0

    def write(
        self, method: str, route: str, status: int, seconds: float, *, code: str | None, has_waited: bool
    ) -> None:
        """Write the line about a request that was answered, or leave it out. `code` is that of the problem, if it was one."""
        is_wrong = status >= _WRONG_FROM or (seconds >= SLOW_SECONDS and not has_waited)
        is_written = self._takes_one_more() if is_wrong else self._random.random() < self._rate
        if not is_written:
            return
        left_out, self._left_out = self._left_out, 0
        _log.info(
            "http.answered",
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            **({"code": code} if code else {}),
            **({"lines_left_out": left_out} if left_out else {}),
        )

    def _takes_one_more(self) -> bool:
        second = int(self._monotonic())
        if second != self._second:
            self._second, self._lines = second, 0
        if self._lines >= WRONG_LINES_PER_SECOND_MAX:
            self._left_out += 1
            return False
        self._lines += 1
        return True


def install(access_log: AccessLog) -> None:
    """Write lines about the requests that this process answers from now on."""
    _INSTALLED[:] = [access_log]


def uninstall() -> None:
    """Write no lines from now on."""
    _INSTALLED.clear()


def log_answered(
    method: str, route: str, status: int, seconds: float, *, code: str | None, has_waited: bool
) -> None:
    """Tell the access log of a request that was answered; nothing where none is installed."""
    if _INSTALLED:
        _INSTALLED[0].write(method, route, status, seconds, code=code, has_waited=has_waited)
