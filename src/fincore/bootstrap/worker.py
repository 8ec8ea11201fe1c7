"""The worker role: jobs from the queue, PSPs to call, outcomes to record."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import get_args

from fincore.bootstrap.card_token_settings import card_edge_url, require_tokens
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.job_queue import job_queue
from fincore.bootstrap.job_runner import open_job_runner
from fincore.bootstrap.processes import run_until, running_writer, sampled
from fincore.bootstrap.psps import gateways, webhook_readers
from fincore.bootstrap.review_policy import review_policy
from fincore.bootstrap.risk_engine import configured_engine
from fincore.bootstrap.routing import running_breakers
from fincore.bootstrap.secret_stores import refreshed, secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settled_accounts import settled_accounts
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.clock import AgeClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.job import JobKind
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.write.card_tokens.client import CardEdgeTokens
from fincore.write.card_tokens.port import CardTokens, NoCardEdge
from fincore.write.checkout.sessions import session_recorder
from fincore.write.merchants.raw_card_requests import RawCardRequests
from fincore.write.psp.inbox import InboxBodies
from fincore.write.queue.metrics import JOBS, OLDEST_DUE_SECONDS
from fincore.write.queue.port import JobRunner
from fincore.write.risk.instrument_store import PostgresEarlierCards
from fincore.write.risk.postgres_store import LAPSED_KEPT_FOR, PostgresRiskStore
from fincore.write.risk.rings import ATTEMPTS_KEPT_FOR
from fincore.write.staff.purges import (
    COUNTED_REFUNDS_KEPT_FOR,
    ENDED_PROPOSALS_KEPT_FOR,
    StaffPurges,
)
from fincore.write.worker.plumbing.housekeeping import Housekeeping, PurgeTask
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fincore.write.worker.worker import BodiesKept, Worker, purge_tasks


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Do jobs until `stop`; then finish the claimed ones."""
    queue = job_queue(stores.queue, heartbeat_timeout_seconds=settings.worker_heartbeat_timeout_seconds)

    async def measure() -> None:
        for status, count in (await queue.depths()).items():
            JOBS.labels(status).set(count)
        due = {one.kind: one.oldest_due_at for one in await queue.backlog(counted_max=1)}
        now = clock.now()
        for kind in get_args(JobKind):
            waited_seconds = (now - due[kind]).total_seconds() if kind in due else 0.0
            OLDEST_DUE_SECONDS.labels(kind).set(max(0.0, waited_seconds))

    async with (
        open_job_runner(settings, stores.queue, queue) as runner,
        open_worker(settings, stores, clock, runner) as worker,
        sampled("queue", measure),
    ):
        await run_until(stop, worker.run(), worker.stop)


@contextlib.asynccontextmanager
async def open_worker(
    settings: Settings, stores: Stores, clock: AgeClock, runner: JobRunner
) -> AsyncIterator[Worker]:
    """A worker with all that its handlers need. It does jobs by `runner` once it runs."""
    await require_tokens(settings, stores.eventstore)
    resolver = secret_resolver(settings, os.environ)
    psp_gateways = gateways(settings, resolver, clock)
    card_tokens = _card_tokens(settings)
    try:
        async with (
            running_writer(stores.eventstore, job_queue(stores.queue).insertion) as writer,
            running_breakers(stores.eventstore) as breakers,
            configured_engine(stores, clock, settings) as risk,
            refreshed(resolver),
        ):
            yield Worker(
                queue=runner,
                pool=stores.eventstore,
                log=EventLog(stores.eventstore, CHARGE_EVENTS),
                writer=writer,
                gateways=psp_gateways,
                webhooks=webhook_readers(),
                settled_accounts=settled_accounts(settings, resolver),
                clock=clock,
                housekeeping=Housekeeping(
                    stores.eventstore, _purges(settings, stores, clock, writer, runner), clock
                ),
                breaker=breakers,
                card_tokens=card_tokens,
                risk=risk,
                sessions=session_recorder(EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS), writer),
                concurrency=settings.worker_concurrency,
                poll_policy=PollPolicy(action_timeout_seconds=settings.action_timeout_seconds),
                review_policy=review_policy(settings),
            )
    finally:
        for gateway in psp_gateways.values():
            await gateway.close()
        await card_tokens.close()


def _purges(
    settings: Settings, stores: Stores, clock: AgeClock, writer: Writer[LogEvent], runner: JobRunner
) -> tuple[PurgeTask, ...]:
    """What the worker purges of the event store's database."""
    kept = BodiesKept(
        read=timedelta(days=settings.webhook_bodies_kept_days),
        ignored=timedelta(days=settings.ignored_webhook_bodies_kept_days),
    )
    risk_store = PostgresRiskStore(stores.risk)
    earlier_cards = PostgresEarlierCards(stores.risk)
    staff = StaffPurges(stores.eventstore)
    return (
        *purge_tasks(writer, runner, InboxBodies(stores.eventstore), kept),
        PurgeTask(
            name="raw_card_requests",
            kept_for=timedelta(days=settings.raw_card_requests_kept_days),
            purge=RawCardRequests(stores.eventstore, clock).purge,
        ),
        PurgeTask(name="risk_attempts", kept_for=ATTEMPTS_KEPT_FOR, purge=risk_store.purge_attempts),
        PurgeTask(name="risk_counters", kept_for=LAPSED_KEPT_FOR, purge=risk_store.purge_counters),
        PurgeTask(name="risk_instruments", kept_for=LAPSED_KEPT_FOR, purge=earlier_cards.purge),
        PurgeTask(name="counted_refunds", kept_for=COUNTED_REFUNDS_KEPT_FOR, purge=staff.counted_refunds),
        PurgeTask(name="ended_proposals", kept_for=ENDED_PROPOSALS_KEPT_FOR, purge=staff.ended_proposals),
    )


def _card_tokens(settings: Settings) -> CardTokens:
    """The card edge as a source of tokens, where there is one that keeps cards."""
    secret = settings.card_edge_token_secret
    url = None if secret is None else card_edge_url(settings)
    if url is None or secret is None:
        return NoCardEdge()
    return CardEdgeTokens(
        url,
        secret,
        connections_max=settings.worker_concurrency,
        psp_timeout_seconds=settings.psp_timeout_seconds,
    )
