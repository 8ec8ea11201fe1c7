"""Scenarios about disputes of payments by card, and about the warnings that come before one."""

from acceptance.failpoints.scene import AMOUNT_MINOR, Ending, Scene
from fixtures.shop import Charge


async def be_disputed(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await scene.arm()
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/dispute")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def answer_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/submit")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("under_review",))


async def get_the_money_back(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/reinstate_funds")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def win_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    scene.at_psp(f"disputes/{dispute_id}/reinstate_funds")
    await scene.until(charge, lambda now: now["disputes"][0]["amount_reinstated_minor"] > 0)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/win")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("won",))


async def lose_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/lose")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("lost",))


async def be_asked_and_then_disputed(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene, "pm_card_createDisputeInquiry")
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/escalate")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def be_asked_and_no_more(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene, "pm_card_createDisputeInquiry")
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/close_inquiry")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("closed",))


async def be_warned_of_fraud(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await scene.arm()
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/warn_of_fraud")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, fraud_warnings=(True,))


async def give_back_what_was_warned_of(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/warn_of_fraud")
    await scene.until(charge, lambda now: now["fraud_warned"])
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": AMOUNT_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, AMOUNT_MINOR, fraud_warnings=(False,))


async def disputed(scene: Scene, payment_method: str = "pm_card_createDispute") -> tuple[Charge, str]:
    """A charge, and the PSP's id of the dispute about it, once FinCore knows of it."""
    accepted = await scene.charge(payment_method)
    charge = await scene.until(accepted, lambda now: bool(now["disputes"]))
    return charge, charge["disputes"][0]["psp_reference"]
