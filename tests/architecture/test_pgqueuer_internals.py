"""What FinCore reaches into of PgQueuer: a release that changes any of it must be read before it is let in.

PgQueuer gives no promise about these names. `pyproject.toml` pins the range of releases in which they were read.
"""

import ast
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import EntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager

from fincore.write.queue.pgqueuer_session import ListeningDriver, TamedQueries

ROOT = Path(__file__).parents[2]
READ = "1.6."
"""The releases that were read for what is listed here."""

IMPORTED = {
    "pgqueuer.adapters.drivers.asyncpg": {"AsyncpgDriver", "AsyncpgPoolDriver"},
    "pgqueuer.adapters.persistence.qb": {
        "QueryBuilderEnvironment",
        "QueryQueueBuilder",
        "QuerySchedulerBuilder",
    },
    "pgqueuer.adapters.persistence.queries": {"Queries"},
    "pgqueuer.core.executors": {"EntrypointExecutor", "EntrypointExecutorParameters"},
    "pgqueuer.core.qm": {"QueueManager"},
    "pgqueuer.domain": {"models"},
    "pgqueuer.domain.errors": {"RetryRequested"},
    "pgqueuer.domain.models": {"Job"},
    "pgqueuer.domain.settings": {"DBSettings", "Durability"},
    "pgqueuer.domain.types": {
        "JOB_STATUS",
        "Channel",
        "HealthCheckId",
        "JobId",
        "QueueEntrypoint",
        "QueueManagerId",
    },
    "pgqueuer.ports.driver": {"NotifyCallback"},
    "pgqueuer.ports.repository": {"EntrypointExecutionParameter"},
}
OVERRIDDEN: dict[type, set[str]] = {
    ListeningDriver: {"__aexit__", "__init__", "add_listener"},
    TamedQueries: {
        "__init__",
        "dequeue",
        "eligible_queued_work",
        "log_jobs",
        "notify_health_check",
        "retry_job",
        "update_heartbeat",
    },
}
PARAMETERS: dict[Callable[..., Any], tuple[str, ...]] = {
    AsyncpgPoolDriver.__init__: ("self", "pool"),
    AsyncpgPoolDriver.add_listener: ("self", "channel", "callback"),
    AsyncpgDriver.__init__: ("self", "connection"),
    Queries.dequeue: (
        "self",
        "batch_size",
        "entrypoints",
        "queue_manager_id",
        "global_concurrency_limit",
        "heartbeat_timeout",
    ),
    Queries.eligible_queued_work: ("self", "entrypoints"),
    Queries.log_jobs: ("self", "job_status"),
    Queries.retry_job: ("self", "job", "delay", "traceback_record"),
    Queries.update_heartbeat: ("self", "job_ids"),
    Queries.notify_health_check: ("self", "health_check_event_id"),
    Queries.install: ("self", "create_schema"),
    Queries.schema_is_installed: ("self",),
    Queries.apply_upgrade: ("self",),
    Queries.optimize_autovacuum: ("self",),
    QueryQueueBuilder.build_requeue_jobs_query: ("self",),
    QueueManager.register_executor: ("self", "name", "executor"),
    QueueManager.run: (
        "self",
        "dequeue_timeout",
        "batch_size",
        "mode",
        "max_concurrent_tasks",
        "shutdown_on_listener_failure",
        "heartbeat_timeout",
        "log_aggregation_interval",
    ),
}
FIELDS = {
    EntrypointExecutorParameters: {"func", "concurrency_limit", "on_failure"},
    QueueManager: {"queries", "channel", "shutdown"},
    EntrypointExecutor: {"parameters"},
}


def _imports() -> Iterator[tuple[Path, str, str]]:
    for path in sorted((ROOT / "src" / "fincore").rglob("*.py")):
        if "pgqueuer" not in (source := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pgqueuer":
                for name in node.names:
                    yield path, node.module or "", name.name
            if isinstance(node, ast.Import):
                assert not any(name.name.split(".")[0] == "pgqueuer" for name in node.names), path


def test_pgqueuer_is_pinned_to_the_releases_that_were_read() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pin,) = [each for each in project["dependencies"] if each.startswith("pgqueuer")]
    assert pin == f"pgqueuer=={READ}*"
    assert version("pgqueuer").startswith(READ)


def test_pgqueuer_is_imported_by_its_adapter_alone() -> None:
    assert {path.name for path, _, _ in _imports()} == {
        "pgqueuer.py",
        "pgqueuer_schema.py",
        "pgqueuer_session.py",
    }


def test_names_imported_from_pgqueuer_are_those_listed() -> None:
    imported: dict[str, set[str]] = {}
    for _, module, name in _imports():
        imported.setdefault(module, set()).add(name)
    assert imported == IMPORTED


@pytest.mark.parametrize("ours", OVERRIDDEN, ids=lambda ours: ours.__name__)
def test_overridden_methods_of_pgqueuer_are_those_listed(ours: type) -> None:
    (base,) = ours.__bases__
    assert base.__module__.startswith("pgqueuer.")
    overridden = {
        name for name, value in vars(ours).items() if inspect.isfunction(value) and hasattr(base, name)
    }
    overridden.discard("__subclasshook__")  # typing gives one to each subclass of a protocol
    assert overridden == OVERRIDDEN[ours]


@pytest.mark.parametrize("method", PARAMETERS, ids=lambda method: method.__qualname__)
def test_parameters_of_a_used_method_are_those_read(method: Callable[..., Any]) -> None:
    assert tuple(inspect.signature(method).parameters) == PARAMETERS[method]


@pytest.mark.parametrize("made", FIELDS, ids=lambda made: made.__name__)
def test_fields_of_a_made_object_are_those_used(made: type) -> None:
    assert FIELDS[made] <= set(inspect.signature(made).parameters) | set(made.__dataclass_fields__)  # type: ignore[attr-defined]


def test_private_attribute_that_is_reached_into_exists() -> None:
    ours = inspect.getsource(ListeningDriver)
    private = set(re.findall(r"self\.(_[a-z]\w*)", ours)) - {"_on_loss", "_lost", "_terminated"}
    assert private == {"_listener_connection"}
    assert "self._listener_connection:" in inspect.getsource(AsyncpgPoolDriver.__init__)


def test_queue_is_built_in_one_place() -> None:
    builders = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "fincore").rglob("*.py")
        if path.name != "pgqueuer.py" and "PgQueuerQueue" in path.read_text(encoding="utf-8")
    }
    assert builders == {"fincore/bootstrap/job_queue.py"}
