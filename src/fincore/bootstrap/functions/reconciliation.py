"""A function that does the work of the role `reconciliation` as a schedule invokes it: each time what is due by then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.aws.lambda_environment import LambdaEnvironment
from fincore.bootstrap.functions.installed import Installed, installed
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.bootstrap.functions.reconciliation_tick import ReconciliationTick
from fincore.bootstrap.ops_channels import check_channels
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.reconciler import attempts, reconciliation_of, run_too_long
from fincore.bootstrap.reconciliation import fetcher_of, require_sources, teller_of
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import check_evidence, open_evidence
from fincore.bootstrap.settlement_sources.evidence_place import S3Place
from fincore.domain.errors import ConfigurationError
from fincore.postgres.database_clock import DatabaseClock
from fincore.reconciliation.evidence_watch import EvidenceWatch
from fincore.reconciliation.notification.watch import keep_failed_run

_log = structlog.get_logger(__name__)

CONNECTIONS_MAX: Final = 6
"""Of each store: one has the turn while a run works; looks and notices go on beside each other."""


class _Kept(NamedTuple):
    tick: ReconciliationTick
    resolver: SecretResolver
    clock: DatabaseClock


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("reconciliation", connections_max=CONNECTIONS_MAX) as found:
        settings = found.settings
        require_sources(settings)
        _require_evidence_that_stays(settings)
        check_channels(settings)
        await check_evidence(settings)
        async with _tick(found) as kept:
            yield kept


@asynccontextmanager
async def _tick(found: Installed) -> AsyncIterator[_Kept]:
    settings, stores, clock = found.settings, found.stores, found.clock
    async with (
        open_evidence(settings) as evidence,
        running_writer(stores.eventstore, stores.jobs.insertion) as writer,
    ):
        keep_failure = partial(keep_failed_run, stores.ledgerdb)
        resolver = secret_resolver(settings, found.environment)
        tick = ReconciliationTick(
            fetcher=fetcher_of(settings, stores, writer, evidence, resolver, clock=clock),
            attempt=attempts(reconciliation_of(stores, writer, evidence, clock), keep_failure),
            too_long=partial(run_too_long, keep_failure),
            teller=teller_of(settings, stores, clock),
            evidence=EvidenceWatch(stores.ledgerdb, evidence),
        )
        yield _Kept(tick, resolver, clock)


def _require_evidence_that_stays(settings: Settings) -> None:
    place = settings.settlement_evidence
    if not isinstance(place, S3Place | Path):
        raise ConfigurationError(
            "FINCORE_SETTLEMENT_EVIDENCE is empty: set it to a bucket (s3://BUCKET/PREFIX), since what a function keeps on its own disk is lost"
        )


_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def tick(event: object, context: LambdaContext) -> None:  # noqa: ARG001 -- a schedule says nothing: what is due is on record
    """Handler of a schedule."""
    return _ENVIRONMENT.run(_ticked, context)


async def _ticked(kept: _Kept, deadline: Deadline) -> None:
    # The process was frozen for any time since it last read the clock and the secrets.
    await kept.clock.measure_anew()
    try:
        await asyncio.to_thread(kept.resolver.watched.refresh)
    except SecretUnreadable as error:
        # Those that were read before may still do.
        _log.warning("secrets.not_read_again", reason=str(error))
    await kept.tick.work(deadline.seconds_left)
