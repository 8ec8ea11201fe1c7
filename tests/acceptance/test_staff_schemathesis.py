"""What a machine finds that reads the OpenAPI document of staff, and tries what it allows and much that it does not, as each role."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from fincore.bootstrap.databases import Databases, open_stores
from fincore.postgres.pool import Pool
from fincore.staff.access.permissions import ROLES, Role
from fixtures.merchant_api import serving_api
from fixtures.staff_server import serving_staff

EXAMPLES: Final = 10
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("role", ROLES)
async def test_staff_api_passes_schemathesis_as_each_role(
    pool: Pool, dsn: str, databases: Databases, tmp_path: Path, role: Role
) -> None:
    async with (
        serving_api(pool) as api,
        open_stores(databases, application_name="tests") as stores,
        serving_staff(api, stores=stores) as staff,
    ):
        for number in range(3):
            await api.paid(f"paid-{number}")
        await api.project(dsn)
        await api.book(dsn)
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{staff.url}/staff/openapi.json",
            f"--header=Authorization: Bearer {staff.person(role).token}",
            f"--checks={','.join(CHECKS)}",
            "--phases=examples,fuzzing",
            f"--max-examples={EXAMPLES}",
            "--generation-deterministic",
            "--continue-on-failure",
            "--no-color",
            "--suppress-health-check=all",  # they judge how fast this machine makes examples up
            "--request-timeout=60",
            "--warnings=off",  # most requests are meant to be refused
            cwd=tmp_path,
            env=os.environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert re.search(r"\b(\d{3,}) generated, \1 passed", output.decode()), output.decode()
