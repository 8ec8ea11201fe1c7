"""Each adapter on AWS has the suite of its port, which runs on the adapter of one machine, too, and on two emulators."""

import ast
import re
from pathlib import Path

from contract.test_second_emulator import SUITES
from fixtures.job_queues import ADAPTERS
from fixtures.ports import NO_ADAPTERS, PORTS_ON_AWS, WITHOUT_EMULATOR, PortOnAws, file_of

PROJECT = Path(__file__).parents[2]
LIBRARY = re.compile(r"^\s*(from|import) (aio)?botocore", re.MULTILINE)


def test_every_module_that_knows_the_library_of_aws_has_a_suite() -> None:
    source = PROJECT / "src"
    knowing = {
        ".".join(file.relative_to(source).with_suffix("").parts)
        for file in (source / "fincore").rglob("*.py")
        if LIBRARY.search(file.read_text())
    }
    adapters = {one for one in knowing if not one.startswith("fincore.bootstrap.")} - NO_ADAPTERS
    assert adapters == {port.module for port in PORTS_ON_AWS}


def test_every_suite_runs_on_the_adapters_that_are_listed() -> None:
    assert {port.name: adapters_of(port) for port in PORTS_ON_AWS if port.fixture} == {
        port.name: [*port.embedded, *port.on_aws] for port in PORTS_ON_AWS if port.fixture
    }


def adapters_of(port: PortOnAws) -> list[str]:
    """The parameters of the fixture by which a suite gets its adapters, read from its text: importing all suites takes seconds."""
    tree = ast.parse((PROJECT / file_of(port.suite)).read_text())
    functions = (one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    (fixture,) = (one for one in functions if one.name == port.fixture)
    (params,) = (
        keyword.value
        for decorator in fixture.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg == "params"
    )
    if not isinstance(params, ast.List):
        assert "for name in ADAPTERS" in ast.unparse(params)
        return list(ADAPTERS)
    return [str(one) for one in ast.literal_eval(params)]


def test_every_suite_without_parameters_has_its_files() -> None:
    for port in PORTS_ON_AWS:
        if port.fixture is None:
            for suite in (port.suite, *port.embedded):
                tree = ast.parse((PROJECT / file_of(suite)).read_text())
                assert any(getattr(one, "name", "").startswith("test_") for one in tree.body), suite


def test_every_suite_runs_on_both_emulators() -> None:
    expected = {file_of(port.suite) for port in PORTS_ON_AWS if port.module not in WITHOUT_EMULATOR}
    assert set(SUITES) == expected
