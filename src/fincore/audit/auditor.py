"""The auditor: checks every invariant on a schedule, sets the metrics, and logs what is broken."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import structlog

from fincore.audit.invariants import INVARIANTS, check_all
from fincore.audit.invariants.check_result import CHECK_SECONDS_MAX
from fincore.audit.invariants.invariant import Stores
from fincore.audit.metrics import CHECK_SECONDS, CHECKED_AT, UNCHECKED, VIOLATIONS
from fincore.audit.verdicts import Verdicts
from fincore.domain.clock import Clock

_log = structlog.get_logger(__name__)

REST_RATIO: Final = 10.0
"""The pause after a round is at least this many times as long as the round: checking costs a tenth of a core at most."""


Measure = Callable[[], Awaitable[None]]
"""Sets gauges from the stores."""


class Auditor:
    """Checks the invariants until `stop`, every `interval_seconds` or, where a round takes long, less often.

    `beside` is measured in every round, too, each under its name. What each round finds is kept in `verdicts`, where they are given.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        *,
        interval_seconds: float,
        beside: Mapping[str, Measure] | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._beside = beside or {}
        self._verdicts = verdicts
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Round after round. What cannot be checked or measured is reported as such, and the rest goes on."""
        for name in (*(one.name for one in INVARIANTS), *self._beside):
            # Shown from the start, and by this role alone: where they are missing, it does not run.
            UNCHECKED.labels(name)
            CHECKED_AT.labels(name)
        while not self._stopping.is_set():
            started = time.monotonic()
            await self.round()
            took_seconds = time.monotonic() - started
            CHECK_SECONDS.set(took_seconds)
            try:
                async with asyncio.timeout(max(self._interval_seconds, REST_RATIO * took_seconds)):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let `run` return after the round under way."""
        self._stopping.set()

    async def round(self) -> int:
        """Check every invariant once; return how many are broken or could not be checked."""
        results = await check_all(self._stores)
        for result in results:
            UNCHECKED.labels(result.invariant.name).set(result.unchecked is not None)
            if result.unchecked is not None:
                # What was broken when it could last be checked stays broken.
                continue
            CHECKED_AT.labels(result.invariant.name).set(self._clock.now().timestamp())
            VIOLATIONS.labels(result.invariant.name).set(len(result.violations))
            for violation in result.violations:
                _log.error(
                    "audit.invariant_broken",
                    invariant=result.invariant.name,
                    sentence=result.invariant.sentence,
                    where=violation.where,
                    what=violation.what,
                )
        if self._verdicts is not None:
            keep = partial(self._verdicts.keep, results, self._clock.now())
            await self._measure("verdicts", keep)
        for name, measure in self._beside.items():
            await self._measure(name, measure)
        broken = sum(result.is_broken for result in results)
        unchecked = sum(result.unchecked is not None for result in results)
        _log.info("audit.checked", invariants=len(INVARIANTS), broken=broken, unchecked=unchecked)
        return broken + unchecked

    async def _measure(self, name: str, measure: Measure) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                await measure()
        except Exception as error:  # noqa: BLE001 -- a figure that cannot be measured must not silence the invariants
            UNCHECKED.labels(name).set(True)
            _log.error("audit.figure_unmeasured", figure=name, error=repr(error))
            return
        UNCHECKED.labels(name).set(False)
        CHECKED_AT.labels(name).set(self._clock.now().timestamp())
