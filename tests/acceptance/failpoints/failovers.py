"""Scenarios about a charge that goes on to another account, and about money that the first one took all the same."""

import asyncio
from typing import Final

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.shop import Charge
from fixtures.system import System

FIRST: Final = "first"
SECOND: Final = "second"
"""The accounts at Stripe. Neither is the one of the settings, which the sandbox also tells what happens at all others."""
REFUSED_TOKEN: Final = "pm_card_amex"
"""The card that the first account is asked to charge; no other scenario has it."""
CALLS_BEFORE_FAILOVER: Final = 2


async def go_on_to_the_next_account(scene: Scene) -> Ending:
    """Where the worker dies before it says so, its call may have arrived: the first account is asked, and charges."""
    scene.system.sandbox.add_fault("rate_limited_429", count=CALLS_BEFORE_FAILOVER, match=REFUSED)
    await scene.arm()
    charge = await scene.charge_by(WITH_TWO_CARDS)
    await scene.until_status(charge, "succeeded")
    scene.system.sandbox.clear_faults()
    attempts = () if scene.place == "before" else ("abandoned", "current")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, attempts=attempts)


async def give_back_what_came_late(scene: Scene) -> Ending:
    """The first account took the money, although it had said that it could not be asked."""
    charge = await failed_over(scene)
    await scene.arm()
    pay_late(scene.system, charge)
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, attempts=("reversed", "current"))


async def release_what_is_held_late(scene: Scene) -> Ending:
    charge = await failed_over(scene, capture=False)
    await scene.arm()
    pay_late(scene.system, charge, capture_method="manual")
    return Ending(charge["id"], "authorized", attempts=("released", "current"))


async def find_nothing_to_give_back(scene: Scene) -> Ending:
    """A person gave the money back at the PSP already, which therefore refuses to; then that person tells FinCore."""
    charge = await failed_over(scene)
    scene.lose_webhooks(charge, "payment_intent.succeeded")
    payment_id = pay_late(scene.system, charge)
    await scene.arm()
    scene.system.stripe("/v1/refunds", key=key_of_first(scene.system), payment_intent=payment_id)
    await scene.until(charge, lambda now: now["attempts"][0]["status"] == "reversal_failed")
    await asyncio.to_thread(tell_that_it_went_back, scene.system, charge["id"])
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, attempts=("reversed", "current"))


WITH_TWO_CARDS: Final = {
    "payment_methods": [
        {"type": "card", "token": REFUSED_TOKEN, "account": FIRST},
        {"type": "card", "token": "pm_card_visa", "account": SECOND},
    ]
}
REFUSED: Final = {"operation": "POST payment_intents", "payment_method": REFUSED_TOKEN}


async def failed_over(scene: Scene, *, capture: bool = True) -> Charge:
    """A charge that the second account carried out.

    The first one never answers otherwise: its breaker may be open, so that it is not even asked.
    """
    scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match=REFUSED)
    charge = await scene.charge_by(WITH_TWO_CARDS, capture=capture)
    done = await scene.until_status(charge, "succeeded" if capture else "authorized")
    assert done["psp_account"] == SECOND, done
    return charge


def pay_late(system: System, charge: Charge, **fields: str) -> str:
    """A payment of a charge at the first account, as if a call had arrived after it was given up; the PSP's id of it."""
    form = {
        "amount": str(AMOUNT_MINOR),
        "currency": "usd",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "payment_method_types[]": "card",
        "metadata[fincore_charge_id]": charge["id"],
        **fields,
    }
    return str(system.stripe("/v1/payment_intents", key=key_of_first(system), **form)["id"])


def key_of_first(system: System) -> str:
    """What the first account's own staff call Stripe with."""
    return next(account.secrets["secret_key"] for account in system.accounts if account.name == FIRST)


def tell_that_it_went_back(system: System, charge_id: str) -> None:
    """What the dead letter tells staff to do, once it is there."""
    system.until(
        "the worker has given up", lambda: charge_id in system.printed("jobs", "dead"), timeout_seconds=90
    )
    verdict = ("charges", "resolve", charge_id, "given_back", "--reason", "seen at the PSP", "--by", "ada")
    system.printed(*verdict)
