"""The import contracts in `pyproject.toml` hold, and a process loads no library that it does not need."""

import subprocess
import sys
from pathlib import Path

from fincore.bootstrap.roles import ROLES, module_of

ROOT = Path(__file__).parents[2]
MIGRATION_LIBRARIES = {"psycopg", "yoyo"}
ROLE_MODULES = {module_of(role) for role in ROLES}
_PRINT_LOADED = f"import sys, fincore.__main__, {', '.join(ROLE_MODULES)}; print(*sys.modules)"


def test_every_import_follows_the_arrows() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_role_loads_no_library_that_migrates() -> None:
    """They take a quarter of the start of a process."""
    program = [sys.executable, "-c", _PRINT_LOADED]
    loaded = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) >= ROLE_MODULES
    assert MIGRATION_LIBRARIES.isdisjoint(loaded)
