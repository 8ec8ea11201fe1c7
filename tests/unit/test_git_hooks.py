"""The hooks that `make setup` installs refuse what the linters cannot see."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

SCRIPTS: Final = Path(__file__).parents[2] / "scripts"


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", str(SCRIPTS / script), *arguments],  # noqa: S607 -- the sh of git
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("length", "code"), [(72, 0), (73, 1)])
def test_subject_above_72_characters_is_refused(tmp_path: Path, length: int, code: int) -> None:
    message = tmp_path / "message"
    message.write_text("ü" * length + "\n\nA body of any length. " + "x" * 100)
    done = run("refuse_long_subject.sh", str(message))
    assert done.returncode == code
    assert ("the subject has 73 characters" in done.stderr) == bool(code)


@pytest.mark.parametrize(("size", "code"), [(1_048_576, 0), (1_048_577, 1)])
def test_file_above_one_mebibyte_is_refused(tmp_path: Path, size: int, code: int) -> None:
    small, large = tmp_path / "small", tmp_path / "large file"
    small.write_text("x")
    large.write_bytes(b"x" * size)
    done = run("refuse_large_files.sh", str(small), str(large))
    assert done.returncode == code
    assert ("large file" in done.stderr) == bool(code)
