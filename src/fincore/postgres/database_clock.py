"""The time of a store's server, known to a process without asking: the one clock by which ages are judged.

It is the server's time when it was last read, plus what a monotonic clock has counted since. The machine's own clock is
only compared with it: where the two are apart, one of them is wrong, and nothing irreversible is done by either.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from fincore.domain.age import CLOCK_ERROR_MAX
from fincore.domain.clock import Clock, SystemClock
from fincore.domain.errors import StoreUnavailable
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.postgres.metrics import CLOCK_OFFSET_SECONDS, CLOCK_TRUSTED
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.postgres", "clock.sql")
_log = structlog.get_logger(__name__)

READINGS: Final = 3
"""How often the server is asked in one measurement; the reading with the shortest round trip counts."""
ROUND_TRIP_SECONDS_MAX: Final = 2.0
"""A reading is off by half of its round trip at most; one that took longer is not relied on."""
INTERVAL_SECONDS: Final = 15.0
STALE_AFTER_SECONDS: Final = 300.0
"""How long a measurement is relied on while the server cannot be asked again."""
DRIFT_MAX: Final = 0.0005
"""How much faster or slower than the server a monotonic clock may run; crystals stay within a fifth of it."""
STEP_DISTRUST_SECONDS_MIN: Final = 60.0
"""How long, at least, a server's clock is not trusted after a step."""
_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class Reading(msgspec.Struct, frozen=True):
    """A server's time, and what the machine's clock and the monotonic one said in the middle of the round trip."""

    server: datetime
    machine: datetime
    elapsed_seconds: float
    round_trip_seconds: float

    @property
    def offset_seconds(self) -> float:
        """How far the machine's clock is ahead of the server's."""
        return (self.machine - self.server).total_seconds()


def boot_seconds() -> float:
    """Seconds on a clock that no one sets; on Linux it also counts while the machine is suspended."""
    return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)


