"""Waits that share one timer: each ends at its own deadline, and the others go on."""

import asyncio

import pytest

from fincore.write.risk.shared_deadline import SharedDeadline

FAR_SECONDS = 3_600.0
NEAR_SECONDS = 0.005


def now() -> float:
    return asyncio.get_running_loop().time()


async def waiting(shared: SharedDeadline, seconds: float) -> tuple[asyncio.Task[str], asyncio.Event]:
    """A wait that has begun, and what lets it be answered."""
    go = asyncio.Event()

    async def asked() -> str:
        await go.wait()
        return "answer"

    task = asyncio.create_task(shared.answer(asked(), now() + seconds))
    await asyncio.sleep(0)
    return task, go


@pytest.mark.parametrize("seconds", [(NEAR_SECONDS, FAR_SECONDS), (FAR_SECONDS, NEAR_SECONDS)])
async def test_wait_ends_at_its_deadline_and_leaves_others(seconds: tuple[float, float]) -> None:
    shared = SharedDeadline()
    begun = {of: await waiting(shared, of) for of in seconds}
    (near, _), (far, go) = begun[NEAR_SECONDS], begun[FAR_SECONDS]
    with pytest.raises(TimeoutError):
        await near
    assert not far.done()
    go.set()
    assert await far == "answer"


async def test_deadline_counts_after_an_earlier_wait_was_answered() -> None:
    shared = SharedDeadline()
    first, go = await waiting(shared, NEAR_SECONDS)
    second, _ = await waiting(shared, 2 * NEAR_SECONDS)
    go.set()
    assert await first == "answer"
    with pytest.raises(TimeoutError):
        await second
    third, _ = await waiting(shared, NEAR_SECONDS)
    with pytest.raises(TimeoutError):
        await third


async def test_deadline_that_is_past_ends_a_wait_at_once() -> None:
    shared = SharedDeadline()
    late, _ = await waiting(shared, -1.0)
    with pytest.raises(TimeoutError):
        await late


async def test_error_and_cancellation_are_not_taken_for_deadline() -> None:
    async def failing() -> None:
        raise ZeroDivisionError

    shared = SharedDeadline()
    with pytest.raises(ZeroDivisionError):
        await shared.answer(failing(), now() + FAR_SECONDS)
    task, _ = await waiting(shared, FAR_SECONDS)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_wait_that_is_cancelled_past_its_deadline_is_cancelled() -> None:
    shared = SharedDeadline()
    late, _ = await waiting(shared, -1.0)
    asyncio.get_running_loop().call_soon(late.cancel)
    with pytest.raises(asyncio.CancelledError):
        await late


async def test_task_goes_on_after_a_wait_that_ended() -> None:
    shared = SharedDeadline()

    async def twice() -> str:
        with pytest.raises(TimeoutError):
            await shared.answer(asyncio.Event().wait(), now() - 1.0)
        await asyncio.sleep(0)
        return "went on" if not asyncio.current_task().cancelling() else "is being cancelled"  # type: ignore[union-attr]

    assert await asyncio.create_task(twice()) == "went on"


async def test_many_waits_set_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    set_at: list[float] = []
    loop = asyncio.get_running_loop()
    call_at = loop.call_at

    def counted(when: float, *arguments: object, **named: object) -> asyncio.TimerHandle:
        set_at.append(when)
        return call_at(when, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "call_at", counted)
    shared = SharedDeadline()
    begun = [await waiting(shared, FAR_SECONDS + number) for number in range(5)]
    for _, go in begun:
        go.set()
    assert await asyncio.gather(*(task for task, _ in begun)) == ["answer"] * 5
    assert len(set_at) == 1
