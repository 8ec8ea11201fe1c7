"""What operators do about merchants' webhooks: see what does not arrive, and encrypt the secrets with another key."""

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.notify.failing_endpoints import FailingEndpoint, FailingEndpoints, GivenUp
from fincore.notify.reencryption import Reencrypted, reencrypt
from fincore.postgres.database_clock import measured_clock
from fincore.settings import Settings


async def failing_endpoints(databases: Databases, *, limit: int) -> list[FailingEndpoint]:
    """Endpoints that something did not arrive at, the worst first."""
    async with stores_of(databases, "eventstore") as stores:
        return await FailingEndpoints(stores.notify).endpoints(limit=limit)


async def given_up_deliveries(databases: Databases, *, limit: int) -> list[GivenUp]:
    """Deliveries that failed for good, newest first."""
    async with stores_of(databases, "eventstore") as stores:
        return await FailingEndpoints(stores.notify).given_up(limit=limit)


async def reencrypt_secrets(settings: Settings, databases: Databases) -> Reencrypted:
    """Encrypt with the present key what the one before it encrypted."""
    async with stores_of(databases, "eventstore") as stores:
        # Not by the pool of notify: a crash may lose its last commits, and the key before may be gone by then.
        clock = await measured_clock(stores.eventstore)
        return await reencrypt(stores.eventstore, secret_cipher(settings), clock)