class DatabaseClock:
    """`AgeClock` of one store's server. It tells no time before the first `measure`.

    `read` asks the server for its time. `store` names it in logs and metrics.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[datetime]],
        *,
        store: str = "eventstore",
        machine: Clock | None = None,
        elapsed: Callable[[], float] = boot_seconds,
    ) -> None:
        self._read = read
        self._store = store
        self._machine = machine or SystemClock()
        self._elapsed = elapsed
        self._reading: Reading | None = None
        self._step_seconds = 0.0
        self._step_over_at = 0.0
        self._was_trusted = True
        CLOCK_TRUSTED.labels(store).set_function(lambda: float(self.distrust() is None))

    def now(self) -> datetime:
        """The server's time."""
        if self._reading is None:
            raise StoreUnavailable(f"the clock of the {self._store} server has not been read")
        return self._time_at(self._reading, self._elapsed())

    def distrust(self) -> str | None:
        """Why no age may be judged now.

        The machine's clock and the server's are apart; the server's clock was set to another time lately; or the server
        could not be asked for a while.
        """
        reading, elapsed = self._reading, self._elapsed()
        if reading is None:
            return f"the clock of the {self._store} server has not been read"
        if elapsed - reading.elapsed_seconds > STALE_AFTER_SECONDS:
            return f"the clock of the {self._store} server could not be read for {STALE_AFTER_SECONDS:g} s"
        if reading.round_trip_seconds > ROUND_TRIP_SECONDS_MAX:
            return f"the {self._store} server took {reading.round_trip_seconds:.1f} s to tell its time"
        if abs(reading.offset_seconds) > CLOCK_ERROR_MAX.total_seconds():
            return f"the clock of this machine is {_apart(reading.offset_seconds)} the clock of the {self._store} server"
        if elapsed < self._step_over_at:
            return (
                f"the clock of the {self._store} server was set {_apart(self._step_seconds)} what it had shown; it is "
                f"trusted again in {self._step_over_at - elapsed:.0f} s, or when this process is restarted"
            )
        return None

    async def measure(self) -> None:
        """Read the server's clock. What took too long replaces nothing. Raises what the pool raises."""
        best = await self._best_reading()
        if self._reading is None or best.round_trip_seconds <= ROUND_TRIP_SECONDS_MAX:
            self._take(best)
        self._tell()

    async def measure_anew(self) -> None:
        """The same after a pause of any length, in which the monotonic clock may have stood still: the reading before says nothing of a step."""
        best = await self._best_reading()
        self._reading, self._step_over_at = None, 0.0
        self._take(best)
        self._tell()

    async def keep_measuring(self, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        """Measure again and again, until cancelled; a server that is away is waited for."""
        while True:
            await asyncio.sleep(interval_seconds)
            try:
                await self.measure()
            except Exception as error:  # noqa: BLE001 -- for any reason, it is asked again and gets stale meanwhile
                _log.warning("clock.unread", store=self._store, error=repr(error))
                self._tell()

    def _take(self, reading: Reading) -> None:
        if (before := self._reading) is not None:
            expected = self._time_at(before, reading.elapsed_seconds)
            step_seconds = (reading.server - expected).total_seconds()
            drift_seconds = DRIFT_MAX * (reading.elapsed_seconds - before.elapsed_seconds)
            halves_seconds = (reading.round_trip_seconds + before.round_trip_seconds) / 2
            if abs(step_seconds) > CLOCK_ERROR_MAX.total_seconds() + drift_seconds + halves_seconds:
                # What is older than the step looks wrong by it. Once as much time has passed again, an age that looks
                # past a bound is at least half of what it looks.
                self._step_seconds = step_seconds
                self._step_over_at = reading.elapsed_seconds + max(
                    abs(step_seconds), STEP_DISTRUST_SECONDS_MIN
                )
        self._reading = reading
        CLOCK_OFFSET_SECONDS.labels(self._store).set(reading.offset_seconds)

    async def _best_reading(self) -> Reading:
        readings = [await self._one_reading() for _ in range(READINGS)]
        return min(readings, key=lambda reading: reading.round_trip_seconds)

    async def _one_reading(self) -> Reading:
        began, machine_began = self._elapsed(), self._machine.now()
        server = await self._read()
        round_trip_seconds = self._elapsed() - began
        half = round_trip_seconds / 2
        return Reading(server, machine_began + timedelta(seconds=half), began + half, round_trip_seconds)

    def _tell(self) -> None:
        reason = self.distrust()
        CLOCK_TRUSTED.labels(self._store).set(reason is None)
        if reason is not None:
            _log.error("clock.distrusted", store=self._store, reason=reason)
        elif not self._was_trusted:
            _log.info("clock.trusted_again", store=self._store)
        self._was_trusted = reason is None

    @staticmethod
    def _time_at(reading: Reading, elapsed_seconds: float) -> datetime:
        return reading.server + timedelta(seconds=elapsed_seconds - reading.elapsed_seconds)


async def measured_clock(pool: Pool, *, store: str = "eventstore") -> DatabaseClock:
    """The clock of the server behind a pool, read once. Raises `StoreUnavailable`."""

    async def read() -> datetime:
        told: datetime = await pool.fetchval(_SQL.server_time)
        return told

    clock = DatabaseClock(read, store=store)
    try:
        await clock.measure()
    except Exception as error:
        outage = outage_of(error)
        if outage is None:
            raise
        raise StoreUnavailable(f"cannot read the clock of PostgreSQL: {OUTAGES[outage]}") from error
    return clock


@contextlib.asynccontextmanager
async def running_clock(pool: Pool, *, store: str = "eventstore") -> AsyncIterator[DatabaseClock]:
    """The same, measured again and again while the context lasts."""
    clock = await measured_clock(pool, store=store)
    measuring = asyncio.create_task(clock.keep_measuring())
    try:
        yield clock
    finally:
        measuring.cancel()


def _apart(seconds: float) -> str:
    return f"{abs(seconds):,.1f} s {'ahead of' if seconds > 0 else 'behind'}"
