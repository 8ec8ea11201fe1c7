"""What operators do about merchants' webhooks: see what does not arrive, and seal the secrets with another key."""

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.bootstrap.secrets_key import secret_sealer
from fincore.notify.resealing import Resealed, reseal
from fincore.notify.troubles import GivenUp, TroubledEndpoint, Troubles
from fincore.postgres.database_clock import measured_clock
from fincore.settings import Settings


async def troubled_endpoints(databases: Databases, *, limit: int) -> list[TroubledEndpoint]:
    """Endpoints that something did not arrive at, the worst first."""
    async with stores_of(databases, "eventstore") as stores:
        return await Troubles(stores.notify).endpoints(limit=limit)


async def given_up_deliveries(databases: Databases, *, limit: int) -> list[GivenUp]:
    """Deliveries that failed for good, newest first."""
    async with stores_of(databases, "eventstore") as stores:
        return await Troubles(stores.notify).given_up(limit=limit)


async def reseal_secrets(settings: Settings, databases: Databases) -> Resealed:
    """Seal with the present key what the one before it sealed."""
    async with stores_of(databases, "eventstore") as stores:
        # Not by the pool of notify, whose last commits a crash may take: the key before may be gone by then.
        clock = await measured_clock(stores.eventstore)
        return await reseal(stores.eventstore, secret_sealer(settings), clock)
