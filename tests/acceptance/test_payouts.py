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
    bank = f"bank:{payout['destination']}:nok"
    assert await balances(system, bank) == {"balance": "-9.41", "in_transit": "0.00", bank: "9.41"}
    compared = (await fincore(system, "reconcile", "balances")).stdout
    (nok,) = (line for line in compared.splitlines() if line.startswith("stripe/test ") and " NOK " in line)
    assert nok.split()[1:9] == ["0.00", "NOK", "0.00", "NOK", "-9.41", "NOK", "9.41", "NOK"]
    failed = system.sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/fail", {"code": "account_closed"})
    system.until_idle()
    row = await row_of(system, payout)
    assert " failed " in row
    assert await balances(system, bank) == {"balance": "0.00", "in_transit": "0.00", bank: "0.00"}
    shown = (await fincore(system, "payouts", "show", row.split()[0])).stdout
    assert f"stripe/test (test), there {payout['id']}: failed" in shown
    assert "failed: account_closed" in shown
    assert f", called {failed['trace_id']['value']} by the bank" in shown
    assert [line for line in ("payout.created", "payout.paid", "payout.failed") if line not in shown] == []
    held = (await fincore(system, "reports", "list")).stdout
    assert payout["id"] not in held


async def row_of(system: System, payout: Any) -> str:
    """The payout's row in `fincore payouts list`."""
    arguments = ("--psp-reference", payout["id"], "--account", "stripe/test")
    listed = (await fincore(system, "payouts", "list", *arguments)).stdout
    (row,) = (line for line in listed.splitlines() if payout["id"] in line)
    return str(row)


async def balances(system: System, bank: str) -> dict[str, str]:
    """What the ledger has of the payout: at the PSP, where no file states the payment yet, on its way, and at the bank."""
    rows = [line.split() for line in (await fincore(system, "ledger", "accounts")).stdout.splitlines()]
    names = {f"psp:stripe:test:{part}:nok": part for part in ("balance", "in_transit")} | {bank: bank}
    return {names[row[0]]: row[-2] for row in rows if row and row[0] in names}


async def fincore(system: System, *arguments: str) -> Any:
    return await asyncio.to_thread(system.fincore, *arguments)
