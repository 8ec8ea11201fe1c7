"""What packages promise in their docstrings and imports cannot show: who opens pools, who reads the environment, who prints."""

import ast
from collections.abc import Collection
from pathlib import Path
from typing import Final

SRC: Final = Path(__file__).parents[2] / "src"
OPENS: Final = frozenset({"create_pool", "open_stores", "operator_stores", "connect"})


def uses(names: Collection[str], *packages: str) -> set[tuple[str, str]]:
    """(module, name) of every name or attribute among `names` that the modules of some packages use."""
    return {
        (path.relative_to(SRC).as_posix(), name)
        for package in packages
        for path in (SRC / "fincore" / package).rglob("*.py")
        # A module is parsed only where its text has such a name.
        if any(name in (source := path.read_text()) for name in names)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name | ast.Attribute)
        and (name := node.id if isinstance(node, ast.Name) else node.attr) in names
    }


def test_backoffice_and_audit_are_handed_their_pools() -> None:
    assert uses(OPENS, "backoffice", "audit") == set()


def test_backoffice_and_audit_read_no_environment() -> None:
    assert uses(("environ", "getenv"), "backoffice", "audit") == set()


def test_only_the_command_line_writes_to_standard_output() -> None:
    printing = {module for module, _ in uses(("print", "stdout"), "")}
    assert printing == {
        "fincore/__main__.py",
        "fincore/cli/output_file.py",
        "fincore/cli/terminal.py",
    }


def test_pools_are_opened_by_listed_modules_only() -> None:
    opening = {module for module, _ in uses(("create_pool",), "")}
    assert opening == {"fincore/bootstrap/databases.py", "fincore/bootstrap/operator_stores.py"}
