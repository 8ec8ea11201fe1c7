"""Carries out each idempotency key once, whatever dies when: the half that all of a merchant's commands share."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.errors import StoreUnavailable
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import MerchantId, StreamId
from fincore.domain.job import Job
from fincore.domain.refusal import RequestRefusalCode
from fincore.eventstore.commit import (
    Commit,
    Committed,
    Conflict,
    IdempotencyKey,
    NewEvent,
    Replayed,
    StoredAnswer,
)
from fincore.eventstore.writer import Writer
from fincore.write.payments.command import Command
from fincore.write.payments.idempotency import CLOCK_SKEW_SECONDS_MAX, AnswerCache, is_in_flight
from fincore.write.payments.outcome_wait import OutcomeWait

IN_FLIGHT_MARGIN_SECONDS: Final = 10.0
"""After a client's wait has ended, how long its request may still take to write its final answer."""
IN_FLIGHT_WAIT_SECONDS: Final = 5.0
"""How long a request waits for an earlier one with its key before it is told to come back."""
IN_FLIGHT_POLL_SECONDS: Final = 0.1
QUEUE_SECONDS_MAX: Final = 10.0
"""How long a request waits for those of the same process that came before it on the same charge."""
CONFLICTS_MAX: Final = 100
"""How often one request decides again: each time somebody else has changed the charge, so many do so rarely."""
CONFLICT_PAUSE_SECONDS_MAX: Final = 0.02
"""The pause before deciding again is random, up to this."""


class Rendered(NamedTuple):
    """An answer to the merchant as bytes, with the HTTP status and the `Location` that belong to it."""

    status: int
    body: bytes
    location: str | None = None


class Answered(NamedTuple):
    """The answer to send, byte for byte as it is stored. `has_waited`: the client's wish to wait was honoured."""

    status: int
    body: bytes
    location: str | None
    is_replay: bool
    has_waited: bool


