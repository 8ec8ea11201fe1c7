"""The guide to adding a PSP names every file of every PSP's package, and everything of the port."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from fincore.domain import outcome
from fincore.write.psp.port import PspGateway, PspWebhooks

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = (ROOT / "docs/guides/add-a-psp.md").read_text()
PSPS: Final = sorted(
    path.parent for path in (ROOT / "src/fincore/write/psp").glob("*/__init__.py") if path.parent.name
)


@pytest.mark.parametrize("package", PSPS, ids=lambda path: path.name)
def test_guide_lists_exactly_the_files_of_each_psp(package: Path) -> None:
    named = set(re.findall(rf"\]\(\.\./\.\./src/fincore/write/psp/{package.name}/(\w+\.py)\)", GUIDE))
    assert named == {path.name for path in package.glob("*.py")} - {"__init__.py"}


@pytest.mark.parametrize("protocol", [PspGateway, PspWebhooks])
def test_guide_explains_each_member_of_the_port(protocol: type) -> None:
    members = {name for name in (*vars(protocol), *protocol.__annotations__) if not name.startswith("_")}
    section = GUIDE[GUIDE.index("## The port") : GUIDE.index("## The files")]
    assert {name for name in members if f"`{name}`" not in section} == {"name"}


def test_guide_names_each_outcome_that_a_call_can_have() -> None:
    kinds = {
        kind.__name__
        for union in (outcome.OperationOutcome, outcome.RefundOutcome)
        for kind in get_args(union)
    }
    assert {name for name in kinds if f"`{name}`" not in GUIDE} == set()
