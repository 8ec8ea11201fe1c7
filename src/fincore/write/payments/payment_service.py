"""Creates charges: each idempotency key once, whatever dies when."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Literal, NamedTuple, get_args

import msgspec
import structlog

from fincore.domain.charge import Charge, evolve, fold
from fincore.domain.clock import Clock
from fincore.domain.errors import StoreUnavailable
from fincore.domain.ids import ChargeId, RequestId, StreamId, charge_of, new_stream_id
from fincore.eventstore.commit import (
    Commit,
    Committed,
    IdempotencyKey,
    NewEvent,
    Provenance,
    Replayed,
    StoredAnswer,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import is_connection_loss
from fincore.write.payments.acceptance import ChargeCommand, Route, accept
from fincore.write.payments.idempotency import CLOCK_SKEW_SECONDS_MAX, AnswerCache, is_in_flight
from fincore.write.payments.metrics import CHARGE_REQUESTS

_log = structlog.get_logger(__name__)

IN_FLIGHT_MARGIN_SECONDS: Final = 10.0
"""After a client's wait has ended, how long its request may still take to write its final answer."""
IN_FLIGHT_WAIT_SECONDS: Final = 5.0
"""How long a request waits for an earlier one with its key before it is told to come back."""
IN_FLIGHT_POLL_SECONDS: Final = 0.1


Result = Literal[
    "accepted", "replayed", "idempotency_key_reused", "idempotency_key_in_use", "psp_not_configured"
]
_COUNTERS: Final = {result: CHARGE_REQUESTS.labels(result) for result in get_args(Result)}


class Rendered(NamedTuple):
    """An answer to the merchant as bytes, with the HTTP status and `Location` that belong to it."""

    status: int
    body: bytes
    location: str


Render = Callable[[ChargeId, Charge, RequestId], Rendered]
"""How a charge is shown to the merchant that created it; for a failed one, the answer to a client that waited."""


class Answered(NamedTuple):
    """The answer to send, byte for byte as it is stored. `has_waited`: the client's wish to wait was honoured."""

    status: int
    body: bytes
    location: str | None
    is_replay: bool
    has_waited: bool


class Refused(msgspec.Struct, frozen=True):
    """Why nothing was done."""

    code: Literal["idempotency_key_reused", "idempotency_key_in_use", "psp_not_configured"]


class _Running(NamedTuple):
    fingerprint: bytes
    result: "asyncio.Future[StoredAnswer | Refused]"


