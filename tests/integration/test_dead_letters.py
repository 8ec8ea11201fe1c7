"""Dead letters as staff look at them: what a replay would do, that it charges once, and what can be discarded."""

import json

import pytest

from fincore.backoffice.dead_letters import (
    DeadLetter,
    Letters,
    NoSuchDeadLetter,
    NotDiscardable,
    discard_dead_letter,
    list_dead_letters,
    replay_dead_letter,
    show_dead_letter,
)
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.outcome import PspAccount
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import capture_job, process_webhook_job
from fincore.write.queue.port import HeldPlace
from fixtures.scripted_psp import NOON, STRIPE, ScriptedPsp, lost_after
from fixtures.waiting import eventually
from fixtures.worker_harness import HarnessOnPostgres, open_harness

MANY_LETTERS = """
insert into queue.pgqueuer (priority, entrypoint, payload, status, updated)
select 0, case when n % 2 = 0 then 'webhook.interpret' else 'charge.follow' end, '', 'failed', now() - n * interval '1 second'
from generate_series(1, 20000) n
"""


async def the_only_letter(harness: HarnessOnPostgres, operator: OperatorStores) -> DeadLetter:
    (letter,) = await harness.held()
    return await show_dead_letter(letters(operator), HeldPlace(letter.held_at, letter.job_id))


def letters(operator: OperatorStores) -> Letters:
    return Letters(operator.jobs, operator.log, operator.session_log)


def place_of(letter: DeadLetter) -> HeldPlace:
    return HeldPlace(letter.job.held_at, letter.job.job_id)


async def replayed(operator: OperatorStores, place: HeldPlace) -> None:
    async with operator.eventstore.acquire() as connection, connection.transaction():
        await replay_dead_letter(letters(operator), place, within=connection)


async def discarded(operator: OperatorStores, place: HeldPlace) -> DeadLetter:
    async with operator.eventstore.acquire() as connection, connection.transaction():
        return await discard_dead_letter(letters(operator), place, within=connection)


async def test_replay_of_a_charge_that_was_taken_takes_it_once(pool: Pool, operator: OperatorStores) -> None:
    """The PSP took the money and its answer was lost; two people replay what was held for them."""
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()

        async def asked() -> bool:
            return bool(psp.inquiries)

        await eventually(asked)
        harness.clock.advance(hours=25)
        await harness.idle()
        letter = await the_only_letter(harness, operator)
        assert letter.subject is not None
        assert (letter.job.kind, letter.subject.charge_id) == ("charge.resolve", charge_id)
        assert (letter.outlook.left_to_do, letter.outlook.is_needed) == ("ask_psp", True)
        with pytest.raises(NotDiscardable, match="something waits for this job"):
            await discarded(operator, place_of(letter))

        psp.undecided = False
        calls = len(psp.calls)
        await replayed(operator, place_of(letter))
        with pytest.raises(NoSuchDeadLetter):
            await replayed(operator, place_of(letter))
        await harness.idle()
        assert await harness.held() == []
        assert (await harness.state(charge_id)).status == "succeeded"
        assert len(psp.calls) == calls


async def test_dead_letter_of_what_is_over_ends_without_a_call(pool: Pool, operator: OperatorStores) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        calls = len(psp.calls)
        await harness.put(capture_job(charge_id))
        await harness.idle()
        assert await harness.held() == []
        await harness.put(process_webhook_job(STRIPE, PspAccount("test"), "evt_never_came"))
        await harness.idle()
        letter = await the_only_letter(harness, operator)
        assert (letter.outlook.left_to_do, letter.outlook.is_needed) == ("read_report", False)
        kept = await discarded(operator, place_of(letter))
        assert kept.job == letter.job
        assert await harness.held() == []
        with pytest.raises(NoSuchDeadLetter):
            await discarded(operator, place_of(letter))
        with pytest.raises(NoSuchDeadLetter):
            await show_dead_letter(letters(operator), place_of(letter))
        assert len(psp.calls) == calls


async def test_dead_letters_are_listed_page_by_page(pool: Pool, operator: OperatorStores) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        for number in range(3):
            await harness.put(process_webhook_job(STRIPE, PspAccount("test"), f"evt_{number}"))
            await harness.idle()
        first = await list_dead_letters(letters(operator), limit=2)
        assert (len(first.letters), first.has_more) == (2, True)
        last = first.letters[-1]
        second = await list_dead_letters(
            letters(operator), limit=2, after=HeldPlace(last.held_at, last.job_id), kind="webhook.interpret"
        )
        assert (len(second.letters), second.has_more) == (1, False)
        assert [b"evt_2" in first.letters[0].payload, b"evt_0" in second.letters[0].payload] == [True, True]
        assert (await list_dead_letters(letters(operator), limit=2, kind="charge.capture")).letters == []


async def test_list_of_many_dead_letters_reads_one_page(pool: Pool, operator: OperatorStores) -> None:
    """By an index for each list: nothing is sorted, and no dead letter is read that is not shown."""
    await pool.execute(MANY_LETTERS)
    await pool.execute("analyze queue.pgqueuer")
    sql = load_sql("fincore.write.queue", "pgqueuer.sql")
    kind = sql.of_kind.format(kind="$2")
    after = sql.after_held.format(at="$2", id="$3")
    for conditions, arguments in (
        ("", ()),
        (f" and {kind}", ("charge.follow",)),
        (f" and {kind}", ("refund.send",)),
        (f" and {after}", (NOON, 4_711)),
    ):
        statement = sql.held_jobs.format(conditions=conditions)
        text = await pool.fetchval(f"explain (analyze, format json) {statement}", 11, *arguments)
        plan = json.loads(text)[0]["Plan"]
        assert (plan["Node Type"], plan["Plans"][0]["Node Type"]) == ("Limit", "Index Scan"), text
        assert plan["Plans"][0]["Actual Rows"] <= 11
    assert (await operator.jobs.count_held(counted_max=100)).jobs == 100
