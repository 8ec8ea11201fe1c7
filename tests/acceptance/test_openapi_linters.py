"""The OpenAPI document that a running API serves, under the linters that its readers use."""

import json
from pathlib import Path
from typing import get_args

import pytest

from fincore.postgres.pool import Pool
from fixtures import node_tools
from fixtures.merchant_api import serving_api


@pytest.fixture
async def document(pool: Pool, tmp_path: Path) -> Path:
    """The document as it is served, in a file."""
    file = tmp_path / "openapi.json"
    async with serving_api(pool) as api:
        file.write_bytes((await api.get("/openapi.json")).body)
    assert json.loads(file.read_text())["openapi"] == "3.1.0"
    return file


@pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + 2 * node_tools.RUN_SECONDS_MAX)
def test_openapi_document_passes_redocly_and_spectral(document: Path) -> None:
    linters = node_tools.install("tests/openapi_tools/linters")
    node_tools.run(linters, "redocly", "lint", "--config=redocly.yaml", str(document))
    node_tools.run(
        linters, "spectral", "lint", "--ruleset=spectral.yaml", "--fail-severity=hint", str(document)
    )


def test_npm_lock_files_name_no_registry() -> None:
    locks = [
        node_tools.PROJECT / packages / "package-lock.json" for packages in get_args(node_tools.Packages)
    ]
    for lock in locks:
        packages = json.loads(lock.read_text())["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []
        assert all("integrity" in package for name, package in packages.items() if name)
