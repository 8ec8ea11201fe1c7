"""A day of two people of finance: yesterday's run, a break explained and written off by both, the next run, and exports beside the ledger."""

import csv
import io
from typing import Any

from fincore.bootstrap.staff_act_services import ActLimits
from fincore.bootstrap.staff_application import StaffOptions
from fincore.domain.currency import Currency
from fincore.domain.ids import charge_of
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.postgres.pool import Pool
from fixtures.merchant_api import serving_api
from fixtures.settlement_account import settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.staff_server import StaffClient, serving_staff
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
LIMITS = ActLimits(adjustments=(OnePersonLimit(Currency("usd"), 5_000, 5_000),))


async def exported(person: StaffClient, name: str, **fields: object) -> list[dict[str, str]]:
    reply = await person.act(f"/staff/v1/exports/{name}", "export", "month end", mode="test", **fields)
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    assert rows[-1]["id"] == "end"
    return rows


async def exports_filter_breaks(person: StaffClient, found: dict[str, Any]) -> None:
    """An export takes the filters of the list: of a charge, and without an owner."""
    of_charge = await exported(person, "breaks", closed=True, charge=found["charge"])
    assert [one["id"] for one in of_charge if one["charge"]] == [found["id"]]
    unowned = await exported(person, "breaks", closed=True, unowned=True)
    assert found["id"] not in {one["id"] for one in unowned}
    both = {"mode": "test", "unowned": True, "owner": "ada"}
    refused = await person.act("/staff/v1/exports/breaks", "k5", "month end", **both)
    assert refused.json()["code"] == "field_invalid"


async def test_two_people_find_write_off_and_export_a_break(pool: Pool, dsn: str) -> None:
    """The statement leaves a payment out: 96.80 are missing, and one person may give up 50.00."""
    async with (
        store_pool(dsn, "ledgerdb") as ledgerdb,
        settlement(pool, ledgerdb) as account,
        serving_api(pool) as api,
        serving_staff(api, ledgerdb=ledgerdb, options=StaffOptions(limits=LIMITS)) as staff,
    ):
        told, left_out = (live(PLAIN, account.psp, account.psp_account) for _ in range(2))
        for one in (told, left_out):
            await account.happen(one.stream_id, *one.events)
        await account.fetched(list(told.lines))
        assert await account.reconciliation.run() is not None
        await account.book()
        ada, bob = staff.person("finance"), staff.person("finance", subject="sub-bob")

        # The run, its headline, and the one break behind it.
        (run,) = (await ada.get("/staff/v1/reconciliation_runs?mode=test")).json()["data"]
        report = (await ada.get(f"/staff/v1/reconciliation_runs/{run['id']}?mode=test")).json()
        assert (report["is_sound"], report["uncleared"][0]["amount_minor"]) == (True, 9_680)
        (found,) = (await ada.get("/staff/v1/breaks?mode=test&class=missing_there")).json()["data"]
        assert (found["charge"], found["amount_minor"]) == (charge_of(left_out.stream_id), -9_680)
        path = f"/staff/v1/breaks/{found['id']}"
        clearing = f"psp:{account.psp}:{account.psp_account}:clearing:usd"
        before = (await ada.get(f"/staff/v1/ledger_accounts/{clearing}?mode=test")).json()
        assert before["closing_minor"] == 9_680

        # Assigned and explained by one, given up by two.
        assert (await ada.act(f"{path}/assign", "k1", "hers", owner="ada@example.com")).status == 200
        assert (await ada.act(f"{path}/explain", "k2", "the PSP went out of business")).status == 200
        proposed = await ada.act(f"{path}/write_off", "k3", "it will not pay", amount_minor=-9_680)
        assert (proposed.status, proposed.json()["object"]) == (202, "proposal")
        approve = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
        assert (await ada.act(approve, "k4", "yes")).status == 403
        assert (await bob.act(approve, "k4", "seen in the register")).json()["status"] == "executed"

        # The next run finds both sides equal.
        assert await account.reconciliation.run() is not None
        await account.book()
        record = (await bob.get(path)).json()
        assert (record["status"], record["closed_by"] is not None) == ("written_off", True)
        assert [one["action"] for one in record["actions"]] == ["assign", "explain", "write_off"]
        assert {one["by"] for one in record["actions"]} == {"ada@example.com"}
        (adjustment,) = (await bob.get(f"/staff/v1/adjustments?mode=test&break={found['id']}")).json()["data"]
        assert (adjustment["kind"], adjustment["is_matched"]) == ("write_off", True)

        # What they export is what the ledger has.
        statement = await exported(bob, "statement", account=clearing)
        balance = await ledgerdb.fetchval("select balance_minor from accounts where name = $1", clearing)
        closes = [one["balance_minor"] for one in statement if one["id"] in ("total", "ledger")]
        assert closes == [str(balance)] * 2 == ["0", "0"]
        breaks = await exported(bob, "breaks", closed=True)
        (row,) = [one for one in breaks if one["id"] == found["id"]]
        assert (row["status"], row["amount_minor"], row["owner"]) == (
            "written_off",
            "-9680",
            "ada@example.com",
        )
        await exports_filter_breaks(bob, found)
        balances = await exported(bob, "trial_balance")
        lost = [one for one in balances if one["id"].startswith("expense:write_offs:")]
        assert [one["debit_minor"] for one in lost] == ["9680"]
        trail = (await bob.get("/staff/v1/audit_trail?mode=test&limit=20")).json()["data"]
        assert {"export_statement", "explain_break", "assign_break"} <= {one["action"] for one in trail}
