"""Carries out the request of an idempotency key once, at any crash: what all commands of merchants share."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Generic, Literal, NamedTuple, Never, TypeVar
from weakref import WeakValueDictionary

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.errors import StoreUnavailable
from fincore.domain.ids import MerchantId, StreamId
from fincore.domain.job import Job
from fincore.domain.refusal import RequestRefusalCode
from fincore.eventstore.commit import (
    Commit,
    Committed,
    Conflict,
    IdempotencyKey,
    NewEvent,
    RenderedResponse,
    Replayed,
    StoredResponse,
)
from fincore.eventstore.writer import Writer
from fincore.write.payments.command import Command
from fincore.write.payments.in_flight import CLOCK_SKEW_SECONDS_MAX, is_in_flight
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.response_cache import ResponseCache
from fincore.write.payments.shared_responses import SharedResponses

IN_FLIGHT_MARGIN_SECONDS: Final = 10.0
"""After a client's wait has ended, how long its request may still take to write its final response."""
IN_FLIGHT_WAIT_SECONDS: Final = 5.0
"""How long a request waits for an earlier one with its key before it is told to come back."""
IN_FLIGHT_POLL_SECONDS: Final = 0.1
QUEUE_SECONDS_MAX: Final = 10.0
"""How long a request waits for those of the same process that came before it on the same charge."""
CONFLICTS_MAX: Final = 100
"""How often one request decides again: each time another request has changed the charge."""
CONFLICT_PAUSE_SECONDS_MAX: Final = 0.02
"""The pause before deciding again is random, up to this."""

StateT = TypeVar("StateT")
E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
E_co = TypeVar("E_co", covariant=True)


class Responded(NamedTuple):
    """The response to send, byte for byte as it is stored. `has_waited`: the request waited for the outcome, as asked."""

    response: RenderedResponse
    is_replay: bool
    has_waited: bool


class Refused(msgspec.Struct, frozen=True):
    """Why nothing was done. The key stays unused; `detail` names the state of the charge that stands in the way.

    `param` is the path to the field at fault, where the code alone does not say it.
    """

    code: (
        Literal[
            "account_unknown",
            "amount_not_expressible",
            "amount_too_large",
            "charge_busy",
            "charge_not_found",
            "checkout_not_configured",
            "checkout_session_busy",
            "checkout_session_not_found",
            "checkout_session_not_open",
            "currency_not_supported",
            "idempotency_key_in_use",
            "idempotency_key_reused",
            "card_deleted",
            "card_not_found",
            "card_not_tokenised",
            "payment_method_not_taken",
            "psp_not_configured",
            "raw_cards_not_enabled",
            "vault_not_configured",
        ]
        | RequestRefusalCode
    )
    detail: str | None = None
    param: str | None = None


class Decision(msgspec.Struct, Generic[StateT, E_co], frozen=True, kw_only=True):
    """What to write for a request, and how to render the response. `state` is the aggregate after the events.

    `show` renders the response for the aggregate as it is then; `is_final` says whether the outcome that the client may
    wait for is known.
    """

    stream_id: StreamId
    expected_version: int
    events: tuple[E_co, ...]
    jobs: tuple[Job, ...]
    state: StateT
    show: Callable[[StateT], RenderedResponse]
    is_final: Callable[[StateT], bool]


FindResponse = Callable[[IdempotencyKey], Awaitable[StoredResponse | None]]
"""What an idempotency key got before, as the log knows it; None if it was never used."""
Decide = Callable[[], Awaitable[Decision[StateT, E] | StoredResponse | Refused]]
"""Looks at what is known now; called again when that has changed before the decision was written.

It gives a response that the key got before where it looks for that itself, because deciding is costly.
"""


class _Running:
    """A request that is carried out. `result` is there from when another request with its key waits for it."""

    __slots__ = ("fingerprint", "result")

    def __init__(self, fingerprint: bytes) -> None:
        self.fingerprint = fingerprint
        self.result: asyncio.Future[StoredResponse | Refused] | None = None


