"""The stream of Kinesis that takes the log, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError

try:
    from aiobotocore.config import AioConfig

    from fincore.aws.kinesis_stream import KinesisStream
    from fincore.bootstrap.aws_client import open_client
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_EVENT_STREAM", error, "leave the setting empty")
    ) from error

CONNECT_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 10.0
"""How long Kinesis may take to connect, and to answer a call of 5 MiB; the relay repeats the call then."""
CONNECTIONS_MAX: Final = 2


@contextlib.asynccontextmanager
async def open_event_stream(settings: Settings, name: str) -> AsyncIterator[KinesisStream]:
    """A client of the stream, with the credentials that the AWS library finds. Nothing has been asked of Kinesis yet.

    Raises `ConfigurationError` where what it needs is not there.
    """
    # The relay repeats by itself: it knows which records did not get in, and the library does not.
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    async with open_client(
        "kinesis",
        config,
        setting="FINCORE_EVENT_STREAM",
        region=settings.event_stream_region,
        url=settings.event_stream_url,
        region_hint="set FINCORE_EVENT_STREAM_REGION or AWS_REGION",
    ) as client:
        yield KinesisStream(client, name)
