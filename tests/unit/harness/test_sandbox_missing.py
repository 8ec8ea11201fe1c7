"""What a user reads who starts the sandbox where it is not installed."""

from pathlib import Path

import pytest
from harness import sandbox
from harness.failure import InstallationFailed


def test_sandbox_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "find_spec", lambda _name: None)
    with pytest.raises(InstallationFailed) as failed:
        sandbox.Sandbox()
    assert str(failed.value) == (
        "The package psp-sandbox is not installed. Install it beside FinCore: make .venv/runtime"
    )


def test_sandbox_that_does_not_start_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "psp-sandbox.log"
    with pytest.raises(InstallationFailed, match=r"did not start; see .*psp-sandbox\.log"):
        sandbox.Sandbox("--port=70000", log=log)
    assert "--port" in log.read_text()
