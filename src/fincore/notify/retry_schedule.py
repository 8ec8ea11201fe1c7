"""When a webhook is sent again, and when that ends. Pure; `schedule()` prints it."""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

DELAYS_SECONDS: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pause before each attempt, counted from the one before: the example of Standard Webhooks, 75 hours in all."""
ATTEMPTS_MAX: Final = len(DELAYS_SECONDS)
JITTER: Final = 0.1
"""A pause is longer by up to this part of itself, so that what failed together does not come back together."""
RETRY_AFTER_SECONDS_MAX: Final = 3_600
"""The longest pause that an endpoint may ask for."""
PAUSE_SECONDS_MIN: Final = 5
PAUSE_SECONDS_MAX: Final = 300
"""How long an endpoint is left alone after a failure: doubling from the one to the other with each failure in a row."""

AttemptError = Literal[
    "address_forbidden",
    "answer_too_slow",
    "answer_invalid",
    "connection_failed",
    "connection_broken",
    "lost",
    "name_not_found",
    "secret_unreadable",
    "tls_failed",
]
"""Why an attempt got no answer. `lost`: the process that made it died before it could note what came of it."""

STATUS_GONE: Final = 410


class AttemptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attempt: an HTTP status, or why there is none. `retry_after_seconds` as the endpoint asked."""

    status: int | None = None
    error: AttemptError | None = None
    retry_after_seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        """Only 2xx is: a redirect is not followed."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 -- the lines HTTP draws


class Delivered(msgspec.Struct, frozen=True):
    """The merchant has it."""


class Retry(msgspec.Struct, frozen=True):
    """Send it again, not before `at`."""

    at: datetime


class Failed(msgspec.Struct, frozen=True):
    """It is not sent again unless it is replayed."""

    failure: Literal["exhausted", "gone"]


NextStep = Delivered | Retry | Failed


def next_step(result: AttemptResult, *, attempt: int, now: datetime, fraction: float) -> NextStep:
    """What follows the attempt with this number (from 1); `fraction` in [0, 1) is the draw of the jitter."""
    if result.is_success:
        return Delivered()
    if result.status == STATUS_GONE:
        return Failed("gone")
    if attempt >= ATTEMPTS_MAX:
        return Failed("exhausted")
    delay = DELAYS_SECONDS[attempt] * (1 + JITTER * fraction)
    return Retry(now + timedelta(seconds=max(delay, _asked_seconds(result))))


def pause_seconds(result: AttemptResult, *, failures: int) -> float:
    """How long to leave an endpoint alone after this many failures in a row, the last of them being `result`."""
    # 2**10 is beyond the bound: the exponent is kept where floats are exact.
    doubled = PAUSE_SECONDS_MIN * 2.0 ** min(failures - 1, 10)
    return max(min(doubled, PAUSE_SECONDS_MAX), _asked_seconds(result))


def schedule() -> str:
    """The schedule as text, one line an attempt."""
    lines = [f"attempt {number:>2}: {_plain(delay)}" for number, delay in enumerate(DELAYS_SECONDS, start=1)]
    return "\n".join([*lines, f"then the delivery has failed; each pause is up to {JITTER:.0%} longer"])


def _asked_seconds(result: AttemptResult) -> float:
    return min(result.retry_after_seconds, RETRY_AFTER_SECONDS_MAX)


def _plain(seconds: int) -> str:
    if not seconds:
        return "at once"
    minutes, rest = divmod(seconds, 60)
    if rest:
        return f"{seconds} s later"
    return f"{minutes} min later" if minutes < 60 else f"{minutes // 60} h later"  # noqa: PLR2004 -- minutes of an hour
