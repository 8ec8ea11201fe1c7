"""Events of checkout sessions beside those of charges: in lists and by id, live, rebuilt, and after an upgrade."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from yoyo import read_migrations
from yoyo.migrations import MigrationList

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.schemas import migrate_databases
from fincore.domain.checkout_session import session_after
from fincore.domain.checkout_session_events import (
    CHECKOUT_SESSION_EVENTS,
    CheckoutAttemptStarted,
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
)
from fincore.domain.ids import (
    ChargeId,
    CheckoutSessionId,
    MerchantId,
    new_charge_id,
    new_event_id,
    new_stream_id,
    parse_event_id,
    session_of,
    session_stream_of,
)
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.public_session_event import public_session_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.notify.session_message import session_message_body
from fincore.postgres.pool import Pool, create_pool
from fincore.public.session_object import session_objects
from fincore.read.paymentdb import session_row
from fincore.read.paymentdb.event_queries import EventFilters, EventQueries
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import rebuild, verify
from fixtures.checkout_sessions import AT, MERCHANT, plan_for, session_created
from fixtures.commits import PROVENANCE, no_jobs
from fixtures.merchant_api import Api, serving_api
from fixtures.traffic import follow, store_pool

TYPES: Final = ("checkout_session.completed", "checkout_session.expired")


def paid_session(charge_id: ChargeId, merchant_id: MerchantId = MERCHANT) -> tuple[CheckoutSessionEvent, ...]:
    started = CheckoutAttemptStarted(
        number=1, charge_id=charge_id, payment_method="card", plan=plan_for("card"), started_at=AT
    )
    completed = CheckoutSessionCompleted(number=1, charge_id=charge_id, completed_at=AT)
    return session_created(merchant_id=merchant_id), started, completed


def expired_session(merchant_id: MerchantId = MERCHANT) -> tuple[CheckoutSessionEvent, ...]:
    return session_created(merchant_id=merchant_id), CheckoutSessionExpired(reason="time", expired_at=AT)


async def append(pool: Pool, events: tuple[CheckoutSessionEvent, ...]) -> CheckoutSessionId:
    """Write the whole life of a session."""
    session_id = session_of(new_stream_id())
    writer = Writer(pool, no_jobs, LOG_EVENTS)
    running = asyncio.create_task(writer.run())
    commit: Commit[LogEvent] = Commit(
        provenance=PROVENANCE,
        stream_id=session_stream_of(session_id),
        events=tuple(NewEvent[LogEvent](event) for event in events),
    )
    assert await writer.commit(commit) == Committed()
    writer.close()
    await running
    return session_id


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def test_end_of_a_session_is_listed_as_its_webhook_says(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    paid = await append(api.pool, paid_session(ChargeId(charge_id), api.merchant_id))
    expired = await append(api.pool, expired_session(api.merchant_id))
    other = await api.paid("other")
    await append(api.pool, expired_session())
    await project(api.pool, dsn)

    async def listed(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await api.get(f"/v1/events?{query}")).json()["data"]
        return found

    everything = await listed("")
    assert [(event["charge"], event["type"]) for event in everything] == [
        (other, "charge.captured"),
        (other, "charge.created"),
        (None, "checkout_session.expired"),
        (charge_id, "checkout_session.completed"),
        (charge_id, "charge.captured"),
        (charge_id, "charge.created"),
    ]
    for shown, session_id, version in ((everything[2], expired, 2), (everything[3], paid, 3)):
        stream = await EventLog(api.pool, CHECKOUT_SESSION_EVENTS).load(session_stream_of(session_id))
        told = public_session_event(stream[version - 1])
        assert told is not None
        about = session_objects(stream, {version})[version]
        assert shown == {
            "id": told.event_id,
            "object": "event",
            "charge": told.charge_id,
            "livemode": False,
            "created_at": told.recorded_at.isoformat().replace("+00:00", "Z"),
            **json.loads(session_message_body(told, about, livemode=False)),
        }
        assert shown["data"]["checkout_session_id"] == session_id
        assert (await api.get(f"/v1/events/{shown['id']}")).json() == shown
    assert await listed("type=checkout_session.*") == everything[2:4]
    assert await listed("type=checkout_session.completed") == [everything[3]]
    assert await listed(f"charge={charge_id}") == everything[4:]
    for query in ("", "type=checkout_session.*&"):
        seen: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await api.get(f"/v1/events?{query}limit=1{cursor and f'&cursor={cursor}'}")).json()
            seen += page["data"]
            cursor = page["next_cursor"]
        assert seen == await listed(query)
    others = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (await api.new_key(livemode=True), others):
        reply = await api.get(f"/v1/events/{everything[2]['id']}", key=key)
        assert reply.problem() == (404, "event_not_found", "event_id")
    timeline = (await api.get(f"/v1/charges/{charge_id}")).json()["timeline"]
    assert [entry["type"] for entry in timeline] == ["charge.created", "charge.captured"]


async def project(pool: Pool, dsn: str, *, batch_events_max: int = 1_000) -> None:
    async with store_pool(dsn, "paymentdb") as paymentdb:
        log = EventLog(pool, LOG_EVENTS)
        await follow(log, paymentdb, Projectionist(), batch_events_max=batch_events_max)


async def test_event_of_a_session_without_its_stream_has_no_object(
    api: Api, dsn: str, owner_pool: Pool
) -> None:
    session_id = await append(api.pool, expired_session(api.merchant_id))
    await project(api.pool, dsn)
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update eventstore.events set schema_version = 99 where stream_id = $1 and version = 1",
            session_stream_of(session_id),
        )
    (shown,) = (await api.get("/v1/events")).json()["data"]
    assert (shown["type"], shown["data"]["checkout_session_id"]) == ("checkout_session.expired", session_id)
    assert shown["data"]["object"] is None


async def test_rebuilt_view_lists_events_of_sessions(pool: Pool, dsn: str, owner_pool: Pool) -> None:
    log = EventLog(pool, LOG_EVENTS)
    for events in (paid_session(new_charge_id()), expired_session()):
        await append(pool, events)
    await project(pool, dsn, batch_events_max=1)
    before = await owner_pool.fetch("select * from paymentdb.events order by event_id")
    assert [row["type"] for row in before] == list(TYPES)
    assert (await verify(log, owner_pool))[1] == []
    await owner_pool.execute("delete from paymentdb.events where charge_id is null and version = 3")
    _, (difference,) = await verify(log, owner_pool)
    assert (difference.table, difference.rows) == ("events", 1)
    await rebuild(log, owner_pool)
    assert await owner_pool.fetch("select * from paymentdb.events order by event_id") == before


async def test_comparison_writes_a_moved_session_anew(
    pool: Pool, dsn: str, owner_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live view goes on while the comparison builds: what a session's events changed is written anew, once."""
    log = EventLog(pool, LOG_EVENTS)
    await append(pool, expired_session())
    await project(pool, dsn)
    built = rebuild.__globals__["_build"]

    async def build_and_go_on(*arguments: object) -> object:
        found = await built(*arguments)
        await append(pool, expired_session())
        await project(pool, dsn)
        return found

    monkeypatch.setattr("fincore.read.projectionist.rebuild._build", build_and_go_on)
    assert (await verify(log, owner_pool))[1] == []


