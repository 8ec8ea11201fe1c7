"""Scenarios about a charge that the risk rules sent to review."""

import asyncio
import signal

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.reviewed_charge import put_under_review


async def be_approved_by_staff(scene: Scene) -> Ending:
    """The decision and the capture that follows are one Commit: a command that died after it is refused when it is repeated."""
    charge_id = await put_under_review(scene.system, scene.merchant_id)
    await scene.until_status({"id": charge_id}, "authorized")
    verdict = ("risk", "cases", "approve", charge_id, "--by", "ada", "--reason", "Called the customer.")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.review_decided.{scene.place}", *verdict
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *verdict)
    assert again.code == (0 if scene.place == "before" else 1), again
    return Ending(charge_id, "succeeded", captured_minor=AMOUNT_MINOR)
