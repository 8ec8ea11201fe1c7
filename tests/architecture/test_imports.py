"""The import contracts in `pyproject.toml` hold, and a process loads no library that it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

from fincore.bootstrap.roles import ROLES, Role, module_of
from fincore.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
MIGRATION_LIBRARIES = {"psycopg", "yoyo"}
ROLE_MODULES = {module_of(role) for role in ROLES}
LOADED_BY_ROLES = f"import fincore.__main__, fincore.cli.roles, {', '.join(ROLE_MODULES)}"
LIBRARIES_OF_COMMANDS = MIGRATION_LIBRARIES | {
    "aiohttp",
    "asyncpg",
    "cel_expr_python",
    "cryptography",
    "msgspec",
    "pgqueuer",
    "prometheus_client",
    "structlog",
    "uvicorn",
    "uvloop",
}


def loaded_after(statements: str) -> set[str]:
    """The modules that a new interpreter has loaded after some statements, which may exit."""
    program = (
        f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {statements}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_every_import_follows_the_arrows() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_role_loads_no_library_that_migrates() -> None:
    """They take a quarter of the start of a process."""
    loaded = loaded_after(LOADED_BY_ROLES)
    assert loaded >= ROLE_MODULES
    assert MIGRATION_LIBRARIES.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("roles", "unneeded"),
    [
        (("worker",), {"fincore.http", "uvicorn"}),
        (
            ("projectionist", "ledger", "auditor"),
            {
                "cel_expr_python",
                "cryptography",
                "fincore.http",
                "fincore.write.routing",
                "uvicorn",
            },
        ),
        (("notify",), {"cel_expr_python", "fincore.http", "fincore.write.routing", "uvicorn"}),
    ],
    ids=["worker", "readers", "notify"],
)
def test_role_loads_no_part_that_only_others_use(roles: tuple[Role, ...], unneeded: set[str]) -> None:
    loaded = loaded_after(f"import fincore.cli.roles, {', '.join(map(module_of, roles))}")
    assert unneeded & loaded == set()


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_command_line_itself_loads_no_command(option: str) -> None:
    """A command and its libraries take four fifths of a second to load."""
    loaded = loaded_after(f"sys.argv[1:] = ['{option}']; from fincore.__main__ import main; main()")
    places = {command.place.partition(":")[0] for command in COMMANDS.values()}
    assert loaded & {"fincore.__main__", "fincore.cli.commands"}
    assert loaded.isdisjoint(places)
    assert loaded.isdisjoint(LIBRARIES_OF_COMMANDS)


def test_command_loads_no_other_command() -> None:
    loaded = loaded_after("sys.argv[1:] = ['merchant', '--help']; from fincore.__main__ import main; main()")
    places = {command.place.partition(":")[0] for command in COMMANDS.values()}
    assert loaded & places == {"fincore.cli.merchants"}
