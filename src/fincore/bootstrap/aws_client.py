"""Clients of services of AWS, as the settings name them. It needs the extra `aws`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, NoRegionError

from fincore.bootstrap.aws_extra import region_in_force
from fincore.domain.errors import ConfigurationError


@asynccontextmanager
async def open_client(
    service: str,
    config: AioConfig,
    *,
    setting: str,
    region: str | None,
    url: str | None,
    region_hint: str | None = None,
) -> AsyncIterator[Any]:
    """A client with the credentials that the AWS library finds. Nothing has been asked of the service yet.

    `setting` is what asks for the service, and `region_hint` what to do where no region is known and the service needs one. Raises `ConfigurationError` where what
    the client needs is not there.
    """
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(
                get_session().create_client(
                    service, region_name=region_in_force(region), endpoint_url=url, config=config
                )
            )
        except (BotoCoreError, ValueError) as error:
            if region_hint is not None and isinstance(error, NoRegionError):
                raise ConfigurationError(f"{setting} needs a region: {region_hint}") from None
            raise ConfigurationError(f"{setting} cannot be used: {error}") from None
        yield client
