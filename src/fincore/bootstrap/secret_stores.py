"""The stores of secrets that references name, as the settings describe them, and reading again those that rotate."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final

from fincore.bootstrap.processes import sampled
from fincore.bootstrap.psp_accounts.rotating_secret import RotatingStore
from fincore.bootstrap.psp_accounts.secret_reference import (
    AWS_SCHEME,
    EnvironmentSecrets,
    FileSecrets,
    SecretResolver,
)
from fincore.bootstrap.settings import Settings

REFRESH_SECONDS: Final = 30.0
"""How often secrets that rotate are read again: `FiguresStale` fires where that has not worked for a minute."""


def secret_resolver(settings: Settings, environment: Mapping[str, str]) -> SecretResolver:
    """The resolver of every scheme that a reference may have. Nothing outside the process is asked before a secret is read."""

    def secrets_manager() -> RotatingStore:
        from fincore.bootstrap.aws_secrets import AwsSecrets

        return AwsSecrets(region=settings.secrets_manager_region, url=settings.secrets_manager_url)

    return SecretResolver(
        {"env": EnvironmentSecrets(environment), "file": FileSecrets()}, {AWS_SCHEME: secrets_manager}
    )


@contextlib.asynccontextmanager
async def refreshed(resolver: SecretResolver) -> AsyncIterator[None]:
    """Read the secrets again that rotate, in the background; nothing where there are none."""
    if not resolver.watched:
        yield
        return

    async def refresh() -> None:
        await asyncio.to_thread(resolver.watched.refresh)

    async with sampled("secrets", refresh, interval_seconds=REFRESH_SECONDS):
        yield
