"""The laws on a schedule: each round checks all of them, tells Prometheus, and logs what is broken."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from fincore.domain.clock import Clock
from fincore.observability.invariants import LAWS, check_all
from fincore.observability.invariants.law import Stores
from fincore.observability.metrics import CHECK_SECONDS, CHECKED_AT, VIOLATIONS
from fincore.postgres.pool import CONNECTION_ERRORS

_log = structlog.get_logger(__name__)

REST_RATIO: Final = 10.0
"""A round is followed by a rest of at least this many times its own length: checking costs a tenth of a core at most."""


class Audit:
    """Checks the laws until `stop`, every `interval_seconds` or, where a round takes long, less often.

    `beside` is measured in every round, too.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        *,
        interval_seconds: float,
        beside: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._beside = beside
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Round after round. A round that meets a database that is away is left to the next one."""
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self.round()
            except CONNECTION_ERRORS as error:
                _log.warning("audit.interrupted", error=type(error).__name__)
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
        """Check every law once; return how many are broken."""
        verdicts = await check_all(self._stores)
        for verdict in verdicts:
            VIOLATIONS.labels(verdict.law.name).set(len(verdict.violations))
            for violation in verdict.violations:
                _log.error(
                    "audit.law_broken",
                    law=verdict.law.name,
                    sentence=verdict.law.sentence,
                    where=violation.where,
                    what=violation.what,
                )
        if self._beside is not None:
            await self._beside()
        CHECKED_AT.set(self._clock.now().timestamp())
        broken = sum(not verdict.holds for verdict in verdicts)
        _log.info("audit.checked", laws=len(LAWS), broken=broken)
        return broken
