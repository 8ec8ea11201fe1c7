"""What calls itself pure is held to it: each such module is in the import contract that forbids I/O."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[2]
SOURCES: Final = PROJECT / "src"
CONTRACT: Final = "Decisions import no I/O"
SAYS_PURE: Final = re.compile(r"\bPure\b|\b(?:is|are|be) pure\b")


def contract() -> dict[str, Any]:
    """The import contract of pure modules."""
    with (PROJECT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (found,) = (one for one in contracts if one["name"] == CONTRACT)
    return dict(found)


def claims_to_be_pure(path: Path) -> bool:
    """Whether the docstring of a module says that it is pure."""
    source = path.read_text()
    # Most modules have no such word, and need not be parsed.
    return bool(SAYS_PURE.search(source) and SAYS_PURE.search(ast.get_docstring(ast.parse(source)) or ""))


def dotted(path: Path) -> str:
    """The name of a module."""
    return ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")


def is_covered(module: str, listed: list[str]) -> bool:
    """Whether the contract names the module or a package that holds it."""
    return any(module == name or module.startswith(f"{name}.") for name in listed)


def test_module_that_calls_itself_pure_is_in_the_pure_contract() -> None:
    pure = sorted(dotted(path) for path in SOURCES.rglob("*.py") if claims_to_be_pure(path))
    assert len(pure) > 40
    listed = contract()["source_modules"]
    assert [module for module in pure if not is_covered(module, listed)] == []


def test_pure_contract_forbids_servers_and_clients() -> None:
    forbidden = set(contract()["forbidden_modules"])
    assert {"asyncio", "asyncpg", "aiohttp", "uvicorn", "pgqueuer", "fincore.postgres"} <= forbidden
