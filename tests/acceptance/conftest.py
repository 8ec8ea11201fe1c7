"""One running system for every test that leaves it as it found it."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from harness.installation import Merchant

from fixtures.distribution import uses_shared_system
from fixtures.shop import Shop
from fixtures.system import System, running_system


class Running(NamedTuple):
    """A system that runs, and a merchant of it."""

    system: System
    merchant: Merchant


class SharedSystem:
    """A system with three processes of the API, from the first test that asks until the last one that may."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: Running | None = None

    def running(self) -> Running:
        """The system and its merchant; started where it does not run."""
        if self._running is None:
            system = self._stack.enter_context(running_system(apis=3))
            self._running = Running(system, asyncio.run(system.add_merchant()))
        return self._running

    def stop(self) -> None:
        """End its processes: they poll, and would take a sixth of a core from the tests that follow."""
        self._running = None
        self._stack.close()


_SHARED = pytest.StashKey[SharedSystem]()


@pytest.fixture(scope="session")
def shared_system(request: pytest.FixtureRequest) -> Iterator[SharedSystem]:
    """The shared system, which starts when it is asked for."""
    shared = request.session.stash[_SHARED] = SharedSystem()
    yield shared
    shared.stop()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the shared system where no further test may ask for it."""
    is_last = nextitem is None or not uses_shared_system(nextitem.path)
    if is_last and (shared := item.session.stash.get(_SHARED, None)) is not None:
        shared.stop()


@pytest.fixture
def running(request: pytest.FixtureRequest, shared_system: SharedSystem) -> Running:
    """The shared system and its merchant, for the tests of the files that may ask for it."""
    assert uses_shared_system(request.path), "list the file in tests/fixtures/distribution.py"
    return shared_system.running()


@pytest.fixture
def system(running: Running) -> System:
    """The shared system, whole and idle, without faults."""
    running.system.mend()
    return running.system


@pytest.fixture
def merchant(running: Running) -> Merchant:
    """A merchant of the shared system."""
    return running.merchant


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
