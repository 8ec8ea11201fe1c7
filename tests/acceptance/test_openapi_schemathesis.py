"""What a machine finds that reads the OpenAPI document, and tries what it allows and much that it does not.

Schemathesis runs as its users run it: its command line against the served document, with all of its checks.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

from fincore.domain.events import ChargeCreated
from fincore.domain.ids import charge_of
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, captured, declined, serving_api

EXAMPLES_PER_OPERATION_MAX = 25
CONFIGURATION = """
# 402: the charge failed while the client waited; a good request all the same.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "402", "403", "404"]

# No generator can sign for a PSP.
[[operations]]
include-operation-id = "receive_webhook"
checks.positive_data_acceptance.expected-statuses = ["400", "404"]
parameters = { psp = "stripe", account = "test" }
"""


async def decide_every_charge(api: Api) -> None:
    """Be the worker and the PSP: pay charges of even amounts, decline the others."""
    at = (0, 0)
    while True:
        for recorded in await api.log.read_after(*at, limit=100):
            at = (recorded.tx, recorded.pos)
            if isinstance(recorded.event, ChargeCreated):
                is_even = recorded.event.amount_minor % 2 == 0
                fact = (
                    captured(recorded.event.amount_minor, recorded.event.currency) if is_even else declined()
                )
                await api.record(charge_of(recorded.stream_id), fact)
        await asyncio.sleep(0.01)


async def a_cursor(api: Api, dsn: str) -> str:
    """A cursor of a real list."""
    for key in ("first", "second"):
        await api.charge(key)
    await api.project(dsn)
    return str((await api.get("/v1/charges?limit=1")).json()["next_cursor"])


async def test_schemathesis_finds_nothing(pool: Pool, dsn: str, tmp_path: Path) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    async with serving_api(pool) as api:
        environment = {
            "SCHEMATHESIS_HOOKS": "fixtures.schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "FINCORE_TEST_CURSOR": await a_cursor(api, dsn),
        }
        deciding = asyncio.create_task(decide_every_charge(api))
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={configuration}",
            "run",
            f"{api.url}/openapi.json",
            f"--header=Authorization: Bearer {api.key.reveal()}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES_PER_OPERATION_MAX}",
            "--generation-deterministic",
            "--continue-on-failure",
            "--no-color",
            "--suppress-health-check=all",  # they judge how fast this machine makes examples up
            "--request-timeout=60",
            "--warnings=off",  # bad values are meant to be rejected
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        finally:
            deciding.cancel()
        assert process.returncode == 0, output.decode()
        assert re.search(r"\b(\d{3,}) generated, \1 passed", output.decode()), output.decode()
        statuses = await pool.fetch("select distinct response_status from eventstore.idempotency_keys")
        assert {row["response_status"] for row in statuses} == {201, 402}  # it did create charges, and waited