class Refused(msgspec.Struct, frozen=True):
    """Why nothing was done. The key stays unused; `detail` names the state of the charge that stands in the way."""

    code: (
        Literal[
            "amount_not_expressible",
            "amount_too_large",
            "charge_busy",
            "charge_not_found",
            "currency_not_supported",
            "idempotency_key_in_use",
            "idempotency_key_reused",
            "psp_not_configured",
        ]
        | RequestRefusalCode
    )
    detail: str | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to write for a request, and how it is answered. `charge` is the charge after the events.

    `show` is the answer when the charge has come this far; `is_settled` says whether the outcome the client may wait
    for is known.
    """

    stream_id: StreamId
    expected_version: int
    events: tuple[ChargeEvent, ...]
    jobs: tuple[Job, ...]
    charge: Charge
    show: Callable[[Charge], Rendered]
    is_settled: Callable[[Charge], bool]


Decide = Callable[[], Awaitable[Decision | Refused]]
"""Looks at what is known now; called again when that has changed before the decision was written."""


class _Running(NamedTuple):
    fingerprint: bytes
    result: "asyncio.Future[StoredAnswer | Refused]"


class _Accepted(NamedTuple):
    """A decision that was written, and the answer its key has for now."""

    decision: Decision
    stored: StoredAnswer


_Queue = tuple[MerchantId, bool, StreamId]


class KeyedRequests:
    """Finds the answer a key has, or decides, commits and answers. One per process: it is where requests meet."""

    def __init__(
        self,
        *,
        writer: Writer,
        outcomes: OutcomeWait,
        clock: Clock,
        answers: AnswerCache,
        in_flight_wait_seconds: float = IN_FLIGHT_WAIT_SECONDS,
    ) -> None:
        self._writer = writer
        self._outcomes = outcomes
        self._clock = clock
        self._answers = answers
        self._in_flight_wait_seconds = in_flight_wait_seconds
        self._running: dict[IdempotencyKey, _Running] = {}
        self._queues: WeakValueDictionary[_Queue, asyncio.Lock] = WeakValueDictionary()

    async def answer(
        self, command: Command, decide: Decide, *, on: StreamId | None = None
    ) -> Answered | Refused:
        """The answer of the command's key, or of what `decide` decides; `on` is the stream others may be changing, too.

        Raises `Overloaded` and `StoreUnavailable`: nothing can be said then, and the same request with the same key
        may be repeated.
        """
        key = command.scoped_key
        cached = self._answers.get(key)
        if cached is not None:
            return _again(cached, command)
        first = self._running.get(key)
        if first is not None:
            return await self._follow(first, command)
        return await self._lead(command, decide, on)

    async def _lead(self, command: Command, decide: Decide, on: StreamId | None) -> Answered | Refused:
        """Be the one request of this process that works for a key; others with it follow."""
        key = command.scoped_key
        running = _Running(command.fingerprint, asyncio.get_running_loop().create_future())
        self._running[key] = running
        try:
            answered, stored = await self._carry_out(command, decide, on)
        except BaseException as error:
            if isinstance(error, Exception):
                running.result.set_exception(error)
                running.result.exception()  # seen, even where nobody follows
            else:
                running.result.cancel()
            raise
        finally:
            del self._running[key]
        running.result.set_result(stored)
        if isinstance(stored, StoredAnswer):
            self._answers.put(key, stored)
        return answered

    async def _follow(self, first: _Running, command: Command) -> Answered | Refused:
        if first.fingerprint != command.fingerprint:
            return Refused("idempotency_key_reused")
        done, _ = await asyncio.wait({first.result}, timeout=self._patience(command))
        if not done:
            return Refused("idempotency_key_in_use")
        if first.result.cancelled():
            raise StoreUnavailable("the request that came first was cut off; repeat the request")
        stored = first.result.result()
        return stored if isinstance(stored, Refused) else _again(stored, command)

    async def _carry_out(
        self, command: Command, decide: Decide, on: StreamId | None
    ) -> tuple[Answered | Refused, StoredAnswer | Refused]:
        """What to answer, and what the key gets from now on."""
        written = (
            await self._written(command, decide)
            if on is None
            else await self._written_in_turn(command, decide, on)
        )
        match written:
            case Refused():
                return written, written
            case StoredAnswer():
                return await self._used_before(written, command)
            case _Accepted() if command.wait_seconds:
                final = await self._after_outcome(command, written)
                return _first(final, has_waited=True), final
            case _Accepted():
                return _first(written.stored, has_waited=False), written.stored

    async def _written_in_turn(
        self, command: Command, decide: Decide, stream_id: StreamId
    ) -> _Accepted | StoredAnswer | Refused:
        """One request of this process at a time on one charge, so that they conflict only with other processes."""
        # Of one merchant: whoever asks for what is not theirs holds nobody up.
        key = (command.merchant_id, command.livemode, stream_id)
        queue = self._queues.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(QUEUE_SECONDS_MAX):
                await queue.acquire()
        except TimeoutError:
            return Refused("charge_busy")
        try:
            return await self._written(command, decide)
        finally:
            queue.release()

    async def _written(self, command: Command, decide: Decide) -> _Accepted | StoredAnswer | Refused:
        """Decide and commit, again where somebody else was faster; or the answer that the key got before."""
        for _ in range(CONFLICTS_MAX):
            decision = await decide()
            if isinstance(decision, Refused):
                # What stands in the way may be what this very request did, when it came before.
                return await self._writer.find_answer(command.scoped_key) or decision
            accepted = self._accepted(command, decision)
            result = await self._writer.commit(
                Commit(
                    provenance=command.provenance,
                    stream_id=decision.stream_id,
                    expected_version=decision.expected_version,
                    events=tuple(NewEvent(event) for event in decision.events),
                    jobs=decision.jobs,
                    idempotency=(command.scoped_key, accepted),
                )
            )
            match result:
                case Committed():
                    return _Accepted(decision, accepted)
                case Replayed(answer):
                    return answer
                case Conflict():
                    await asyncio.sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS_MAX))  # noqa: S311 -- no secret
                case _:
                    raise AssertionError(f"a commit without a webhook cannot be {result}")
        return Refused("charge_busy")

    def _accepted(self, command: Command, decision: Decision) -> StoredAnswer:
        rendered = decision.show(decision.charge)
        in_flight_seconds = command.wait_seconds + IN_FLIGHT_MARGIN_SECONDS
        return StoredAnswer(
            fingerprint=command.fingerprint,
            response_status=rendered.status,
            response_body=rendered.body,
            location=rendered.location,
            in_flight_until=self._clock.now() + timedelta(seconds=in_flight_seconds)
            if command.wait_seconds
            else None,
        )

    async def _used_before(
        self, answer: StoredAnswer, command: Command
    ) -> tuple[Answered | Refused, StoredAnswer | Refused]:
        """What another process, or this one before it restarted, wrote under the key; once it is final."""
        if answer.fingerprint == command.fingerprint:
            deadline = asyncio.get_running_loop().time() + self._patience(command)
            while is_in_flight(answer, self._clock.now()):
                if asyncio.get_running_loop().time() >= deadline:
                    in_use = Refused("idempotency_key_in_use")
                    return in_use, in_use
                await asyncio.sleep(IN_FLIGHT_POLL_SECONDS)
                answer = await self._writer.find_answer(command.scoped_key) or answer
            return _again(answer, command), answer
        reused = Refused("idempotency_key_reused")
        return reused, reused

    async def _after_outcome(self, command: Command, accepted: _Accepted) -> StoredAnswer:
        """Wait for the outcome as long as the client will, and make what is known then the key's final answer."""
        decision = accepted.decision
        known = await self._outcomes.until(
            decision.is_settled, decision.charge, decision.stream_id, wait_seconds=command.wait_seconds
        )
        rendered = decision.show(known)
        final = StoredAnswer(
            fingerprint=command.fingerprint,
            response_status=rendered.status,
            response_body=rendered.body,
            location=rendered.location,
        )
        await self._writer.commit(
            Commit(provenance=command.provenance, final_answer=(command.scoped_key, final))
        )
        # An answer is replaced only while it is in flight. If that took too long, the first one has become final.
        latest = accepted.stored.in_flight_until
        if latest and self._clock.now() > latest - timedelta(seconds=CLOCK_SKEW_SECONDS_MAX):
            return await self._writer.find_answer(command.scoped_key) or final
        return final

    def _patience(self, command: Command) -> float:
        return max(self._in_flight_wait_seconds, command.wait_seconds)


def _first(stored: StoredAnswer, *, has_waited: bool) -> Answered:
    return Answered(
        stored.response_status, stored.response_body, stored.location, is_replay=False, has_waited=has_waited
    )


def _again(stored: StoredAnswer, command: Command) -> Answered | Refused:
    if stored.fingerprint != command.fingerprint:
        return Refused("idempotency_key_reused")
    return Answered(
        stored.response_status, stored.response_body, stored.location, is_replay=True, has_waited=False
    )
