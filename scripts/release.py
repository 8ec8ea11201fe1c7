"""`make release`: checks that what is committed can be released, builds it into `dist/`, and tags it. Pushes nothing."""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
DISTRIBUTIONS: Final[Mapping[str, Path]] = {
    "fincore-payments": ROOT,
    "psp-sandbox": ROOT / "src/psp_sandbox",
}
"""The distributions of the workspace, each with the folder of its `pyproject.toml`. They have one version."""

_SECTION: Final = re.compile(r"^## (?P<title>[^\n]+)\n(?P<text>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_DATED: Final = re.compile(r"(?P<version>\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)")


class State(NamedTuple):
    """What decides whether a release can be made.

    `versions`: by the file and the distribution that state them. `changes`: paths that are not committed.
    """

    versions: Mapping[str, str]
    changelog: str
    tags: frozenset[str]
    changes: tuple[str, ...]

    @property
    def version(self) -> str:
        """The version of FinCore, which is that of the release."""
        return next(iter(self.versions.values()))


def newest_section(changelog: str) -> tuple[str, str]:
    """The title and the text of the first section of the changelog; both empty where there is none."""
    found = _SECTION.search(changelog)
    return ("", "") if found is None else (found["title"].strip(), found["text"].strip())


def problems(state: State) -> list[str]:
    """What stands in the way of a release, each with what to do; nothing if it can be made."""
    found = []
    if state.changes:
        found.append(f"Not committed: {', '.join(state.changes)}. Commit or drop these changes.")
    if len(set(state.versions.values())) > 1:
        stated = ", ".join(f"{where} has {version}" for where, version in state.versions.items())
        found.append(f"The versions differ: {stated}. Set one version, then run `uv lock`.")
    title, text = newest_section(state.changelog)
    dated = _DATED.fullmatch(title)
    if dated is None or dated["version"] != state.version:
        wanted = f"## {state.version} (YYYY-MM-DD)"
        found.append(f"CHANGELOG.md begins with the section {title!r}. Name it {wanted!r}.")
    elif "\n- " not in f"\n{text}":
        found.append(f"The section of {state.version} in CHANGELOG.md is empty. Say what changed.")
    if f"v{state.version}" in state.tags:
        found.append(f"The tag v{state.version} exists. Raise the version.")
    return found


def state_of_repository() -> State:
    """The state of the repository in ROOT."""
    lock = {package["name"]: package for package in _toml(ROOT / "uv.lock")["package"]}
    versions = {
        f"{folder.relative_to(ROOT) / 'pyproject.toml'}": _toml(folder / "pyproject.toml")["project"][
            "version"
        ]
        for folder in DISTRIBUTIONS.values()
    } | {f"{name} in uv.lock": lock[name]["version"] for name in DISTRIBUTIONS}
    return State(
        versions=versions,
        changelog=(ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        tags=frozenset(_git("tag", "--list").split()),
        changes=tuple(line[3:] for line in _git("status", "--porcelain").splitlines()),
    )


def build(version: str) -> Path:
    """Sdist, wheel and SBOM (CycloneDX) of each distribution, with their checksums; the folder that holds them."""
    folder = ROOT / "dist" / version
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The same commit gives the same bytes.
    environment = os.environ | {"SOURCE_DATE_EPOCH": _git("log", "-1", "--format=%ct").strip()}
    for name, project in DISTRIBUTIONS.items():
        _run(
            *(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--target", "wheel"),
            *("--directory", str(folder)),
            cwd=project,
            env=environment,
        )
        _run(
            *(str(Path(sys.executable).parent / "uv"), "export", "--quiet", "--frozen", "--package", name),
            *("--no-default-groups", "--format", "cyclonedx1.5", "--preview-features", "sbom-export"),
            *("--output-file", str(folder / f"{name}-{version}.cdx.json")),
            cwd=ROOT,
            env=environment,
        )
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(folder.iterdir())
    ]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="ascii")
    return folder


def main() -> int:
    """Exit code 0 when the release was made; 1, and a sentence for each problem, when it cannot be."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--no-tag", action="store_true", help="check and build only")
    asked = parser.parse_args()
    state = state_of_repository()
    if found := problems(state):
        sys.stderr.write("".join(f"release: {problem}\n" for problem in found))
        return 1
    folder = build(state.version)
    sys.stdout.write((folder / "SHA256SUMS").read_text(encoding="ascii"))
    sys.stdout.write(f"built in {folder.relative_to(ROOT)}\n")
    if not asked.no_tag:
        message = f"FinCore Payments {state.version}\n\n{newest_section(state.changelog)[1]}\n"
        # Verbatim: headings of the changelog begin with what git takes for a comment.
        _git("tag", "--annotate", "--cleanup=verbatim", "--message", message, f"v{state.version}")
        sys.stdout.write(f"tagged v{state.version}; publish it with `git push origin v{state.version}`\n")
    return 0


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def _git(*arguments: str) -> str:
    return _run("git", *arguments, cwd=ROOT, env=os.environ)


def _run(*command: str, cwd: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"release: `{' '.join(command[:4])} ...` failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
