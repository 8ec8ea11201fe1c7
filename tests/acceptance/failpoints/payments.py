"""Scenarios about a payment by card."""

import asyncio
from typing import Final

from acceptance.failpoints.browser import press
from acceptance.failpoints.scene import AMOUNT_MINOR, PART_MINOR, Ending, Scene
from fixtures.system import System

WAIT_SECONDS: Final = 1


async def pay(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge()
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def pay_without_receipt(scene: Scene) -> Ending:
    """Stripe does not write to the customer's address."""
    await scene.arm()
    charge = await scene.charge(customer_email="ada@example..com")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def pay_and_wait(scene: Scene) -> Ending:
    await scene.arm()
    body = {"amount_minor": AMOUNT_MINOR, "currency": "usd", "payment_method": "pm_card_visa"}
    charge = await scene.ask("/v1/charges", body, wait_seconds=WAIT_SECONDS)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def pay_by_kept_card(scene: Scene) -> Ending:
    """The worker dies before it has the card's token, or with the token in its hands."""
    card_id = await scene.keep_card("4242424242424242")
    await scene.arm()
    charge = await scene.charge_by({"payment_method": {"type": "kept_card", "card": card_id}})
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_declined(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge("pm_card_visa_chargeDeclined")
    return Ending(charge["id"], "failed")


async def authenticate(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charged(
        "requires_action", "pm_card_threeDSecure2Required", return_url="http://127.0.0.1:9/back"
    )
    await asyncio.to_thread(press, charge["next_action"]["redirect_url"], "action=complete")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def hold(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge(capture=False)
    return Ending(charge["id"], "authorized")


async def capture(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture", {"amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", captured_minor=PART_MINOR)


async def cancel(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/cancel")
    return Ending(charge["id"], "canceled")


async def let_lapse(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/expire")
    return Ending(charge["id"], "expired")


async def lose_the_capture(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture", "payment_intent.succeeded")
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def learn_the_fee_later(scene: Scene) -> Ending:
    """A webhook tells of the capture before any answer does; the fee is asked for when two minutes have passed."""
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture")
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    await scene.until(charge, lambda now: now["status"] == "succeeded")
    await scene.arm()
    let_time_pass(scene.system, "charge.follow")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_paid_after_all(scene: Scene) -> Ending:
    """A payment that FinCore has as failed is paid at the PSP: its record is read, and counts."""
    charge = await scene.charged("failed", "pm_card_visa_chargeDeclined")
    await scene.arm()
    scene.system.stripe(
        f"/v1/payment_intents/{charge['psp_reference']}/confirm", payment_method="pm_card_visa"
    )
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


def let_time_pass(system: System, kind: str) -> None:
    """All jobs of a kind that wait for a later time are due now, such as the poll of a capture without a fee."""
    system.execute(f"update queue.pgqueuer set execute_after = now() where entrypoint = '{kind}'")  # noqa: S608 -- our own words
