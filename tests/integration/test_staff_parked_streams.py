"""Parked streams as people of staff see them and have them followed again."""

import asyncio

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import charge_of
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import append, captured, created, new_stream
from fixtures.merchant_api import serving_api
from fixtures.staff_server import serving_staff
from fixtures.traffic import follow, running_writer

PATH = "/staff/v1/parked_streams"


async def test_parked_stream_is_listed_and_resumed_once(pool: Pool, operator: OperatorStores) -> None:
    stream_id = new_stream()
    charge_id = charge_of(stream_id)
    async with running_writer(pool) as writer:
        await writer.commit(append(stream_id, created(), captured(), expected_version=0))
    paymentdb = operator.paymentdb
    await paymentdb.execute(
        "insert into parked_streams (consumer, stream_id, since_version, reason) values ('projectionist', $1, 1, 'no reader')",
        stream_id,
    )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    assert await paymentdb.fetchval("select count(*) from charges") == 0
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        viewer, ada = staff.person("viewer"), staff.person("support")
        listed = (await viewer.get(PATH)).json()
        (parked,) = listed["data"]
        assert (parked["consumer"], parked["stream"], parked["event_type"], parked["reason"]) == (
            "projectionist",
            charge_id,
            "charge.created",
            "no reader",
        )
        assert listed["unread"] == []
        wanted = {"consumer": "projectionist", "stream": charge_id}
        assert (await viewer.act(f"{PATH}/resume", "k1", **wanted)).status == 403
        resumed = await ada.act(f"{PATH}/resume", "k1", "mended", **wanted)
        assert (resumed.status, resumed.json()["events"]) == (200, 2)
        again = await ada.act(f"{PATH}/resume", "k1", "mended", **wanted)
        assert again.headers["Idempotent-Replayed"] == "true"
        followed = await ada.act(f"{PATH}/resume", "k2", "mended", **wanted)
        assert (followed.status, followed.json()["events"]) == (200, 0)
        for stream in ("x", "po_x", "ch_01kab5m5wvfb9v1c2m5hfv0d2e"):
            gone = await ada.act(f"{PATH}/resume", stream, consumer="projectionist", stream=stream)
            assert (gone.status, gone.json()["code"]) == (404, "parked_stream_not_found")
        assert (await viewer.get(PATH)).json()["data"] == []
    assert await paymentdb.fetchval("select status from charges") == "succeeded"
    acts = await pool.fetch("select action, object_id, reason from staff.acts where outcome = 'done'")
    assert [tuple(act) for act in acts] == [("resume", charge_id, "mended")] * 2


async def test_two_processes_that_resume_one_stream_say_the_same(
    pool: Pool, operator: OperatorStores
) -> None:
    """A request that is repeated at another process while the first is under way; no turn of keys holds it back."""
    stream_id = new_stream()
    async with running_writer(pool) as writer:
        await writer.commit(append(stream_id, created(), captured(), expected_version=0))
    await operator.paymentdb.execute(
        "insert into parked_streams (consumer, stream_id, since_version, reason) values ('projectionist', $1, 1, 'no reader')",
        stream_id,
    )
    await follow(EventLog(pool, CHARGE_EVENTS), operator.paymentdb, Projectionist())
    wanted = {"consumer": "projectionist", "stream": charge_of(stream_id)}
    async with (
        serving_api(pool) as api,
        serving_staff(api, stores=operator) as one,
        serving_staff(api, stores=operator) as other,
    ):
        replies = await asyncio.gather(
            *(
                staff.person("support").act(f"{PATH}/resume", "k1", "mended", **wanted)
                for staff in (one, other)
            )
        )
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].body == replies[1].body
