"""Payments as a merchant makes them, over real processes: a payment that succeeds, and each other outcome."""

import asyncio
from datetime import datetime
from uuid import uuid4

import aiohttp
import pytest
from harness.installation import Merchant

from fixtures.shop import Shop, events_of
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

DECLINES = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline", "retry_later"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds", "retry_later"),
    "pm_card_visa_chargeDeclinedLostCard": ("card_declined", "lost_card", "do_not_retry"),
    "pm_card_visa_chargeDeclinedStolenCard": ("card_declined", "stolen_card", "do_not_retry"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card", "ask_customer"),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc", "ask_customer"),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", "processing_error", "retry_later"),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": (
        "card_declined",
        "card_velocity_exceeded",
        "retry_later",
    ),
    "pm_card_radarBlock": ("card_declined", "fraudulent", "do_not_retry"),
    "pm_card_chargeDeclined": ("card_declined", "generic_decline", "retry_later"),
    "pm_no_such_method": ("payment_method_invalid", "resource_missing", "ask_customer"),
}


async def test_a_payment_is_accepted_carried_out_shown_and_booked(system: System) -> None:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        reply = await shop.post_charge(amount_minor=1999, currency="eur", metadata={"order": "6735"})
        assert (reply.status, reply.json["status"]) == (201, "processing")
        charge_id = reply.json["id"]
        assert reply.headers["Location"] == f"/v1/charges/{charge_id}"
        paid = await shop.until_status(charge_id, "succeeded")
        assert (paid["amount_captured_minor"], paid["currency"]) == (1999, "eur")
        assert paid["metadata"] == {"order": "6735"}
        system.until_idle()
        assert [charge["id"] for charge in await shop.all_charges()] == [charge_id]
    at_psp = system.sandbox.state("fincore_charge_id")["by_metadata"][charge_id]
    assert at_psp == {"intents": 1, "authorized": 0, "succeeded": 1, "amount_received": 1999}
    books = system.fincore("ledger", "trial-balance")
    assert books.code == 0
    (payable,) = [line for line in books.stdout.splitlines() if merchant.merchant_id in line]
    assert payable.split()[0] == f"merchant:{merchant.merchant_id}:payable:eur"
    assert "19.99" in payable
    assert "eur: balanced" in books.stdout


async def test_timeline_lists_events_in_order(shop: Shop) -> None:
    paid = await shop.paid()
    assert events_of(paid) == ["charge.created", "charge.captured"]
    assert all(entry["id"].startswith("evt_") for entry in paid["timeline"])
    assert all(datetime.fromisoformat(entry["at"]).tzinfo for entry in paid["timeline"])


async def test_money_can_be_held_without_taking_it(system: System, shop: Shop) -> None:
    accepted = await shop.charge(amount_minor=32_000, capture=False)
    held = await shop.until_status(accepted["id"], "authorized")
    assert (held["amount_authorized_minor"], held["amount_captured_minor"]) == (32_000, 0)
    at_psp = system.sandbox.state("fincore_charge_id")["by_metadata"][accepted["id"]]
    assert (at_psp["authorized"], at_psp["amount_received"]) == (1, 0)


async def test_each_decline_has_code_and_advice(shop: Shop) -> None:
    async def failure(payment_method: str) -> tuple[str, str, str]:
        accepted = await shop.charge(payment_method)
        failed = await shop.until_status(accepted["id"], "failed")
        assert failed["amount_captured_minor"] == 0
        why = failed["failure"]
        assert why["retryable"] == (why["advice"] == "retry_later")
        return why["code"], why["decline_code"], why["advice"]

    failures = await asyncio.gather(*(failure(payment_method) for payment_method in DECLINES))
    assert dict(zip(DECLINES, failures, strict=True)) == DECLINES


async def test_an_address_the_psp_refuses_costs_only_the_receipt(shop: Shop) -> None:
    accepted = await shop.charge(customer_email="ada@example..com")
    paid = await shop.until_status(accepted["id"], "succeeded")
    assert events_of(paid) == ["charge.created", "charge.receipt_omitted", "charge.captured"]
    assert paid["customer_email"] == "ada@example..com"


async def test_an_amount_below_the_psps_least_fails_as_too_small(shop: Shop) -> None:
    accepted = await shop.charge(amount_minor=10, currency="usd")
    failure = (await shop.until_status(accepted["id"], "failed"))["failure"]
    assert (failure["code"], failure["decline_code"]) == ("amount_too_small", "amount_too_small")
    assert (failure["advice"], failure["retryable"]) == ("do_not_retry", False)


async def test_a_bank_that_asks_the_customer_is_waited_for(shop: Shop) -> None:
    accepted = await shop.charge(
        "pm_card_threeDSecure2Required", currency="eur", return_url="https://shop.example/back"
    )
    waiting = await shop.until_status(accepted["id"], "requires_action")
    assert waiting["amount_captured_minor"] == 0
    assert waiting["next_action"]["redirect_url"].startswith("http")


async def test_customer_back_from_the_bank_has_paid_without_webhook(system: System, shop: Shop) -> None:
    """The page after 3-D Secure looks once, with a wait: it shows the truth though the PSP's webhooks are lost."""
    accepted = await shop.charge(
        "pm_card_threeDSecure2Required", currency="eur", return_url="https://shop.example/back"
    )
    at_the_bank = await shop.until_status(accepted["id"], "requires_action")
    system.sandbox.add_fault("webhook_drop", count=100)
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(
            at_the_bank["next_action"]["redirect_url"], data=b"action=complete", allow_redirects=False
        ) as landing,
    ):
        assert landing.status == 303
    shown = await shop.get(accepted["id"], wait_seconds=30)
    assert (shown["status"], shown["amount_captured_minor"]) == ("succeeded", shown["amount_minor"])


