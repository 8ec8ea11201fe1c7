"""The janitor's decisions: what to do while the outcome of an operation is unknown.

Ask the PSP for its record. If that does not show the operation, repeat the very same call under the same idempotency key
while that is young: its outcome is definitive and never a second operation. If the operation still is not there after
everything sent must have become visible, it never happened. If the PSP cannot say for a day, a person has to look.
"""

from datetime import datetime, timedelta
from typing import Literal, assert_never

import msgspec

from fincore.domain.age import CLOCK_ERROR_MAX
from fincore.write.psp.limits import OperationLimits


class JanitorPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`pauses_seconds` precede the inquiries, the last one repeating; each is varied by `jitter` of itself, up or down.

    The call is repeated for `replay_window_seconds` after the request for the operation, and never longer than the PSP's
    limits say that its idempotency key is safe. After `give_up_seconds` without a decision a person takes over.
    """

    pauses_seconds: tuple[float, ...] = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
    jitter: float = 0.2
    replay_window_seconds: float = 15 * 60.0
    give_up_seconds: float = 24 * 3600.0

    def pause_seconds(self, inquiry: int, *, fraction: float) -> float:
        """The pause before the inquiry with this number, counted from 1; `fraction` in [0, 1) is the draw."""
        planned = self.pauses_seconds[min(inquiry, len(self.pauses_seconds)) - 1]
        return planned * (1 + self.jitter * (2 * fraction - 1))


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """What an inquiry that decided nothing has shown.

    `not_done`: the PSP's record does not show the operation. `could_not_ask`: no response. `undecided`: the PSP has the
    operation and has not decided it.
    """

    kind: Literal["not_done", "could_not_ask", "undecided"]
    reason: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """An operation in doubt, and the PSP's `limits` of it. `inquiry` is the number of the inquiry just made, from 1.

    `is_searched`: the PSP's record had to be searched for, and its search lags. `distrust`: why the clock that said `now`
    is not trusted, if it is not; nothing ends by such a clock.
    """

    inquiry: int
    requested_at: datetime
    unknown_since: datetime
    now: datetime
    limits: OperationLimits
    is_searched: bool
    distrust: str | None = None


class Repeat(msgspec.Struct, frozen=True):
    """Make the same call again under the same idempotency key."""


class AskAgain(msgspec.Struct, frozen=True):
    """Inquire again after a pause."""

    delay_seconds: float
    reason: str


class NeverHappened(msgspec.Struct, frozen=True):
    """The PSP never carried it out and will not."""


class GiveUp(msgspec.Struct, frozen=True):
    """A person has to look at the PSP's dashboard."""

    reason: str


Step = Repeat | AskAgain | NeverHappened | GiveUp


def next_step(doubt: Doubt, question: Question, policy: JanitorPolicy, *, fraction: float) -> Step:
    """What to do after an inquiry that decided nothing."""
    if question.requested_at - question.now > CLOCK_ERROR_MAX:
        # The clock went back: the PSP may have forgotten the key that looks young.
        return ask_again(
            "it was asked for in the future: the clock went back", question, policy, fraction=fraction
        )
    is_young = question.now < _replay_until(question, policy)
    match doubt.kind:
        case "not_done":
            return Repeat() if is_young else _after_not_done(doubt, question, policy, fraction)
        case "could_not_ask" if is_young:
            # A PSP that cannot be searched can still be sent the same call again.
            return Repeat()
        case "could_not_ask" | "undecided":
            is_past = question.now - question.unknown_since >= timedelta(seconds=policy.give_up_seconds)
            if is_past and question.distrust is None:
                return GiveUp(
                    f"the PSP could not say for {policy.give_up_seconds / 3600:g} h what became of it "
                    f"({doubt.reason}); look it up at the PSP, then say so with `fincore charges resolve`"
                )
            return ask_again(doubt.reason, question, policy, fraction=fraction)
        case _:
            assert_never(doubt.kind)


def ask_again(reason: str, question: Question, policy: JanitorPolicy, *, fraction: float) -> AskAgain:
    """Inquire again at the next time of the schedule."""
    return AskAgain(policy.pause_seconds(question.inquiry + 1, fraction=fraction), reason)


def _after_not_done(
    doubt: Doubt, question: Question, policy: JanitorPolicy, fraction: float
) -> AskAgain | NeverHappened:
    # The last call was the janitor's last repeat, or one made later by a worker that had been held up.
    last_call = max(_replay_until(question, policy), question.unknown_since)
    lag_seconds = question.limits.search_lag_seconds if question.is_searched else 0.0
    visible_at = last_call + timedelta(seconds=question.limits.call_timeout_seconds + lag_seconds)
    if question.now < visible_at:
        wait_seconds = (visible_at - question.now).total_seconds()
        again = ask_again(doubt.reason, question, policy, fraction=fraction)
        return AskAgain(min(again.delay_seconds, wait_seconds), again.reason)
    if question.distrust is not None:
        return ask_again(question.distrust, question, policy, fraction=fraction)
    return NeverHappened()


def _replay_until(question: Question, policy: JanitorPolicy) -> datetime:
    """When the call is repeated no longer: a key that the PSP has forgotten would charge a second time."""
    window_seconds = min(policy.replay_window_seconds, question.limits.key_safe_seconds)
    return question.requested_at + timedelta(seconds=window_seconds)
