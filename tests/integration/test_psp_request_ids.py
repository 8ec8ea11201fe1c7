"""The ids that a PSP gives its answers, beside the events that come of them."""

from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.outcome import Outcome, Retryable
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.psp.port import AuthorizeRequest
from fincore.write.psp.request_ids import KEPT_MAX, note_request_id
from fixtures.scripted_psp import ScriptedPsp, approve, lost_after
from fixtures.worker_harness import HarnessOnPostgres, open_harness


async def ids_of(pool: Pool, charge_id: ChargeId) -> list[tuple[str, ...]]:
    provenances = await EventLog(pool, CHARGE_EVENTS).provenances(stream_of(charge_id))
    return [provenances[version].psp_request_ids for version in sorted(provenances)]


def answering(*ids: str, psp: ScriptedPsp) -> None:
    """Let each authorize call be answered under the next id."""
    left = list(ids)

    async def note(_: AuthorizeRequest) -> None:
        note_request_id(left.pop(0))

    psp.before_answer = note


async def charged(harness: HarnessOnPostgres) -> ChargeId:
    charge_id = await harness.charge()
    await harness.idle()
    return charge_id


async def test_unknown_outcome_keeps_the_id_of_its_answer(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    answering("req_unclear", psp=psp)
    async with open_harness(pool, psp) as harness:
        assert await ids_of(pool, await charged(harness)) == [(), ("req_unclear",), ()]


async def test_charge_keeps_no_id_of_another_charge(pool: Pool) -> None:
    psp = ScriptedPsp(approve, approve)
    answering("req_1", "req\n2", psp=psp)
    async with open_harness(pool, psp) as harness:
        assert await ids_of(pool, await charged(harness)) == [(), ("req_1",)]
        assert await ids_of(pool, await charged(harness)) == [(), ("req?2",)]


async def test_ids_beside_an_event_are_bounded(pool: Pool) -> None:
    def approve_after_many(request: AuthorizeRequest) -> Outcome:
        for number in range(KEPT_MAX + 5):
            note_request_id(f"req_{number}")
        return approve(request)

    async with open_harness(pool, ScriptedPsp(Retryable(reason="429"), approve_after_many)) as harness:
        (_, kept) = await ids_of(pool, await charged(harness))
    assert kept == tuple(f"req_{number}" for number in range(5, KEPT_MAX + 5))
