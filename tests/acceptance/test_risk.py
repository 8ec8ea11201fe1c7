"""Rules of risk that staff put live by command decide about charges over HTTP, in every process of the API alike."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from harness.installation import Merchant

from fixtures.shop import Shop, events_of
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

APIS: Final = (1, 2, 3)
RULES: Final = """
[[rules]]
name = "embargo"
when = 'has_shipping_country && shipping_country == "KP"'
action = "block"
merchants = ["{merchant}"]

[[rules]]
name = "prove_it"
when = 'has_shipping_country && shipping_country == "AQ"'
action = "challenge"
fallback = "block"
merchants = ["{merchant}"]

[[rules]]
name = "sixth_attempt"
when = "attempts_by_email_1h > 5"
action = "block"
merchants = ["{merchant}"]
"""
WHO_AND_WHY: Final = ("--by", "ada", "--reason", "a test")
BACK: Final = "https://shop.example/back"


@pytest.fixture
async def guarded(system: System, tmp_path: Path) -> AsyncIterator[Shop]:
    """The back end of a merchant with rules that are live in every process of the API; they are retired at the end."""
    merchant: Merchant = await system.add_merchant()
    file = tmp_path / "rules.toml"
    file.write_text(RULES.format(merchant=merchant.merchant_id))

    async def risk(*arguments: str) -> str:
        done = await asyncio.to_thread(system.fincore, "risk", *arguments, *WHO_AND_WHY)
        assert done.code == 0, done.stderr
        return str(done.stdout)

    version = (await risk("draft", str(file))).split()[1]
    await risk("shadow", version)
    await risk("live", version)
    async with Shop(system, merchant.api_key) as shop:
        try:

            async def is_live_everywhere() -> bool:
                replies = [await shop.post_charge(api=api, shipping_country="KP") for api in APIS]
                return all(reply.status == 402 for reply in replies)

            await eventually(is_live_everywhere)
            yield shop
        finally:
            await risk("retire", version)


async def test_blocked_charge_is_told_to_merchant_and_shown_to_staff(system: System, guarded: Shop) -> None:
    key = "embargoed"
    first = await guarded.post_charge(key=key, shipping_country="KP")
    assert (first.status, first.json["code"]) == (402, "charge_failed")
    charge = first.json["charge"]
    assert (charge["status"], charge["failure"]["code"]) == ("failed", "blocked_by_risk")
    assert b"embargo" not in first.body
    for api in APIS:
        again = await guarded.post_charge(key=key, api=api, shipping_country="KP")
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["Idempotent-Replayed"] == "true"
    shown = await asyncio.to_thread(system.fincore, "charges", "show", charge["id"])
    assert "risk: block; rule embargo of version" in shown.stdout
    assert "shipping_country KP" in shown.stdout
    assert events_of(await guarded.get(charge["id"])) == [
        "charge.created",
        "charge.risk_assessed",
        "charge.failed",
    ]
    system.until_idle()
    lines = [line for text in system.logs().values() for line in text.splitlines() if charge["id"] in line]
    recorded = [line for line in lines if "payments.recorded" in line]
    assert len(recorded) == 1, "the API that ended the charge tells of it, and none that replayed its answer"
    assert "blocked_by_risk" in recorded[0]
    assert not [
        one
        for one in system.sandbox.call("GET", "/sandbox/payment_intents")["data"]
        if one["metadata"].get("fincore_charge_id") == charge["id"]
    ]


async def test_challenged_charge_needs_3_d_secure_or_falls_back(guarded: Shop) -> None:
    card = "pm_card_threeDSecureOptional"
    free = (await guarded.post_charge(card, return_url=BACK)).json
    assert (await guarded.until_status(free["id"], "succeeded"))["status"] == "succeeded"
    asked = (await guarded.post_charge(card, shipping_country="AQ", return_url=BACK)).json
    waiting = await guarded.until_status(asked["id"], "requires_action")
    assert "/3ds/" in waiting["next_action"]["redirect_url"]
    without_page = await guarded.post_charge(card, shipping_country="AQ")
    assert without_page.json["charge"]["failure"]["code"] == "blocked_by_risk"


async def test_limit_of_five_holds_over_three_processes(guarded: Shop) -> None:
    async def attempt(number: int) -> int:
        reply = await guarded.post_charge(
            api=APIS[number % len(APIS)], key=f"attempt-{number}", customer={"email": "thief@example.com"}
        )
        return reply.status

    # Every request is sent twice at once; a repetition is no further attempt.
    statuses = await asyncio.gather(*(attempt(number // 2) for number in range(24)))
    assert Counter(statuses) == {201: 10, 402: 14}
    assert Counter(await asyncio.gather(*map(attempt, range(12)))) == {201: 5, 402: 7}
