"""Scenarios about reports of the PSP that are held, because this version cannot read them."""

import asyncio
import json
import signal
import time
from uuid import uuid4

import aiohttp
from stripe import WebhookSignature

from acceptance.failpoints.scene import AMOUNT_MINOR, PART_MINOR, Ending, Scene
from fixtures.shop import Charge


async def be_told_of_an_unknown_status(scene: Scene) -> Ending:
    """The PSP tells of a refund of the payment in a status that this version does not know."""
    charge = await scene.charged("succeeded")
    await scene.arm()
    await report_unreadable_refund(scene, charge)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_released_by_a_person(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await report_unreadable_refund(scene, charge)
    await asyncio.to_thread(
        scene.system.until,
        "the report is held",
        lambda: charge["id"] in scene.system.fincore("reports", "list").stdout,
    )
    command = ("reports", "release", "--charge", charge["id"], "--reason", "seen at the PSP", "--by", "ada")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.report_released.{scene.place}", *command
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *command)
    assert again.code == (0 if scene.place == "before" else 1), again
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def report_unreadable_refund(scene: Scene, charge: Charge) -> None:
    """A webhook with the PSP's signature, delivered until it is taken."""
    refund = {
        "object": "refund",
        "id": f"re_{uuid4().hex}",
        "amount": PART_MINOR,
        "currency": "usd",
        "created": int(time.time()),
        "status": "blessed",
        "payment_intent": charge["psp_reference"],
        "balance_transaction": None,
        "metadata": {},
    }
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "refund.updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": refund},
    }
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, scene.system.webhook_secret, int(time.time()))
    url = f"{scene.system.api_url(2)}/webhooks/stripe/test"
    async with (
        aiohttp.ClientSession() as psp,
        psp.post(url, data=body, headers={"Stripe-Signature": str(header)}) as answer,
    ):
        answer.raise_for_status()
