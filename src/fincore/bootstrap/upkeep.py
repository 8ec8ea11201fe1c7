"""What operators do for the read models: build them again, and take up what a consumer left alone."""

import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from fincore.bootstrap.databases import Databases, Stores
from fincore.bootstrap.operations import stores_of
from fincore.domain.clock import Clock
from fincore.domain.counting import counted
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import ChargeId, EventId, charge_of, public_event_id, stream_of
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import ParkedStream, parked_streams, resume
from fincore.notify.fan_out import FanOut
from fincore.postgres.database_clock import measured_clock
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger import rebuild as ledger_rebuild
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import DIFFERENCES_NAMED_MAX, Difference, Rebuilt, rebuild, verify


class NotParked(FinCoreError):
    """No consumer, or not the one named, leaves the charge alone."""

    def __init__(self, charge_id: ChargeId) -> None:
        super().__init__(f"{charge_id} is not parked: `fincore parked list` says what is")


class Resumed(NamedTuple):
    """A consumer that follows a charge again, and how many events it caught up on."""

    consumer: str
    events: int


class RebuildReport(NamedTuple):
    """What a rebuild did or found: a text for people, and whether all is as it should be."""

    text: str
    is_good: bool


class Parked(NamedTuple):
    """A stream that a consumer leaves alone, and the type of the event that it could not apply."""

    stream: ParkedStream
    event_type: str


async def list_parked(databases: Databases) -> list[Parked]:
    """What consumers leave alone, by consumer, the longest parked first."""
    async with stores_of(databases) as stores:
        found = [
            parked
            for target, consumer in _consumers(stores, await measured_clock(stores.eventstore))
            for parked in await parked_streams(target, consumer.name)
        ]
        types = await EventLog(stores.eventstore).types((one.stream_id, one.since_version) for one in found)
    # A log that was set back may lack an event that a read model has seen.
    return [Parked(one, types.get((one.stream_id, one.since_version), "(not in the log)")) for one in found]


async def resume_parked(
    databases: Databases, *, charge_id: ChargeId, consumer_name: str | None
) -> list[Resumed]:
    """Let a consumer, or all that left it alone, catch up with a charge. Raises `NotParked` and `StillInapplicable`."""
    async with stores_of(databases) as stores:
        log = EventLog(stores.eventstore)
        resumed: list[Resumed] = []
        for target, consumer in _consumers(stores, await measured_clock(stores.eventstore)):
            if consumer_name in (None, consumer.name):
                events = await resume(log, target, consumer, stream_of(charge_id))
                if events is not None:
                    resumed.append(Resumed(consumer.name, events))
    if not resumed:
        raise NotParked(charge_id)
    return resumed


async def rebuild_paymentdb(databases: Databases, *, verify_only: bool) -> RebuildReport:
    """Build PaymentDB again from the log and let it take the place of the live one, or only compare the two."""
    owner = await create_pool(databases.paymentdb, application_name="fincore-rebuild", size_max=2)
    try:
        async with stores_of(databases) as stores:
            log = EventLog(stores.eventstore)
            began = time.perf_counter()
            if verify_only:
                rebuilt, differences = await verify(log, owner)
            else:
                rebuilt, differences = await rebuild(log, owner), []
            seconds = time.perf_counter() - began
    finally:
        owner.terminate()
    return _report(rebuilt, differences, seconds, verify_only=verify_only)


async def rebuild_ledgerdb(databases: Databases, *, verify_only: bool) -> RebuildReport:
    """Build the ledger again from the log, compare it with the live one, and replace what differs unless only asked.

    Raises `SealedDiffers` where what differs is sealed, and `LedgerInUse`; nothing is replaced then.
    """
    owner = await create_pool(databases.ledgerdb, application_name="fincore-rebuild", size_max=2)
    try:
        async with stores_of(databases) as stores:
            build = ledger_rebuild.verify if verify_only else ledger_rebuild.rebuild
            began = time.perf_counter()
            found = await build(EventLog(stores.eventstore), owner)
            seconds = time.perf_counter() - began
    finally:
        owner.terminate()
    compared = (
        f"ledgerdb compared with the log: {counted(found.entries, 'entry', 'entries')}, "
        f"{counted(found.postings, 'posting')}, {seconds:.1f} s, "
        f"{found.entries / seconds:,.0f} entries/s, {counted(found.differences, 'difference')}"
    )
    lines = [compared, *(f"  {difference.where}: {difference.what}" for difference in found.named)]
    if found.differences > len(found.named):
        lines.append(f"  only the first {len(found.named)} of {found.differences:,} are named")
    if found.is_replaced:
        lines.append(f"replaced from entry {found.first_id} on")
    return RebuildReport("\n".join(lines), is_good=found.first_id is None or found.is_replaced)


def _report(
    rebuilt: Rebuilt, differences: Sequence[Difference], seconds: float, *, verify_only: bool
) -> RebuildReport:
    rate = rebuilt.events / seconds
    verb = "compared with" if verify_only else "rebuilt from"
    rows = sum(difference.rows for difference in differences)
    lines = [
        f"paymentdb {verb} the log: {counted(rebuilt.events, 'event')}, {counted(rebuilt.rows, 'row')}, {seconds:.1f} s, "
        f"{rate:,.0f} events/s" + (f", {counted(rows, 'difference')}" if verify_only else "")
    ]
    for difference in differences:
        lines += [
            f"  {difference.table} {_public(difference.table, key)} {finding}"
            for key, finding in difference.first
        ]
        if difference.rows > len(difference.first):
            lines.append(
                f"  {difference.table}: only the first {DIFFERENCES_NAMED_MAX} of {difference.rows:,} are named"
            )
    lines += [
        f"  {charge_of(stream_id)} cannot be folded from version {inapplicable.since_version} on: {inapplicable.reason}"
        for stream_id, inapplicable in rebuilt.parked.items()
    ]
    return RebuildReport("\n".join(lines), is_good=not differences)


def _public(table: str, key: str) -> str:
    """The key of a row as merchants and the other lists have it."""
    return public_event_id(EventId(UUID(key))) if table == "events" else key


def _consumers(stores: Stores, clock: Clock) -> tuple[tuple[Pool, Consumer], ...]:
    """Every consumer and the store it writes to."""
    return (
        (stores.paymentdb, Projectionist()),
        (stores.ledgerdb, LedgerService()),
        (stores.notify, FanOut(clock)),
    )
