"""The role relay, by its settings: it carries the log to the stream they name, or says in one sentence what it lacks."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap import relay
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.roles import configured_roles
from fincore.domain.errors import ConfigurationError
from fincore.postgres.database_clock import running_clock
from fincore.postgres.pool import Pool
from fixtures.commits import append, captured, created, new_stream
from fixtures.event_sinks import REGION, kinesis_stream, versions_by_stream
from fixtures.traffic import authorized, running_writer
from fixtures.waiting import eventually


def stores_on(pool: Pool) -> Stores:
    return Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as an operator has them, and no other configuration of AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


async def run(pool: Pool, environment: dict[str, str], stop: asyncio.Event) -> None:
    async with running_clock(pool) as clock:
        await relay.run(read_settings(environment), stores_on(pool), clock, stop)


async def test_role_carries_the_log_until_it_is_stopped(pool: Pool, aws_url: str) -> None:
    stop = asyncio.Event()
    async with kinesis_stream(aws_url) as stream, running_writer(pool) as writer:
        environment = {
            "FINCORE_EVENT_STREAM": stream.name,
            "FINCORE_EVENT_STREAM_REGION": REGION,
            "FINCORE_EVENT_STREAM_URL": aws_url,
        }
        running = asyncio.create_task(run(pool, environment, stop))
        charge = new_stream()
        await writer.commit(append(charge, created(), authorized()))
        await writer.commit(append(charge, captured(), expected_version=2))

        async def has_arrived() -> bool:
            return versions_by_stream(await stream.records()) == {str(charge): [1, 2, 3]}

        await eventually(has_arrived)
        sink = {"sink": f"kinesis:{stream.name}"}
        assert REGISTRY.get_sample_value("fincore_relay_event_lag_seconds", sink) is not None
        stop.set()
        await running


async def test_role_without_a_stream_names_the_setting(pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_EVENT_STREAM and FINCORE_JOB_QUEUE are empty"):
        await run(pool, {}, asyncio.Event())


async def test_role_needs_a_region_of_kinesis(pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="set FINCORE_EVENT_STREAM_REGION or AWS_REGION"):
        await run(pool, {"FINCORE_EVENT_STREAM": "events"}, asyncio.Event())


async def test_role_needs_a_region_of_sqs(pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="set FINCORE_JOB_QUEUE_REGION or AWS_REGION"):
        await run(pool, {"FINCORE_JOB_QUEUE": "jobs"}, asyncio.Event())


@pytest.mark.parametrize("setting", ["FINCORE_EVENT_STREAM", "FINCORE_JOB_QUEUE"])
def test_relay_is_configured_where_it_carries_something(setting: str) -> None:
    assert "relay" in configured_roles(read_settings({setting: "there"}))
    assert "relay" not in configured_roles(read_settings({}))


WITHOUT_THE_EXTRA = """
import sys
sys.modules["aiobotocore"] = sys.modules["botocore"] = None
import fincore.bootstrap.relay, fincore.bootstrap.worker, fincore.relay.event_relay
for name in ("event_stream", "job_messages"):
    try:
        __import__(f"fincore.bootstrap.{name}")
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_without_the_extra_only_the_role_refuses(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    events, jobs = answer.stdout.splitlines()
    assert events.startswith("ConfigurationError FINCORE_EVENT_STREAM needs the library aiobotocore")
    assert jobs.startswith("ConfigurationError FINCORE_JOB_QUEUE needs the library aiobotocore")
