"""Looking for changes of rules: every few seconds, never for a charge. What kind of rules they are, and what they decide, is not known here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import Gauge

from fincore.domain.errors import ConfigurationError
from fincore.postgres.failures import is_outage

POLL_SECONDS: Final = 2.0
"""How often a process looks for changes: charges go by rules that are at most this old, while the database answers."""
POLL_TIMEOUT_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


class RuleLooks:
    """Calls `refresh` again and again. It raises `ConfigurationError` for rules that cannot be used, which is a look all the same.

    `kind` begins the names of log lines. `age` tells since when no look was possible, `unusable` that found rules cannot be used.
    """

    def __init__(
        self,
        kind: str,
        refresh: Callable[[], Awaitable[None]],
        *,
        age: Gauge,
        unusable: Gauge,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._refresh = refresh
        self._unusable = unusable
        self._monotonic = monotonic
        self._looked_at = monotonic()
        age.set_function(lambda: monotonic() - self._looked_at)

    async def run(self) -> None:
        """Look every `POLL_SECONDS` until canceled; what fails once is tried again."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look for changes once; the rules in memory stay where that fails, and the metrics tell of it."""
        try:
            async with asyncio.timeout(POLL_TIMEOUT_SECONDS):
                await self._refresh()
            self._unusable.set(0)
            self._looked_at = self._monotonic()
        except ConfigurationError as error:
            self.tell_unusable(error)
            self._looked_at = self._monotonic()
        except Exception as error:  # noqa: BLE001 -- the rules in memory stay; the next look comes soon
            if not is_outage(error):
                self._unusable.set(1)
                _log.error(f"{self._kind}.rules_not_read", error=repr(error))

    def tell_unusable(self, error: ConfigurationError) -> None:
        """Tell of rules that were found and cannot be used."""
        self._unusable.set(1)
        _log.error(f"{self._kind}.rules_unusable", reason=str(error))
