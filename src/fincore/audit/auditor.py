"""The laws on a schedule: each round checks all of them, tells Prometheus, and logs what is broken."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from fincore.audit.invariants import LAWS, check_all
from fincore.audit.invariants.check_result import LAW_SECONDS_MAX
from fincore.audit.invariants.invariant import Stores
from fincore.audit.metrics import CHECK_SECONDS, CHECKED_AT, UNCHECKED, VIOLATIONS
from fincore.domain.clock import Clock

_log = structlog.get_logger(__name__)

REST_RATIO: Final = 10.0
"""A round is followed by a rest of at least this many times its own length: checking costs a tenth of a core at most."""


Measure = Callable[[], Awaitable[None]]
"""Sets gauges from the stores."""


class Audit:
    """Checks the laws until `stop`, every `interval_seconds` or, where a round takes long, less often.

    `beside` is measured in every round, too, each under its name.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        *,
        interval_seconds: float,
        beside: Mapping[str, Measure] | None = None,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._beside = beside or {}
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Round after round. What cannot be checked or measured is told as such, and the others go on."""
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
        """Let `run` return after the round at hand."""
        self._stopping.set()

    async def round(self) -> int:
        """Check every law once; return how many are broken or could not be checked."""
        verdicts = await check_all(self._stores)
        for verdict in verdicts:
            UNCHECKED.labels(verdict.law.name).set(verdict.unchecked is not None)
            if verdict.unchecked is not None:
                # What was broken when it could last be checked stays broken.
                continue
            VIOLATIONS.labels(verdict.law.name).set(len(verdict.violations))
            for violation in verdict.violations:
                _log.error(
                    "audit.law_broken",
                    law=verdict.law.name,
                    sentence=verdict.law.sentence,
                    where=violation.where,
                    what=violation.what,
                )
        for name, measure in self._beside.items():
            UNCHECKED.labels(name).set(not await self._is_measured(name, measure))
        CHECKED_AT.set(self._clock.now().timestamp())
        broken = sum(verdict.is_broken for verdict in verdicts)
        unchecked = sum(verdict.unchecked is not None for verdict in verdicts)
        _log.info("audit.checked", laws=len(LAWS), broken=broken, unchecked=unchecked)
        return broken + unchecked

    async def _is_measured(self, name: str, measure: Measure) -> bool:
        try:
            async with asyncio.timeout(LAW_SECONDS_MAX):
                await measure()
        except Exception as error:  # noqa: BLE001 -- a figure that cannot be measured must not silence the laws
            _log.error("audit.figure_unmeasured", figure=name, error=repr(error))
            return False
        return True
