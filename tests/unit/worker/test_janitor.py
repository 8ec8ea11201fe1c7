"""What the janitor decides about an operation with an unknown outcome."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import Operation
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    Outcome,
    PspReference,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.limits import OperationLimits
from fincore.write.psp.port import NotFound
from fincore.write.worker.policies.findings import finding_on, never_happened
from fincore.write.worker.policies.janitor import (
    AskAgain,
    Doubt,
    GiveUp,
    JanitorPolicy,
    NeverHappened,
    Question,
    Repeat,
    next_step,
)

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
POLICY = JanitorPolicy()
LIMITS = OperationLimits(key_safe_seconds=23 * 3_600, call_timeout_seconds=90, search_lag_seconds=120)
REFERENCE = PspReference("pi_1")
MONEY = Money(100, Currency("usd"))
CAPTURED = Approved(kind="captured", money=MONEY, psp_reference=REFERENCE, occurred_at=NOON)
AUTHORIZED = Approved(kind="authorized", money=MONEY, psp_reference=REFERENCE, occurred_at=NOON)
DECLINED = Declined(
    failure=Failure(code="card_declined", message="No.", advice="ask_customer"), occurred_at=NOON
)
ACTION = ActionRequired(psp_reference=REFERENCE)
CANCELED = Canceled(reason="duplicate", psp_reference=REFERENCE, occurred_at=NOON)
EXPIRED = Expired(reason="authorization_lapsed", psp_reference=REFERENCE, occurred_at=NOON)

NOT_DONE = Doubt(kind="not_done", reason="not there")
COULD_NOT_ASK = Doubt(kind="could_not_ask", reason="search is down")
UNDECIDED = Doubt(kind="undecided", reason="processing")


def question(
    *,
    inquiry: int = 1,
    is_searched: bool = True,
    distrust: str | None = None,
    limits: OperationLimits = LIMITS,
    **changes: datetime,
) -> Question:
    times = {"requested_at": NOON, "unknown_since": NOON, "now": NOON} | changes
    return Question(
        inquiry=inquiry,
        limits=limits,
        is_searched=is_searched,
        distrust=distrust,
        requested_at=times["requested_at"],
        unknown_since=times["unknown_since"],
        now=times["now"],
    )


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


FINDINGS: list[
    tuple[Operation, Outcome | NotFound, KnownOutcome | Literal["not_done", "could_not_ask", "undecided"]]
] = [
    ("authorize", CAPTURED, CAPTURED),
    ("authorize", AUTHORIZED, AUTHORIZED),
    ("authorize", ACTION, ACTION),
    ("authorize", DECLINED, DECLINED),
    ("authorize", CANCELED, CANCELED),
    ("authorize", NotFound(), "not_done"),
    ("authorize", Retryable(reason="down"), "could_not_ask"),
    ("authorize", Unknown(reason="processing", since=NOON), "undecided"),
    ("capture", CAPTURED, CAPTURED),
    ("capture", AUTHORIZED, "not_done"),
    ("capture", EXPIRED, EXPIRED),
    ("capture", CANCELED, CANCELED),
    ("capture", NotFound(), "undecided"),
    ("cancel", CANCELED, CANCELED),
    ("cancel", CAPTURED, CAPTURED),
    ("cancel", AUTHORIZED, "not_done"),
    ("cancel", ACTION, "not_done"),
    ("cancel", NotFound(), "undecided"),
]


@pytest.mark.parametrize(
    ("operation", "answer", "finding"),
    FINDINGS,
    ids=[
        f"{number}-{operation}-{type(answer).__name__}"
        for number, (operation, answer, _) in enumerate(FINDINGS)
    ],
)
def test_psp_record_is_classified_for_each_operation(
    operation: Operation, answer: Outcome | NotFound, finding: object
) -> None:
    found = finding_on(operation, answer)
    assert (found.kind if isinstance(found, Doubt) else found) == finding


@pytest.mark.parametrize("doubt", [NOT_DONE, COULD_NOT_ASK], ids=lambda doubt: doubt.kind)
def test_operation_not_done_is_repeated_in_replay_window(
    doubt: Doubt,
) -> None:
    last = after(minutes=15) - timedelta(microseconds=1)
    assert next_step(doubt, question(now=last), POLICY, fraction=0.5) == Repeat()
    assert next_step(doubt, question(now=after(minutes=15)), POLICY, fraction=0.5) != Repeat()


def test_undecided_payment_is_asked_for_not_repeated() -> None:
    assert isinstance(next_step(UNDECIDED, question(), POLICY, fraction=0.5), AskAgain)


@pytest.mark.parametrize(("is_searched", "lag_seconds"), [(True, 120), (False, 0)])
def test_operation_not_found_after_lag_never_happened(*, is_searched: bool, lag_seconds: int) -> None:
    visible = after(minutes=15, seconds=90 + lag_seconds)
    early = question(now=visible - timedelta(seconds=1), is_searched=is_searched)
    late = question(now=visible, is_searched=is_searched)
    assert isinstance(next_step(NOT_DONE, early, POLICY, fraction=0.5), AskAgain)
    assert next_step(NOT_DONE, late, POLICY, fraction=0.5) == NeverHappened()


def test_late_call_gets_its_own_search_lag() -> None:
    """A worker that was held up called after the replay window: its call, too, gets the time to become visible."""
    called = after(hours=1)
    early = question(unknown_since=called, now=called + timedelta(seconds=209))
    late = question(unknown_since=called, now=called + timedelta(seconds=210))
    assert isinstance(next_step(NOT_DONE, early, POLICY, fraction=0.5), AskAgain)
    assert next_step(NOT_DONE, late, POLICY, fraction=0.5) == NeverHappened()


def test_waiting_for_the_search_ends_when_it_must_have_caught_up() -> None:
    step = next_step(NOT_DONE, question(inquiry=50, now=after(minutes=16)), POLICY, fraction=0.5)
    assert step == AskAgain(150.0, "not there")


@pytest.mark.parametrize("doubt", [COULD_NOT_ASK, UNDECIDED], ids=lambda doubt: doubt.kind)
def test_undecided_inquiry_is_repeated_for_a_day_then_given_up(doubt: Doubt) -> None:
    steps = [
        next_step(doubt, question(inquiry=number, now=after(minutes=15)), POLICY, fraction=0.5)
        for number in (1, 2, 3, 4, 5, 6, 99)
    ]
    pauses = [step.delay_seconds for step in steps if isinstance(step, AskAgain)]
    assert pauses == [5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 3600.0]
    last = after(hours=24) - timedelta(seconds=1)
    assert isinstance(next_step(doubt, question(now=last), POLICY, fraction=0.5), AskAgain)
    given_up = next_step(doubt, question(now=after(hours=24)), POLICY, fraction=0.5)
    assert isinstance(given_up, GiveUp)
    assert "fincore charges resolve" in given_up.reason


def test_unmade_authorization_is_declined_and_others_rejected() -> None:
    assert isinstance(never_happened("authorize", NOON), Declined)
    for operation in ("capture", "cancel"):
        ended = never_happened(operation, NOON)
        assert isinstance(ended, Rejected)
        assert (ended.failure.code, ended.failure.advice) == ("psp_unavailable", "retry_later")


def test_pauses_vary_by_a_fifth_up_or_down() -> None:
    assert POLICY.pause_seconds(4, fraction=0.0) == pytest.approx(48.0)
    assert POLICY.pause_seconds(4, fraction=1.0) == pytest.approx(72.0)


@pytest.mark.parametrize("doubt", [NOT_DONE, COULD_NOT_ASK], ids=lambda doubt: doubt.kind)
def test_call_is_repeated_no_longer_than_its_key_is_safe(doubt: Doubt) -> None:
    short = msgspec.structs.replace(LIMITS, key_safe_seconds=60)
    last = question(limits=short, now=after(seconds=60) - timedelta(microseconds=1))
    assert next_step(doubt, last, POLICY, fraction=0.5) == Repeat()
    over = question(limits=short, now=after(seconds=60))
    assert next_step(doubt, over, POLICY, fraction=0.5) != Repeat()


def test_operation_never_happened_after_limits_of_its_own_psp() -> None:
    quick = OperationLimits(key_safe_seconds=60, call_timeout_seconds=5, search_lag_seconds=10)
    early = question(limits=quick, now=after(seconds=74))
    assert isinstance(next_step(NOT_DONE, early, POLICY, fraction=0.5), AskAgain)
    assert (
        next_step(NOT_DONE, question(limits=quick, now=after(seconds=75)), POLICY, fraction=0.5)
        == NeverHappened()
    )
    slow = OperationLimits(key_safe_seconds=86_400, call_timeout_seconds=90, search_lag_seconds=3 * 3_600)
    assert isinstance(
        next_step(NOT_DONE, question(limits=slow, now=after(hours=3)), POLICY, fraction=0.5), AskAgain
    )


@pytest.mark.parametrize("doubt", [NOT_DONE, COULD_NOT_ASK, UNDECIDED])
def test_janitor_with_distrusted_clock_ends_nothing(doubt: Doubt) -> None:
    asked = question(now=NOON + timedelta(days=30), distrust="the clocks are apart")
    assert isinstance(next_step(doubt, asked, POLICY, fraction=0.5), AskAgain)
    asked = question(now=NOON + timedelta(days=30))
    assert isinstance(next_step(doubt, asked, POLICY, fraction=0.5), NeverHappened | GiveUp)


@pytest.mark.parametrize("doubt", [NOT_DONE, COULD_NOT_ASK])
def test_janitor_with_clock_gone_back_repeats_no_call(doubt: Doubt) -> None:
    """The key looks young, and the PSP may have forgotten it."""
    asked = question(now=NOON - timedelta(hours=30))
    assert isinstance(next_step(doubt, asked, POLICY, fraction=0.5), AskAgain)
