"""A PSP's payouts over real processes: the sandbox ends a settlement day, and the books follow its webhooks to the bank."""

import asyncio
from typing import Any

import pytest

from fixtures.shop import Shop
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)


async def test_payout_that_comes_back_is_in_the_books(system: System, shop: Shop) -> None:
    paid = await shop.paid("pm_card_visa", currency="nok")
    system.until_idle()
    order = {"payment_intent": paid["psp_reference"], "currency": "nok"}
    days = system.sandbox.call("POST", "/sandbox/settlement_days", order)
    (payout,) = days["data"]
    system.until_idle()
    assert " paid " in await row_of(system, payout)
    system.sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/fail", {"code": "account_closed"})
    system.until_idle()
    row = await row_of(system, payout)
    assert " failed " in row
    shown = (await fincore(system, "payouts", "show", row.split()[0])).stdout
    assert f"stripe/test (test), there {payout['id']}: failed" in shown
    assert "failed: account_closed" in shown
    assert [line for line in ("payout.created", "payout.paid", "payout.failed") if line not in shown] == []
    held = (await fincore(system, "reports", "list")).stdout
    assert payout["id"] not in held


async def row_of(system: System, payout: Any) -> str:
    """The payout's row in `fincore payouts list`."""
    arguments = ("--psp-reference", payout["id"], "--account", "stripe/test")
    listed = (await fincore(system, "payouts", "list", *arguments)).stdout
    (row,) = (line for line in listed.splitlines() if payout["id"] in line)
    return str(row)


async def fincore(system: System, *arguments: str) -> Any:
    return await asyncio.to_thread(system.fincore, *arguments)
