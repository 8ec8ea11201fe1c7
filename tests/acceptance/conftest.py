"""One running system for every test that leaves it as it found it."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from harness.installation import Merchant

from fixtures.shop import Shop
from fixtures.system import System, running_system


@pytest.fixture(scope="session")
def shared_system() -> Iterator[System]:
    """A system with three processes of the API."""
    with running_system(apis=3) as system:
        yield system


@pytest.fixture
def system(shared_system: System) -> System:
    """The shared system, whole and idle, without faults."""
    shared_system.mend()
    return shared_system


@pytest.fixture(scope="session")
def merchant(shared_system: System) -> Merchant:
    """A merchant of the shared system."""
    return asyncio.run(shared_system.add_merchant())


@pytest.fixture
async def shop(system: System, merchant: Merchant) -> AsyncIterator[Shop]:
    """That merchant's back end."""
    async with Shop(system, merchant.api_key) as shop:
        yield shop


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test that fails show the latest lines of every process's log."""
    report = yield
    system = getattr(item, "funcargs", {}).get("system")
    if report.when == "call" and report.failed and isinstance(system, System):
        report.sections.append(("logs of the system", system.tails()))
    return report
