"""A function that does jobs: SQS gives it messages about them, and it claims their rows as every worker does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.aws.job_batch import BatchAnswer, answer_of, messages_of
from fincore.aws.lambda_environment import LambdaEnvironment
from fincore.bootstrap.functions.installed import installed
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.bootstrap.job_queue import job_queue
from fincore.bootstrap.job_runner import BEATS_PER_TIMEOUT
from fincore.bootstrap.worker import open_worker
from fincore.postgres.database_clock import DatabaseClock
from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.message_batch import MessageBatch

VISIBILITY_SECONDS: Final = 180
"""The visibility timeout of the queue: six times the time-out of the function, as AWS advises."""
MARGIN_SECONDS: Final = 30
"""How long after that a message that comes again may take."""


class _Kept(NamedTuple):
    batch: MessageBatch
    clock: DatabaseClock


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("worker") as found:
        timeout_seconds = found.settings.worker_heartbeat_timeout_seconds
        claims = JobClaims(
            found.stores.queue,
            heartbeat_timeout_seconds=timeout_seconds,
            delivered_again_seconds=VISIBILITY_SECONDS + MARGIN_SECONDS,
        )
        rows = job_queue(found.stores.queue)
        async with open_worker(found.settings, found.stores, found.clock, rows) as worker:
            beat_seconds = timeout_seconds / BEATS_PER_TIMEOUT
            yield _Kept(MessageBatch(claims, worker.handlers, beat_seconds=beat_seconds), found.clock)


_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def by_message(event: object, context: LambdaContext) -> BatchAnswer:
    """Handler of a mapping from the queue of jobs, which reports batch item failures."""
    return _ENVIRONMENT.run(partial(_by_message, event), context)


async def _by_message(event: object, kept: _Kept, deadline: Deadline) -> BatchAnswer:
    messages = messages_of(event)
    # The process was frozen for any time since it last read the clock.
    await kept.clock.measure_anew()
    return answer_of(await kept.batch.do(messages, seconds=deadline.seconds_left()))
