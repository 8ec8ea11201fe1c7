"""What keeps the source readable: packages with a purpose, modules of one noun, SQL by name, metrics by prefix."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from prometheus_client import REGISTRY

from fincore.postgres.named_sql import load_sql

SRC: Final = Path(__file__).parents[2] / "src"
LINES_MAX: Final = 350
LONGER: Final = {
    "fincore/http/problems.py": "every error the API answers, as one table",
    "fincore/domain/events.py": "every fact the log can hold, as one vocabulary",
    "psp_sandbox/stripe/wire.py": "every object of Stripe's that the sandbox shows, as one vocabulary",
}
MODULES: Final = sorted(SRC.rglob("*.py"))
READS_A_CLOCK: Final = re.compile(
    r"SystemClock|(?:datetime|date|time)\s*\.\s*(?:now|utcnow|today|time|time_ns)\b"
)
"""Only a module with such a text is parsed, to tell code from prose."""


def relative(path: Path) -> str:
    """A module as the tables above name it."""
    return path.relative_to(SRC).as_posix()


def dotted(path: Path) -> str:
    """A module as one imports it."""
    return relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


# Packages and modules


def test_each_package_has_docstring() -> None:
    rooms = [path for path in MODULES if path.name == "__init__.py" and path.parent != SRC / "fincore"]
    assert len(rooms) > 10
    silent = [relative(room) for room in rooms if not ast.get_docstring(ast.parse(room.read_text()))]
    assert silent == []


def test_modules_above_line_limit_are_those_listed() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in MODULES}
    longer = {name for name, lines in lengths.items() if lines > LINES_MAX}
    assert longer == LONGER.keys()


# Named SQL


def sql_files() -> list[Path]:
    """The files of named statements; migrations are not named."""
    return sorted(path for path in SRC.rglob("*.sql") if path.parent.name != "schema")


def used_statements() -> Iterator[tuple[Path, str, str]]:
    """(file, statement, module) of every use of a named statement."""
    for module in MODULES:
        if "load_sql" not in (source := module.read_text()):
            continue
        files: dict[str, Path] = {}
        attributes: set[tuple[str, str]] = set()
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=variable)],
                    value=ast.Call(
                        func=ast.Name(id="load_sql"),
                        args=[ast.Constant(value=str(package)), ast.Constant(value=str(file_name))],
                    ),
                ):
                    files[variable] = SRC.joinpath(*package.split("."), file_name)
                case ast.Attribute(value=ast.Name(id=name), attr=statement):
                    attributes.add((name, statement))
        for name, statement in attributes:
            if name in files:
                yield files[name], statement, relative(module)


def statements_of(file: Path) -> set[str]:
    """The names a file gives."""
    return set(vars(load_sql(".".join(file.parent.relative_to(SRC).parts), file.name)))


def test_every_named_statement_is_used_and_every_one_used_exists() -> None:
    used = {(file, statement) for file, statement, _ in used_statements()}
    written = {(file, statement) for file in sql_files() for statement in statements_of(file)}
    assert len(written) > 20
    assert {(file.name, statement) for file, statement in written - used} == set()
    assert {(file.name, statement) for file, statement in used - written} == set()


@pytest.mark.parametrize("file", sql_files(), ids=relative)
def test_each_sql_statement_has_unique_name_and_sentence(file: Path) -> None:
    blocks = file.read_text().split("-- name:")[1:]
    names = [block.partition("\n")[0].strip() for block in blocks]
    assert len(names) == len(set(names))
    silent = [
        name for name, block in zip(names, blocks, strict=True) if not block.split("\n")[1].startswith("-- ")
    ]
    assert silent == []


# Metrics


def test_each_metric_has_fincore_prefix_and_help_sentence() -> None:
    for module in MODULES:
        if module.name == "metrics.py":
            import_module(dotted(module))
    ours = [family for family in REGISTRY.collect() if not family.name.startswith(("python_", "process_"))]
    assert len(ours) > 10
    assert [family.name for family in ours if not family.name.startswith("fincore_")] == []
    assert [family.name for family in ours if not family.documentation.endswith(".")] == []


def test_metrics_are_declared_in_metrics_modules_only() -> None:
    elsewhere = [
        relative(module)
        for module in MODULES
        if module.name != "metrics.py" and "prometheus_client" in (source := module.read_text())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Counter", "Gauge", "Histogram", "Summary")
    ]
    assert elsewhere == []


# Clocks

READS_THE_MACHINE: Final = {
    "fincore/domain/clock.py": "the machine's clock itself",
    "fincore/postgres/database_clock.py": "compares it with the server's",
    "fincore/bootstrap/functions/printed_metrics.py": "dates what CloudWatch takes at the present alone, in a process that was frozen for any time",
}


def test_clock_of_the_machine_is_read_in_listed_modules_only() -> None:
    """It may be wrong by days: times come from the database's server (`postgres/database_clock.py`)."""
    readers = {
        relative(module)
        for module in MODULES
        if relative(module).startswith("fincore/") and READS_A_CLOCK.search(source := module.read_text())
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id == "SystemClock")
        or (isinstance(node, ast.ClassDef) and node.name == "SystemClock")
        or (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr)
            in {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
                ("time", "time"),
                ("time", "time_ns"),
            }
        )
    }
    assert readers == READS_THE_MACHINE.keys()
