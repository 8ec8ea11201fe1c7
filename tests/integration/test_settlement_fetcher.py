"""The role's loop: one process looks at a source, another takes over, and no source waits for one that stalls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.postgres.pool import Pool
from fincore.reconciliation import fetcher as fetcher_module
from fincore.reconciliation.fetcher import AfterLook, Fetcher, WatchedSource
from fincore.reconciliation.fetching.local_folder import LocalFolder
from fincore.reconciliation.fetching.remote import OpenRemote, RemoteFolder, SourceFailed
from fixtures.settlement_sources import SOURCE, SourceWorld, named
from fixtures.waiting import eventually

STALLED = named("stalled")


@pytest.fixture
async def world(pool: Pool, tmp_path: Path) -> SourceWorld:
    world = SourceWorld(pool, tmp_path)
    await world.declare(SOURCE, STALLED)
    return world


def fetcher(world: SourceWorld, after_look: AfterLook | None = None, **further: OpenRemote) -> Fetcher:
    """What looks at the source of the world, and at further ones."""
    watched = [WatchedSource(SOURCE, further.pop(SOURCE.name, world.open_remote))]
    watched += [WatchedSource(named(name), opener) for name, opener in further.items()]
    return Fetcher(watched, world.sources, world.looker, after_look, interval_seconds=0.01)


@asynccontextmanager
async def running(one: Fetcher) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.run())
    try:
        yield task
    finally:
        one.stop()
        await task


@asynccontextmanager
async def never_answers() -> AsyncIterator[RemoteFolder]:
    await asyncio.Event().wait()
    yield LocalFolder(Path(), "*")


class Away:
    """A source that cannot be reached."""

    async def __aenter__(self) -> RemoteFolder:
        raise SourceFailed("it is away")

    async def __aexit__(self, *_: object) -> None: ...


async def are_listed(world: SourceWorld, files: int) -> bool:
    return len(await world.listed()) == files


async def test_source_is_read_when_its_time_comes(world: SourceWorld, owner_pool: Pool) -> None:
    world.offer("STL-1.CSV", b"1")
    async with running(fetcher(world)):
        await eventually(lambda: are_listed(world, 1))
        world.offer("STL-2.CSV", b"2")
        await owner_pool.execute("update reconciliation.sources set looked_at = looked_at - interval '1 day'")
        await eventually(lambda: are_listed(world, 2))


async def test_role_shows_that_it_runs_before_it_looks(world: SourceWorld) -> None:
    one = fetcher(world, role_shown=Away)
    one.stop()
    await one.run()
    for result in ("good", "failed"):
        labels = {"source": "role_shown", "result": result}
        assert REGISTRY.get_sample_value("fincore_settlement_looks_total", labels) == 0


async def test_stalled_source_holds_no_other_back(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", b"1")
    async with running(fetcher(world, stalled=never_answers)):
        await eventually(lambda: are_listed(world, 1))


async def test_process_that_stops_lets_its_source_go(world: SourceWorld) -> None:
    async with running(fetcher(world, stalled=never_answers)):
        await eventually(lambda: is_leased(world))
    assert not await is_leased(world)
    (_, stalled) = await world.sources.standings()
    assert stalled.failure == "the process that looked at the source stopped"


async def is_leased(world: SourceWorld) -> bool:
    return bool(
        await world.pool.fetchval(
            "select leased_by is not null from reconciliation.sources where source = 'stalled'"
        )
    )


async def test_two_processes_look_at_a_source_once(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", b"1")
    looks = await asyncio.gather(*(fetcher(world).look(SOURCE.name) for _ in range(4)))
    assert sorted(len(one.fetched) for one in looks if one is not None)[-1:] == [1]
    assert await world.pool.fetchval("select count(*) from reconciliation.arrivals") == 1


async def test_source_of_a_dead_process_is_taken_over(world: SourceWorld, owner_pool: Pool) -> None:
    dead, living = fetcher(world), fetcher(world)
    assert await world.sources.claim(SOURCE.name, dead._process)
    world.offer("STL-1.CSV", b"1")
    assert await living.look(SOURCE.name) is None
    await owner_pool.execute(
        "update reconciliation.sources set leased_until = leased_until - interval '1 hour'"
    )
    look = await living.look(SOURCE.name)
    assert look is not None
    assert len(look.fetched) == 1


async def test_claim_is_renewed_while_a_look_lasts(
    world: SourceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher_module, "LEASE_SECONDS", 0.03)
    until = "select leased_until from reconciliation.sources where source = 'stalled'"
    async with running(fetcher(world, stalled=never_answers)):
        await eventually(lambda: is_leased(world))
        first = await world.pool.fetchval(until)

        async def is_later() -> bool:
            return bool(await world.pool.fetchval(until) > first)

        await eventually(is_later)


async def test_failed_look_is_counted_and_its_reason_kept(world: SourceWorld) -> None:
    look = await fetcher(world, paypal_eu=Away).look(SOURCE.name)
    assert look is not None
    assert look.failure == "it is away"
    (standing, _) = await world.sources.standings()
    assert (standing.failures, standing.failure) == (1, "it is away")


async def test_files_are_used_at_start_and_after_each_look(world: SourceWorld, owner_pool: Pool) -> None:
    used: list[int] = []

    async def use() -> None:
        used.append(len(await world.listed()))

    world.offer("STL-1.CSV", b"1")
    async with running(fetcher(world, use)):
        await eventually(lambda: is_so(lambda: bool(used) and used[-1] == 1))
        before = len(used)
        await owner_pool.execute("update reconciliation.sources set looked_at = looked_at - interval '1 day'")
        await eventually(lambda: is_so(lambda: len(used) > before))


async def is_so(condition: Callable[[], bool]) -> bool:
    return condition()


async def test_use_that_an_outage_ended_is_repeated(world: SourceWorld) -> None:
    attempts = 0

    async def use() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise asyncpg.CannotConnectNowError

    async with running(fetcher(world, use)):
        await eventually(lambda: is_so(lambda: attempts > 1))


async def test_defect_of_the_use_ends_the_role(world: SourceWorld) -> None:
    async def fail() -> None:
        raise LookupError("use")

    with pytest.raises(LookupError, match="use"):
        await fetcher(world, fail).run()


class Strange:
    """A source that makes the client fail as no client should."""

    async def __aenter__(self) -> RemoteFolder:
        raise IndexError("an answer of the server")

    async def __aexit__(self, *_: object) -> None: ...


async def test_answer_that_no_client_foresees_fails_one_source(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", b"1")
    async with running(fetcher(world, stalled=Strange)):
        await eventually(lambda: are_listed(world, 1))

        async def is_told() -> bool:
            (_, stalled) = await world.sources.standings()
            return stalled.failure is not None

        await eventually(is_told)
    (_, stalled) = await world.sources.standings()
    assert stalled.failure == "FinCore failed by an error of its own (IndexError), which the log has"
