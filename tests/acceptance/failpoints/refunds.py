"""Scenarios about refunds."""

from acceptance.failpoints.scene import AMOUNT_MINOR, PART_MINOR, Ending, Scene


async def give_back(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def give_back_later(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded", "pm_card_pendingRefund")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def give_back_in_vain(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded", "pm_card_refundFail")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR)


async def lose_the_refund(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    scene.lose_answer(charge, "POST refunds", "refund.created", "charge.refunded")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)
