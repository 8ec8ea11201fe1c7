"""What an installation looks like from within while it is loaded: backlog, WAL, and CPU time and memory of each process, once a second."""

import time
from collections.abc import Mapping
from contextlib import suppress

import msgspec
import psutil
import psycopg
from bench.progress import Backlog, Progress

_SIZES = "select pg_current_wal_lsn() - '0/0'::pg_lsn, pg_database_size(current_database())"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look. `cores` is the CPU time of each process since the look before, in cores; `memory_mib` its resident set with its children's."""

    seconds: float
    backlog: Backlog | None = None
    wal_bytes: int = 0
    database_bytes: int = 0
    cores: dict[str, float] = {}
    memory_mib: dict[str, float] = {}


class Watch:
    """Looks at the stores by a DSN, and at processes of this machine by their ids; without either that part is empty."""

    def __init__(self, *, dsn: str | None, pids: Mapping[str, int]) -> None:
        self._dsn = dsn
        self._progress: Progress | None = None
        self._connection: psycopg.Connection | None = None
        self._families = {name: _Family(pid) for name, pid in pids.items()}
        self._wal_began = self._sizes()[0]

    def add(self, name: str, pid: int) -> None:
        """Look at a further process from now on."""
        self._families[name] = _Family(pid)

    @property
    def progress(self) -> Progress | None:
        """What reads the stores; None without a DSN. Raises psycopg.Error: they cannot be reached."""
        if self._progress is None and self._dsn is not None:
            self._progress = Progress(self._dsn)
        return self._progress

    def look(self, seconds: float) -> Sample:
        """How it is now, so many seconds into the run. While the stores cannot be reached, their part is empty."""
        backlog, wal, database = None, self._wal_began, 0
        try:
            backlog = self.progress.backlog() if self.progress else None
            wal, database = self._sizes()
        except psycopg.Error:
            self.close()
        looks = {name: family.look() for name, family in self._families.items()}
        # A process that has ended holds no memory, and is left out.
        looks = {name: (cores, memory) for name, (cores, memory) in looks.items() if memory}
        return Sample(
            seconds=seconds,
            backlog=backlog,
            wal_bytes=wal - self._wal_began,
            database_bytes=database,
            cores={name: round(cores, 3) for name, (cores, _) in looks.items()},
            memory_mib={name: round(memory, 1) for name, (_, memory) in looks.items()},
        )

    def close(self) -> None:
        """Close the connections; the next look opens others."""
        if self._progress:
            self._progress.close()
        if self._connection:
            self._connection.close()
        self._progress = self._connection = None

    def _sizes(self) -> tuple[int, int]:
        if self._dsn is None:
            return 0, 0
        if self._connection is None:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        row = self._connection.execute(_SIZES).fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))


class _Family:
    """A process with its children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looked_at = time.monotonic()
        self._used, _ = self._now()

    def look(self) -> tuple[float, float]:
        """Cores since the last look, and MiB now."""
        now = time.monotonic()
        used, memory = self._now()
        cores = max(0.0, used - self._used) / max(1e-3, now - self._looked_at)
        self._used, self._looked_at = used, now
        return cores, memory

    def _now(self) -> tuple[float, float]:
        """CPU seconds, and MiB: what PostgreSQL's processes share is counted once, as the largest of them has it."""
        used = memory = shared = 0.0
        with suppress(psutil.Error):
            parent = psutil.Process(self._pid)
            for member in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.Error):
                    times, held = member.cpu_times(), member.memory_info()
                    used += times.user + times.system
                    if member.pid == self._pid:
                        used += times.children_user + times.children_system
                    memory += held.rss - held.shared
                    shared = max(shared, held.shared)
        return used, (memory + shared) / 2**20
