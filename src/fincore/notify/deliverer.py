"""Sends what is due, again and again until it arrives or the schedule ends. At least once: a receiver tells by the id.

A delivery is leased in the database before it is sent, so that no two processes send it at the same time. A process that
dies between sending and noting lets its leases end, and another sends the same body under the same id again.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from fincore.domain.clock import AgeClock
from fincore.notify.attempt import Attempted, Claimed
from fincore.notify.delivery_span import delivery_span, tell_attempt, trace_headers
from fincore.notify.leases import PLACES_MAX, Leases
from fincore.notify.metrics import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    DELIVERIES_DUE,
    DELIVERIES_FINISHED,
    OLDEST_DUE_SECONDS,
)
from fincore.notify.retry_schedule import AttemptResult, next_step
from fincore.notify.secret_cipher import SecretCipher, SecretUnreadable
from fincore.notify.sender import Sender
from fincore.notify.webhook_secret import signed_headers
from fincore.observability.failpoints import failpoint
from fincore.observability.tracing.span import exemplar_of
from fincore.postgres.failures import is_outage, outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.notify", "deliverer.sql")
_log = structlog.get_logger(__name__)

ATTEMPTS_UNDER_WAY_MAX: Final = 512
"""Of one process. Half of them are for the first few of each endpoint: who gets more shares the other half."""
ROUND_SECONDS: Final = 0.05
"""From one transaction to the next: what ends and becomes due meanwhile shares the price of one."""
IDLE_DELAY_SECONDS_MIN: Final = 0.02
IDLE_DELAY_SECONDS_MAX: Final = 0.25
FAILURE_DELAY_SECONDS_MAX: Final = 10.0
SWEEP_INTERVAL_SECONDS: Final = 5.0
SWEEP_ROWS_MAX: Final = 10_000
KEPT_FOR: Final = timedelta(days=30)
"""How long a delivery that ended stays in the log, where it can be seen and replayed; and a deleted endpoint at least."""


class Deliverer:
    """Claims, sends and notes until `stop`. Several processes may do so beside each other."""

    def __init__(
        self,
        pool: Pool,
        sender: Sender,
        cipher: SecretCipher,
        clock: AgeClock,
        *,
        under_way_max: int = ATTEMPTS_UNDER_WAY_MAX,
        per_endpoint_max: int = PLACES_MAX,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._sender = sender
        self._cipher = cipher
        self._clock = clock
        self._under_way_max = under_way_max
        self._leases = Leases(pool, clock, per_endpoint_max=per_endpoint_max)
        self._draw = draw
        self._under_way: set[asyncio.Task[None]] = set()
        self._unnoted: list[Attempted] = []
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Deliver until `stop`, through outages of the database; then wait for the attempts under way and note them."""
        idle_seconds, failure_seconds, swept_at = IDLE_DELAY_SECONDS_MIN, IDLE_DELAY_SECONDS_MAX, 0.0
        while not self._stopping:
            self._wake.clear()
            began_at = time.monotonic()
            try:
                if began_at - swept_at > SWEEP_INTERVAL_SECONDS:
                    await self.sweep()
                    swept_at = began_at
                is_idle = not await self._round()
            except Exception as error:
                outage = outage_of(error)
                if outage is None:
                    raise
                _log.warning("notify.interrupted", outage=outage, error=repr(error))
                await self._pause(failure_seconds)
                failure_seconds = min(failure_seconds * 2, FAILURE_DELAY_SECONDS_MAX)
                continue
            failure_seconds = IDLE_DELAY_SECONDS_MAX
            idle_seconds = (
                min(idle_seconds * 2, IDLE_DELAY_SECONDS_MAX) if is_idle else IDLE_DELAY_SECONDS_MIN
            )
            await self._pause(idle_seconds)
            if not self._stopping:
                await asyncio.sleep(began_at + ROUND_SECONDS - time.monotonic())
        await self._finish()

    def stop(self) -> None:
        """Claim no more and let `run` return once what is under way is noted."""
        self._stopping = True
        self._wake.set()

    async def deliver_due(self) -> int:
        """Attempt what is due once, as far as the bounds go, and note it; return how many attempts were made."""
        claimed = await self.claim(self._under_way_max)
        await self.note(await asyncio.gather(*(self.attempt(one) for one in claimed)))
        return len(claimed)

    async def claim(self, count_max: int) -> list[Claimed]:
        """Lease deliveries that are due."""
        return await self._exchange((), count_max)

    async def attempt(self, claimed: Claimed) -> Attempted:
        """Sign and send a delivery once."""
        began_at, started = self._clock.now(), time.perf_counter()
        with delivery_span(claimed) as span:
            result = await self._sent(claimed, began_at, trace_headers(span))
            seconds, ended_at = time.perf_counter() - started, self._clock.now()
            tell_attempt(span, result)
            label = result.error or f"{(result.status or 0) // 100}xx"
            ATTEMPTS.labels(label).inc()
            ATTEMPT_SECONDS.observe(seconds, exemplar_of(span))
            _log.info(
                "notify.attempted",
                delivery_id=claimed.delivery_id,
                endpoint_id=claimed.endpoint_id,
                attempt=claimed.attempt,
                status=result.status,
                error=result.error,
                duration_ms=round(seconds * 1000),
            )
        return Attempted(
            claimed=claimed,
            began_at=began_at,
            ended_at=ended_at,
            duration_ms=round(seconds * 1000),
            result=result,
            step=next_step(result, attempt=claimed.round_attempt, now=ended_at, fraction=self._draw()),
        )

    async def note(self, attempted: Sequence[Attempted]) -> None:
        """Write down how attempts went and what follows, all in one transaction."""
        if attempted:
            await self._exchange(attempted, 0)

    async def sweep(self) -> None:
        """Close what waits for disabled endpoints, and forget what ended long ago; a bounded number of each.

        Nothing is forgotten while the clock is not trusted.
        """
        now = self._clock.now()
        closed = await self._pool.execute(_SQL.close_undeliverable, now, SWEEP_ROWS_MAX)
        DELIVERIES_FINISHED.labels("endpoint_disabled").inc(int(closed.rpartition(" ")[2]))
        if self._clock.distrust() is None:
            await self._pool.execute(_SQL.purge_deliveries, now - KEPT_FOR, SWEEP_ROWS_MAX)
            await self._pool.execute(_SQL.purge_endpoints, now - KEPT_FOR, SWEEP_ROWS_MAX)

    async def measure(self) -> None:
        """Set the gauges of what is due."""
        row = await self._pool.fetchrow(_SQL.measure_due, self._clock.now())
        if row is not None:
            DELIVERIES_DUE.set(row["due"])
            OLDEST_DUE_SECONDS.set(row["oldest_seconds"] or 0.0)

    async def _round(self) -> bool:
        """Record the attempts that ended, claim deliveries up to the bound and start them; return whether there was any work."""
        ended, room = self._unnoted[:], self._under_way_max - len(self._under_way)
        if not ended and not room:
            return False
        claimed = await self._exchange(ended, room)
        # Kept until they are noted: a database that is away must not make us forget what arrived.
        del self._unnoted[: len(ended)]
        for one in claimed:
            task = asyncio.create_task(self._attempt_and_keep(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return bool(ended or claimed)

    async def _exchange(self, attempted: Sequence[Attempted], count_max: int) -> list[Claimed]:
        spare = max(0, count_max - self._under_way_max // 2)
        return await self._leases.exchange(attempted, count_max=count_max, spare=spare)

    async def _attempt_and_keep(self, claimed: Claimed) -> None:
        self._unnoted.append(await self.attempt(claimed))
        self._wake.set()

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way)
        try:
            await self.note(self._unnoted)
        except Exception as error:
            if not is_outage(error):
                raise
            # The leases end, and what was sent is sent again under the same ids.
            _log.warning("notify.stopped_unnoted", attempts=len(self._unnoted), error=repr(error))

    async def _sent(
        self, claimed: Claimed, now: datetime, further_headers: Mapping[str, str]
    ) -> AttemptResult:
        try:
            valid = [
                self._cipher.decrypt(encrypted, claimed.endpoint_id)
                for encrypted in claimed.encrypted_secrets
            ]
        except SecretUnreadable as error:
            _log.error("notify.secret_unreadable", endpoint_id=claimed.endpoint_id, reason=str(error))
            return AttemptResult(error="secret_unreadable")
        headers = {**signed_headers(claimed.delivery_id, claimed.body, valid, now), **further_headers}
        failpoint("delivery", "before")
        result = await self._sender.send(claimed.url, headers, claimed.body)
        failpoint("delivery", "after")
        return result

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
