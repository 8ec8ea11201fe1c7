"""Scenarios about jobs that a function does, while there is no worker beside it."""

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.aws_system import SystemOnAws


async def pay_by_a_function(scene: Scene) -> Ending:
    """The function dies, and its message is delivered again."""
    system = scene.system
    assert isinstance(system, SystemOnAws)
    system.kill("worker")
    system.functions.does_jobs = True
    await scene.arm()
    charge = await scene.charged("succeeded")
    system.functions.does_jobs = False
    system.launch("worker")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)
