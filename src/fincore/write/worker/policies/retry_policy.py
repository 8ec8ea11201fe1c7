"""When to repeat a call that is known not to have happened, and when to stop."""

import msgspec

from fincore.domain.outcome import Retryable


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential pauses with full jitter: a pause is drawn between zero and its bound, so that workers spread out.

    After `attempts_max` calls the outcome counts as unknown; a charge that may go on to another account does so after
    `attempts_before_failover_max` calls. The bound is `base_seconds` after the first attempt and doubles up to `pause_max_seconds`. A PSP that asks for a
    longer pause gets it, up to `asked_pause_max_seconds`.
    """

    attempts_max: int = 6
    attempts_before_failover_max: int = 2
    base_seconds: float = 0.5
    pause_max_seconds: float = 30.0
    asked_pause_max_seconds: float = 120.0

    def pause_bound_seconds(self, attempt: int) -> float:
        """The longest pause after the attempt with this number, counted from 1."""
        # 2.0**60 is far beyond any bound: the exponent is kept where floats are exact.
        return min(self.base_seconds * 2.0 ** min(attempt - 1, 60), self.pause_max_seconds)

    def schedule(self) -> str:
        """The policy as text, one line an attempt."""
        pauses = [
            f"attempt {attempt}, then a pause of 0 to {self.pause_bound_seconds(attempt):g} s"
            for attempt in range(1, self.attempts_max)
        ]
        return "\n".join([*pauses, f"attempt {self.attempts_max}, then the outcome counts as unknown"])


class RetryAfter(msgspec.Struct, frozen=True):
    """Make the same call again after a pause."""

    delay_seconds: float


class Exhausted(msgspec.Struct, frozen=True):
    """No more attempts: the charge goes on to another account, or the janitor resolves the outcome."""


def decide_retry(
    attempt: int, outcome: Retryable, policy: RetryPolicy, *, fraction: float, may_fail_over: bool = False
) -> RetryAfter | Exhausted:
    """What follows the attempt with this number (from 1); `fraction` in [0, 1) is the draw of the jitter."""
    asked_seconds = outcome.retry_after_seconds or 0.0
    if may_fail_over and not outcome.was_called:
        return Exhausted()
    attempts_max = policy.attempts_before_failover_max if may_fail_over else policy.attempts_max
    if attempt >= attempts_max or asked_seconds > policy.asked_pause_max_seconds:
        return Exhausted()
    return RetryAfter(max(policy.pause_bound_seconds(attempt) * fraction, asked_seconds))
