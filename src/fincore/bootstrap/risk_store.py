"""The risk store that the settings name: where the attempts of a process are counted, and closed at its end."""

import contextlib
from collections.abc import AsyncIterator

import structlog

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import StoreUnavailable
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.store import RiskStore

_log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def running_risk_store(stores: Stores, clock: AgeClock, settings: Settings) -> AsyncIterator[RiskStore]:
    """The store; at the end the attempts that still wait are counted.

    Raises `ConfigurationError` where it is in DynamoDB and its table cannot be used. While DynamoDB is away, the failure mode counts.
    """
    async with contextlib.AsyncExitStack() as stack:
        in_postgres = PostgresRiskStore(stores.risk)
        stack.push_async_callback(in_postgres.close)
        if settings.risk_store == "postgresql":
            yield in_postgres
            return
        from fincore.bootstrap.risk_table import open_risk_table, require_usable
        from fincore.write.risk.divided_store import DividedRiskStore
        from fincore.write.risk.dynamodb_store import DynamoRiskStore

        table = await stack.enter_async_context(open_risk_table(settings))
        try:
            require_usable(await table.state(), settings)
        except StoreUnavailable as error:
            _log.error("risk.store_unavailable", reason=str(error))
        attempts = DynamoRiskStore(table, clock)
        stack.push_async_callback(attempts.close)
        yield DividedRiskStore(attempts=attempts, others=in_postgres)
