"""The topic of SNS on which operations are told, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.domain.errors import ConfigurationError
from fincore.reconciliation.notification.channel import NotSent

try:
    from aiobotocore.config import AioConfig

    from fincore.aws.sns_topic import SnsClient, SnsTopic
    from fincore.bootstrap.aws_client import open_client
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_OPS_SNS_TOPIC", error, "leave the setting empty")
    ) from error

CONNECT_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 10.0
TRIES_MAX: Final = 2
"""Together less than one attempt may take. A notice that came twice has the same id."""


def ops_topic(topic_arn: str, *, url: str | None) -> SnsTopic:
    """The topic, in the region that its ARN names, with the credentials that the AWS library finds. Nothing is asked of SNS yet."""
    region = topic_arn.split(":")[3]
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        retries={"mode": "standard", "total_max_attempts": TRIES_MAX},
    )

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[SnsClient]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                client: SnsClient = await stack.enter_async_context(
                    open_client("sns", config, setting="FINCORE_OPS_SNS_TOPIC", region=region, url=url)
                )
            except ConfigurationError as error:
                raise NotSent(str(error)) from None
            yield client

    return SnsTopic(opened, topic_arn)
