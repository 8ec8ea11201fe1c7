"""The notify role: the log into merchants' webhooks."""

import asyncio

import structlog

from fincore.bootstrap.consumer import run_consumer
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until, sampled
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.notify.deliverer import ATTEMPTS_UNDER_WAY_MAX, Deliverer
from fincore.notify.endpoints import Endpoints
from fincore.notify.fan_out import FanOut
from fincore.notify.guarded_resolver import SystemNames
from fincore.notify.sender import Sender

_log = structlog.get_logger(__name__)


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Make deliveries of events and send them until `stop`; then wait for the attempts under way."""
    cipher, names = secret_cipher(settings), SystemNames()
    await _require_right_key(Endpoints(stores.notify, cipher, clock))
    sender = Sender(
        names.look_up,
        clock,
        allow_loopback=settings.webhooks_allow_loopback,
        connections_max=ATTEMPTS_UNDER_WAY_MAX,
    )
    deliverer = Deliverer(stores.notify, sender, cipher, clock)
    try:
        async with sampled("webhooks", deliverer.measure), asyncio.TaskGroup() as tasks:
            tasks.create_task(run_consumer(stores, stores.notify, FanOut(clock), stop, is_given_shards=True))
            tasks.create_task(run_until(stop, deliverer.run(), deliverer.stop))
    finally:
        await sender.close()
        names.close()


async def _require_right_key(endpoints: Endpoints) -> None:
    """A wrong key would fail every delivery for three days and then disable every endpoint."""
    checked = await endpoints.count_unreadable()
    if checked.unreadable and checked.unreadable == checked.looked_at:
        raise ConfigurationError(
            "FINCORE_SECRETS_KEY is not the key that encrypted the webhook secrets in this database: set that one, or set it "
            "as FINCORE_SECRETS_KEY_BEFORE beside a new one, or let the merchants rotate their secrets if it is lost"
        )
    if checked.unreadable:
        _log.warning("notify.secrets_unreadable", endpoints=checked.unreadable, looked_at=checked.looked_at)
