"""What staff see of a charge, also of one that FinCore cannot read to its end."""

from collections.abc import AsyncIterator

import pytest

from fincore.backoffice.charge_history import charge_history
from fincore.backoffice.parked_charges import list_parked
from fincore.backoffice.stream_history import Stop
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import captured, created
from fixtures.traffic import follow, live, refunded, refunding, running_writer, store_pool


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


async def rewrite(owner: Pool, stream_id: StreamId, version: int, change: str) -> None:
    """Let an event be one of another version of FinCore."""
    async with owner.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            f"update eventstore.events set {change} where stream_id = $1 and version = $2",  # noqa: S608 -- our own
            stream_id,
            version,
        )
        await connection.execute("set session_replication_role = origin")


async def test_unreadable_event_is_shown_raw_and_masked(
    writer: Writer[ChargeEvent], owner_pool: Pool, operator: OperatorStores
) -> None:
    refund = refunding()
    (stream,) = await live(writer, [(created(), captured(), refund, refunded(refund))])
    data = '{"amount_minor": 1000, "client_secret": "pi_1_secret_abcdefgh", "note": "card 4242424242424242"}'
    await rewrite(owner_pool, stream, 2, f"type = 'charge.teleported', schema_version = 7, data = '{data}'")
    history = await charge_history(operator.log, charge_of(stream))
    assert history.state is not None
    assert history.state.status == "processing"
    assert history.stop == Stop(2, "no reader for event charge.teleported version 7")
    first, unread, *later = history.events
    assert (first.type, [one.type for one in later]) == (
        "charge.created",
        ["refund.requested", "refund.succeeded"],
    )
    assert (unread.version, unread.type) == (2, "charge.teleported (schema version 7)")
    assert unread.says.startswith("cannot be read: {")
    assert '"amount_minor":1000' in unread.says
    assert '"client_secret":"[masked]"' in unread.says
    assert "4242" not in unread.says


async def test_charge_with_unreadable_first_event_shows_its_events(
    writer: Writer[ChargeEvent], owner_pool: Pool, operator: OperatorStores
) -> None:
    (stream,) = await live(writer, [(created(), captured())])
    await rewrite(owner_pool, stream, 1, "schema_version = 99")
    history = await charge_history(operator.log, charge_of(stream))
    assert (history.state, history.stop) == (None, Stop(1, "no reader for event charge.created version 99"))
    assert [one.version for one in history.events] == [1, 2]


async def test_event_that_cannot_follow_is_shown_with_the_reason(
    writer: Writer[ChargeEvent], operator: OperatorStores
) -> None:
    (stream,) = await live(writer, [(created(), captured(), created())])
    history = await charge_history(operator.log, charge_of(stream))
    assert history.state is not None
    assert history.state.status == "succeeded"
    assert history.stop == Stop(3, "KeyError: ('succeeded', 'charge.created')")
    assert [one.version for one in history.events] == [1, 2, 3]


async def test_parked_charges_are_listed_with_the_event(
    writer: Writer[ChargeEvent], owner_pool: Pool, operator: OperatorStores, dsn: str
) -> None:
    (stream,) = await live(writer, [(created(), captured())])
    await rewrite(owner_pool, stream, 2, "type = 'charge.teleported'")
    for store, consumer in (("paymentdb", Projectionist()), ("ledgerdb", LedgerService())):
        async with store_pool(dsn, store) as target:
            await follow(EventLog(owner_pool, CHARGE_EVENTS), target, consumer)
    found = [
        (one.stream.consumer, one.stream.since_version, one.event_type)
        for one in await list_parked(operator.log, operator.followers)
    ]
    assert found == [("projectionist", 2, "charge.teleported"), ("ledger", 2, "charge.teleported")]
