"""The reconciliation role: fetches settlement files from their sources, at the times of each, and reconciles after each look."""

import asyncio
import os

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until, running_writer
from fincore.bootstrap.psp_accounts.secret_reference import secret_resolver
from fincore.bootstrap.reconciler import reconciled, reconciliation_of
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import DOWNLOADS, check_evidence, local_folder, open_evidence
from fincore.bootstrap.settlement_sources.reached_sources import ReportStores, watched_sources
from fincore.domain.clock import AgeClock, Clock
from fincore.domain.errors import ConfigurationError
from fincore.domain.log_events import LogEvent
from fincore.domain.settlement_events import PAYOUT_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.fetcher import AfterLook, Fetcher
from fincore.reconciliation.fetching.look import Looker
from fincore.reconciliation.fetching.staging import Staging
from fincore.reconciliation.files import SettlementFiles
from fincore.reconciliation.sources import Sources
from fincore.write.settlement.payouts import PayoutRecorder


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Fetch and reconcile until `stop`.

    Raises `ConfigurationError` where no source is declared, and where the files cannot be kept in the place that is named for them.
    """
    if not settings.settlement_sources_file:
        raise ConfigurationError(
            "no source of settlement files is declared: set FINCORE_SETTLEMENT_SOURCES_FILE to a file that declares them"
        )
    await check_evidence(settings)
    async with (
        open_evidence(settings) as evidence,
        running_writer(stores.eventstore, stores.jobs.enqueue) as writer,
    ):
        after_look = reconciled(reconciliation_of(stores, writer, evidence))
        fetcher = fetcher_of(settings, stores, writer, evidence, clock=clock, after_look=after_look)
        await run_until(stop, fetcher.run(), fetcher.stop)


def fetcher_of(
    settings: Settings,
    stores: Stores,
    writer: Writer[LogEvent],
    evidence: EvidenceStore,
    *,
    clock: Clock,
    after_look: AfterLook | None = None,
) -> Fetcher:
    """What fetches the files of the declared sources, and what it calls after each look. Raises `ConfigurationError` for a secret that cannot be read."""
    files = SettlementFiles(stores.ledgerdb)
    looker = Looker(files, evidence, Staging(local_folder(settings) / DOWNLOADS))
    payouts = PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer)
    watched = watched_sources(
        settings,
        secret_resolver(os.environ),
        ReportStores(files=files, evidence=evidence, payouts=payouts, clock=clock),
    )
    return Fetcher(watched, Sources(stores.ledgerdb), looker, after_look)
