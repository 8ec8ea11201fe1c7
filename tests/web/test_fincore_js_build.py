"""fincore.js as it is committed is what its sources give, within its size; its types are strict; its parts pass their own tests."""

import json
import subprocess
from pathlib import Path

import pytest

from fixtures import node_tools

BUILT = node_tools.PROJECT / "src/fincore/checkout/js/built"

pytestmark = pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + node_tools.RUN_SECONDS_MAX)


@pytest.fixture(scope="module")
def sdk() -> Path:
    return node_tools.install("web/sdk")


def npm_run(sdk: Path, *arguments: str) -> str:
    """What a script of the package printed. Fails the test, with that, unless it ends with 0."""
    finished = subprocess.run(
        ["npm", "run", "--silent", *arguments],  # noqa: S607 -- the npm that `install` found
        cwd=sdk,
        capture_output=True,
        text=True,
        timeout=node_tools.RUN_SECONDS_MAX,
        check=False,
    )
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    return output


def test_built_sdk_is_what_its_sources_give(sdk: Path, tmp_path: Path) -> None:
    """`make web` builds it anew. A change of what is published needs a new version in web/sdk/package.json."""
    version = json.loads((sdk / "package.json").read_text())["version"]
    npm_run(sdk, "build", "--", str(tmp_path))
    committed = {file.name: file.read_bytes() for file in (BUILT / version).iterdir()}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == committed


def test_sources_and_published_types_of_the_sdk_are_strict(sdk: Path) -> None:
    npm_run(sdk, "check")


def test_parts_of_the_sdk_pass_their_own_tests(sdk: Path) -> None:
    assert "fail 0" in npm_run(sdk, "test")