async def test_3ds_without_return_url_is_declined(shop: Shop) -> None:
    accepted = await shop.charge("pm_card_threeDSecure2Required", currency="eur")
    declined = await shop.until_status(accepted["id"], "failed")
    failure = declined["failure"]
    assert (failure["code"], failure["advice"], failure["retryable"]) == (
        "authentication_required",
        "ask_customer",
        False,
    )


async def test_a_client_that_waits_is_answered_with_the_outcome(shop: Shop) -> None:
    paid = await shop.post_charge(wait_seconds=30)
    assert (paid.status, paid.json["status"]) == (201, "succeeded")
    assert paid.headers["Preference-Applied"] == "wait"


async def test_declined_charge_is_answered_402_and_replayed(shop: Shop) -> None:
    key = str(uuid4())
    declined = await shop.post_charge("pm_card_visa_chargeDeclined", key=key, wait_seconds=30)
    assert declined.status == 402
    assert declined.headers["Content-Type"] == "application/problem+json"
    assert (declined.json["code"], declined.json["charge"]["status"]) == ("charge_failed", "failed")
    again = await shop.post_charge("pm_card_visa_chargeDeclined", key=key, wait_seconds=30)
    assert (again.status, again.body) == (402, declined.body)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_replayed_key_gets_same_answer_from_each_api_process(system: System, shop: Shop) -> None:
    key = str(uuid4())
    first = await shop.post_charge(key=key, api=1)
    second = await shop.post_charge(key=key, api=2)
    assert first.status == second.status == 201
    assert first.body == second.body
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    other = await shop.post_charge(key=key, api=2, amount_minor=1001)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    await shop.until_status(first.json["id"], "succeeded")
    assert (
        system.sandbox.state("fincore_charge_id")["by_metadata"][first.json["id"]]["amount_received"] == 1000
    )


async def test_many_at_once_with_one_key_make_one_charge(system: System, shop: Shop) -> None:
    key, order = str(uuid4()), str(uuid4())
    replies = await asyncio.gather(
        *(shop.post_charge(key=key, api=1 + number % 2, metadata={"order": order}) for number in range(20))
    )
    assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
    system.until_idle()
    assert len(await shop.all_charges(f"metadata[order]={order}")) == 1


async def test_a_list_is_walked_to_its_end_and_filtered(system: System) -> None:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        await asyncio.gather(
            *(shop.charge(metadata={"table": str(number % 3)}) for number in range(11)),
            shop.charge("pm_card_visa_chargeDeclined", customer_email="ada@example.com"),
        )
        system.until_idle()
        everything = await shop.all_charges(limit=5)
        ids = [charge["id"] for charge in everything]
        assert len(set(ids)) == len(ids) == 12
        assert ids == sorted(ids, reverse=True)
        assert "timeline" not in everything[0]
        (failed,) = await shop.all_charges("status=failed")
        assert failed["customer_email"] == "ada@example.com"
        assert await shop.all_charges("customer_email=ada@example.com") == [failed]
        assert len(await shop.all_charges("metadata[table]=1", limit=3)) == 4
        assert await shop.all_charges("created[lt]=2020-01-01T00:00:00Z") == []
        unknown = await shop.request("GET", "/v1/charges?state=failed")
        assert (unknown.status, unknown.json["code"]) == (400, "parameter_unknown")


async def test_a_merchant_never_sees_the_charges_of_another(system: System, shop: Shop) -> None:
    accepted = await shop.charge()
    async with Shop(system, (await system.add_merchant()).api_key) as other:
        reply = await other.request("GET", f"/v1/charges/{accepted['id']}")
        assert (reply.status, reply.json["code"]) == (404, "charge_not_found")
        assert await other.all_charges() == []


async def test_a_revoked_key_stops_working_and_the_others_go_on(
    system: System, merchant: Merchant, shop: Shop
) -> None:
    made = system.fincore("key", "create", merchant.merchant_id, "--name", "to be revoked")
    (row,) = [
        line
        for line in system.fincore("key", "list", merchant.merchant_id).stdout.splitlines()
        if "to be revoked" in line
    ]
    async with Shop(system, made.stdout) as leaver:
        assert (await leaver.request("GET", "/v1/charges")).status == 200
        revoked = system.fincore("key", "revoke", merchant.merchant_id, row.split()[0])
        assert revoked.code == 0
        async with asyncio.timeout(30):
            while (refused := await leaver.request("GET", "/v1/charges")).status == 200:
                await asyncio.sleep(0.05)
        assert (refused.status, refused.json["code"]) == (401, "api_key_invalid")
    assert (await shop.request("GET", "/v1/charges")).status == 200


async def test_live_key_without_live_account_is_refused(system: System) -> None:
    live = await system.add_merchant(livemode=True)
    assert live.api_key.startswith("sk_live_")
    async with Shop(system, live.api_key) as shop:
        reply = await shop.post_charge()
        assert (reply.status, reply.json["code"]) == (422, "psp_not_configured")


@pytest.mark.parametrize("wrong", ["", "Bearer sk_test_nobody", "Bearer nonsense", "Basic !!"])
async def test_request_without_valid_key_is_unauthorized(system: System, shop: Shop, wrong: str) -> None:
    reply = await shop.request("GET", "/v1/charges", headers={"Authorization": wrong})
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="fincore"'
