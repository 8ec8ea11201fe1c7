"""Only commands that create an installation make one; all others leave the folder as it was."""

from pathlib import Path

import pytest

from fincore.bootstrap.databases import databases_of
from fincore.bootstrap.environment import read_settings
from fincore.domain.errors import ConfigurationError


def test_folder_without_installation_is_refused_and_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    settings = read_settings({"FINCORE_DATA_DIR": str(folder)})
    with (
        pytest.raises(ConfigurationError, match=r"no installation in .*elsewhere \(FINCORE_DATA_DIR\)"),
        databases_of(settings),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = read_settings({"FINCORE_DATA_DIR": str(tmp_path / "file" / "data")})
    with (
        pytest.raises(ConfigurationError, match=r"FINCORE_DATA_DIR: the folder .* cannot be used"),
        databases_of(settings, creates=True),
    ):
        pass


def test_dsn_needs_no_installation(tmp_path: Path) -> None:
    dsn = "postgresql://nobody@db.internal/fincore"
    settings = read_settings({"FINCORE_DATA_DIR": str(tmp_path / "none"), "FINCORE_EVENTSTORE_DSN": dsn})
    with databases_of(settings) as databases:
        assert databases.ledgerdb == dsn
    assert list(tmp_path.iterdir()) == []
