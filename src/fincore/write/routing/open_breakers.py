"""Which breakers are open, for a process that calls no PSP: it reads what the others share and never takes a probe."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.failures import is_outage
from fincore.write.routing.breaker_store import AccountKey, BreakerStore

POLL_SECONDS: Final = 1.0
POLL_TIMEOUT_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


class OpenBreakers:
    """The open breakers as of a second ago. Each is forgotten when its wait is over: then a charge must try the account."""

    def __init__(self, store: BreakerStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._open_until: dict[AccountKey, float] = {}

    def is_open(self, psp: PspName, account: PspAccount) -> bool:
        """Whether calls at the account are held back now."""
        return self._monotonic() < self._open_until.get(AccountKey(psp, account), 0.0)

    async def refresh(self) -> None:
        """Read the breakers now."""
        now = self._monotonic()
        self._open_until = {
            key: now + one.seconds_left
            for key, one in (await self._store.read()).items()
            if one.state == "open"
        }

    async def run(self) -> None:
        """Read every `POLL_SECONDS` until canceled; what fails once is tried again, and waits go on meanwhile."""
        while True:
            try:
                async with asyncio.timeout(POLL_TIMEOUT_SECONDS):
                    await self.refresh()
            except Exception as error:  # noqa: BLE001 -- what is known stays until it is over; the next look comes soon
                if not is_outage(error):
                    _log.error("breaker.not_read", error=repr(error))
            await asyncio.sleep(POLL_SECONDS)
