"""The table of the risk store in DynamoDB, as the settings name it. It needs the extra `aws`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog

from fincore.bootstrap.aws_extra import extra_missing
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError

try:
    from aiobotocore.config import AioConfig

    from fincore.bootstrap.aws_client import open_client
    from fincore.write.risk.dynamodb_table import DynamoTable, TableState
except ModuleNotFoundError as error:
    raise ConfigurationError(
        extra_missing("FINCORE_RISK_STORE=dynamodb", error, "set FINCORE_RISK_STORE=postgresql")
    ) from error

CONNECT_SECONDS_MAX: Final = 1.0
ANSWER_SECONDS_MAX: Final = 2.0
"""How long DynamoDB may take to connect and to answer; the charge that asked has gone on long before."""
CONNECTIONS_MAX: Final = 10

_log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def open_risk_table(settings: Settings) -> AsyncIterator[DynamoTable]:
    """A client of the table, with the credentials that the AWS library finds. Nothing has been asked of DynamoDB yet.

    Raises `ConfigurationError` where what it needs is not there.
    """
    # The store tries again by itself: it knows what was counted, and the library does not.
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    async with open_client(
        "dynamodb",
        config,
        setting="FINCORE_RISK_STORE=dynamodb",
        region=settings.risk_dynamodb_region,
        url=settings.risk_dynamodb_url,
        region_hint="set FINCORE_RISK_DYNAMODB_REGION or AWS_REGION",
    ) as client:
        yield DynamoTable(client, table_name(settings))


def table_name(settings: Settings) -> str:
    """The name of the table. Raises `ConfigurationError` where there is none."""
    if settings.risk_dynamodb_table is None:
        raise ConfigurationError("FINCORE_RISK_STORE=dynamodb needs FINCORE_RISK_DYNAMODB_TABLE")
    return settings.risk_dynamodb_table


def require_usable(state: TableState, settings: Settings) -> None:
    """Raise `ConfigurationError` for a table that cannot be used; one without TTL can, and is warned of."""
    table = f"the table {settings.risk_dynamodb_table} of DynamoDB (FINCORE_RISK_DYNAMODB_TABLE)"
    match state:
        case "ready":
            return
        case "without_ttl":
            _log.warning(
                "risk.table_without_ttl",
                hint="run `fincore risk store create`, or the table grows without end",
            )
        case "absent":
            raise ConfigurationError(f"{table} is not there: run `fincore risk store create`")
        case "creating":
            raise ConfigurationError(f"{table} is still being created: try again in a minute")
        case "other_key":
            raise ConfigurationError(f"{table} was made for something else: choose another name")
