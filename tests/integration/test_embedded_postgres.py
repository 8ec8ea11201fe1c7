"""The embedded PostgreSQL starts, is shared, stops with its last user, and comes back after a kill."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from fincore.domain.errors import ConfigurationError
from fincore.postgres.embedded import EmbeddedPostgres


def run(dsn: str, statement: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster_pid(folder: Path) -> int:
    return int((folder / "pg" / "postmaster.pid").read_text().splitlines()[0])


def test_it_is_postgresql_18_and_durable(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data")
    dsn = server.start()
    assert str(run(dsn, "show server_version")).startswith("18")
    assert run(dsn, "show fsync") == "on"
    assert run(dsn, "show synchronous_commit") == "on"
    assert run(dsn, "show listen_addresses") == ""
    server.stop()


def test_the_last_user_stops_it_and_its_data_stays(tmp_path: Path) -> None:
    one, other = EmbeddedPostgres(tmp_path), EmbeddedPostgres(tmp_path)
    dsn = one.start()
    assert other.start() == dsn
    run(dsn, "create table kept as select 42 as answer")
    one.stop()
    assert run(dsn, "select answer from kept") == 42
    other.stop()
    with pytest.raises(psycopg.OperationalError):
        run(dsn, "select 1")
    dsn = one.start()
    assert run(dsn, "select answer from kept") == 42
    one.stop()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT], ids=lambda end: end.name)
def test_it_comes_back_with_its_data_while_the_one_before_is_ending(
    tmp_path: Path, end: signal.Signals
) -> None:
    server = EmbeddedPostgres(tmp_path)
    dsn = server.start()
    run(dsn, "create table kept as select 42 as answer")
    pid = postmaster_pid(tmp_path)
    os.kill(pid, end)
    again = EmbeddedPostgres(tmp_path)
    assert run(again.start(), "select answer from kept") == 42
    assert postmaster_pid(tmp_path) != pid
    server.stop()
    again.stop()


def test_a_folder_it_cannot_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("9")
    with pytest.raises(ConfigurationError, match="does not start"):
        EmbeddedPostgres(tmp_path).start()
