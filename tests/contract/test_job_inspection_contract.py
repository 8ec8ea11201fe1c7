"""What a check of the stores asks a job queue: which charges and refunds have a job, and what is stored as text."""

from collections.abc import Callable, Mapping
from typing import Protocol

import pytest

from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.job import Job
from fincore.postgres.job_insertion import JobInsertion
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import (
    authorize_job,
    resolve_job,
    resolve_refund_job,
    reverse_attempt_job,
)
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.port import JobInspection
from fixtures.commits import put_jobs

CARD_LIKE = "[0-9]{13,19}"


class InspectedQueue(JobInspection, Protocol):
    """A queue that takes jobs and can be inspected."""

    @property
    def insertion(self) -> JobInsertion: ...


ADAPTERS: Mapping[str, Callable[[Pool], InspectedQueue]] = {"pgqueuer": PgQueuerQueue}


@pytest.fixture(params=ADAPTERS)
def queue(request: pytest.FixtureRequest, pool: Pool) -> InspectedQueue:
    return ADAPTERS[request.param](pool)


async def put(pool: Pool, queue: InspectedQueue, *jobs: Job) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, queue.insertion, jobs)


async def test_charges_with_jobs_are_those_named_by_a_charge_job(pool: Pool, queue: InspectedQueue) -> None:
    due, later, idle, refunding = (new_charge_id() for _ in range(4))
    refund_job = resolve_refund_job(refunding, new_refund_id(), delay_seconds=0)
    await put(pool, queue, authorize_job(due), resolve_job(later, delay_seconds=3_600), refund_job)
    assert await queue.charges_with_jobs([due, later, idle, refunding]) == {due, later}
    assert await queue.charges_with_jobs([idle]) == set()


async def test_held_job_counts_as_a_job_of_its_charge(
    pool: Pool, owner_pool: Pool, queue: InspectedQueue
) -> None:
    charge_id = new_charge_id()
    await put(pool, queue, authorize_job(charge_id))
    await owner_pool.execute("update queue.pgqueuer set status = 'failed'")
    assert await queue.charges_with_jobs([charge_id]) == {charge_id}


async def test_attempts_with_jobs_are_those_named_by_their_job(pool: Pool, queue: InspectedQueue) -> None:
    charge_id, other = new_charge_id(), new_charge_id()
    reverse = reverse_attempt_job(charge_id, 2, delay_seconds=3_600)
    await put(pool, queue, reverse, authorize_job(charge_id, attempt=3), authorize_job(other, attempt=2))
    assert await queue.attempts_with_jobs([charge_id, other]) == {(charge_id, 2)}
    assert await queue.charges_with_jobs([charge_id]) == {charge_id}


async def test_refunds_with_jobs_are_those_named_by_a_refund_job(pool: Pool, queue: InspectedQueue) -> None:
    charge_id, refund_id, idle = new_charge_id(), new_refund_id(), new_refund_id()
    await put(pool, queue, resolve_refund_job(charge_id, refund_id, delay_seconds=3_600))
    assert await queue.refunds_with_jobs([refund_id, idle]) == {refund_id}


async def test_jobs_of_a_charge_are_all_that_name_it(
    pool: Pool, owner_pool: Pool, queue: InspectedQueue
) -> None:
    charge_id, refund_id, other = new_charge_id(), new_refund_id(), new_charge_id()
    held = resolve_job(charge_id, delay_seconds=0)
    await put(pool, queue, held, authorize_job(other, attempt=2))
    await owner_pool.execute(
        "update queue.pgqueuer set status = 'failed', headers = '{\"held_reason\": \"no answer\"}'"
    )
    later = resolve_refund_job(charge_id, refund_id, delay_seconds=3_600)
    await put(pool, queue, later, reverse_attempt_job(charge_id, 2, delay_seconds=60))
    first, second, third = await queue.jobs_of_charge(charge_id)
    assert (first.kind, first.status, first.held_reason) == ("charge.resolve", "held", "no answer")
    assert (second.kind, second.attempt, second.status) == ("attempt.reverse", 2, "queued")
    assert (third.kind, third.refund_id) == ("refund.resolve", refund_id)
    assert first.due_at < second.due_at < third.due_at
    assert await queue.jobs_of_charge(new_charge_id()) == []


async def test_texts_that_match_are_given_with_their_place(
    pool: Pool, owner_pool: Pool, queue: InspectedQueue
) -> None:
    matching = Job(kind="charge.authorize", payload="é 4242424242424242".encode())
    await put(pool, queue, matching, Job(kind="charge.authorize", payload=b"nothing"))
    await owner_pool.execute(
        "insert into queue.pgqueuer_log (job_id, status, priority, entrypoint, traceback)"
        " values (1, 'exception', 0, 'charge.authorize', '{\"note\": \"4000000000000002\"}')"
    )
    found = [stored async for stored in queue.texts_matching(CARD_LIKE)]
    assert sorted(stored.place.split(" ")[0] for stored in found) == [
        "queue.pgqueuer,",
        "queue.pgqueuer_log,",
    ]
    assert any("é 4242424242424242" in stored.text for stored in found)