@pytest.fixture
async def empty(postgres_dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"upgrade_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"create database {name}")
        yield postgres_dsn.replace("/postgres?", f"/{name}?")
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.mark.long
async def test_upgrade_lists_what_happened_to_sessions_before(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases = Databases(eventstore=empty, paymentdb=empty, ledgerdb=empty)
    added = "0008.session_events"
    with monkeypatch.context() as patch:
        patch.setattr(
            "fincore.postgres.migrations.read_migrations",
            lambda folder: MigrationList(one for one in read_migrations(folder) if one.id != added),
        )
        await migrate_databases(databases)
    owner = await create_pool(empty, application_name="tests-owner")
    try:
        charge_id = new_charge_id()
        events = paid_session(charge_id)
        session_id = await append(owner, events)
        await follow_as_before(owner, session_id, events)
        assert [one.name for one in await migrate_databases(databases)] == [added]
        await project(owner, empty, batch_events_max=1)
        filters = EventFilters(merchant_id=MERCHANT, livemode=False)
        (event,) = (await EventQueries(owner).list_events(filters, limit=10)).events
        assert (event.type, event.charge_id, event.version) == (TYPES[0], charge_id, 3)
        assert await EventQueries(owner).find(MERCHANT, False, parse_event_id(event.event_id)) == event
        with pytest.raises(asyncpg.CheckViolationError, match="events_of_one"):
            await owner.execute("update paymentdb.events set session_id = null")
    finally:
        owner.terminate()


async def follow_as_before(
    owner: Pool, session_id: CheckoutSessionId, events: tuple[CheckoutSessionEvent, ...]
) -> None:
    """What the earlier version left: the row of the session, no event of it, and the checkpoint behind all of it."""
    session = None
    for event in events:
        session = session_after(session, event)
    assert session is not None
    stream_id = session_stream_of(session_id)
    recorded = RecordedEvent(1, 1, stream_id, len(events), new_event_id(), events[-1], AT)
    view = session_row.SessionView(stream_id=stream_id, session=session, updated_at=recorded.recorded_at)
    columns = session_row.row_of(view)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    await owner.execute(f"insert into paymentdb.checkout_sessions values ({places})", *columns)  # noqa: S608 -- placeholders
    await owner.execute(
        "insert into paymentdb.checkpoints (consumer, tx, pos)"
        " select 'projectionist', tx::text::bigint, pos from eventstore.events order by tx desc, pos desc limit 1"
    )
