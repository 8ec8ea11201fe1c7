"""The ledger as people of staff see it over HTTP: in a mode, of merchants they may see, as of any moment."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from fincore.domain.ids import MerchantId, charge_of
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb import trial_balance
from fincore.read.ledgerdb.ledger_moment import EMPTY_LEDGER
from fincore.read.ledgerdb.sealer import Sealer
from fixtures.books import Books, lives
from fixtures.cases import on_one_installation
from fixtures.merchant_api import serving_api
from fixtures.money_events import MERCHANT, captured, refunded
from fixtures.staff_server import StaffClient, StaffServer, serving_staff
from fixtures.traffic import store_pool

PAYABLE = f"merchant:{MERCHANT}:payable:usd"
OTHER = MerchantId("mer_other")
BEGAN = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=4)


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    """Four entries on days that are sealed, and three of today."""
    async with store_pool(dsn, "ledgerdb") as pool:
        kept = Books(pool, owner_pool, LedgerService())
        await kept.book(
            lives((captured(), refunded()), (captured(merchant_id=OTHER),), (captured(livemode=True),))
        )
        await kept.backdate(*(BEGAN + timedelta(days=day) for day in range(4)))
        await Sealer(pool).seal()
        await kept.book(lives((captured(),), (captured(currency="eur", fee_currency="eur"),), (captured(),)))
        yield kept


@pytest.fixture
async def staff(pool: Pool, books: Books) -> AsyncIterator[StaffServer]:
    async with serving_api(pool) as api, serving_staff(api, ledgerdb=books.pool) as staff:
        yield staff


async def listed(person: StaffClient, path: str, *, limit: int = 2) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await person.get(f"{path}&limit={limit}{cursor}")).json()
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_accounts_are_seen_as_of_an_entry(staff: StaffServer, books: Books) -> None:
    finance = staff.person("finance")
    now = await listed(finance, "/staff/v1/ledger_accounts?mode=test")
    assert [one["id"] for one in now] == sorted(one["id"] for one in now)
    (payable,) = [one for one in now if one["id"] == PAYABLE]
    assert (payable["owner"], payable["as_of_entry"]) == (MERCHANT, 7)
    assert payable["balance_minor"] == await books.pool.fetchval(
        "select balance_minor from accounts where name = $1 and not livemode", PAYABLE
    )
    then = await listed(finance, "/staff/v1/ledger_accounts?mode=test&entry=1&prefix=merchant:")
    assert [(one["id"], one["balance_minor"], one["postings"]) for one in then] == [(PAYABLE, 9_850, 2)]
    sealed = await listed(finance, f"/staff/v1/ledger_accounts?mode=test&day={BEGAN.date()}&prefix=merchant:")
    assert sealed == then


@on_one_installation(
    ("query", "code"),
    [
        ("mode=test&entry=1&day=2026-01-01", "parameter_invalid"),
        ("mode=test&entry=0", "parameter_invalid"),
        ("mode=test&entry=999", "ledger_moment_unknown"),
        ("mode=test&day=2020-01-01", "ledger_moment_unknown"),
        ("mode=test&day=20200101", "parameter_invalid"),
        ("mode=test&at=yesterday", "parameter_invalid"),
        ("mode=test&currency=USD", "parameter_invalid"),
        ("mode=test&prefix=", "parameter_invalid"),
        ("mode=both", "parameter_invalid"),
        ("mode=test&color=red", "parameter_unknown"),
    ],
)
async def test_wrong_question_about_accounts_is_refused(staff: StaffServer, query: str, code: str) -> None:
    reply = await staff.person("finance").get(f"/staff/v1/ledger_accounts?{query}")
    assert reply.json()["code"] == code


async def test_statement_and_its_postings_agree(staff: StaffServer) -> None:
    finance = staff.person("finance")
    path = f"/staff/v1/ledger_accounts/{quote(PAYABLE)}"
    begins = (BEGAN + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    statement = (await finance.get(f"{path}?mode=test&from={begins}")).json()
    postings = await listed(finance, f"{path}/postings?mode=test&created[gte]={begins}")
    assert statement["postings"] == len(postings)
    assert statement["closing_minor"] == postings[0]["balance_minor"]
    moved = sum(one["amount_minor"] * (1 if one["side"] == "credit" else -1) for one in postings)
    assert statement["opening_minor"] + moved == statement["closing_minor"]
    assert [one["entry"] for one in postings] == sorted((one["entry"] for one in postings), reverse=True)
    of_other = quote(f"merchant:{OTHER}:payable:usd")
    assert (await finance.get(f"/staff/v1/ledger_accounts/{of_other}?mode=live")).status == 404
    assert (await finance.get("/staff/v1/ledger_accounts/x/postings?mode=test")).json()["code"] == (
        "ledger_account_not_found"
    )


async def test_person_of_one_merchant_sees_its_accounts_alone(staff: StaffServer) -> None:
    person = staff.person("viewer", merchant_id=OTHER)
    accounts = await listed(person, "/staff/v1/ledger_accounts?mode=test")
    assert [one["id"] for one in accounts] == [f"merchant:{OTHER}:payable:usd"]
    other_mode = staff.person("viewer", merchant_id=OTHER, mode="live")
    assert (await other_mode.get("/staff/v1/ledger_accounts?mode=test")).json()[
        "code"
    ] == "permission_missing"
    assert (await person.get(f"/staff/v1/ledger_accounts/{quote(PAYABLE)}?mode=test")).status == 404
    entry = (await person.get("/staff/v1/ledger_entries/3?mode=test")).json()
    assert {one["account"] for one in entry["postings"] if one["balance_minor"] is not None} == {
        f"merchant:{OTHER}:payable:usd"
    }
    assert (await person.get("/staff/v1/ledger_entries/1?mode=test")).json()[
        "code"
    ] == "ledger_entry_not_found"
    for path in (
        "trial_balance",
        "sealed_days",
        "suspense_items",
        f"sealed_days/{BEGAN.date()}/verification",
    ):
        reply = await person.get(f"/staff/v1/{path}?mode=test")
        assert (reply.status, reply.json()["code"]) == (403, "permission_missing"), path


async def test_entry_is_shown_and_found_by_its_charge(staff: StaffServer, books: Books) -> None:
    finance = staff.person("finance")
    entry = (await finance.get("/staff/v1/ledger_entries/1?mode=test")).json()
    charge = charge_of(await books.pool.fetchval("select stream_id from entries where entry_id = 1"))
    assert (entry["kind"], entry["subject"], entry["mode"]) == ("charge.captured", charge, "test")
    assert len(entry["chain_hash"]) == 64
    found = await listed(finance, f"/staff/v1/ledger_entries?mode=test&subject={charge}", limit=1)
    assert [one["id"] for one in found] == ["2", "1"]
    assert found[1] == entry
    for wrong in ("0", "x", "9" * 30, "99", "-1"):
        reply = await finance.get(f"/staff/v1/ledger_entries/{wrong}?mode=test")
        assert reply.json()["code"] == "ledger_entry_not_found", wrong
    assert (await finance.get("/staff/v1/ledger_entries/1?mode=live")).status == 404
    for wrong in ("", "&subject=", "&subject=ch_x", "&subject=cus_1"):
        reply = await finance.get(f"/staff/v1/ledger_entries?mode=test{wrong}")
        assert reply.json()["code"] == "parameter_invalid", wrong


async def test_trial_balance_is_balanced_as_of_any_day(staff: StaffServer, books: Books) -> None:
    finance = staff.person("finance")
    for query in ("", "&entry=2", f"&day={BEGAN.date()}", "&at=2020-01-01T00:00:00Z"):
        answer = (await finance.get(f"/staff/v1/trial_balance?mode=test{query}")).json()
        assert all(one["is_balanced"] for one in answer["totals"])
    assert answer == {
        "object": "trial_balance",
        "mode": "test",
        "as_of_entry": 0,
        "booked_at": None,
        "totals": [],
    }
    now = (await finance.get("/staff/v1/trial_balance?mode=test&currency=usd")).json()
    debits = await books.pool.fetchval(
        "select sum(balance_minor)::bigint from accounts where not livemode and currency = 'usd' and normal_side = 'debit'"
    )
    assert [(one["currency"], one["debit_minor"]) for one in now["totals"]] == [("usd", debits)]


async def test_sealed_day_is_verified_and_an_altered_one_is_told(staff: StaffServer, books: Books) -> None:
    finance = staff.person("finance")
    days = await listed(finance, "/staff/v1/sealed_days?mode=test")
    assert [one["id"] for one in days] == [f"{(BEGAN + timedelta(days=day)).date()}" for day in (3, 2, 1, 0)]
    assert [one["debits"] != [] for one in days] == [False, True, True, True]
    path = f"/staff/v1/sealed_days/{days[3]['id']}/verification?mode=test"
    kept = days[3]["manifest_hash"]
    found = (await finance.get(f"{path}&expected={kept}")).json()
    assert (found["holds"], found["entries"], found["manifest_hash"]) == (True, 1, kept)
    other = (await finance.get(f"{path}&expected={'0' * 64}")).json()
    assert not other["holds"]
    async with books.tampering() as connection:
        await connection.execute("update ledgerdb.entries set description = 'x' where entry_id = 1")
    altered = (await finance.get(path)).json()
    assert [one["where"] for one in altered["findings"]] == ["entry 1"]
    assert (await finance.get(f"{path}&expected=0")).json()["code"] == "parameter_invalid"
    for day in ("2020-01-01", "x", "2026-02-30"):
        reply = await finance.get(f"/staff/v1/sealed_days/{day}/verification?mode=test")
        assert reply.json()["code"] == "sealed_day_not_found"


async def test_suspense_is_listed_in_its_mode(staff: StaffServer, books: Books) -> None:
    for _ in range(2):
        await books.book(
            lives((captured(fee_minor=0, platform_fee_minor=0), refunded(), refunded(amount_minor=7_000)))
        )
    finance = staff.person("finance")
    items = await listed(finance, "/staff/v1/suspense_items?mode=test", limit=1)
    waiting = await books.pool.fetch(
        "select balance_minor, currency from accounts where name like 'suspense:%'"
    )
    assert len(items) == 2 * len(waiting) > 0
    for row in waiting:
        net = sum(one["amount_minor"] for one in items if one["currency"] == row["currency"])
        assert abs(net) == abs(row["balance_minor"])
    assert await listed(finance, "/staff/v1/suspense_items?mode=live") == []


async def test_totals_beyond_the_range_of_bigint_are_whole(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    great = 9_223_372_036_854_775_807
    balances = (
        "select 'usd' as currency, minor as debit_minor from (values (9223372036854775807), (9223372036854775807),"
        " (-9223372036854775807), (-9223372036854775807)) as rows (minor) where $1::boolean and $2::bigint >= 0"
    )
    monkeypatch.setattr(trial_balance._SQL, "balances", balances)
    (total,) = await trial_balance.trial_balance_totals(books.pool, EMPTY_LEDGER, livemode=True)
    assert (total.debit_minor, total.credit_minor) == (2 * great, 2 * great)
