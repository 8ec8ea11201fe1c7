"""The dashboard as it is committed is what its sources give, within its size; its types are strict; its parts pass their own tests."""

import gzip
import re
from pathlib import Path
from typing import Final

import pytest

from fincore.domain.currency import EXPONENTS
from fincore.staff.dashboard.built_files import read_built_files
from fixtures import node_tools

BUILT: Final = node_tools.PROJECT / "src/fincore/staff/dashboard/static"
GZIP_BYTES_MAX: Final = 160_000
"""Of all that a browser loads before the first screen."""

pytestmark = pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + node_tools.RUN_SECONDS_MAX)


@pytest.fixture(scope="module")
def dashboard() -> Path:
    return node_tools.install("web/dashboard")


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_built_dashboard_is_what_its_sources_give(dashboard: Path, tmp_path: Path) -> None:
    """`make web` builds it anew."""
    node_tools.run(dashboard, "vite", "build", "--logLevel", "error", "--outDir", str(tmp_path))
    assert content(tmp_path) == content(BUILT)


def test_sources_of_the_dashboard_are_strict_about_the_api(dashboard: Path) -> None:
    """The types come from docs/staff-openapi.json: a change of the API that a screen does not follow is an error here."""
    node_tools.npm_run(dashboard, "check")


def test_parts_of_the_dashboard_pass_their_own_tests(dashboard: Path) -> None:
    assert "fail 0" in node_tools.npm_run(dashboard, "test")


def test_first_load_of_the_dashboard_is_small() -> None:
    built = read_built_files()
    page = built.page.content.decode()
    names = re.findall(r'"/assets/([^"]+)"', page)
    sizes = {name: len(gzip.compress(built.assets[name].content, mtime=0)) for name in names}
    assert len(sizes) > 2
    assert sum(sizes.values()) <= GZIP_BYTES_MAX, sizes


def test_page_of_the_dashboard_has_no_inline_code() -> None:
    page = read_built_files().page.content.decode()
    assert re.findall(r"<style|style=|\bon[a-z]+=|javascript:", page) == []
    assert re.findall(r"<script[^>]*>(?!</script>)", page) == []


def test_names_of_the_files_change_with_their_content() -> None:
    """Browsers keep them for a year."""
    without_hash = [
        name for name in read_built_files().assets if not re.search(r"-[A-Za-z0-9_-]{8}\.[a-z]+$", name)
    ]
    assert without_hash == []


def test_dashboard_knows_the_digits_of_every_currency() -> None:
    source = (node_tools.PROJECT / "web/dashboard/src/money/exponents.ts").read_text()
    listed = re.findall(r'"([a-z ]+)"\.split\(" "\)\.map\(\(code\) => \[code, (\d)\]\)', source)
    told = {code: int(exponent) for codes, exponent in listed for code in codes.split()}
    assert told == {str(code): exponent for code, exponent in EXPONENTS.items() if exponent != 2}
