"""Scenarios about settlement files: the role that fetches them dies, and each is kept and recorded once."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import uuid4

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.system import System

FETCH_TIMEOUT_SECONDS: Final = 60.0
SOURCES: Final = """
[[source]]
name = "walk"
psp = "stripe"
account = "test"
mode = "test"
kind = "folder"
folder = "{folder}"
names = "*.csv"
format = "stripe_payout_itemized"
cron = "0 0 1 1 *"
"""


def sources_file(folder: Path) -> Path:
    """A file that declares a source, which is a folder beside it."""
    offered_in(folder).mkdir()
    file = folder / "sources.toml"
    file.write_text(SOURCES.format(folder=offered_in(folder)))
    return file


def offered_in(folder: Path) -> Path:
    return folder / "offered"


async def be_told_of_by_a_file(scene: Scene) -> Ending:
    """The role dies while it fetches a file: the next look fetches it, and it is one file."""
    system = scene.system
    charge = await scene.charged("succeeded")
    name = f"{uuid4().hex}.csv"
    await scene.arm()
    (offered_in(system.folder) / name).write_text(f"file,{name}\n")
    async with asyncio.timeout(FETCH_TIMEOUT_SECONDS):
        while not recorded(system, name):
            # The time of the source has come, and what died looks no more.
            system.rows(
                "update reconciliation.sources set looked_at = looked_at - interval '2 years', "
                "leased_until = case when leased_until < now() + interval '50 seconds' then now() - interval '1 hour' "
                "else leased_until end returning source"
            )
            await asyncio.sleep(1)
    assert recorded(system, name) == [("new", 1)]
    assert system.kept_evidence(name) == 1
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


def recorded(system: System, name: str) -> list[tuple[str, int]]:
    """How a file was found to be, and how many files have its name."""
    return [
        (str(finding), int(files))
        for finding, files in system.rows(
            "select a.finding, (select count(*) from reconciliation.files f where f.name = a.name) "
            "from reconciliation.arrivals a where a.name = %s",
            name,
        )
    ]
