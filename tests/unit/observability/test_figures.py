"""Figures that a process asks its database for: one that cannot be measured ages, in sight."""

import asyncio

from prometheus_client import REGISTRY

from fincore.bootstrap.processes import sampled
from fixtures.waiting import happens


def age_seconds(what: str) -> float:
    value = REGISTRY.get_sample_value("fincore_figures_age_seconds", {"what": what})
    assert value is not None
    return value


async def test_figure_that_fails_is_measured_again() -> None:
    measured_again = asyncio.Event()
    tries = 0

    async def shaky() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError("a row that no query can read")
        measured_again.set()

    async with sampled("shaky", shaky, interval_seconds=0.0):
        await happens(measured_again)


async def test_figure_that_cannot_be_measured_ages() -> None:
    failed_often = asyncio.Event()
    tries = 0

    async def broken() -> None:
        nonlocal tries
        tries += 1
        if tries > 3:
            failed_often.set()
        raise ValueError("a row that no query can read")

    async with sampled("broken", broken, interval_seconds=0.0):
        before = age_seconds("broken")
        await happens(failed_often)
        assert age_seconds("broken") > before > 0
