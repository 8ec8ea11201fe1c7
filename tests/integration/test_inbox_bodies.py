"""How long the raw bodies of webhooks are kept, and what outlives them."""

import hashlib
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from fincore.domain.ids import new_charge_id
from fincore.postgres.pool import Pool
from fincore.write.psp.inbox import InboxBodies, InboxReader
from fincore.write.psp.metrics import WEBHOOKS_RECEIVED
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.commits import new_stream
from fixtures.scripted_psp import STRIPE, TEST_ACCOUNT, ScriptedPsp
from fixtures.worker_harness import WorkerHarness, open_harness

MONTH, THREE_DAYS = timedelta(days=30), timedelta(days=3)


async def aged(owner_pool: Pool, event_id: str, *, days: int) -> None:
    """Let an event have been received some days ago by the database's clock."""
    await owner_pool.execute(
        "update eventstore.inbox set received_at = now() - make_interval(days => $2) where psp_event_id = $1",
        event_id,
        days,
    )


async def kept(pool: Pool) -> set[str]:
    """The events that have their body."""
    rows = await pool.fetch("select psp_event_id from eventstore.inbox where body is not null")
    return {row["psp_event_id"] for row in rows}


async def told(
    harness: WorkerHarness, owner_pool: Pool, event_id: str, *, says: str = "captured", days: int
) -> None:
    """A webhook that was received some days ago, and read."""
    assert await harness.tell(new_charge_id(), says, event_id=event_id) == "accepted"
    await aged(owner_pool, event_id, days=days)


async def held(
    owner_pool: Pool, event_id: str, *, account: str = TEST_ACCOUNT, released: bool = False
) -> None:
    """A charge on which a report waits for a person, or waited."""
    stream = new_stream()
    for version, (kind, data) in enumerate(
        [
            ("charge.created", {}),
            ("charge.report_held", {"psp": STRIPE, "psp_account": account, "psp_event_id": event_id}),
            *([("charge.report_released", {"psp_event_id": event_id})] if released else []),
        ],
        start=1,
    ):
        await owner_pool.execute(
            "insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)"
            " select $1, $2, gen_random_uuid(), $3, 1, jsonb_object($4::text[]), '{}'",
            stream,
            version,
            kind,
            [part for pair in data.items() for part in pair],
        )


