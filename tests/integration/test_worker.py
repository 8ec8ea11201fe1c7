"""The worker on a real queue and a real log: what each answer of a PSP becomes."""

import asyncio
from collections.abc import Sequence

import pytest

from fincore.domain.errors import StoreUnavailable
from fincore.domain.events import ChargeEvent, ChargeOutcomeUnknown, EventType
from fincore.domain.ids import ChargeId, new_charge_id, stream_of
from fincore.domain.outcome import Approved, Outcome, PspReference, Retryable
from fincore.eventstore.commit import Commit, CommitResult
from fincore.postgres.pool import Pool
from fincore.write.psp.port import AuthorizeRequest
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.queue.port import ClaimedJob, JobId
from fixtures.commits import captured
from fixtures.scripted_psp import (
    NOON,
    STRIPE,
    TEST_ACCOUNT,
    Carry,
    ScriptedPsp,
    approve,
    approve_too_much,
    cancel,
    decline,
    lost_after,
    lost_before,
    reference_of,
    require_action,
)
from fixtures.waiting import eventually, happens
from fixtures.worker_harness import WorkerHarness, open_harness

BUSY = Retryable(reason="429: too many requests")


@pytest.mark.parametrize(
    ("capture_method", "script", "history"),
    [
        ("automatic", [approve], ["charge.created", "charge.captured"]),
        ("manual", [approve], ["charge.created", "charge.authorized"]),
        ("automatic", [decline], ["charge.created", "charge.failed"]),
        ("automatic", [require_action], ["charge.created", "charge.action_required"]),
        ("automatic", [cancel], ["charge.created", "charge.canceled"]),
        ("automatic", [BUSY, BUSY, approve], ["charge.created", "charge.captured"]),
        ("automatic", [lost_after], ["charge.created", "charge.outcome_unknown", "charge.captured"]),
        ("automatic", [lost_before], ["charge.created", "charge.outcome_unknown", "charge.captured"]),
        ("automatic", [lost_before, decline], ["charge.created", "charge.outcome_unknown", "charge.failed"]),
        ("automatic", [BUSY] * 3, ["charge.created", "charge.outcome_unknown", "charge.captured"]),
    ],
)
async def test_an_answer_of_the_psp_becomes_these_events(
    pool: Pool, capture_method: str, script: Sequence[Carry | Retryable], history: list[EventType]
) -> None:
    psp = ScriptedPsp(*script)
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge(capture_method=capture_method)
        await harness.idle()
        assert await harness.history(charge_id) == history
        assert await harness.held() == []
    assert psp.charges_made == ("charge.captured" in history or "charge.authorized" in history)


async def test_every_call_for_a_charge_carries_one_key_and_one_request(pool: Pool) -> None:
    psp = ScriptedPsp(BUSY, lost_before, BUSY, lost_after)
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge(description="two shirts", customer_email="a@example.com")
        await harness.idle()
    assert len(psp.requests) == 4
    assert len(set(psp.requests)) == 1
    request = psp.requests[0]
    assert request.idempotency_key == f"{charge_id}:authorize:1"
    assert (request.description, request.customer_email) == ("two shirts", "a@example.com")
    assert psp.charges_made == 1