class _Accepted(NamedTuple, Generic[StateT, E_co]):
    """A decision that was written, and the response its key has for now."""

    decision: Decision[StateT, E_co]
    stored: StoredResponse


_Queue = tuple[MerchantId, bool, StreamId]


class IdempotentRequests(Generic[E_contra]):
    """Finds the response of a key, or decides, commits and responds. One per process, for all aggregates: a key is one request."""

    def __init__(
        self,
        *,
        writer: Writer[E_contra],
        clock: Clock,
        responses: ResponseCache,
        shared: SharedResponses | None = None,
        in_flight_wait_seconds: float = IN_FLIGHT_WAIT_SECONDS,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._responses = responses
        self._shared = shared
        self._in_flight_wait_seconds = in_flight_wait_seconds
        self._running: dict[IdempotencyKey, _Running] = {}
        self._queues: WeakValueDictionary[_Queue, asyncio.Lock] = WeakValueDictionary()

    async def respond(
        self,
        command: Command,
        decide: Decide[StateT, E_contra],
        outcomes: OutcomeWait[StateT],
        *,
        busy: Refused,
        on: StreamId | None = None,
    ) -> Responded | Refused:
        """The response of the command's key, or of what `decide` decides, after a wait for `outcomes` if one was asked for.

        `on` is a stream that others may be changing, too; `busy` is the refusal if they keep being faster. Raises
        `Overloaded` and `StoreUnavailable`: nothing can be said then, and the same request with the same key may be
        repeated.
        """
        key = command.scoped_key
        cached = self._responses.get(key)
        if cached is not None:
            return _again(cached, command)
        first = self._running.get(key)
        if first is not None:
            return await self._await_first(first, command)
        running = self._running[key] = _Running(command.fingerprint)
        try:
            known = await self._shared.find(key) if self._shared else None
            responded, stored = (
                (_again(known, command), known)
                if known
                else await self._carry_out(command, decide, outcomes, busy, on)
            )
        except BaseException as error:
            if running.result is not None:
                if isinstance(error, Exception):
                    running.result.set_exception(error)
                    running.result.exception()  # retrieved, even where no other request waits any more
                else:
                    running.result.cancel()
            raise
        finally:
            del self._running[key]
        if running.result is not None:
            running.result.set_result(stored)
        if isinstance(stored, StoredResponse):
            self._responses.put(key, stored)
            if self._shared and not known:
                self._shared.keep(key, stored)
        return responded

    async def _await_first(self, first: _Running, command: Command) -> Responded | Refused:
        if not command.repeats(first.fingerprint):
            return Refused("idempotency_key_reused")
        result = first.result = first.result or asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait({result}, timeout=self._patience_seconds(command))
        if not done:
            return Refused("idempotency_key_in_use")
        if result.cancelled():
            raise StoreUnavailable("the request that came first was cut off; repeat the request")
        stored = result.result()
        return stored if isinstance(stored, Refused) else _again(stored, command)

    async def _carry_out(
        self,
        command: Command,
        decide: Decide[StateT, E_contra],
        outcomes: OutcomeWait[StateT],
        busy: Refused,
        on: StreamId | None,
    ) -> tuple[Responded | Refused, StoredResponse | Refused]:
        """The response, and what the key gets from now on."""
        written = (
            await self._written(command, decide, busy)
            if on is None
            else await self._written_in_turn(command, decide, busy, on)
        )
        match written:
            case Refused():
                return written, written
            case StoredResponse():
                return await self._used_before(written, command)
            case _Accepted() if command.wait_seconds:
                final = await self._after_outcome(command, written, outcomes)
                return _first(final, has_waited=True), final
            case _Accepted():
                return _first(written.stored, has_waited=False), written.stored

    async def _written_in_turn(
        self, command: Command, decide: Decide[StateT, E_contra], busy: Refused, stream_id: StreamId
    ) -> _Accepted[StateT, E_contra] | StoredResponse | Refused:
        """One request of this process at a time on one stream, so that they conflict only with other processes."""
        # Of one merchant: a request for a charge of another merchant does not delay that merchant.
        key = (command.merchant_id, command.livemode, stream_id)
        queue = self._queues.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(QUEUE_SECONDS_MAX):
                await queue.acquire()
        except TimeoutError:
            return busy
        try:
            return await self._written(command, decide, busy)
        finally:
            queue.release()

    async def _written(
        self, command: Command, decide: Decide[StateT, E_contra], busy: Refused
    ) -> _Accepted[StateT, E_contra] | StoredResponse | Refused:
        """Decide and commit, again where another request was faster; or the response that the key got before."""
        for _ in range(CONFLICTS_MAX):
            decision = await decide()
            if isinstance(decision, StoredResponse):
                return decision
            if isinstance(decision, Refused):
                # What stands in the way may be what this very request did, when it came before.
                return await self._writer.find_response(command.scoped_key) or decision
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
                case Replayed(response):
                    return response
                case Conflict():
                    await asyncio.sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS_MAX))  # noqa: S311 -- no secret
                case _:
                    raise AssertionError(f"a commit without a webhook cannot be {result}")
        return busy

    def _accepted(self, command: Command, decision: Decision[StateT, E_contra]) -> StoredResponse:
        in_flight_seconds = command.wait_seconds + IN_FLIGHT_MARGIN_SECONDS
        return StoredResponse(
            fingerprint=command.fingerprint,
            response=decision.show(decision.state),
            in_flight_until=self._clock.now() + timedelta(seconds=in_flight_seconds)
            if command.wait_seconds
            else None,
        )

    async def _used_before(
        self, response: StoredResponse, command: Command
    ) -> tuple[Responded | Refused, StoredResponse | Refused]:
        """What another process, or this one before it restarted, wrote under the key; once it is final."""
        if command.repeats(response.fingerprint):
            deadline = asyncio.get_running_loop().time() + self._patience_seconds(command)
            while is_in_flight(response, self._clock.now()):
                if asyncio.get_running_loop().time() >= deadline:
                    in_use = Refused("idempotency_key_in_use")
                    return in_use, in_use
                await asyncio.sleep(IN_FLIGHT_POLL_SECONDS)
                response = await self._writer.find_response(command.scoped_key) or response
            return _again(response, command), response
        reused = Refused("idempotency_key_reused")
        return reused, reused

    async def _after_outcome(
        self, command: Command, accepted: _Accepted[StateT, E_contra], outcomes: OutcomeWait[StateT]
    ) -> StoredResponse:
        """Wait for the outcome as long as the client will, and make what is known then the key's final response."""
        decision = accepted.decision
        known = await outcomes.until(
            decision.is_final, decision.state, decision.stream_id, wait_seconds=command.wait_seconds
        )
        final = StoredResponse(fingerprint=command.fingerprint, response=decision.show(known))
        replace: Commit[Never] = Commit(
            provenance=command.provenance, final_response=(command.scoped_key, final)
        )
        await self._writer.commit(replace)
        # A response is replaced only while it is in flight. If that took too long, the first one has become final.
        latest = accepted.stored.in_flight_until
        if latest and self._clock.now() > latest - timedelta(seconds=CLOCK_SKEW_SECONDS_MAX):
            return await self._writer.find_response(command.scoped_key) or final
        return final

    def _patience_seconds(self, command: Command) -> float:
        return max(self._in_flight_wait_seconds, command.wait_seconds)


def _first(stored: StoredResponse, *, has_waited: bool) -> Responded:
    return Responded(stored.response, is_replay=False, has_waited=has_waited)


def _again(stored: StoredResponse, command: Command) -> Responded | Refused:
    if not command.repeats(stored.fingerprint):
        return Refused("idempotency_key_reused")
    return Responded(stored.response, is_replay=True, has_waited=False)
