"""What the janitor decides about an outcome nobody knows."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Fact,
    Failure,
    Outcome,
    PspReference,
    Retryable,
    Unknown,
)
from fincore.write.psp.port import NotFound
from fincore.write.worker.janitor import (
    AskAgain,
    GiveUp,
    Inquired,
    JanitorPolicy,
    NeverHappened,
    Record,
    Repeat,
    after_repeat,
    next_step,
)
from fincore.write.worker.psp_key import KEY_SAFE_FOR

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
POLICY = JanitorPolicy()
REFERENCE = PspReference("pi_1")
APPROVED = Approved(
    kind="captured", money=Money(100, Currency("usd")), psp_reference=REFERENCE, occurred_at=NOON
)
FACTS: list[Fact] = [
    APPROVED,
    Declined(failure=Failure(code="card_declined", message="No.", advice="ask_customer"), occurred_at=NOON),
    ActionRequired(psp_reference=REFERENCE),
    Canceled(reason="abandoned", psp_reference=REFERENCE, occurred_at=NOON),
]
CANNOT_SAY: list[Outcome] = [Retryable(reason="search is down"), Unknown(reason="processing", since=NOON)]


def inquired(answer: Outcome | NotFound, *, inquiry: int = 1, **changes: datetime) -> Inquired:
    fields = {"created_at": NOON, "unknown_since": NOON, "now": NOON}
    return Inquired(answer=answer, inquiry=inquiry, **(fields | changes))


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
@pytest.mark.parametrize("now", [NOON, after(days=3)])
def test_what_the_psp_knows_is_recorded_however_late(fact: Fact, now: datetime) -> None:
    assert next_step(inquired(fact, now=now), POLICY, fraction=0.5) == Record(fact)


@pytest.mark.parametrize("answer", [NotFound(), Retryable(reason="too many to list")], ids=str)
def test_a_payment_that_is_not_found_or_cannot_be_looked_for_is_repeated_while_its_replay_window_is_open(
    answer: Outcome | NotFound,
) -> None:
    last = after(minutes=15) - timedelta(microseconds=1)
    assert next_step(inquired(answer, now=last), POLICY, fraction=0.5) == Repeat()
    assert next_step(inquired(answer, now=after(minutes=15)), POLICY, fraction=0.5) != Repeat()


def test_a_payment_the_psp_has_and_has_not_decided_is_not_repeated() -> None:
    step = next_step(inquired(Unknown(reason="processing", since=NOON)), POLICY, fraction=0.5)
    assert isinstance(step, AskAgain)


def test_a_payment_not_found_never_happened_once_the_last_call_must_be_visible() -> None:
    visible = after(minutes=15, seconds=90 + 120)
    early = inquired(NotFound(), now=visible - timedelta(seconds=1))
    assert isinstance(next_step(early, POLICY, fraction=0.5), AskAgain)
    assert next_step(inquired(NotFound(), now=visible), POLICY, fraction=0.5) == NeverHappened()


def test_a_call_made_after_the_window_by_a_worker_held_up_has_its_time_to_show_too() -> None:
    called = after(hours=1)
    early = inquired(NotFound(), unknown_since=called, now=called + timedelta(seconds=209))
    late = inquired(NotFound(), unknown_since=called, now=called + timedelta(seconds=210))
    assert isinstance(next_step(early, POLICY, fraction=0.5), AskAgain)
    assert next_step(late, POLICY, fraction=0.5) == NeverHappened()


def test_waiting_for_the_search_ends_when_it_must_have_caught_up() -> None:
    step = next_step(inquired(NotFound(), inquiry=50, now=after(minutes=16)), POLICY, fraction=0.5)
    assert step == AskAgain(150.0, "the PSP does not show such a payment yet")


@pytest.mark.parametrize("answer", CANNOT_SAY, ids=lambda answer: type(answer).__name__)
def test_a_psp_that_cannot_say_is_asked_again_by_the_schedule_for_a_day(answer: Outcome) -> None:
    pauses = [
        next_step(inquired(answer, inquiry=number, now=after(minutes=15)), POLICY, fraction=0.5)
        for number in (1, 2, 3, 4, 5, 6, 99)
    ]
    assert [step.delay_seconds for step in pauses if isinstance(step, AskAgain)] == [
        5.0,
        15.0,
        60.0,
        300.0,
        900.0,
        3600.0,
        3600.0,
    ]
    last = after(hours=24) - timedelta(seconds=1)
    assert isinstance(next_step(inquired(answer, now=last), POLICY, fraction=0.5), AskAgain)
    given_up = next_step(inquired(answer, now=after(hours=24)), POLICY, fraction=0.5)
    assert isinstance(given_up, GiveUp)
    assert "look it up at the PSP, then requeue" in given_up.reason


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_the_answer_to_a_repeat_is_recorded(fact: Fact) -> None:
    assert after_repeat(fact, inquired(NotFound()), POLICY, fraction=0.5) == Record(fact)


@pytest.mark.parametrize("answer", CANNOT_SAY, ids=lambda answer: type(answer).__name__)
def test_a_repeat_without_a_definite_answer_is_inquired_about_again(answer: Outcome) -> None:
    step = after_repeat(answer, inquired(NotFound(), inquiry=2), POLICY, fraction=0.5)
    assert isinstance(step, AskAgain)
    assert step.delay_seconds == 15.0


def test_pauses_vary_by_a_fifth_up_or_down() -> None:
    assert POLICY.pause_seconds(4, fraction=0.0) == pytest.approx(48.0)
    assert POLICY.pause_seconds(4, fraction=1.0) == pytest.approx(72.0)


def test_a_replay_window_that_outlives_the_idempotency_key_is_refused() -> None:
    too_long = KEY_SAFE_FOR.total_seconds() + 1
    with pytest.raises(ValueError, match="replay_window_seconds"):
        JanitorPolicy(replay_window_seconds=too_long)
    with pytest.raises(ValueError, match="replay_window_seconds"):
        msgspec.structs.replace(POLICY, replay_window_seconds=too_long)
