"""The two distributions of the workspace: what each wheel holds, and that FinCore's needs no simulator."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Final, NamedTuple

import pytest

PROJECT: Final = Path(__file__).parents[2]
SANDBOX: Final = PROJECT / "src/psp_sandbox"


class Wheel(NamedTuple):
    """The names in a built wheel, and what its metadata says."""

    files: frozenset[str]
    requires: tuple[str, ...]
    entry_points: str


def built(project: Path, folder: Path) -> Wheel:
    """The wheel of the project in a folder."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = Parser().parsestr(archive.read(metadata).decode())
        return Wheel(
            files=frozenset(name for name in archive.namelist() if ".dist-info/" not in name),
            requires=tuple(headers.get_all("Requires-Dist", ())),
            entry_points=archive.read(metadata.replace("METADATA", "entry_points.txt")).decode(),
        )


@pytest.fixture(scope="module")
def fincore(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return built(PROJECT, tmp_path_factory.mktemp("fincore"))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return built(SANDBOX, tmp_path_factory.mktemp("sandbox"))


def sources(package: str) -> set[str]:
    """The tracked files of a package, as a wheel names them."""
    listed = subprocess.run(
        ["git", "ls-files", f"src/{package}"],  # noqa: S607 -- the git of the developer
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.removeprefix("src/") for name in listed.stdout.split() if (PROJECT / name).exists()}


def test_fincores_wheel_holds_fincore_and_no_simulator(fincore: Wheel) -> None:
    assert sources("fincore") <= fincore.files
    assert {name.partition("/")[0] for name in fincore.files} == {"fincore"}
    assert "psp-sandbox" not in fincore.entry_points


def test_fincores_wheel_does_not_require_the_simulator(fincore: Wheel) -> None:
    assert [one for one in fincore.requires if one.startswith(("psp-sandbox", "psp_sandbox"))] == []


def test_sandboxs_wheel_holds_the_whole_simulator(sandbox: Wheel) -> None:
    project_files = {f"psp_sandbox/{name}" for name in ("LICENSE", "README.md", "pyproject.toml")}
    assert sandbox.files == sources("psp_sandbox") - project_files
    assert "psp-sandbox = psp_sandbox.__main__:main" in sandbox.entry_points
