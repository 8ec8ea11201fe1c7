"""The reconciliation role: fetches settlement files from their sources, reconciles after each look, tells operations, and reads files again."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Final

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.ops_channels import channels_of, check_channels
from fincore.bootstrap.processes import run_until, running_writer
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.reconciler import reconciled, reconciliation_of
from fincore.bootstrap.secret_stores import refreshed, secret_resolver
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
from fincore.reconciliation.evidence_watch import EvidenceWatch
from fincore.reconciliation.fetcher import AfterLook, Fetcher
from fincore.reconciliation.fetching.look import Looker
from fincore.reconciliation.fetching.staging import Staging
from fincore.reconciliation.files import SettlementFiles
from fincore.reconciliation.notification.collector import Collector
from fincore.reconciliation.notification.teller import Teller
from fincore.reconciliation.notification.watch import keep_failed_run
from fincore.reconciliation.sources import Sources
from fincore.write.settlement.payouts import PayoutRecorder

LAST_ATTEMPTS_SECONDS_MAX: Final = 5.0


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Fetch, reconcile and tell operations until `stop`.

    Raises `ConfigurationError` where no source is declared, where the files cannot be kept in the place that is named
    for them, and where the settings of a channel to operations are not complete.
    """
    require_sources(settings)
    check_channels(settings)
    await check_evidence(settings)
    async with (
        open_evidence(settings) as evidence,
        running_writer(stores.eventstore, stores.jobs.insertion) as writer,
    ):
        after_look = reconciled(
            reconciliation_of(stores, writer, evidence, clock),
            lambda reason: keep_failed_run(stores.ledgerdb, reason),
        )
        resolver = secret_resolver(settings, os.environ)
        fetcher = fetcher_of(settings, stores, writer, evidence, resolver, clock=clock, after_look=after_look)
        teller = teller_of(settings, stores, clock)
        watch = EvidenceWatch(stores.ledgerdb, evidence)
        async with telling(teller, fetcher.stop), watching(watch), refreshed(resolver):
            await run_until(stop, fetcher.run(), fetcher.stop)


def require_sources(settings: Settings) -> None:
    """Raise `ConfigurationError` where no source is declared."""
    if not settings.settlement_sources_file:
        raise ConfigurationError(
            "no source of settlement files is declared: set FINCORE_SETTLEMENT_SOURCES_FILE to a file that declares them"
        )


@contextlib.asynccontextmanager
async def telling(teller: Teller, stop_meanwhile: Callable[[], None]) -> AsyncIterator[None]:
    """Tell operations meanwhile, and end with the attempts under way, if they end soon: the others are made again.

    A teller that ends by an error stops what is done meanwhile, so that the role ends too and is started again; the error is raised.
    """
    running = asyncio.create_task(teller.run())
    running.add_done_callback(lambda _: stop_meanwhile())
    try:
        yield
    finally:
        teller.stop()
        _, under_way = await asyncio.wait({running}, timeout=LAST_ATTEMPTS_SECONDS_MAX)
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    if not under_way:
        running.result()


@contextlib.asynccontextmanager
async def watching(watch: EvidenceWatch) -> AsyncIterator[None]:
    """Read kept files again meanwhile. A file that is being read at the end is read again later."""
    running = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        watch.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def teller_of(settings: Settings, stores: Stores, clock: Clock) -> Teller:
    """What tells operations. Raises `ConfigurationError` where the settings of a channel are not complete."""
    channels = channels_of(settings, clock)
    collector = Collector(
        stores.ledgerdb,
        [one.name for one in channels],
        tell=settings.ops_tell,
        uncleared_days=settings.ops_uncleared_days,
    )
    return Teller(stores.ledgerdb, channels, collector)


def fetcher_of(
    settings: Settings,
    stores: Stores,
    writer: Writer[LogEvent],
    evidence: EvidenceStore,
    resolver: SecretResolver,
    *,
    clock: Clock,
    after_look: AfterLook | None = None,
) -> Fetcher:
    """What fetches the files of the declared sources, and what it calls after each look. Raises `ConfigurationError` for a secret that cannot be read."""
    files = SettlementFiles(stores.ledgerdb)
    looker = Looker(files, evidence, Staging(local_folder(settings) / DOWNLOADS))
    payouts = PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer, clock)
    watched = watched_sources(
        settings,
        resolver,
        ReportStores(files=files, evidence=evidence, payouts=payouts, clock=clock),
    )
    return Fetcher(watched, Sources(stores.ledgerdb), looker, after_look)
