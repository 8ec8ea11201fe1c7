"""A release is made of what is committed: checked, built and tagged, on a clone of this repository."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from harness.process import STOP_TIMEOUT_SECONDS

PROJECT: Final = Path(__file__).parents[2]
VERSION: Final = "97.98.99"
SECTION: Final = f"## {VERSION} (2030-01-31)\n\n### Changes\n- A line about this release.\n\n"
AUTHOR: Final = ("-c", "user.name=Tests", "-c", "user.email=tests@example.invalid")


class Released(NamedTuple):
    """A clone, and what `make release` said in it."""

    clone: Path
    code: int
    stdout: str
    stderr: str

    @property
    def folder(self) -> Path:
        return self.clone / "dist" / VERSION


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints."""
    return subprocess.run(
        ["git", *AUTHOR, *arguments],  # noqa: S607 -- the git of the developer
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def cloned(folder: Path) -> Path:
    """A clone with this work tree's files and a version of its own, all of it committed."""
    git(PROJECT, "clone", "--quiet", "--no-tags", str(PROJECT), str(folder))
    for name in git(PROJECT, "ls-files", "--modified", "--others", "--exclude-standard").splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((PROJECT / name).read_bytes())
    for name, old in {
        "pyproject.toml": r'^version = "[^"]+"$',
        "src/psp_sandbox/pyproject.toml": r'^version = "[^"]+"$',
        "uv.lock": r'(?<=^name = "fincore-payments"\n)version = "[^"]+"$|(?<=^name = "psp-sandbox"\n)version = "[^"]+"$',
    }.items():
        text, count = re.subn(old, f'version = "{VERSION}"', (folder / name).read_text(), flags=re.MULTILINE)
        assert count == (2 if name == "uv.lock" else 1), name
        (folder / name).write_text(text)
    changelog = (folder / "CHANGELOG.md").read_text()
    (folder / "CHANGELOG.md").write_text(changelog.replace("## ", f"{SECTION}## ", 1))
    git(folder, "config", "user.name", "Tests")
    git(folder, "config", "user.email", "tests@example.invalid")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "What is to be released")
    return folder


def release(clone: Path, *options: str) -> Released:
    """Run what `make release` runs."""
    done = subprocess.run(
        [sys.executable, "scripts/release.py", *options],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=STOP_TIMEOUT_SECONDS,
        check=False,
    )
    return Released(clone, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A release of what stands in this work tree."""
    made = release(cloned(tmp_path_factory.mktemp("release") / "clone"))
    assert made.code == 0, made.stderr
    return made


def test_release_holds_both_distributions_and_their_sboms(released: Released) -> None:
    assert {path.name for path in released.folder.iterdir()} == {
        f"fincore_payments-{VERSION}-py3-none-any.whl",
        f"fincore_payments-{VERSION}.tar.gz",
        f"fincore-payments-{VERSION}.cdx.json",
        f"psp_sandbox-{VERSION}-py3-none-any.whl",
        f"psp_sandbox-{VERSION}.tar.gz",
        f"psp-sandbox-{VERSION}.cdx.json",
        "SHA256SUMS",
    }


def test_release_sums_are_those_of_its_files(released: Released) -> None:
    lines = (released.folder / "SHA256SUMS").read_text().splitlines()
    summed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert summed == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in released.folder.iterdir()
        if path.name != "SHA256SUMS"
    }


def test_release_distributions_carry_the_licence(released: Released) -> None:
    licence = (PROJECT / "LICENSE").read_bytes()
    for path in released.folder.glob("*.whl"):
        with zipfile.ZipFile(path) as wheel:
            (name,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
            assert wheel.read(name) == licence
    for path in released.folder.glob("*.tar.gz"):
        with tarfile.open(path) as sdist:
            file = sdist.extractfile(f"{path.name.removesuffix('.tar.gz')}/LICENSE")
            assert file is not None
            assert file.read() == licence


def test_release_sbom_lists_the_locked_run_time_packages(released: Released) -> None:
    sbom = json.loads((released.folder / f"fincore-payments-{VERSION}.cdx.json").read_bytes())
    named = {component["name"] for component in sbom["components"]}
    assert sbom["bomFormat"] == "CycloneDX"
    assert {"asyncpg", "pgqueuer", "uvicorn"} <= named
    assert named.isdisjoint({"pytest", "psp-sandbox", "mypy"})


def test_release_tag_carries_the_section_of_the_changelog(released: Released) -> None:
    assert git(released.clone, "tag", "--list") == f"v{VERSION}\n"
    assert git(released.clone, "cat-file", "-t", f"v{VERSION}") == "tag\n"
    message = git(released.clone, "tag", "--list", "--format=%(contents)", f"v{VERSION}")
    assert message.rstrip() == f"FinCore Payments {VERSION}\n\n### Changes\n- A line about this release."


@pytest.mark.long
def test_release_of_the_same_commit_has_the_same_bytes(released: Released) -> None:
    before = {path.name: path.read_bytes() for path in released.folder.glob("*py3-none-any.whl")}
    before |= {path.name: path.read_bytes() for path in released.folder.glob("*.tar.gz")}
    git(released.clone, "tag", "--delete", f"v{VERSION}")
    assert release(released.clone).code == 0
    assert {name: (released.folder / name).read_bytes() for name in before} == before


@pytest.mark.long
def test_release_without_tag_leaves_the_repository_as_it_was(released: Released, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(released.clone), str(clone))
    made = release(clone, "--no-tag")
    assert (made.code, made.stderr) == (0, "")
    assert git(clone, "tag", "--list") == git(clone, "status", "--porcelain") == ""


def test_release_names_every_problem_and_makes_nothing(released: Released, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(released.clone), str(clone))
    sandbox = clone / "src/psp_sandbox/pyproject.toml"
    sandbox.write_text(sandbox.read_text().replace(f'"{VERSION}"', '"9.9.9"'))
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace(f"## {VERSION} (", "## Unreleased ("))
    refused = release(clone)
    assert refused.code == 1
    told = refused.stderr.splitlines()
    assert [line.partition(":")[0] for line in told] == ["release"] * 4
    for problem in ("Not committed: CHANGELOG.md, ", "versions differ", "begins with the section", "exists"):
        assert any(problem in line for line in told), (problem, told)
    assert not (clone / "dist").exists()
