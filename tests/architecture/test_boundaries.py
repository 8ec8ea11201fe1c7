"""What packages promise in their docstrings and imports cannot show: who opens pools, who reads the environment, who prints."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SRC: Final = Path(__file__).parents[2] / "src"
OPENS: Final = frozenset({"create_pool", "open_stores", "operator_stores", "connect"})


def names_in(*packages: str) -> Iterator[tuple[str, str]]:
    """(module, name) of every name and attribute that the modules of some packages use."""
    for package in packages:
        for path in sorted((SRC / "fincore" / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Name(id=name) | ast.Attribute(attr=name):
                        yield path.relative_to(SRC).as_posix(), name


def test_backoffice_and_audit_are_handed_their_pools() -> None:
    assert [found for found in names_in("backoffice", "audit") if found[1] in OPENS] == []


def test_backoffice_and_audit_read_no_environment() -> None:
    assert [found for found in names_in("backoffice", "audit") if found[1] in ("environ", "getenv")] == []


def test_only_the_command_line_writes_to_standard_output() -> None:
    printing = {module for module, name in names_in("") if name in ("print", "stdout")}
    assert printing == {
        "fincore/__main__.py",
        "fincore/cli/output_file.py",
        "fincore/cli/terminal.py",
    }


def test_pools_are_opened_by_listed_modules_only() -> None:
    opening = {module for module, name in names_in("") if name == "create_pool"}
    assert opening == {"fincore/bootstrap/databases.py", "fincore/bootstrap/operator_stores.py"}
