"""What a PSP reports about fraud, over real processes: its level of risk, and warnings that a merchant acts on by a refund."""

import asyncio

import pytest

from fixtures.shop import Shop, events_of
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)


async def test_warned_merchant_refunds_and_the_warning_is_over(system: System, shop: Shop) -> None:
    charge_id = (await shop.charge("pm_card_createIssuerFraudRecord"))["id"]
    warned = await shop.until(charge_id, lambda charge: bool(charge["fraud_warned"]))
    assert (warned["status"], warned["amount_refundable_minor"]) == ("succeeded", warned["amount_minor"])
    (warning,) = warned["fraud_warnings"]
    assert (warning["fraud_type"], warning["is_actionable"]) == ("stolen_card", True)
    assert (await shop.refund(charge_id)).status == 201
    over = await shop.until(charge_id, lambda charge: not charge["fraud_warnings"][0]["is_actionable"])
    assert "charge.fraud_warning_updated" in events_of(over)
    system.until_idle()
    listed = await shop.request("GET", f"/v1/events?charge={charge_id}&type=charge.fraud_warned")
    (event,) = listed.json["data"]
    assert event["data"]["psp_reference"] == warning["psp_reference"]
    assert events_of(await shop.get(charge_id)).count("charge.fraud_warned") == 1
    shown = (await asyncio.to_thread(system.fincore, "charges", "show", charge_id)).stdout
    assert "the PSP's risk level: normal" in shown
    assert f"stolen_card ({warning['psp_reference']}); refunded or disputed, as of" in shown


async def test_declined_payment_is_warned_of_and_stays_failed(system: System, shop: Shop) -> None:
    charge_id = (await shop.charge("pm_card_chargeDeclined"))["id"]
    failed = await shop.until_status(charge_id, "failed")
    path = f"/sandbox/payment_intents/{failed['psp_reference']}/warn_of_fraud"
    system.sandbox.call("POST", path, {"fraud_type": "made_with_lost_card"})
    warned = await shop.until(charge_id, lambda charge: bool(charge["fraud_warned"]))
    assert (warned["status"], warned["fraud_warnings"][0]["fraud_type"]) == ("failed", "lost_card")


async def test_risk_level_of_the_psp_is_shown_with_the_outcome(system: System, shop: Shop) -> None:
    paid = await shop.paid("pm_card_riskLevelElevated")
    system.until_idle()
    assert (await shop.get(paid["id"]))["psp_risk_level"] == "elevated"
    listed = next(charge for charge in await shop.all_charges() if charge["id"] == paid["id"])
    assert (listed["psp_risk_level"], listed["fraud_warned"]) == ("elevated", False)
