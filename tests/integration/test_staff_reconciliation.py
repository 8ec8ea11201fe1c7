"""Runs, days, files and what is uncleared over HTTP: as the reports have them, and decided once."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from fincore.domain.ids import MerchantId
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.forms import rendered, rendered_day
from fincore.reconciliation.report.reports import checked_report
from fixtures.merchant_api import serving_api
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    """Two payments, one of them on a statement, beside a line of 7.00 that nothing explains, and a file that is refused."""
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            lived = [live(PLAIN, one.psp, one.psp_account) for _ in range(2)]
            for each in lived:
                await one.happen(each.stream_id, *each.events)
            await one.fetched([*lived[0].lines, line("adjustment", 700)])
            await one.fetched([line("adjustment", 5)], day=1, refused_at=1)
            assert await one.reconciliation.run() is not None
            yield one
    finally:
        pool.terminate()


@pytest.fixture
async def staff(pool: Pool, account: Settlement) -> AsyncIterator[StaffServer]:
    async with serving_api(pool) as api, serving_staff(api, ledgerdb=account.ledgerdb) as staff:
        yield staff


async def test_run_is_shown_with_headline_and_equations(staff: StaffServer, account: Settlement) -> None:
    viewer = staff.person("viewer")
    (run,) = (await viewer.get("/staff/v1/reconciliation_runs?mode=test")).json()["data"]
    assert (run["files"], run["breaks_opened"]) == (1, 3)
    report = (await viewer.get(f"/staff/v1/reconciliation_runs/{run['id']}?mode=test")).json()
    assert report["is_sound"]
    assert report["sha256"] == run["sha256"]
    assert [(one["currency"], one["amount_minor"]) for one in report["uncleared"]] == [("usd", 9_680)]
    (mine,) = report["accounts"]
    assert mine["account"] == f"{account.psp}/{account.psp_account}"
    assert [(tie["account"], tie["difference_minor"]) for tie in mine["ties"]] == [
        ("clearing", 0),
        ("unmatched", 0),
    ]
    assert sum(one["breaks"] for one in report["break_sums"]) == 3
    other = (await viewer.get(f"/staff/v1/reconciliation_runs/{run['id']}?mode=live")).json()
    assert other["accounts"] == other["uncleared"] == other["files"] == other["break_sums"] == []
    for wrong in ("run_01kab5m5wvfb9v1c2m5hfv0d2e", "x"):
        reply = await viewer.get(f"/staff/v1/reconciliation_runs/{wrong}?mode=test")
        assert reply.json()["code"] == "reconciliation_run_not_found"


async def test_downloads_are_the_bytes_of_the_command(staff: StaffServer, account: Settlement) -> None:
    finance = staff.person("finance")
    checked = await checked_report(account.ledgerdb, None)
    today = datetime.now(UTC).date()
    day = await checked_day(account.ledgerdb, today)
    for form in ("json", "csv", "html"):
        reply = await finance.get(
            f"/staff/v1/reconciliation_runs/{checked.report.run_id}/report?format={form}"
        )
        assert reply.body == rendered(checked, form).encode()
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        of_day = await finance.get(f"/staff/v1/reconciliation_days/{today}/report?format={form}")
        assert of_day.body == rendered_day(day, form).encode()
    reply = await finance.get(f"/staff/v1/reconciliation_runs/{checked.report.run_id}/report?format=json")
    assert hashlib.sha256(reply.body).hexdigest() == checked.sha256
    test_only = staff.person("finance", mode="test")
    path = f"/staff/v1/reconciliation_runs/{checked.report.run_id}/report?format=json"
    assert (await test_only.get(path)).json()["code"] == "permission_missing"
    assert (await finance.get(path.replace("json", "pdf"))).json()["code"] == "parameter_invalid"


async def test_day_is_shown_so_far_and_with_its_equations(staff: StaffServer) -> None:
    viewer = staff.person("viewer")
    today = datetime.now(UTC).date()
    report = (await viewer.get(f"/staff/v1/reconciliation_days/{today}?mode=test")).json()
    assert (report["so_far"], report["is_sound"], report["breaks_after"]) == (True, True, 3)
    assert [one["difference_minor"] for one in report["accounts"][0]["movements"]] == [0, 0]
    assert (await viewer.get("/staff/v1/reconciliation_days?mode=test")).json()["data"] == []
    for wrong in ("2999-01-01", "1999-01-01", "x"):
        reply = await viewer.get(f"/staff/v1/reconciliation_days/{wrong}?mode=test")
        assert reply.json()["code"] == "reconciliation_day_not_found"


async def test_refused_file_is_shown_and_dismissed_once(staff: StaffServer, account: Settlement) -> None:
    finance = staff.person("finance")
    (refused,) = (await finance.get("/staff/v1/settlement_files?mode=test&status=refused")).json()["data"]
    path = f"/staff/v1/settlement_files/{refused['id']}"
    record = (await finance.get(path)).json()
    assert (record["refusal_line"], record["refusal"], record["may"]) == (
        1,
        "the test says so",
        ["read_again", "dismiss"],
    )
    first = await finance.act(f"{path}/dismiss", "k1", "a copy of another day")
    again = await finance.act(f"{path}/dismiss", "k1", "a copy of another day")
    assert (first.status, again.body) == (200, first.body)
    other = await finance.act(f"{path}/read_again", "k2", "another format", format="paypal_stl")
    assert (other.status, other.json()["code"]) == (409, "settlement_file_not_changed")
    record = (await finance.get(path)).json()
    assert [(one["action"], one["by"]) for one in record["decisions"]] == [("dismiss", "ada@example.com")]
    assert (await finance.get(f"/staff/v1/breaks/{record['break_id']}")).json()["status"] == "dismissed"
    (booked,) = (await finance.get("/staff/v1/settlement_files?mode=test&status=booked")).json()["data"]
    shown = (await finance.get(f"/staff/v1/settlement_files/{booked['id']}")).json()
    assert (shown["open_lines"], shown["computed"][0]["rows"]) == (1, shown["lines"])
    assert (await finance.get("/staff/v1/settlement_files/sf_x")).json()[
        "code"
    ] == "settlement_file_not_found"
    reply = await staff.person("viewer").act(f"{path}/release", "k3", "again")
    assert reply.json()["code"] == "permission_missing"


async def test_uncleared_and_sources_are_of_all_merchants(staff: StaffServer, account: Settlement) -> None:
    viewer = staff.person("viewer")
    (amount,) = (await viewer.get("/staff/v1/uncleared_amounts?mode=test")).json()["data"]
    (item,) = (await viewer.get("/staff/v1/uncleared_items?mode=test&currency=usd&kind=payment")).json()[
        "data"
    ]
    assert amount["amount_minor"] == item["gross_minor"] + item["fee_minor"] == 9_680
    (source,) = (await viewer.get("/staff/v1/reconciliation_sources?mode=test")).json()["data"]
    assert source["account"] == f"{account.psp}/{account.psp_account}"
    assert (await viewer.get("/staff/v1/adjustments?mode=test")).json()["data"] == []
    of_merchant = staff.person("viewer", merchant_id=MerchantId("mer_shop"))
    for path in (
        "uncleared_amounts",
        "uncleared_items",
        "reconciliation_sources",
        "reconciliation_runs",
        "reconciliation_days",
        "settlement_files",
        "adjustments",
    ):
        reply = await of_merchant.get(f"/staff/v1/{path}?mode=test")
        assert reply.json()["code"] == "permission_missing", path
