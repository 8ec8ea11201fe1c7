"""A queue of SQS for messages about jobs, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError

try:
    from aiobotocore.config import AioConfig

    from fincore.aws.sqs_jobs import WAIT_SECONDS_MAX, SqsJobs
    from fincore.bootstrap.aws_client import open_client
except ModuleNotFoundError as error:
    raise ConfigurationError(extra_missing("FINCORE_JOB_QUEUE", error, "leave the setting empty")) from error

CONNECT_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 10.0
"""How long SQS may take to connect, and to answer a call beyond the time that the call waits for messages."""
CONNECTIONS_MAX: Final = 32


@contextlib.asynccontextmanager
async def open_job_messages(settings: Settings, name: str) -> AsyncIterator[SqsJobs]:
    """A client of a queue, with the credentials that the AWS library finds. Nothing has been asked of SQS yet.

    Raises `ConfigurationError` where what it needs is not there.
    """
    # What did not get in is sent again by the relay, and what was not deleted is delivered again: the library repeats nothing.
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=WAIT_SECONDS_MAX + ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    async with open_client(
        "sqs",
        config,
        setting="FINCORE_JOB_QUEUE",
        region=settings.job_queue_region,
        url=settings.job_queue_url,
        region_hint="set FINCORE_JOB_QUEUE_REGION or AWS_REGION",
    ) as client:
        yield SqsJobs(client, name)
