"""fincore.js as it is committed is what its sources give, within its size; its types are strict; its parts pass their own tests."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fixtures import node_tools

BUILT = node_tools.PROJECT / "src/fincore/checkout/js/built"

pytestmark = pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + node_tools.RUN_SECONDS_MAX)


@pytest.fixture(scope="module")
def sdk() -> Path:
    return node_tools.install("web/sdk")


def test_built_sdk_is_what_its_sources_give(sdk: Path, tmp_path: Path) -> None:
    """`make web` builds it anew. A change of what is published needs a new version in web/sdk/package.json."""
    version = json.loads((sdk / "package.json").read_text())["version"]
    node_tools.npm_run(sdk, "build", "--", str(tmp_path))
    committed = {file.name: file.read_bytes() for file in (BUILT / version).iterdir()}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == committed


def test_sources_and_published_types_of_the_sdk_are_strict(sdk: Path) -> None:
    node_tools.npm_run(sdk, "check")


def test_parts_of_the_sdk_pass_their_own_tests(sdk: Path) -> None:
    assert "fail 0" in node_tools.npm_run(sdk, "test")


def changed_since_releases(project: Path) -> list[str]:
    """The built files that a tagged release has, and that are gone or changed in a repository."""

    def git(*arguments: str) -> list[str]:
        listed = subprocess.run(
            ["git", *arguments],  # noqa: S607 -- the git of the developer
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
        return listed.stdout.split()

    folder = str(BUILT.relative_to(node_tools.PROJECT))
    differs = ("diff", "--name-only", "--diff-filter=MD")
    return sorted({file for tag in git("tag", "--list", "v*") for file in git(*differs, tag, "--", folder)})


def test_released_scripts_stay_as_they_are() -> None:
    """Shops pin them by their hashes. Give a change a new version in web/sdk/package.json, and keep the older folders."""
    assert changed_since_releases(node_tools.PROJECT) == []


def test_change_of_a_released_script_is_found(tmp_path: Path) -> None:
    folder = tmp_path / BUILT.relative_to(node_tools.PROJECT)
    shutil.copytree(BUILT, folder)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "x"), ("tag", "v9.0.0")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)  # noqa: S607 -- the git of the developer
    assert changed_since_releases(tmp_path) == []
    changed, gone = (file.relative_to(tmp_path) for file in sorted(folder.rglob("fincore.*js")))
    (tmp_path / changed).write_text("changed")
    (tmp_path / gone).unlink()
    (folder / "9.0.0").mkdir()
    (folder / "9.0.0/fincore.js").write_text("new")
    assert changed_since_releases(tmp_path) == [str(changed), str(gone)]
