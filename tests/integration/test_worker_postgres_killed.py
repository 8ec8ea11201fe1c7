"""PostgreSQL killed under a working worker: nothing accepted is lost, nothing is charged twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fincore.domain.outcome import PspName
from fincore.postgres.embedded import EmbeddedPostgres
from fincore.postgres.pool import Pool, create_pool
from fincore.write.psp.port import AuthorizeRequest
from fixtures.prepared_data import PREPARED_DATA
from fixtures.scripted_psp import ScriptedPsp
from fixtures.waiting import happens
from fixtures.worker_harness import open_harness


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[EmbeddedPostgres, EmbeddedPostgres]]:
    """Two users of one server, with every schema: the second revives it."""
    PREPARED_DATA.copy_to(tmp_path / "data")
    first, second = EmbeddedPostgres(tmp_path / "data"), EmbeddedPostgres(tmp_path / "data")
    yield first, second
    second.stop()
    first.stop()


@asynccontextmanager
async def own_pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        yield pool
    finally:
        pool.terminate()


async def test_postgresql_kill_loses_no_charge_and_no_held_reason(
    servers: tuple[EmbeddedPostgres, EmbeddedPostgres], tmp_path: Path
) -> None:
    """Sixty calls are under way at the PSP when the server is killed."""
    first, second = servers
    dsn = await asyncio.to_thread(first.start)
    psp = ScriptedPsp()
    killed, answering = asyncio.Event(), asyncio.Event()

    async def answer_after_the_kill(_request: AuthorizeRequest) -> None:
        answering.set()
        await killed.wait()

    async with own_pool(dsn) as pool, open_harness(pool, psp) as harness:
        refused = await harness.charge(psp=PspName("elsewhere"))
        await harness.idle()
        (before,) = await harness.held()

        psp.before_answer = answer_after_the_kill
        charge_ids = await asyncio.gather(*[harness.charge() for _ in range(60)])
        await happens(answering)
        os.kill(
            int((tmp_path / "data" / "pg" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL
        )
        killed.set()
        await asyncio.to_thread(second.start)

        await harness.idle()
        for charge_id in charge_ids:
            assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == [before]
        assert before.reason.startswith(refused)
    assert psp.charges_made == 60
    keys = {request.idempotency_key for request in psp.requests}
    assert keys == {f"{charge_id}:authorize:1" for charge_id in charge_ids}
