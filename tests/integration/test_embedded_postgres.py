"""The embedded PostgreSQL starts, is shared, stops with its last user, and comes back after a kill."""

import contextlib
import os
import signal
from pathlib import Path

import psutil
import psycopg
import pytest

from fincore.domain.errors import ConfigurationError
from fincore.postgres.embedded import EmbeddedPostgres
from fixtures.prepared_data import PREPARED_DATA


@pytest.fixture
def initialised(tmp_path: Path) -> Path:
    """A data folder that a server has used before; to make one takes a second of CPU."""
    PREPARED_DATA.copy_to(tmp_path / "data")
    return tmp_path / "data"


def run(dsn: str, statement: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster_pid(folder: Path) -> int:
    return int((folder / "pg" / "postmaster.pid").read_text().splitlines()[0])


def test_embedded_server_is_postgresql_18_and_durable(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data")
    dsn = server.start()
    assert str(run(dsn, "show server_version")).startswith("18")
    assert run(dsn, "show fsync") == "on"
    assert run(dsn, "show synchronous_commit") == "on"
    assert run(dsn, "show listen_addresses") == ""
    server.stop()


def test_the_last_user_stops_it_and_its_data_stays(initialised: Path) -> None:
    one, other = EmbeddedPostgres(initialised), EmbeddedPostgres(initialised)
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
def test_server_restarts_with_data_while_previous_one_ends(initialised: Path, end: signal.Signals) -> None:
    server = EmbeddedPostgres(initialised)
    dsn = server.start()
    run(dsn, "create table kept as select 42 as answer")
    pid = postmaster_pid(initialised)
    os.kill(pid, end)
    again = EmbeddedPostgres(initialised)
    assert run(again.start(), "select answer from kept") == 42
    assert postmaster_pid(initialised) != pid
    server.stop()
    again.stop()


def processes_in(folder: Path) -> list[psutil.Process]:
    """What lives of a server: every process of it works in its folder."""
    found = []
    for process in psutil.process_iter(["name", "status"]):
        with contextlib.suppress(psutil.Error):
            is_living = process.info["name"] == "postgres" and process.info["status"] != psutil.STATUS_ZOMBIE
            if is_living and process.cwd() == str(folder / "pg"):
                found.append(process)
    return found


def test_server_started_anew_by_another_is_stopped(initialised: Path) -> None:
    """The one that is to stop it knows another pid than the one it has now."""
    one, other = EmbeddedPostgres(initialised), EmbeddedPostgres(initialised)
    one.start()
    os.kill(postmaster_pid(initialised), signal.SIGKILL)
    other.start()
    other.stop()
    assert one.is_running()
    one.stop()
    assert processes_in(initialised) == []


def test_server_killed_with_a_busy_session_starts_again(initialised: Path) -> None:
    """A session that computes does not notice that its server is gone, and holds its shared memory."""
    server = EmbeddedPostgres(initialised)
    dsn = server.start()
    busy = psycopg.connect(dsn, autocommit=True)
    pid: int = busy.execute("select pg_backend_pid()").fetchall()[0][0]
    os.kill(pid, signal.SIGSTOP)
    os.kill(postmaster_pid(initialised), signal.SIGKILL)
    assert run(server.start(), "select 1") == 1
    assert server.is_running()
    assert pid not in {process.pid for process in processes_in(initialised)}
    busy.close()
    server.stop()
    assert processes_in(initialised) == []


def test_server_with_reused_pid_starts_again(initialised: Path) -> None:
    server = EmbeddedPostgres(initialised)
    server.start()
    pid_file = initialised / "pg" / "postmaster.pid"
    named = pid_file.read_text()
    os.kill(postmaster_pid(initialised), signal.SIGKILL)
    pid_file.write_text("\n".join([str(os.getpid()), *named.splitlines()[1:]]) + "\n")
    assert not server.is_running()
    assert run(server.start(), "select 1") == 1
    server.stop()


def test_a_folder_it_cannot_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("9")
    with pytest.raises(ConfigurationError, match="does not start"):
        EmbeddedPostgres(tmp_path).start()
