"""What is counted, shown or booked from the log, built again from it or compared with it, and how long that took."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from fincore.domain.errors import ConfigurationError
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger import comparison
from fincore.read.ledger import rebuild as ledger
from fincore.read.projectionist import rebuild as projectionist
from fincore.reconciliation.rebuild.record_rebuild import RebuiltRecord, RecordRebuild
from fincore.reconciliation.run import CaughtUp, Reconciliation, RunResult
from fincore.write.risk import outcome_comparison, outcome_rebuild
from fincore.write.risk.outcomes import pairs_of
from fincore.write.risk.rule_cache import RiskRuleCache
from fincore.write.risk.rule_versions import RiskRuleVersions


class PaymentRebuild(NamedTuple):
    """PaymentDB as the log makes it. `differences` are None where it was replaced without a comparison.

    `names` are of the charges and sessions that cannot be folded.
    """

    rebuilt: projectionist.Rebuilt
    names: Mapping[StreamId, str]
    differences: Sequence[projectionist.Difference] | None
    seconds: float


class LedgerRebuild(NamedTuple):
    """LedgerDB as the log makes it, compared with the live one."""

    rebuilt: comparison.Rebuilt
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the live ledger is now what the log makes of it."""
        return self.rebuilt.first_id is None or self.rebuilt.is_replaced


class RiskRebuild(NamedTuple):
    """The counters of outcomes as the log makes them. `compared` is None where they were replaced without a comparison.

    `names` are of the charges that cannot be counted to their end.
    """

    rebuilt: outcome_rebuild.Rebuilt
    names: Mapping[StreamId, str]
    compared: outcome_comparison.Compared | None
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the live counters are now what the log makes of them."""
        return self.compared is None or not self.compared.differences


class ReconciliationRebuild(NamedTuple):
    """The record of reconciliation as the log and the evidence make it; `run` is what a run found after it, None where there was none."""

    rebuilt: RebuiltRecord
    run: RunResult | None
    seconds: float


async def rebuild_paymentdb(log: EventLog[LogEvent], owner: Pool, *, verify_only: bool) -> PaymentRebuild:
    """Build PaymentDB again and let it take the place of the live one, or only compare the two.

    `owner` has the rights of the tables' owner. Raises `TooManyParked` and `TablesInUse`.
    """
    began = time.perf_counter()
    if verify_only:
        rebuilt, differences = await projectionist.verify(log, owner)
    else:
        rebuilt, differences = await projectionist.rebuild(log, owner), None
    names = await log.names(rebuilt.parked)
    return PaymentRebuild(rebuilt, names, differences, time.perf_counter() - began)


async def rebuild_ledgerdb(log: EventLog[LogEvent], owner: Pool, *, verify_only: bool) -> LedgerRebuild:
    """Build the ledger again, compare it with the live one, and replace what differs unless `verify_only`.

    `owner` has the rights of the tables' owner. Raises `SealedDiffers` where what differs is sealed,
    `ReconciledMoves` where runs of reconciliation have seen it, and `LedgerInUse`; nothing is replaced then.
    """
    began = time.perf_counter()
    build = ledger.verify if verify_only else ledger.rebuild
    return LedgerRebuild(await build(log, owner), time.perf_counter() - began)


async def rebuild_risk(
    log: EventLog[LogEvent], versions: RiskRuleVersions, owner: Pool, *, verify_only: bool
) -> RiskRebuild:
    """Build the counters of outcomes again from the beginning of the log and let them take the place of the live ones, or only compare.

    `owner` has the rights of the tables' owner. Raises `RebuildRuns`, `CountersInUse`, `RulesChanged` and `TooManyParked`.
    """
    began = time.perf_counter()
    compared = None
    if verify_only:
        compared = await outcome_comparison.verify(log, owner)
        rebuilt = compared.rebuilt
    else:
        rules = RiskRuleCache(versions)
        # A version that cannot be used has an alarm of its own; what it counted before is counted on.
        with suppress(ConfigurationError):
            await rules.refresh()
        rebuilt = await outcome_rebuild.rebuild(log, owner, pairs_of(rules.counters))
    names = await log.names(rebuilt.parked)
    return RiskRebuild(rebuilt, names, compared, time.perf_counter() - began)


async def rebuild_reconciliation(
    reconciliation: Reconciliation, record: RecordRebuild, caught_up: CaughtUp
) -> ReconciliationRebuild | None:
    """Derive files and runs anew that LedgerDB has lost, and run once more if all of them are as the log tells them.

    None where another process has the turn to run. Raises `RebuildRefused`, and as a run does.
    """
    began = time.perf_counter()
    async with reconciliation.turn() as is_ours:
        if not is_ours:
            return None
        await reconciliation.tell_last_run()
        await caught_up()
        rebuilt = await record.rebuild()
    run = None if rebuilt.differences else await reconciliation.run()
    return ReconciliationRebuild(rebuilt, run, time.perf_counter() - began)
