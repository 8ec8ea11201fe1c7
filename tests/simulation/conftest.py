"""What all simulations need: no log output, and no wait by the wall clock."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest
import structlog

from fincore.write.payments import idempotent_requests


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Hypothesis prints the steps of a failed example; every log line of every example would hide them."""
    config = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**config)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that would have to queue behind another is told at once that the charge is busy."""
    monkeypatch.setattr(idempotent_requests, "CONFLICT_PAUSE_SECONDS_MAX", 0.0)
    monkeypatch.setattr(idempotent_requests, "QUEUE_SECONDS_MAX", 0.0)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs only while it is told to."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def fresh_dsn(postgres_dsn: str, template_database: str) -> Callable[[], str]:
    """A database with every schema in it, new each time it is called; the one before is gone."""

    def make() -> str:
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute("drop database if exists simulation with (force)")
            connection.execute(f"create database simulation template {template_database} strategy file_copy")
        return postgres_dsn.replace("/postgres?", "/simulation?")

    return make
