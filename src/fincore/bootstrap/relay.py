"""The relay role: the log to a stream outside PostgreSQL."""

import asyncio

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until, sampled
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.eventstore.log import EventLog
from fincore.relay.event_relay import EventRelay
from fincore.relay.metrics import EVENT_LAG
from fincore.relay.relay_checkpoints import RelayCheckpoints
from fincore.relay.undecoded import UNDECODED_EVENTS


async def run(settings: Settings, stores: Stores, _: AgeClock, stop: asyncio.Event) -> None:
    """Carry events on until `stop`; then finish the call under way."""
    name = settings.event_stream
    if name is None:
        raise ConfigurationError("FINCORE_EVENT_STREAM is empty: name the stream to which the log goes")
    from fincore.bootstrap.event_stream import open_event_stream

    sink_name = f"kinesis:{name}"
    async with open_event_stream(settings, name) as stream:
        relay = EventRelay(
            EventLog(stores.eventstore, UNDECODED_EVENTS),
            RelayCheckpoints(stores.eventstore),
            stream,
            sink_name=sink_name,
        )

        async def measure() -> None:
            EVENT_LAG.labels(sink_name).set(await relay.lag_seconds())

        async with sampled("relay", measure):
            await run_until(stop, relay.run(), relay.stop)
