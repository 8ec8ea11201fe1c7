"""Scenarios about wallets: the customer approves on PayPal's page and never comes back; PayPal's disputes put money aside."""

import asyncio
import urllib.parse
from typing import Any, Final

from acceptance.failpoints.browser import press
from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.shop import Charge

PAGES: Final = {"return_url": "http://127.0.0.1:9/back", "cancel_url": "http://127.0.0.1:9/cart"}


async def approve(scene: Scene) -> Ending:
    charge = await sent_to_paypal(scene)
    await scene.arm()
    await press_approve(charge)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def approve_a_hold(scene: Scene) -> Ending:
    charge = await sent_to_paypal(scene, capture=False)
    await scene.arm()
    await press_approve(charge)
    return Ending(charge["id"], "authorized")


async def pay_by_echeck(scene: Scene) -> Ending:
    """PayPal takes the payment on, and has the money later."""
    charge = await sent_to_paypal(scene)
    await scene.arm()
    await press_approve(charge, funding="echeck")
    await scene.until(charge, lambda now: now["pending_until"] is not None)
    scene.at_psp(f"paypal/captures/{capture_of(scene, charge)['id']}/decide")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def put_money_aside(scene: Scene) -> Ending:
    """The customer's question to PayPal becomes a claim, and PayPal puts the money aside."""
    charge, dispute_id = await disputed(scene, holds=False)
    await scene.arm()
    scene.at_psp(f"paypal/disputes/{dispute_id}/escalate")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def release_what_was_put_aside(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene, holds=True)
    await scene.arm()
    scene.at_psp(f"paypal/disputes/{dispute_id}/release")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def sent_to_paypal(scene: Scene, **fields: object) -> Charge:
    """A charge of which the customer has to approve."""
    accepted = await scene.charge_by({"payment_method": {"type": "paypal"}}, **PAGES, **fields)
    return await scene.until_status(accepted, "requires_action")


async def press_approve(charge: Charge, funding: str = "completes") -> None:
    """The customer approves, and closes the page."""
    form = {"action": "approve", "email": "ada@example.com", "funding": funding}
    page = charge["next_action"]["redirect_url"]
    await asyncio.to_thread(press, page, urllib.parse.urlencode(form))


async def disputed(scene: Scene, *, holds: bool) -> tuple[Charge, str]:
    """A charge that was approved, and PayPal's id of the dispute about it, once FinCore knows of it."""
    charge = await sent_to_paypal(scene)
    await press_approve(charge)
    await scene.until_status(charge, "succeeded")
    scene.at_psp(f"paypal/captures/{capture_of(scene, charge)['id']}/dispute", {"holds": holds})
    found = await scene.until(charge, lambda now: bool(now["disputes"]))
    return charge, found["disputes"][0]["psp_reference"]


def capture_of(scene: Scene, charge: Charge) -> dict[str, Any]:
    """PayPal's capture of a charge."""
    (capture,) = scene.system.sandbox.call("GET", f"/sandbox/paypal/captures?custom_id={charge['id']}")[
        "data"
    ]
    found: dict[str, Any] = capture
    return found
