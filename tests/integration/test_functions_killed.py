"""The projectionist as a function that is killed again and again: at the end the view is what the log makes of it, and nothing had an effect twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from harness.lambda_runtime import Answer, LambdaFunction, lambda_function
from harness.mapping_rules import MappingRules
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fincore.audit.invariants.stream_positions_agree_with_the_log import STREAM_POSITIONS_AGREE_WITH_THE_LOG
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.log_events import LOG_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import Fenced, Subscription
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import verify
from fixtures.event_sinks import MemoryStream, ReadableSink, failing_in_part, kinesis_stream
from fixtures.kinesis_mapping import KinesisMapping
from fixtures.shards import relay_all, versions_of_log
from fixtures.traffic import aftermaths, fates, live, running_writer

TESTS = Path(__file__).parents[1]
ROUNDS = 4
KILLED_WITHIN_SECONDS = 0.1
"""About as long as a batch takes."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Killed(NamedTuple):
    """An installation of which functions are killed; what they print goes to the folder."""

    databases: Databases
    owner: Pool
    folder: Path


@pytest.fixture
def killed(databases: Databases, owner_pool: Pool, tmp_path: Path) -> Killed:
    return Killed(databases, owner_pool, tmp_path)


@contextlib.asynccontextmanager
async def a_stream(kind: str, aws_url: str, random: Random) -> AsyncIterator[ReadableSink]:
    """A stream that refuses a share of the records of each call."""
    if kind == "memory":
        yield MemoryStream(fails=lambda: random.random() < 0.2)
        return
    async with (
        failing_in_part(aws_url, random, share=0.2) as proxy,
        kinesis_stream(aws_url, through=proxy) as stream,
    ):
        yield stream


@pytest.mark.parametrize("kind", ["memory", "kinesis"])
@settings(
    max_examples=2,
    deadline=None,
    # A number that begins a random run has nothing to shrink to.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
async def test_killed_functions_lose_and_double_nothing(
    killed: Killed, aws_url: str, kind: str, seed: int
) -> None:
    """Two runtimes by shard and a reader of the log beside them, over a stream that refuses records and is split."""
    databases, owner_pool, folder = killed
    random = Random(seed)
    environment = {"FINCORE_EVENTSTORE_DSN": databases.eventstore, "PYTHONPATH": str(TESTS)}

    async def invoked(function: LambdaFunction, event: dict[str, Any]) -> Answer:
        fate = random.choice(("before", "after", "at once", *["at any time"] * 3, *[None] * 9))
        if fate == "at any time":
            return await function.invoke_and_kill(
                event, after_seconds=random.uniform(0, KILLED_WITHIN_SECONDS)
            )
        return await function.invoke(event if fate is None else event | {"dies": fate})

    async with contextlib.AsyncExitStack() as opened:
        stores = await opened.enter_async_context(open_stores(databases, application_name="tests-killed"))
        writer = await opened.enter_async_context(running_writer(stores.eventstore))
        stream = await opened.enter_async_context(a_stream(kind, aws_url, random))
        log = EventLog(stores.eventstore, LOG_EVENTS)
        functions = [
            await opened.enter_async_context(
                lambda_function(
                    "fixtures.lambda_handlers.projectionist_that_dies", environment, log=folder / "log"
                )
            )
            for _ in range(2)
        ]
        # Each mapping reads all shards by itself, so that each batch is also given twice, at any time.
        mappings = [
            KinesisMapping(
                stream,
                partial(invoked, function),
                MappingRules(batch_records_max=random.randint(1, 30), bisects=random.random() < 0.5),
            )
            for function in functions
        ]
        reader = Subscription(
            log,
            stores.paymentdb,
            Projectionist(),
            batch_events_max=random.randint(1, 50),
            positions=StreamPositions(Projectionist.name),
        )

        async def read() -> None:
            with contextlib.suppress(Fenced):
                await reader.advance()

        for _ in range(ROUNDS):
            # Each at most once: the ids of its refunds and disputes are its own.
            await live(writer, random.sample(fates() + aftermaths(), k=3))
            await relay_all(stores.eventstore, stream)
            if isinstance(stream, MemoryStream) and random.random() < 0.3:
                generation = len(await stream.records())
                stream.reshard(random.choice((1, 2, 4)))
                for mapping in mappings:
                    mapping.generations.append(generation)
            shards = range(len(await stream.records()))
            steps: list[Any] = [mapping.step(random.choice(shards)) for mapping in mappings]
            if random.random() < 0.4:
                steps.append(read())
            await asyncio.gather(*steps)
            assert await STREAM_POSITIONS_AGREE_WITH_THE_LOG.check(stores) == []
        await mappings[0].drain()
        ends = {stream_id: len(found) for stream_id, found in (await versions_of_log(owner_pool)).items()}
        assert mappings[0].discarded == []
        # At zero lag of the shards each stream stands where the log ends, by its position or by the checkpoint.
        at = await reader.checkpoint()
        held = await owner_pool.fetch("select stream_id, version from paymentdb.stream_positions")
        reached = await log.versions_until(ends, at) | {row["stream_id"]: row["version"] for row in held}
        assert reached == ends
        _, differences = await verify(log, owner_pool)
        assert differences == []
        while await reader.advance():
            pass
        assert await owner_pool.fetchval("select count(*) from paymentdb.stream_positions") == 0
        _, differences = await verify(log, owner_pool)
        assert differences == []
