"""The function of Lambda that assesses charges, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fincore.bootstrap.aws_extra import extra_missing
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.write.risk.rule_cache import RiskRuleCache

try:
    from aiobotocore.config import AioConfig

    from fincore.aws.risk_function import RiskFunction
    from fincore.bootstrap.aws_client import open_client
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_RISK_FUNCTION", error, "leave the setting empty")
    ) from error

CONNECT_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 15.0
"""Beyond every bound of the engine, which ends the wait for a charge."""
CONNECTIONS_MAX: Final = 200
"""How many charges of one process may be assessed at once; further ones wait within their bound."""


@contextlib.asynccontextmanager
async def open_risk_function(
    settings: Settings, name: str, rules: RiskRuleCache
) -> AsyncIterator[RiskFunction]:
    """The engine, with the credentials that the AWS library finds. Raises `ConfigurationError` where it cannot be invoked."""
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    async with open_client(
        "lambda",
        config,
        setting="FINCORE_RISK_FUNCTION",
        region=settings.risk_function_region,
        url=settings.risk_function_url,
        region_hint="set FINCORE_RISK_FUNCTION_REGION or AWS_REGION",
    ) as client:
        engine = RiskFunction(
            client,
            name,
            rules,
            timeout_seconds=settings.risk_function_timeout_ms / 1_000,
            failure_mode=settings.risk_failure_mode,
        )
        await engine.require_invocable()
        yield engine
