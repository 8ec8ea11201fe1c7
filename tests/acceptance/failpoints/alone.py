"""Scenarios that need the installation to themselves: they exchange its worker, or let its PSP fail for every payment."""

import asyncio
import signal
from collections.abc import Mapping
from typing import Final

from acceptance.failpoints.payments import let_time_pass
from acceptance.failpoints.scene import AMOUNT_MINOR, PART_MINOR, POLL_SECONDS, Ending, Scene
from fincore.backoffice import unknown_outcomes
from fincore.bootstrap.operator_stores import operator_stores
from fincore.domain.resolution import Resolution
from fixtures.agreement import rows_at_psp

ANOTHER_ACCOUNT: Final = "sk_test_of_another_account"


async def be_refused_the_capture(scene: Scene) -> Ending:
    """The worker is given the key of another account, in which there is no such payment, and then the right one."""
    charge = await scene.charged("authorized", capture=False)
    await swap_worker(scene, {"FINCORE_STRIPE_TEST_SECRET_KEY": ANOTHER_ACCOUNT})
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    if scene.place == "before":
        return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)
    return Ending(charge["id"], "authorized")


async def be_refused_the_cancellation(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await swap_worker(scene, {"FINCORE_STRIPE_TEST_SECRET_KEY": ANOTHER_ACCOUNT})
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/cancel")
    return Ending(charge["id"], "canceled" if scene.place == "before" else "authorized")


async def be_decided_by_a_person(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture", "payment_intent.succeeded")
    let_nobody_find_out(scene)
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is not None)
    scene.system.kill("worker")
    scene.system.sandbox.clear_faults()
    verdict = ("charges", "resolve", charge["id"], "captured", "--reason", "seen at the PSP", "--by", "ada")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.outcome_decided.{scene.place}", *verdict
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *verdict)
    assert again.code == (0 if scene.place == "before" else 1), again
    scene.system.launch("worker")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_given_back_after_all(scene: Scene) -> Ending:
    """A person took a refund for failed, and the PSP tells of it again: its record is read, and counts."""
    charge = await scene.charged("succeeded")
    scene.lose_answer(charge, "POST refunds", "refund.created")
    let_nobody_find_out(scene)
    refund = await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    await scene.until(charge, lambda now: now["refunds"][0]["outcome_unknown_since"] is not None)
    scene.system.kill("worker")
    scene.system.sandbox.clear_faults()
    async with operator_stores(scene.system.databases, "eventstore") as stores:
        await unknown_outcomes.resolve_refund(
            stores.resolver,
            charge["id"],
            refund["id"],
            "failed",
            Resolution(decided_by="ada", reason="mistaken"),
        )
    scene.system.launch("worker")
    await scene.arm()
    (at_psp,) = (
        row["id"]
        for row in rows_at_psp(scene.system, "refunds")
        if row["metadata"].get("fincore_refund_id") == refund["id"]
    )
    scene.system.stripe(f"/v1/refunds/{at_psp}", **{"metadata[seen]": "again"})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def be_disputed_before_it_is_known(scene: Scene) -> Ending:
    """The bank disputes a payment that the log cannot name yet: the PSP is asked which charge it is."""
    scene.system.sandbox.add_fault(
        "timeout_after_apply", seconds=0.1, match={"operation": "POST payment_intents"}
    )
    scene.system.sandbox.add_fault("webhook_drop", match={"event_type": "payment_intent.succeeded"})
    let_nobody_find_out(scene)
    scene.system.sandbox.add_fault(
        "rate_limited_429", count=1_000, match={"operation": "POST payment_intents"}
    )
    charge = await scene.charge()
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is not None)
    (reference,) = (
        row["id"]
        for row in rows_at_psp(scene.system, "payment_intents")
        if row["metadata"].get("fincore_charge_id") == charge["id"]
    )
    worker = scene.system.pid("worker")
    await scene.arm()
    scene.at_psp(f"payment_intents/{reference}/dispute")
    while not scene.system.is_running("worker") or scene.system.pid("worker") == worker:
        await asyncio.sleep(POLL_SECONDS)
    scene.system.sandbox.clear_faults()
    # Else the repetition of its call would meet the fault that the next scenario has for its own.
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is None)
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def be_told_the_card_later(scene: Scene) -> Ending:
    """A webhook tells of a payment, but not of its card, before any answer does; then the PSP is asked."""
    operation = {"operation": "POST payment_intents"}
    scene.system.sandbox.add_fault("timeout_after_apply", seconds=0.1, match=operation)
    scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match=operation)
    scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match={"method": "GET"})
    charge = await scene.charged("succeeded")
    await scene.arm()
    scene.system.sandbox.clear_faults()
    let_time_pass(scene.system, "charge.follow")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def swap_worker(scene: Scene, settings: Mapping[str, str]) -> None:
    """Another worker with settings of its own, once nothing is left for the one before to do."""
    await asyncio.to_thread(scene.system.until_idle)
    scene.system.kill("worker")
    scene.system.launch("worker", settings)


def let_nobody_find_out(scene: Scene) -> None:
    """The PSP turns every inquiry and every repetition away."""
    scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match={"method": "GET"})
    for operation in ("POST payment_intents/{}/capture", "POST refunds"):
        scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match={"operation": operation})