async def test_body_goes_after_its_retention_key_and_hash_stay(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        await told(harness, owner_pool, "evt_old", days=31)
        await told(harness, owner_pool, "evt_young", days=29)
        await harness.idle()
        body = await pool.fetchval("select body from eventstore.inbox where psp_event_id = 'evt_old'")
        assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 1
        assert await kept(pool) == {"evt_young"}
        row = await pool.fetchrow("select * from eventstore.inbox where psp_event_id = 'evt_old'")
        assert row is not None
        assert (row["type"], row["body_sha256"]) == ("captured", hashlib.sha256(body).digest())
        assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 0


async def test_event_delivered_again_after_the_purge_is_a_duplicate(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.tell(charge_id, "captured", event_id="evt_1")
        await harness.idle()
        await aged(owner_pool, "evt_1", days=31)
        await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10)
        assert await harness.tell(charge_id, "captured", event_id="evt_1") == "duplicate"
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await kept(pool) == set()


@pytest.mark.parametrize("is_purged", [False, True])
async def test_known_event_with_another_body_is_noticed(
    pool: Pool, owner_pool: Pool, *, is_purged: bool
) -> None:
    def differing() -> float:
        return float(WEBHOOKS_RECEIVED.labels(STRIPE, "duplicate_differs")._value.get())

    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.tell(charge_id, "nothing", event_id="evt_1")
        if is_purged:
            await aged(owner_pool, "evt_1", days=31)
            assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 1
        before = differing()
        with capture_logs() as logs:
            assert await harness.tell(charge_id, "nothing", event_id="evt_1") == "duplicate"
            assert (differing() - before, logs) == (0, [])
            assert await harness.tell(charge_id, "captured", event_id="evt_1") == "duplicate"
        assert differing() - before == 1
        (line,) = [line for line in logs if line["event"] == "psp.webhook_differs"]
        assert (line["log_level"], line["psp_event_id"], line["type"]) == ("warning", "evt_1", "captured")
        # What is not believed is not read either.
        assert await harness.queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": 0}


async def test_body_stays_while_a_job_reads_it_or_is_held(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        for event_id in ("evt_queued", "evt_held", "evt_done"):
            await told(harness, owner_pool, event_id, days=400)
        await owner_pool.execute(
            "delete from queue.pgqueuer where position('evt_done' in convert_from(payload, 'UTF8')) > 0"
        )
        await owner_pool.execute(
            "update queue.pgqueuer set status = 'failed'"
            " where position('evt_held' in convert_from(payload, 'UTF8')) > 0"
        )
        assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 1
        assert await kept(pool) == {"evt_queued", "evt_held"}


async def test_body_of_a_held_report_stays_until_it_is_released(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        for event_id in ("evt_held", "evt_released", "evt_of_another_account", "evt_again"):
            await told(harness, owner_pool, event_id, says="nothing", days=400)
        await held(owner_pool, "evt_held")
        await held(owner_pool, "evt_released", released=True)
        await held(owner_pool, "evt_of_another_account", account="live")
        await held(owner_pool, "evt_again", released=True)
        await held(owner_pool, "evt_again")
        assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 2
        assert await kept(pool) == {"evt_held", "evt_again"}


async def test_bodies_that_stay_do_not_hold_up_younger_ones(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        for number in range(3):
            await told(harness, owner_pool, f"evt_waits_{number}", days=400)
        for number in range(5):
            await told(harness, owner_pool, f"evt_{number}", says="nothing", days=100 - number)
        bodies = InboxBodies(pool)
        assert await bodies.purge(kept_for=MONTH, rows_max=2) == 2
        assert {"evt_0", "evt_1"}.isdisjoint(await kept(pool))
        assert await bodies.purge(kept_for=MONTH, rows_max=2) == 2
        assert await bodies.purge(kept_for=MONTH, rows_max=2) == 1


async def test_bodies_of_ignored_types_go_first(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        await told(harness, owner_pool, "evt_read", days=4)
        await told(harness, owner_pool, "evt_ignored", says="nothing", days=4)
        await told(harness, owner_pool, "evt_ignored_young", says="nothing", days=2)
        await harness.idle()
        assert await InboxBodies(pool).purge_uninteresting(kept_for=THREE_DAYS, rows_max=10) == 1
        assert await kept(pool) == {"evt_read", "evt_ignored_young"}


async def test_body_from_before_hashes_leaves_one_behind(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.tell(charge_id, "nothing", event_id="evt_1")
        await owner_pool.execute("update eventstore.inbox set body_sha256 = null, is_interesting = null")
        assert await harness.tell(charge_id, "nothing", event_id="evt_1") == "duplicate"
        await aged(owner_pool, "evt_1", days=31)
        body = await pool.fetchval("select body from eventstore.inbox")
        # Whether anything reads its type is not known: it is kept as long as those that are read.
        assert await InboxBodies(pool).purge_uninteresting(kept_for=THREE_DAYS, rows_max=10) == 0
        assert await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10) == 1
        assert (
            await pool.fetchval("select body_sha256 from eventstore.inbox") == hashlib.sha256(body).digest()
        )


async def test_job_of_purged_webhook_body_is_held_with_reason(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        await told(harness, owner_pool, "evt_1", says="nothing", days=31)
        await InboxBodies(pool).purge(kept_for=MONTH, rows_max=10)
        assert await InboxReader(pool).find(STRIPE, TEST_ACCOUNT, "evt_1") is None
        await harness.put(process_webhook_job(STRIPE, TEST_ACCOUNT, "evt_1"))
        await harness.idle()
        (letter,) = await harness.held()
    assert letter.reason == (
        "the inbox has no body of event evt_1 of stripe: it never arrived, or its retention is over"
    )


async def test_row_without_body_and_hash_is_refused(pool: Pool, owner_pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        await told(harness, owner_pool, "evt_1", says="nothing", days=1)
        with pytest.raises(Exception, match="inbox_body_or_its_hash"):
            await owner_pool.execute("update eventstore.inbox set body = null, body_sha256 = null")
        with pytest.raises(Exception, match="permission denied"):
            await pool.execute("update eventstore.inbox set psp_event_id = 'evt_2'")
