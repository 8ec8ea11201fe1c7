"""Scenarios about a charge that the risk rules sent to review."""

import asyncio
import signal
from typing import Literal

from acceptance.failpoints.payments import let_time_pass
from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fincore.bootstrap.operator_stores import operator_stores
from fincore.domain.events import ReviewOpened
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.log_events import LogEvent
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fixtures.reviewed_charge import put_under_review


async def be_approved_by_staff(scene: Scene) -> Ending:
    """The decision and the capture that follows are one Commit: a command that died after it is refused when it is repeated."""
    charge_id = await decided_by_staff(scene, "approve")
    return Ending(charge_id, "succeeded", captured_minor=AMOUNT_MINOR)


async def be_declined_by_staff(scene: Scene) -> Ending:
    return Ending(await decided_by_staff(scene, "decline"), "canceled")


async def decided_by_staff(scene: Scene, verdict: Literal["approve", "decline"]) -> ChargeId:
    """A charge that is held, and that a command decided which died and was repeated."""
    charge_id = await put_under_review(scene.system, scene.merchant_id)
    await scene.until_status({"id": charge_id}, "authorized")
    command = ("risk", "cases", verdict, charge_id, "--by", "ada", "--reason", "Called the customer.")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.review_decided.{scene.place}", *command
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *command)
    assert again.code == (0 if scene.place == "before" else 1), again
    return charge_id


async def be_held_for_staff(scene: Scene) -> Ending:
    """The worker dies when the PSP holds the money, before or after that is written with the time to decide."""
    await scene.arm()
    charge_id = await put_under_review(scene.system, scene.merchant_id)
    held = await scene.until_status({"id": charge_id}, "authorized")
    assert held["review"]["status"] == "open"
    return Ending(charge_id, "authorized")


async def be_decided_by_no_person(scene: Scene) -> Ending:
    """The time to decide is over: the worker that decides dies, and the charge is declined once."""
    charge_id = await put_under_review(scene.system, scene.merchant_id)
    await scene.until_status({"id": charge_id}, "authorized")
    async with operator_stores(scene.system.databases, "eventstore") as stores:
        now, events = stores.clock.now(), await stores.log.load(stream_of(charge_id))
        over: Commit[LogEvent] = Commit(
            provenance=Provenance(correlation="req_tests", actor="tests"),
            stream_id=stream_of(charge_id),
            expected_version=len(events),
            events=(NewEvent(ReviewOpened(decide_by=now, opened_at=now)),),
        )
        assert await stores.writer.commit(over) == Committed()
    await scene.arm()
    let_time_pass(scene.system, "charge.review")
    decided = await scene.until_status({"id": charge_id}, "canceled")
    assert decided["review"]["status"] == "declined"
    return Ending(charge_id, "canceled")
