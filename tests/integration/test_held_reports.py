"""What operators do about held reports: list them, release some of them with a reason, have them read again."""

import pytest

from fincore.backoffice.held_reports import NotReleased, Selection, list_held, read_again, release
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import ReportReleased
from fincore.domain.ids import ChargeId, new_charge_id, stream_of
from fincore.postgres.pool import Pool
from fincore.write.psp.held_reports import WaitingReport
from fixtures.scripted_psp import ScriptedPsp, Told
from fixtures.worker_harness import WorkerHarness, open_harness

KINDS = ("kind.one", "kind.two", "kind.two")


async def held_twice(harness: WorkerHarness) -> list[ChargeId]:
    """Two charges with three reports each that wait for a person, of two kinds."""
    charges = [await harness.charge() for _ in range(2)]
    await harness.idle()
    for charge_id in charges:
        for number, kind in enumerate(KINDS):
            told = Told(
                event_id=f"evt_{charge_id}_{number}", says=kind, charge_id=charge_id, unreadable="new"
            )
            await harness.deliver(told)
    await harness.idle()
    return charges


async def released(
    operator: OperatorStores, selection: Selection, *, by: str, reason: str
) -> list[WaitingReport]:
    return await release(
        operator.eventstore, operator.writer, operator.clock, selection, by=by, reason=reason
    )


async def listed(operator: OperatorStores) -> set[tuple[ChargeId, str]]:
    return {
        (one.charge_id, one.psp_event_id)
        for one in (await list_held(operator.eventstore, operator.jobs, limit=100)).reports
    }


async def test_held_reports_are_released_by_charge_kind_and_id(pool: Pool, operator: OperatorStores) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        first, second = await held_twice(harness)
        of = {one: [(one, f"evt_{one}_{number}") for number in range(3)] for one in (first, second)}
        assert await listed(operator) == {*of[first], *of[second]}
        assert len((await list_held(operator.eventstore, operator.jobs, limit=2)).reports) == 2

        by_kind = await released(
            operator, Selection(charge_id=first, report_type="kind.two"), by="ada", reason="seen"
        )
        assert {(one.charge_id, one.psp_event_id) for one in by_kind} == set(of[first][1:])
        await released(operator, Selection(psp_event_id=of[second][0][1]), by="bob", reason="seen, too")
        assert await listed(operator) == {of[first][0], *of[second][1:]}

        told = [one.event for one in await harness.log.load(stream_of(second))]
        (release_event,) = (event for event in told if isinstance(event, ReportReleased))
        assert (release_event.released_by, release_event.reason) == ("bob", "seen, too")
        assert len(await released(operator, Selection(), by="ada", reason="all")) == 3
        assert await listed(operator) == set()
        assert (await harness.state(first)).held_reports == ()


@pytest.mark.parametrize("selection", [Selection(psp_event_id="evt_x"), Selection(charge_id=new_charge_id())])
async def test_reports_that_are_not_held_cannot_be_chosen(
    operator: OperatorStores, selection: Selection
) -> None:
    with pytest.raises(NotReleased, match="fincore reports list"):
        await released(operator, selection, by="ada", reason="seen")
    with pytest.raises(NotReleased, match="fincore reports list"):
        await read_again(operator.eventstore, operator.writer, selection)
