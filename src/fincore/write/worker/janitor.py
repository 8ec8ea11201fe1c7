"""The janitor's decisions: what to do about a charge whose outcome nobody knows.

Ask the PSP for the payment. If it has none, or cannot look for it, repeat the very same call under the same idempotency
key while that is young: the answer is definitive and never a second charge. If it still has none after everything sent must have become
visible, the charge never happened. If it cannot say for a day, a person has to look.
"""

from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Fact,
    Outcome,
    Retryable,
    Unknown,
)
from fincore.write.psp.port import NotFound
from fincore.write.worker.psp_key import KEY_SAFE_FOR


class JanitorPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`pauses_seconds` precede the inquiries, the last one repeating; each is varied by `jitter` of itself, up or down.

    `replay_window_seconds` counts from the charge's creation and must end while the PSP still keeps the idempotency
    key. `call_timeout_seconds` is the longest a call may be on its way, `search_lag_seconds` the longest until a
    payment shows in the PSP's search (Stripe: about a minute).
    """

    pauses_seconds: tuple[float, ...] = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
    jitter: float = 0.2
    replay_window_seconds: float = 15 * 60.0
    call_timeout_seconds: float = 90.0
    search_lag_seconds: float = 120.0
    give_up_seconds: float = 24 * 3600.0

    def __post_init__(self) -> None:
        if self.replay_window_seconds > KEY_SAFE_FOR.total_seconds():
            raise ValueError(
                f"replay_window_seconds may be at most {KEY_SAFE_FOR.total_seconds():g}:"
                " a key the PSP has forgotten would charge a second time"
            )

    def pause_seconds(self, inquiry: int, *, fraction: float) -> float:
        """The pause before the inquiry with this number, counted from 1; `fraction` in [0, 1) is the draw."""
        planned = self.pauses_seconds[min(inquiry, len(self.pauses_seconds)) - 1]
        return planned * (1 + self.jitter * (2 * fraction - 1))


class Record(msgspec.Struct, frozen=True):
    """The PSP knows."""

    fact: Fact


class Repeat(msgspec.Struct, frozen=True):
    """Make the same call again under the same idempotency key."""


class AskAgain(msgspec.Struct, frozen=True):
    """Inquire again after a pause."""

    delay_seconds: float
    reason: str


class NeverHappened(msgspec.Struct, frozen=True):
    """The PSP never got the call and will not: the charge fails."""


class GiveUp(msgspec.Struct, frozen=True):
    """A person has to look at the PSP's dashboard."""

    reason: str


Step = Record | Repeat | AskAgain | NeverHappened | GiveUp


class Inquired(msgspec.Struct, frozen=True, kw_only=True):
    """What the janitor knows after an inquiry. `inquiry` is its number, counted from 1."""

    answer: Outcome | NotFound
    inquiry: int
    created_at: datetime
    unknown_since: datetime
    now: datetime


def next_step(inquired: Inquired, policy: JanitorPolicy, *, fraction: float) -> Step:
    """What to do after an inquiry."""
    match inquired.answer:
        case Approved() | Declined() | ActionRequired() | Canceled() as fact:
            return Record(fact)
        case NotFound():
            return _after_not_found(inquired, policy, fraction)
        case Retryable() if inquired.now < _replay_until(inquired, policy):
            # Whoever cannot find it can still be told the same thing again.
            return Repeat()
        case Retryable() | Unknown() as undecided:
            if inquired.now - inquired.unknown_since >= timedelta(seconds=policy.give_up_seconds):
                return GiveUp(
                    f"the PSP could not say for {policy.give_up_seconds / 3600:g} h what became of the payment "
                    f"({undecided.reason}); look it up at the PSP, then requeue this job to ask again"
                )
            return _ask_again(inquired, policy, fraction, undecided.reason)
        case _:
            assert_never(inquired.answer)


def after_repeat(
    outcome: Outcome, inquired: Inquired, policy: JanitorPolicy, *, fraction: float
) -> Record | AskAgain:
    """What to do after the call was repeated."""
    match outcome:
        case Retryable() | Unknown():
            return _ask_again(inquired, policy, fraction, outcome.reason)
        case _:
            return Record(outcome)


def _after_not_found(inquired: Inquired, policy: JanitorPolicy, fraction: float) -> Step:
    replay_until = _replay_until(inquired, policy)
    if inquired.now < replay_until:
        return Repeat()
    # The last call was the janitor's last repeat, or one made later by a worker that had been held up.
    last_call = max(replay_until, inquired.unknown_since)
    visible_at = last_call + timedelta(seconds=policy.call_timeout_seconds + policy.search_lag_seconds)
    if inquired.now < visible_at:
        wait_seconds = (visible_at - inquired.now).total_seconds()
        again = _ask_again(inquired, policy, fraction, "the PSP does not show such a payment yet")
        return AskAgain(min(again.delay_seconds, wait_seconds), again.reason)
    return NeverHappened()


def _replay_until(inquired: Inquired, policy: JanitorPolicy) -> datetime:
    return inquired.created_at + timedelta(seconds=policy.replay_window_seconds)


def _ask_again(inquired: Inquired, policy: JanitorPolicy, fraction: float, reason: str) -> AskAgain:
    return AskAgain(policy.pause_seconds(inquired.inquiry + 1, fraction=fraction), reason)
