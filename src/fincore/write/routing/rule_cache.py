"""The live rules in the memory of a process: looked for every few seconds, never for a charge."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.domain.errors import ConfigurationError
from fincore.postgres.failures import is_outage
from fincore.write.routing.metrics import RULES_AGE, RULES_UNUSABLE, RULES_VERSION
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rule_store import RuleStore
from fincore.write.routing.rules import LiveRules

POLL_SECONDS: Final = 2.0
"""How often a process looks for a new version: a charge is routed by rules that are at most this old, while the database answers."""
POLL_TIMEOUT_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


class RuleCache:
    """Holds the live version. One that this version of FinCore cannot read does not take the place of the one before it."""

    def __init__(self, store: RuleStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._live: LiveRules | None = None
        self._looked_at = monotonic()
        RULES_AGE.set_function(lambda: monotonic() - self._looked_at)

    @property
    def live(self) -> LiveRules | None:
        """The live version; None where no rules were ever set."""
        return self._live

    async def refresh(self) -> None:
        """Look for a new version now. Raises `ConfigurationError` for one that cannot be used, and what asyncpg raises."""
        version = await self._store.live_version()
        if version == (0 if self._live is None else self._live.version):
            return
        stored = await self._store.read(version)
        found = [] if stored is None else read_rules(stored.text)
        if isinstance(found, list):
            raise ConfigurationError(
                f"version {version} of the routing rules cannot be used: {'; '.join(map(str, found))}; set a further version "
                "with `fincore routes set`"
            )
        self._live = LiveRules(version, found)
        RULES_VERSION.set(version)
        _log.info("routing.rules_live", version=version, rules=len(found))

    async def run(self) -> None:
        """Look every `POLL_SECONDS` until canceled; what fails once is tried again, and a metric tells since when it fails."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                async with asyncio.timeout(POLL_TIMEOUT_SECONDS):
                    await self.refresh()
                RULES_UNUSABLE.set(0)
                self._looked_at = self._monotonic()
            except ConfigurationError as error:
                RULES_UNUSABLE.set(1)
                self._looked_at = self._monotonic()
                _log.error("routing.rules_unusable", reason=str(error))
            except Exception as error:  # noqa: BLE001 -- the rules in memory stay; the next look comes soon
                if not is_outage(error):
                    RULES_UNUSABLE.set(1)
                    _log.error("routing.rules_not_read", error=repr(error))
