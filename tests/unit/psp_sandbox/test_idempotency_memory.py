"""What is remembered under an idempotency key, for how long, and how much of it."""

import pytest

from psp_sandbox.idempotency import KEPT_SECONDS, IdempotencyMemory, Lookup
from psp_sandbox.messages import Response

ANSWER = Response(status=402, payload={"a": 1})


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> IdempotencyMemory[Response]:
    return IdempotencyMemory(max_entries=3, clock=clock)


def test_a_key_is_new_then_in_flight_then_answered(memory: IdempotencyMemory[Response]) -> None:
    assert memory.look_up("acct", "k", b"f") is Lookup.NEW
    memory.begin("acct", "k", b"f")
    assert memory.look_up("acct", "k", b"f") is Lookup.IN_FLIGHT
    memory.finish("acct", "k", ANSWER)
    assert memory.look_up("acct", "k", b"f") is ANSWER


def test_key_with_other_parameters_is_detected(memory: IdempotencyMemory[Response]) -> None:
    memory.begin("acct", "k", b"f")
    assert memory.look_up("acct", "k", b"g") is Lookup.OTHER_PARAMETERS
    memory.finish("acct", "k", ANSWER)
    assert memory.look_up("acct", "k", b"g") is Lookup.OTHER_PARAMETERS


def test_a_forgotten_key_is_new(memory: IdempotencyMemory[Response]) -> None:
    memory.begin("acct", "k", b"f")
    memory.forget("acct", "k")
    assert memory.look_up("acct", "k", b"g") is Lookup.NEW


def test_a_key_is_new_after_its_day(memory: IdempotencyMemory[Response], clock: Clock) -> None:
    memory.begin("acct", "k", b"f")
    memory.finish("acct", "k", ANSWER)
    clock.now = KEPT_SECONDS
    assert memory.look_up("acct", "k", b"f") is ANSWER
    clock.now = KEPT_SECONDS + 1
    assert memory.look_up("acct", "k", b"f") is Lookup.NEW


def test_memory_above_its_bound_drops_least_recently_used(memory: IdempotencyMemory[Response]) -> None:
    for key in "abc":
        memory.begin("acct", key, b"f")
        memory.finish("acct", key, ANSWER)
    memory.look_up("acct", "a", b"f")
    memory.begin("acct", "d", b"f")
    assert len(memory) == 3
    assert memory.look_up("acct", "a", b"f") is ANSWER
    assert memory.look_up("acct", "b", b"f") is Lookup.NEW


def test_finishing_a_dropped_key_does_nothing(memory: IdempotencyMemory[Response]) -> None:
    memory.finish("acct", "gone", ANSWER)
    assert memory.look_up("acct", "gone", b"f") is Lookup.NEW