class PaymentService:
    """Takes charges in. `routes` says, by mode (livemode), where a charge goes."""

    def __init__(
        self,
        *,
        writer: Writer,
        log: EventLog,
        watch: StreamWatch,
        clock: Clock,
        routes: Mapping[bool, Route],
        render: Render,
        answers: AnswerCache,
        in_flight_wait_seconds: float = IN_FLIGHT_WAIT_SECONDS,
    ) -> None:
        self._writer = writer
        self._event_log = log
        self._watch = watch
        self._clock = clock
        self._routes = routes
        self._render = render
        self._answers = answers
        self._in_flight_wait_seconds = in_flight_wait_seconds
        self._running: dict[IdempotencyKey, _Running] = {}

    async def charge(self, command: ChargeCommand) -> Answered | Refused:
        """Create a charge, or give the answer that its idempotency key got before.

        Raises `Overloaded` and `StoreUnavailable`: nothing can be said then, and the same request with the same key
        may be repeated.
        """
        answered = await self._charge(command)
        _COUNTERS[_result_of(answered)].inc()
        return answered

    async def _charge(self, command: ChargeCommand) -> Answered | Refused:
        key = command.scoped_key
        cached = self._answers.get(key)
        if cached is not None:
            return _again(cached, command)
        first = self._running.get(key)
        if first is not None:
            return await self._follow(first, command)
        route = self._routes.get(command.livemode)
        if route is None:
            return Refused("psp_not_configured")
        return await self._lead(command, route)

    async def _lead(self, command: ChargeCommand, route: Route) -> Answered | Refused:
        """Be the one request of this process that works for a key; others with it follow."""
        key = command.scoped_key
        running = _Running(command.fingerprint, asyncio.get_running_loop().create_future())
        self._running[key] = running
        try:
            answered, stored = await self._create(command, route)
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

    async def _follow(self, first: _Running, command: ChargeCommand) -> Answered | Refused:
        if first.fingerprint != command.fingerprint:
            return Refused("idempotency_key_reused")
        done, _ = await asyncio.wait({first.result}, timeout=self._patience(command))
        if not done:
            return Refused("idempotency_key_in_use")
        if first.result.cancelled():
            raise StoreUnavailable("the request that came first was cut off; repeat the request")
        stored = first.result.result()
        return stored if isinstance(stored, Refused) else _again(stored, command)

    async def _create(
        self, command: ChargeCommand, route: Route
    ) -> tuple[Answered | Refused, StoredAnswer | Refused]:
        """What to answer, and what the key gets from now on."""
        now = self._clock.now()
        stream_id = new_stream_id()
        charge_id = charge_of(stream_id)
        event, job = accept(command, charge_id, route, now)
        charge = evolve(None, event)
        rendered = self._render(charge_id, charge, command.request_id)
        accepted = StoredAnswer(
            fingerprint=command.fingerprint,
            response_status=rendered.status,
            response_body=rendered.body,
            location=rendered.location,
            in_flight_until=now + timedelta(seconds=command.wait_seconds + IN_FLIGHT_MARGIN_SECONDS)
            if command.wait_seconds
            else None,
        )
        result = await self._writer.commit(
            Commit(
                provenance=_provenance(command),
                stream_id=stream_id,
                events=(NewEvent(event),),
                jobs=(job,),
                idempotency=(command.scoped_key, accepted),
            )
        )
        match result:
            case Committed() if command.wait_seconds:
                final = await self._after_outcome(command, charge_id, stream_id, charge, accepted)
                return _first(final, has_waited=True), final
            case Committed():
                return _first(accepted, has_waited=False), accepted
            case Replayed(answer):
                return await self._used_before(answer, command)
            case _:
                raise AssertionError(f"a new stream and a new key cannot be refused as {result}")

    async def _used_before(
        self, answer: StoredAnswer, command: ChargeCommand
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

    async def _after_outcome(
        self,
        command: ChargeCommand,
        charge_id: ChargeId,
        stream_id: StreamId,
        charge: Charge,
        accepted: StoredAnswer,
    ) -> StoredAnswer:
        """Wait for the outcome as long as the client will, and make what is known then the key's final answer."""
        known = await self._outcome(stream_id, charge, command.wait_seconds)
        rendered = self._render(charge_id, known, command.request_id)
        final = StoredAnswer(
            fingerprint=command.fingerprint,
            response_status=rendered.status,
            response_body=rendered.body,
            location=rendered.location,
        )
        await self._writer.commit(
            Commit(provenance=_provenance(command), final_answer=(command.scoped_key, final))
        )
        # An answer is replaced only while it is in flight. If that took too long, the first one has become final.
        latest = accepted.in_flight_until
        if latest and self._clock.now() > latest - timedelta(seconds=CLOCK_SKEW_SECONDS_MAX):
            return await self._writer.find_answer(command.scoped_key) or final
        return final

    async def _outcome(self, stream_id: StreamId, charge: Charge, wait_seconds: float) -> Charge:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while charge.status == "processing" and (left_seconds := deadline - loop.time()) > 0:
            if not await self._watch.wait_beyond(stream_id, charge.version, timeout_seconds=left_seconds):
                break
            try:
                events = await self._event_log.load(stream_id)
            except Exception as error:
                if not is_connection_loss(error):
                    raise
                _log.warning("payments.outcome_unread", stream_id=str(stream_id), error=repr(error))
                break
            charge = fold(recorded.event for recorded in events) or charge
        return charge

    def _patience(self, command: ChargeCommand) -> float:
        return max(self._in_flight_wait_seconds, command.wait_seconds)


def _first(stored: StoredAnswer, *, has_waited: bool) -> Answered:
    return Answered(
        stored.response_status, stored.response_body, stored.location, is_replay=False, has_waited=has_waited
    )


def _again(stored: StoredAnswer, command: ChargeCommand) -> Answered | Refused:
    if stored.fingerprint != command.fingerprint:
        return Refused("idempotency_key_reused")
    return Answered(
        stored.response_status, stored.response_body, stored.location, is_replay=True, has_waited=False
    )


def _provenance(command: ChargeCommand) -> Provenance:
    return Provenance(correlation=command.request_id, actor=command.key_id)


def _result_of(answered: Answered | Refused) -> Result:
    if isinstance(answered, Refused):
        return answered.code
    return "replayed" if answered.is_replay else "accepted"