async def test_worker_events_name_actor_and_cause(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(lost_after)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        rows = await pool.fetch(
            "select type, metadata ->> 'actor' as actor, metadata ->> 'correlation' as correlation,"
            " metadata ->> 'causation' as causation from eventstore.events where stream_id = $1 and version > 1"
            " order by version",
            stream_of(charge_id),
        )
    assert [(row["type"], row["actor"]) for row in rows] == [
        ("charge.outcome_unknown", "worker"),
        ("charge.captured", "janitor"),
    ]
    assert {row["correlation"] for row in rows} == {charge_id}
    assert all(row["causation"].startswith("job:") for row in rows)


async def test_job_for_final_charge_calls_no_psp(pool: Pool) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.append(charge_id, captured(), version=1)
        await harness.put(authorize_job(charge_id))
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
    assert psp.requests == []


async def test_job_for_unknown_charge_leaves_it_to_janitor(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    async with open_harness(pool, psp, working=False) as harness:
        charge_id = await harness.charge(jobs=())
        job = ClaimedJob(
            job_id=JobId("1"),
            kind="charge.authorize",
            payload=authorize_job(charge_id).payload,
            attempt=1,
            may_have_run=False,
        )
        for _ in range(2):
            await harness.worker.handlers["charge.authorize"](job)
        assert await harness.history(charge_id) == ["charge.created", "charge.outcome_unknown"]
        assert await harness.queue.depths() == {"queued": 1, "scheduled": 0, "picked": 0, "held": 0}
    assert len(psp.requests) == 1


async def test_failed_commit_after_psp_answer_repeats_same_call(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        commit = harness.writer.commit
        failures = iter([True, True])

        async def commit_or_not(change: Commit[ChargeEvent]) -> CommitResult:
            if change.provenance.actor == "worker" and next(failures, False):
                raise StoreUnavailable("PostgreSQL is away")
            return await commit(change)

        monkeypatch.setattr(harness.writer, "commit", commit_or_not)
        charge_id = await harness.charge()
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == []
    assert len(psp.requests) == 3
    assert psp.charges_made == 1


async def test_worker_killed_after_psp_answer_charges_no_more(
    pool: Pool,
) -> None:
    """Another worker repeats the call under the same key and gets the same answer."""
    psp = ScriptedPsp()
    answered = asyncio.Event()

    async def die(_request: AuthorizeRequest) -> None:
        answered.set()
        await asyncio.Future()

    psp.before_answer = die
    async with open_harness(pool, psp, working=False) as harness:
        charge_id = await harness.charge()
        dying = asyncio.create_task(harness.worker.run())
        await happens(answered)
        dying.cancel()
        await asyncio.wait({dying})
        assert await harness.history(charge_id) == ["charge.created"]
    psp.before_answer = None
    async with open_harness(pool, psp) as successor:
        await successor.idle()
        assert await successor.history(charge_id) == ["charge.created", "charge.captured"]
    assert len(psp.requests) == 2
    assert psp.charges_made == 1


async def test_a_gateway_that_raises_leaves_the_outcome_to_the_janitor(pool: Pool) -> None:
    def defect(request: AuthorizeRequest) -> None:
        psp.carried_out[request.idempotency_key] = approve(request)
        raise KeyError("latest_charge")

    psp = ScriptedPsp(defect)  # type: ignore[arg-type]
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]
    assert psp.charges_made == 1


async def test_an_answer_of_another_amount_is_unknown(pool: Pool) -> None:
    psp = ScriptedPsp(approve_too_much)
    psp.answers_inquiries = False
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await eventually(lambda: _is_unknown(harness, charge_id))
        (_, unknown) = await harness.log.load(stream_of(charge_id))
        assert isinstance(unknown.event, ChargeOutcomeUnknown)
        assert unknown.event.reason == ("the PSP was asked for 10.00 USD and answers 10.01 USD")


async def test_an_answer_with_the_payment_of_another_charge_is_unknown(pool: Pool) -> None:
    shared = PspReference("pi_shared")

    def of_another(request: AuthorizeRequest) -> Outcome:
        return Approved(kind="captured", money=request.money, psp_reference=shared, occurred_at=NOON)

    psp = ScriptedPsp(of_another, of_another)
    psp.answers_inquiries = False
    async with open_harness(pool, psp) as harness:
        first = await harness.charge()
        await eventually(lambda: _is_paid(harness, first))
        second = await harness.charge()
        await eventually(lambda: _is_unknown(harness, second))
        assert (await harness.state(second)).status == "processing"
        assert await harness.log.stream_of_reference(STRIPE, TEST_ACCOUNT, shared) == stream_of(first)


async def _is_unknown(harness: WorkerHarness, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).unknown_since is not None


async def _is_paid(harness: WorkerHarness, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).status == "succeeded"


async def test_charge_older_than_its_key_is_inquired_not_sent(pool: Pool) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        harness.clock.advance(hours=23)
        charge_id = await harness.charge()
        await eventually(lambda: _asked(psp))
        assert await harness.history(charge_id) == ["charge.created", "charge.outcome_unknown"]
        harness.clock.advance(minutes=4)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "failed"
    assert psp.requests == []


async def test_a_job_that_names_no_charge_of_the_log_is_held(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = new_charge_id()
        await harness.put(authorize_job(charge_id))
        await harness.idle()
        (letter,) = await harness.held()
    assert letter.reason == f"{charge_id}: the log has no such charge"


async def test_charge_of_unconfigured_psp_becomes_dead_letter(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(psp="elsewhere")
        await harness.idle()
        (letter,) = await harness.held()
    assert letter.reason == f"{charge_id}: no gateway for PSP elsewhere is configured; add it, then requeue"


async def test_fifty_charges_at_once_are_each_charged_once(pool: Pool) -> None:
    script: list[Carry | Retryable] = [lost_after, approve, BUSY, lost_before, approve]
    psp = ScriptedPsp(*script * 10)
    async with open_harness(pool, psp) as harness:
        charge_ids = await asyncio.gather(*[harness.charge() for _ in range(50)])
        await harness.idle()
        histories = [await harness.history(charge_id) for charge_id in charge_ids]
    assert all(history.count("charge.captured") == 1 for history in histories)
    assert psp.charges_made == 50
    assert {reference_of(request) for request in psp.requests} == {f"pi_{c}" for c in charge_ids}


async def _asked(psp: ScriptedPsp) -> bool:
    return bool(psp.inquiries)
