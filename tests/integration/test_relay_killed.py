"""The role relay as a process that is killed again and again while the stream refuses records: nothing lost, each stream in order."""

import asyncio
import os
from pathlib import Path
from random import Random

from harness.process import Process

from fincore.postgres.pool import Pool
from fixtures.commits import append, captured, created, new_stream
from fixtures.event_sinks import (
    REGION,
    KinesisInTests,
    failing_in_part,
    first_arrivals,
    kinesis_stream,
    versions_by_stream,
)
from fixtures.forking import FORK_SERVER
from fixtures.traffic import authorized, refunding, running_writer
from fixtures.waiting import eventually

KILLS = 3
ROUNDS = 4


async def test_killed_relay_loses_and_reorders_nothing(
    pool: Pool, dsn: str, aws_url: str, tmp_path: Path
) -> None:
    async with (
        failing_in_part(aws_url, Random(5), share=0.3) as proxy,
        kinesis_stream(aws_url) as stream,
        running_writer(pool) as writer,
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "FINCORE_DATA_DIR": str(tmp_path),
            "FINCORE_EVENTSTORE_DSN": dsn,
            "FINCORE_OPS_PORT": "0",
            "FINCORE_EVENT_STREAM": stream.name,
            "FINCORE_EVENT_STREAM_REGION": REGION,
            "FINCORE_EVENT_STREAM_URL": proxy,
        }

        def started() -> Process:
            return Process(
                ("-m", "fincore", "run", "relay", "--until-eof"),
                environment=environment,
                log=tmp_path / "relay.log",
                start=FORK_SERVER.start,
            )

        whole = (created(), authorized(), captured(), refunding())
        charges = [new_stream() for _ in range(40)]
        for number, event in enumerate(whole[:ROUNDS]):
            relay = await asyncio.to_thread(started)
            sent_before = len(await all_records(stream))
            await asyncio.gather(
                *(writer.commit(append(charge, event, expected_version=number)) for charge in charges)
            )
            if number < KILLS:
                # In the middle of the round: some records are in, others are refused or under way.
                async def some_arrived(before: int = sent_before) -> bool:
                    return len(await all_records(stream)) > before

                await eventually(some_arrived)
                await asyncio.to_thread(relay.kill)

        async def all_arrived() -> bool:
            arrived = versions_by_stream(await stream.records())
            return all(max(arrived.get(str(charge), [0])) == len(whole) for charge in charges)

        await eventually(all_arrived)
        await asyncio.to_thread(relay.terminate)
        arrived = versions_by_stream(await stream.records())
        assert {one: first_arrivals(found) for one, found in arrived.items()} == {
            str(charge): [1, 2, 3, 4] for charge in charges
        }


async def all_records(stream: KinesisInTests) -> list[bytes]:
    return [record for shard in await stream.records() for record in shard]
