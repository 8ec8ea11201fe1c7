"""Scenarios about rules of risk that decide about a charge before it is written."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.system import System
from fixtures.waiting import eventually

TIMEOUT_SECONDS: Final = 5.0
RULES: Final = """
[[rules]]
name = "embargo"
when = 'has_shipping_country && shipping_country == "KP"'
action = "block"

[[rules]]
name = "second_attempt"
when = "has_email && attempts_by_email_1h > 1"
action = "block"
"""


@asynccontextmanager
async def in_force(system: System) -> AsyncIterator[None]:
    """Let the rules decide, in every process that looks for them, until the end."""
    file = system.folder / "rules.toml"
    file.write_text(RULES)
    version = (await command(system, "draft", str(file))).split()[1]
    await command(system, "shadow", version)
    await command(system, "live", version)
    await eventually(lambda: go_by(system, version))
    try:
        yield
    finally:
        await command(system, "retire", version)
        await eventually(lambda: go_by(system, "0"))


async def command(system: System, *arguments: str) -> str:
    """What a command for the rules prints."""
    return await asyncio.to_thread(system.printed, "risk", *arguments, "--by", "ada", "--reason", "The walk")


async def go_by(system: System, version: str) -> bool:
    """Whether both processes of the API go by a version of the rules."""
    try:
        told = [await asyncio.to_thread(metrics, system, program) for program in ("api", "api-2")]
    except OSError:  # one has died, and listens again soon
        return False
    return all(f"\nfincore_risk_rules_version {version}.0\n" in one for one in told)


def metrics(system: System, program: str) -> str:
    """What a program tells Prometheus."""
    with urllib.request.urlopen(f"{system.ops_url(program)}/metrics", timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 -- ours
        return str(response.read().decode())


async def be_blocked(scene: Scene) -> Ending:
    """The API dies with the block in its hands: the repeated request is blocked, once, and no PSP hears of it."""
    async with in_force(scene.system):
        await scene.arm()
        charge = await scene.charge(shipping_country="KP")
    return Ending(charge["id"], "failed")


async def be_counted_once(scene: Scene) -> Ending:
    """The API dies before or after it has counted an attempt: repeated, it is the first still, and the next is the second."""
    customer = {"email": f"{uuid4().hex}@example.com"}
    async with in_force(scene.system):
        await scene.arm()
        first = await scene.charge(customer=customer)
        second = await scene.charge(customer=customer)
    blocked = Ending(second["id"], "failed")
    return Ending(first["id"], "succeeded", captured_minor=AMOUNT_MINOR, others=(blocked,))
