"""The record of sources: which process looks, what is overdue, late or missing, and what Prometheus is told."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY

from fincore.postgres.pool import Pool
from fincore.reconciliation.source import SettlementSource
from fincore.reconciliation.sources import Sources, measure_sources
from fixtures.settlement_sources import SOURCE, SourceWorld, named

NAME = SOURCE.name
ONE, OTHER = uuid4(), uuid4()


@pytest.fixture
async def world(pool: Pool, tmp_path: Path) -> SourceWorld:
    world = SourceWorld(pool, tmp_path)
    await world.declare()
    return world


async def move_back(owner_pool: Pool, column: str, by: timedelta) -> None:
    """Let a moment of every source be longer ago."""
    await owner_pool.execute(f"update reconciliation.sources set {column} = {column} - $1::interval", by)  # noqa: S608 -- the test's own names


async def test_one_process_looks_and_another_takes_over(world: SourceWorld, owner_pool: Pool) -> None:
    sources = world.sources
    assert await sources.claim(NAME, ONE)
    assert not await sources.claim(NAME, OTHER)
    await move_back(owner_pool, "leased_until", timedelta(seconds=50))
    assert await sources.renew(NAME, ONE)
    await move_back(owner_pool, "leased_until", timedelta(seconds=50))
    assert not await sources.claim(NAME, OTHER)
    await move_back(owner_pool, "leased_until", timedelta(seconds=11))
    assert await sources.claim(NAME, OTHER)
    assert not await sources.renew(NAME, ONE)
    await sources.finish(NAME, ONE, "late")
    assert not await sources.claim(NAME, ONE)
    await sources.finish(NAME, OTHER, None)
    assert await sources.claim(NAME, ONE)


async def test_lease_given_by_a_wrong_clock_does_not_last(world: SourceWorld, owner_pool: Pool) -> None:
    assert await world.sources.claim(NAME, ONE)
    await move_back(owner_pool, "leased_until", timedelta(days=-400))
    assert await world.sources.claim(NAME, OTHER)


async def test_source_is_due_until_it_was_looked_at(world: SourceWorld, owner_pool: Pool) -> None:
    assert await world.sources.due([SOURCE]) == [SOURCE]
    await world.sources.claim(NAME, ONE)
    await world.sources.finish(NAME, ONE, None)
    assert await world.sources.due([SOURCE]) == []
    await move_back(owner_pool, "looked_at", timedelta(hours=24))
    assert await world.sources.due([SOURCE]) == [SOURCE]


async def test_failed_look_is_due_again_and_its_reason_told(world: SourceWorld, owner_pool: Pool) -> None:
    await world.sources.claim(NAME, ONE)
    await world.sources.finish(NAME, ONE, "x" * 1_000)
    (standing,) = await world.sources.standings()
    assert (standing.failures, standing.failure, standing.fetched_at) == (1, "x" * 500, None)
    assert await world.sources.due([SOURCE]) == []
    await move_back(owner_pool, "looked_at", timedelta(seconds=61))
    assert await world.sources.due([SOURCE]) == [SOURCE]
    await world.sources.claim(NAME, ONE)
    await world.sources.finish(NAME, ONE, None)
    (standing,) = await world.sources.standings()
    assert (standing.failures, standing.failure) == (0, None)
    assert standing.fetched_at is not None


async def gauge(pool: Pool, name: str, **labels: str) -> float | None:
    await measure_sources(pool)
    return REGISTRY.get_sample_value(f"fincore_settlement_{name}", {"source": NAME, **labels})


async def test_look_that_is_missing_is_measured(world: SourceWorld, owner_pool: Pool) -> None:
    await move_back(owner_pool, "declared_at", timedelta(hours=49))
    overdue = await gauge(world.pool, "look_overdue_seconds")
    assert overdue is not None
    assert 24 * 3_600 < overdue < 49 * 3_600
    await world.sources.claim(NAME, ONE)
    await world.sources.finish(NAME, ONE, "away")
    assert await gauge(world.pool, "look_overdue_seconds")
    await world.sources.claim(NAME, ONE)
    await world.sources.finish(NAME, ONE, None)
    assert await gauge(world.pool, "look_overdue_seconds") == 0


async def test_file_that_does_not_come_is_late(world: SourceWorld, owner_pool: Pool) -> None:
    assert await gauge(world.pool, "file_late_seconds") == 0
    await move_back(owner_pool, "declared_at", timedelta(hours=31))
    late = await gauge(world.pool, "file_late_seconds")
    assert late == pytest.approx(3_600, abs=60)
    world.offer("STL-1.CSV", b"1")
    await world.look()
    assert await gauge(world.pool, "file_late_seconds") == 0
    await world.declare(replace(SOURCE, late_after=None))
    assert await gauge(world.pool, "file_late_seconds") == 0


async def test_doubled_file_does_not_end_the_wait(world: SourceWorld, owner_pool: Pool) -> None:
    await move_back(owner_pool, "declared_at", timedelta(days=9))
    world.offer("STL-1.CSV", b"1")
    await world.look()
    await owner_pool.execute("alter table reconciliation.arrivals disable trigger arrivals_are_never_changed")
    await owner_pool.execute(
        "update reconciliation.arrivals set arrived_at = arrived_at - interval '31 hours'"
    )
    world.offer("STL-2.CSV", b"1")
    await world.look()
    assert await gauge(world.pool, "file_late_seconds") == pytest.approx(3_600, abs=60)


async def test_source_that_is_declared_no_more_is_not_told(world: SourceWorld, owner_pool: Pool) -> None:
    await world.declare(SOURCE, named("stripe_eu"))
    assert [one.source for one in await world.sources.standings()] == [NAME, "stripe_eu"]
    await move_back(owner_pool, "declared_at", timedelta(days=9))
    await world.declare(named("stripe_eu"))
    assert [one.source for one in await world.sources.standings()] == ["stripe_eu"]
    assert await gauge(world.pool, "file_late_seconds") is None
    await world.declare(SOURCE)
    assert await gauge(world.pool, "file_late_seconds") == 0


async def test_declaring_again_changes_nothing(world: SourceWorld) -> None:
    before = await world.pool.fetch("select xmin, * from reconciliation.sources")
    await world.declare()
    assert await world.pool.fetch("select xmin, * from reconciliation.sources") == before


async def read(
    world: SourceWorld,
    name: str,
    start: datetime,
    *,
    sequence: int = 1,
    states_period: bool = True,
    continued: bool = False,
    source: SettlementSource = SOURCE,
) -> None:
    """Have a file of a day be read."""
    world.offer(name, name.encode())
    await world.look(source=source)
    await world.pool.execute(
        "update reconciliation.files set status = 'read', parser_version = '1', period_start = $2, period_end = $3, "
        "sequence = $4, states_period = $5, continued = $6 where name = $1",
        name,
        start,
        start + timedelta(days=1, seconds=-1),
        sequence,
        states_period,
        continued,
    )


async def test_missing_day_and_number_are_gaps(world: SourceWorld) -> None:
    day = datetime.fromisoformat("2026-11-20T00:00:00-08:00")
    await read(world, "STL-20.CSV", day)
    await read(world, "STL-21.CSV", day + timedelta(days=1))
    assert await world.sources.gaps() == []
    await read(world, "STL-23.02.CSV", day + timedelta(days=3), sequence=2)
    period, sequence = await Sources(world.pool).gaps()
    assert (period.gap, sequence.gap, sequence.missing) == ("period", "sequence", 1)
    assert period.sentence == "2026-11-22 07:59:59 to 2026-11-23 08:00:00"
    assert await gauge(world.pool, "file_gaps") == 2
    await read(world, "STL-23.01.CSV", day + timedelta(days=3))
    await read(world, "STL-22.CSV", day + timedelta(days=2))
    assert await world.sources.gaps() == []
    assert await gauge(world.pool, "file_gaps") == 0


async def test_lines_of_files_without_period_leave_no_gap(world: SourceWorld) -> None:
    day = datetime.fromisoformat("2026-11-20T00:00:00Z")
    await read(world, "STL-1.CSV", day, states_period=False)
    await read(world, "STL-2.CSV", day + timedelta(days=7), states_period=False)
    assert await world.sources.gaps() == []


async def test_report_without_its_last_part_is_a_gap(world: SourceWorld) -> None:
    day = datetime.fromisoformat("2026-11-20T00:00:00Z")
    await read(world, "STL-01.CSV", day, continued=True)
    (gap,) = await world.sources.gaps()
    assert (gap.gap, gap.missing) == ("sequence", 1)
    await read(world, "STL-02.CSV", day, sequence=2)
    assert await world.sources.gaps() == []


async def test_gap_is_seen_across_sources_of_an_account(world: SourceWorld) -> None:
    """The operator gave the source another name between the two files."""
    day = datetime.fromisoformat("2026-11-20T00:00:00Z")
    await read(world, "STL-20.CSV", day)
    await world.declare(named("renamed"))
    await read(world, "STL-22.CSV", day + timedelta(days=2), source=named("renamed"))
    (gap,) = await world.sources.gaps()
    assert (gap.source, gap.gap) == ("renamed", "period")


async def test_files_are_counted_by_state(world: SourceWorld) -> None:
    async def counted() -> dict[str, float | None]:
        states = ("kept", "refused", "read", "booked", "replacing", "doubled")
        return {state: await gauge(world.pool, "files", state=state) for state in states}

    zero = dict.fromkeys(("kept", "refused", "read", "booked", "replacing", "doubled"), 0)
    assert await counted() == zero
    world.offer("STL-1.CSV", b"1")
    await world.look()
    world.offer("STL-1.CSV", b"2", mtime=1_700_000_060)
    world.offer("STL-2.CSV", b"1")
    await world.look()
    assert await counted() == zero | {"kept": 2, "replacing": 1, "doubled": 1}
    await world.pool.execute(
        "update reconciliation.files set status = 'refused', refusal = 'why' where replaces is null"
    )
    # The file that replaced it is to be read in its place.
    assert await counted() == zero | {"kept": 1, "doubled": 1}
    await world.pool.execute("update reconciliation.files set status = 'refused', refusal = 'why'")
    assert await counted() == zero | {"refused": 2, "doubled": 1}
