"""The risk rules in the memory of a process: looked for every few seconds, never for a charge."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.domain.errors import ConfigurationError
from fincore.write.risk.metrics import RULE_RESULTS, RULES_AGE, RULES_UNUSABLE, RULES_VERSION
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter
from fincore.write.rule_looks import RuleLooks

_log = structlog.get_logger(__name__)


class RiskRuleCache:
    """Holds the live version and those in shadow. A live version that cannot be used does not take the place of the one before."""

    def __init__(self, store: RiskRuleVersions, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._live: RuleSet | None = None
        self._shadow: tuple[RuleSet, ...] = ()
        self._lacks_live = False
        self._unusable: dict[int, str] = {}
        self.looks: Final = RuleLooks(
            "risk", self.refresh, age=RULES_AGE, unusable=RULES_UNUSABLE, monotonic=monotonic
        )

    @property
    def live(self) -> RuleSet | None:
        """The version that decides; None where none is live, or none that was live could be used."""
        return self._live

    @property
    def shadow(self) -> tuple[RuleSet, ...]:
        """The versions that are tried out."""
        return self._shadow

    @property
    def counters(self) -> frozenset[Counter]:
        """What the versions that are live or in shadow count."""
        in_force = (*((self._live,) if self._live else ()), *self._shadow)
        return frozenset(counter for one in in_force for counter in one.counters)

    @property
    def lacks_live(self) -> bool:
        """Whether a version is live and this process has never had one that it can use."""
        return self._lacks_live

    async def refresh(self) -> None:
        """Look for changes now. Raises `ConfigurationError` for versions that cannot be used, and what asyncpg raises."""
        in_force = await self._store.in_force()
        known = {one.version: one for one in (*self._shadow, *((self._live,) if self._live else ()))}
        found = {version: known.get(version) or await self._compiled(version) for version in in_force}
        self._unusable = {version: why for version, why in self._unusable.items() if version in in_force}
        live = next((version for version, state in in_force.items() if state == "live"), None)
        before = 0 if self._live is None else self._live.version
        if live is None or found[live] is not None:
            self._live = None if live is None else found[live]
        self._lacks_live = live is not None and self._live is None
        self._shadow = tuple(
            rules for version, rules in found.items() if rules is not None and in_force[version] == "shadow"
        )
        now = 0 if self._live is None else self._live.version
        RULES_VERSION.set(now)
        if now != before:
            for name, action in {} if self._live is None else self._live.actions.items():
                # A series that begins at 0 tells of the first error, too.
                RULE_RESULTS.labels("live", name, action, "error")
            _log.info(
                "risk.rules_live", version=now, rules=0 if self._live is None else len(self._live.rules)
            )
        if self._unusable:
            raise ConfigurationError("; ".join(self._unusable.values()))

    async def _compiled(self, version: int) -> RuleSet | None:
        """A version ready to decide; None for one that cannot be used, which is looked at once."""
        if version in self._unusable:
            return None
        stored = await self._store.read(version)
        # In a thread: a thousand rules take tenths of a second.
        found = [] if stored is None else await asyncio.to_thread(read_risk_rules, stored.text)
        if isinstance(found, list):
            self._unusable[version] = (
                f"version {version} of the risk rules cannot be used: {'; '.join(map(str, found[:3]))}; retire it with "
                "`fincore risk retire`, or let another version be live"
            )
            return None
        return await asyncio.to_thread(RuleSet, version, found)
