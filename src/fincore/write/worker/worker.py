"""The worker as one object: its handlers on the queue, its housekeeping beside them."""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from fincore.domain.clock import AgeClock
from fincore.domain.events import ChargeEvent
from fincore.domain.job import JobKind
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspName
from fincore.domain.settlement_events import PAYOUT_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.write.card_tokens.port import CardTokens, NoCardEdge
from fincore.write.checkout.sessions import SessionRecorder
from fincore.write.psp.inbox import InboxBodies, InboxReader
from fincore.write.psp.port import PspGateway, PspWebhooks
from fincore.write.queue.port import Handler, JobRunner
from fincore.write.risk.engine import NoEngine, RiskEngine
from fincore.write.routing.breaker import CircuitBreaker
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settled_account import SettledAccounts
from fincore.write.worker.jobs.decide_review import DecideReview
from fincore.write.worker.jobs.follow_session import FollowSession
from fincore.write.worker.jobs.inquire_charge import InquireCharge
from fincore.write.worker.jobs.operate_charge import OperateCharge
from fincore.write.worker.jobs.poll_charge import PollCharge
from fincore.write.worker.jobs.process_webhook import ProcessWebhook
from fincore.write.worker.jobs.resolve_outcome import ResolveOutcome, find_operation, find_refund
from fincore.write.worker.jobs.reverse_attempt import ReverseAttempt
from fincore.write.worker.jobs.send_refund import SendRefund
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.following_recorder import following_recorder
from fincore.write.worker.plumbing.handler_wrappers import counted, noted, repeated_after_outage, traced
from fincore.write.worker.plumbing.housekeeping import Housekeeping, PurgeTask
from fincore.write.worker.plumbing.payout_reports import RecordPayout
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.retry_policy import RetryPolicy
from fincore.write.worker.policies.reviews import ReviewPolicy

_log = structlog.get_logger(__name__)

CONCURRENCY: Final = 256
"""Jobs that one worker process works on at a time. Most wait for a PSP: at 120 ms a call, this many do about 1,200 a second."""
IDEMPOTENCY_KEYS_KEPT_FOR: Final = timedelta(hours=72)
QUEUE_LOG_KEPT_FOR: Final = timedelta(hours=1)


class BodiesKept(msgspec.Struct, frozen=True, kw_only=True):
    """How long raw bodies of webhooks are kept: of types that are read, and of those that FinCore ignores.

    A body serves to read an event again after a repair, and to show what a PSP sent. The log has what matters of it; the
    body has names, addresses and client secrets beside that.
    """

    read: timedelta = timedelta(days=30)
    ignored: timedelta = timedelta(days=3)


def purge_tasks(
    writer: Writer[ChargeEvent], queue: JobRunner, bodies: InboxBodies, kept: BodiesKept
) -> tuple[PurgeTask, ...]:
    """What the worker purges, and when."""
    return (
        PurgeTask(name="ignored_webhook_bodies", kept_for=kept.ignored, purge=bodies.purge_uninteresting),
        PurgeTask(name="webhook_bodies", kept_for=kept.read, purge=bodies.purge),
        PurgeTask(
            name="idempotency_keys", kept_for=IDEMPOTENCY_KEYS_KEPT_FOR, purge=writer.purge_idempotency_keys
        ),
        PurgeTask(name="queue_log", kept_for=QUEUE_LOG_KEPT_FOR, purge=queue.purge_log),
    )


class Worker:
    """Does jobs until `stop`. The writer it commits through has to run beside it and outlive it.

    It records the payouts of `settled_accounts`, and holds what it is told of those of other accounts.
    Without `sessions` it leaves the jobs of checkout sessions to other workers, without `card_tokens` it charges no kept card, and
    without `risk` it assesses no charge.
    """

    def __init__(
        self,
        *,
        queue: JobRunner,
        pool: Pool,
        log: EventLog[ChargeEvent],
        writer: Writer[LogEvent],
        gateways: Mapping[PspName, PspGateway],
        webhooks: Mapping[PspName, PspWebhooks],
        clock: AgeClock,
        settled_accounts: SettledAccounts | None = None,
        housekeeping: Housekeeping | None = None,
        breaker: CircuitBreaker | None = None,
        sessions: SessionRecorder | None = None,
        card_tokens: CardTokens | None = None,
        risk: RiskEngine | None = None,
        concurrency: int = CONCURRENCY,
        retry_policy: RetryPolicy | None = None,
        janitor_policy: JanitorPolicy | None = None,
        poll_policy: PollPolicy | None = None,
        review_policy: ReviewPolicy | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._housekeeping = housekeeping
        self._concurrency = concurrency
        janitor = janitor_policy or JanitorPolicy()
        poll = poll_policy or PollPolicy()
        reviews = review_policy or ReviewPolicy()
        context = JobContext(
            recorder=following_recorder(
                log,
                writer,
                clock=clock,
                limits={psp: gateway.limits for psp, gateway in gateways.items()},
                janitor=janitor,
                poll=poll,
                reviews=reviews,
                draw=draw,
            ),
            gateways=gateways,
            clock=clock,
            retry_policy=retry_policy or RetryPolicy(),
            janitor_policy=janitor,
            poll_policy=poll,
            breaker=breaker,
            card_tokens=card_tokens or NoCardEdge(),
            risk=risk or NoEngine(),
            draw=draw,
        )
        handlers: dict[JobKind, Handler] = {
            "charge.authorize": OperateCharge(context, "authorize"),
            "charge.complete": OperateCharge(context, "complete"),
            "charge.capture": OperateCharge(context, "capture"),
            "charge.cancel": OperateCharge(context, "cancel"),
            "charge.resolve": ResolveOutcome(context, find_operation),
            "charge.follow": PollCharge(context),
            "charge.inquire": InquireCharge(context),
            "charge.review": DecideReview(context, reviews),
            "attempt.reverse": ReverseAttempt(context),
            "refund.send": SendRefund(context),
            "refund.resolve": ResolveOutcome(context, find_refund),
            "webhook.interpret": ProcessWebhook(
                context,
                InboxReader(pool),
                webhooks,
                RecordPayout(
                    PayoutRecorder(EventLog(pool, PAYOUT_EVENTS), writer, context.clock),
                    settled_accounts or {},
                ),
            ),
        }
        if sessions is not None:
            handlers["checkout_session.follow"] = FollowSession(context, sessions, writer)
            handlers["checkout_session.expire"] = FollowSession(context, sessions, writer, ends_session=True)
        self.handlers: Mapping[JobKind, Handler] = {
            kind: traced(kind, counted(kind, repeated_after_outage(noted(handler), draw=draw)))
            for kind, handler in handlers.items()
        }

    async def run(self) -> None:
        """Do jobs and housekeeping until `stop`; return when the claimed jobs are finished."""
        _log.info("worker.started", concurrency=self._concurrency)
        async with asyncio.TaskGroup() as tasks:
            if self._housekeeping is not None:
                tasks.create_task(self._housekeeping.run())
            await self._queue.work(self.handlers, concurrency=self._concurrency)
            if self._housekeeping is not None:
                self._housekeeping.stop()
        _log.info("worker.stopped")

    def stop(self) -> None:
        """Claim no more jobs and let `run` return."""
        self._queue.stop()
