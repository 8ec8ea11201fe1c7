"""A command of an installation that does not end in time."""

from pathlib import Path

import pytest
from harness.failure import InstallationFailed
from harness.installation import Installation


def test_command_that_does_not_end_names_its_bound(tmp_path: Path) -> None:
    installation = Installation(tmp_path, {}, start_timeout_seconds=0.001)

    with pytest.raises(InstallationFailed) as failed:
        installation.printed("migrate")
    installation.stop()

    assert str(failed.value).startswith("`fincore migrate` did not end within 0.001 s; logs are in ")
