"""How the command of the load ends where a run cannot be done: one sentence, and an exit code that says so."""

import subprocess
import tempfile
from pathlib import Path
from typing import NoReturn

import loadtest.__main__ as command
import pytest
from harness.failure import InstallationFailed
from loadtest.system import System

from fincore.domain.errors import ConfigurationError
from loadtest import system

RUN = ("run", "--seconds", "1", "--rate", "1")


@pytest.mark.parametrize(
    "error",
    [
        InstallationFailed("api did not start; logs are in /somewhere\n--- api\nits last lines"),
        ConfigurationError("the embedded PostgreSQL does not start"),
        ConnectionRefusedError(111, "Connection refused"),
        subprocess.TimeoutExpired("fincore", 60),
        ValueError("not foreseen\nwith a second line"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_run_that_cannot_be_done_says_why_in_one_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> NoReturn:
        raise error

    monkeypatch.setattr(command, "running_system", failing)
    monkeypatch.chdir(tmp_path)

    code = command.main([*RUN, "--folder", str(tmp_path / "run")])

    told = capsys.readouterr().err
    assert code == 2
    assert told.count("\n") == 1, told
    assert "Traceback" not in told


def test_an_error_of_the_load_itself_is_kept_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "running_system", lambda: 1 / 0)
    monkeypatch.chdir(tmp_path)

    command.main([*RUN, "--folder", str(tmp_path / "run")])

    assert "ZeroDivisionError" in capsys.readouterr().err
    assert "Traceback" in (tmp_path / "var/load/error.txt").read_text()


def test_a_system_that_fails_to_start_leaves_its_logs_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(one: System) -> None:
        (one.folder / "data").mkdir()
        one.log_file("api").write_text("why")
        raise one.failure("api ended")

    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: str(folder))
    monkeypatch.setattr(System, "start_everything", fails)

    with pytest.raises(InstallationFailed), system.running_system():
        pytest.fail("it was given out")

    assert [path.name for path in folder.iterdir()] == ["logs"]
    assert (folder / "logs" / "api.log").read_text() == "why"
