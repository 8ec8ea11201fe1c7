"""The live rules in the memory of a process: looked for every few seconds, never for a charge."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.domain.errors import ConfigurationError
from fincore.write.routing.metrics import RULE_ERRORS, RULES_AGE, RULES_UNUSABLE, RULES_VERSION
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rule_store import RuleStore
from fincore.write.routing.rules import LiveRules
from fincore.write.rule_looks import RuleLooks

_log = structlog.get_logger(__name__)


class RuleCache:
    """Holds the live version. One that this version of FinCore cannot read does not take the place of the one before it."""

    def __init__(self, store: RuleStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._live: LiveRules | None = None
        self.looks: Final = RuleLooks(
            "routing", self.refresh, age=RULES_AGE, unusable=RULES_UNUSABLE, monotonic=monotonic
        )

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
        for one in found:
            # A series that begins at 0 tells of the first error, too.
            RULE_ERRORS.labels(one.rule.name)
        RULES_VERSION.set(version)
        _log.info("routing.rules_live", version=version, rules=len(found))
