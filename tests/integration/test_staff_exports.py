"""Exports over HTTP: whole, with totals that are those of the ledger, and a row in the audit trail."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.backoffice import exports
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import MerchantId
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters
from fincore.read.paymentdb.staff_lists import Scope
from fincore.read.projectionist.projectionist import Projectionist
from fincore.staff import csv_stream
from fincore.staff.exports.rows import charge_rows
from fincore.staff.exports.tally import Tally, Times
from fixtures.commits import MERCHANT, captured, created
from fixtures.merchant_api import Reply, serving_api
from fixtures.money_events import held, reinstated, released, withdrawn
from fixtures.staff_server import StaffClient, StaffServer, serving_staff
from fixtures.traffic import (
    aftermaths,
    disputed,
    failovers,
    follow,
    live,
    refunded,
    refunding,
    running_writer,
    unrefunded,
)

FORMULA = '=HYPERLINK("http://x","y")'
EXPORTS = ("charges", "refunds", "disputes", "breaks", "statement", "trial_balance")


class Scene(NamedTuple):
    """The server, and the stores that it shows."""

    staff: StaffServer
    stores: OperatorStores

    async def happened(self, *lives: tuple[ChargeEvent, ...]) -> None:
        """Charges with such lives, in the log, in the view and in the ledger."""
        async with running_writer(self.stores.eventstore) as writer:
            await live(writer, list(lives))
        log = EventLog(self.stores.eventstore, CHARGE_EVENTS)
        await follow(log, self.stores.paymentdb, Projectionist())
        await follow(log, self.stores.ledgerdb, LedgerService())


@pytest.fixture
async def scene(pool: Pool, operator: OperatorStores) -> AsyncIterator[Scene]:
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        yield Scene(staff, operator)


async def exported(person: StaffClient, name: str, key: str = "k1", **fields: object) -> list[dict[str, str]]:
    """The rows of an export, which is whole."""
    reply = await person.act(f"/staff/v1/exports/{name}", key, "for the accountant", **fields)
    assert reply.status == 200, reply.json()
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    rows = parsed(reply)
    assert rows[-1]["id"] == "end"
    return rows


def parsed(reply: Reply) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(reply.body.decode())))


def row_of(rows: list[dict[str, str]], name: str, currency: str = "usd") -> dict[str, str]:
    (row,) = [one for one in rows if one["id"] == name and one["currency"] == currency]
    return row


def filtered(name: str, account: str = "") -> dict[str, Any]:
    """What the smallest request of an export says."""
    if name == "charges":
        return {"filter": {"mode": "test"}}
    return {"mode": "test"} | ({"account": account} if name == "statement" else {})


async def test_totals_of_charges_are_those_of_the_ledger(scene: Scene) -> None:
    """Every life that a charge may have: the sums are made again from the postings of the ledger."""
    refund = refunding(400)
    await scene.happened(
        *aftermaths(),
        *failovers(),
        (created(), captured(), refund, refunded(refund), unrefunded(refund, was_succeeded=True)),
        *((created(),) for _ in range(110)),
    )
    rows = await exported(scene.staff.person("finance"), "charges", **filtered("charges"))
    charges = [one for one in rows if one["id"].startswith("ch_")]
    total, ledger, difference = (row_of(rows, name) for name in ("total", "ledger", "difference"))
    assert int(rows[-1]["rows"]) == int(total["rows"]) == len(charges) > 110
    for column in ("amount_minor", "captured_minor", "refunded_minor"):
        assert int(total[column]) == sum(int(one[column]) for one in charges)
    postings = await scene.stores.ledgerdb.fetchrow(
        """
        select
            sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end) filter (where e.kind like 'charge.%') as captured,
            sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) filter (where e.kind like 'refund.%') as refunded
        from ledgerdb.entries e join ledgerdb.postings p using (entry_id) join ledgerdb.accounts a using (account_id)
        where a.name like 'merchant:%' and p.leg <= 2 and p.currency = 'usd'
        """
    )
    assert postings is not None
    assert (int(ledger["captured_minor"]), int(ledger["refunded_minor"])) == tuple(postings)
    assert (difference["captured_minor"], difference["refunded_minor"]) == ("0", "0")


async def test_refunds_that_succeeded_are_those_of_the_ledger(scene: Scene) -> None:
    first, second, third = refunding(100), refunding(200), refunding(300)
    await scene.happened(
        (created(), captured(), first, refunded(first), second),
        (created(), captured(), third, refunded(third), unrefunded(third, was_succeeded=True)),
    )
    finance = scene.staff.person("finance")
    rows = await exported(finance, "refunds", **filtered("refunds"))
    assert {one["id"][:3] for one in rows[:3]} == {"re_"}
    assert row_of(rows, "total")["amount_minor"] == "600"
    assert [row_of(rows, name)["succeeded_minor"] for name in ("total", "ledger", "difference")] == [
        "100",
        "100",
        "0",
    ]
    only = await exported(finance, "refunds", "k2", status=["succeeded"], **filtered("refunds"))
    assert row_of(only, "total")["amount_minor"] == row_of(only, "ledger")["succeeded_minor"] == "100"


async def test_money_of_disputes_is_that_of_the_ledger(scene: Scene) -> None:
    """Put aside and not decided, released and taken, given back after that, and one that moved nothing."""
    lives = []
    for moves in ((held,), (held, released, withdrawn), (withdrawn, reinstated), ()):
        opened = disputed()
        of_dispute = {
            "dispute_id": opened.dispute_id,
            "psp_reference": opened.psp_reference,
            "amount_minor": 1_000,
        }
        lives.append((created(), captured(), opened, *(move(**of_dispute) for move in moves)))
    await scene.happened(*lives)
    rows = await exported(scene.staff.person("finance"), "disputes", **filtered("disputes"))
    disputes = [one for one in rows if one["status"]]
    moved = sorted((one["withdrawn_minor"], one["held_minor"]) for one in disputes)
    assert moved == [("0", "0"), ("0", "0"), ("0", "1000"), ("1000", "0")]
    found = [row_of(rows, name) for name in ("total", "ledger", "difference")]
    assert [(one["withdrawn_minor"], one["held_minor"]) for one in found] == [
        ("1000", "1000"),
        ("1000", "1000"),
        ("0", "0"),
    ]
    postings = await scene.stores.ledgerdb.fetch(
        """
        select p.currency, sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end)::bigint as minor
        from ledgerdb.entries e join ledgerdb.postings p using (entry_id) join ledgerdb.accounts a using (account_id)
        where a.name like '%:clearing:usd' and p.leg <= 2 and e.kind like 'dispute.%' group by p.currency
        """
    )
    assert [tuple(one) for one in postings] == [("usd", 2_000)]


async def test_money_of_a_dispute_counts_in_its_own_currency(scene: Scene) -> None:
    opened = disputed()
    taken = withdrawn(
        dispute_id=opened.dispute_id,
        psp_reference=opened.psp_reference,
        amount_minor=930,
        currency=Currency("eur"),
    )
    await scene.happened((created(), captured(), opened, taken))
    rows = await exported(scene.staff.person("finance"), "disputes", **filtered("disputes"))
    assert (rows[0]["withdrawn_minor"], rows[0]["moved_elsewhere"]) == ("0", "eur withdrawn 930 held 0")
    found = [row_of(rows, name, "eur")["withdrawn_minor"] for name in ("total", "ledger", "difference")]
    assert found == ["930", "930", "0"]
    assert (row_of(rows, "total", "eur")["rows"], rows[-1]["rows"]) == ("0", "1")


async def test_statement_closes_with_the_balance_of_the_ledger(scene: Scene) -> None:
    refund = refunding(400)
    await scene.happened((created(), captured(), refund, refunded(refund)), (created(), captured()))
    account = f"merchant:{MERCHANT}:payable:usd"
    rows = await exported(scene.staff.person("finance"), "statement", **filtered("statement", account))
    balance = await scene.stores.ledgerdb.fetchval(
        "select sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end)"
        " from ledgerdb.postings p join ledgerdb.accounts a using (account_id) where a.name = $1",
        account,
    )
    assert rows[0]["id"] == "opening"
    assert [int(row_of(rows, name)["balance_minor"]) for name in ("total", "ledger", "difference")] == [
        balance,
        balance,
        0,
    ]
    assert rows[-5]["balance_minor"] == str(balance)
    whole = await exported(scene.staff.person("finance"), "trial_balance", "k2", **filtered("trial_balance"))
    (mine,) = [one for one in whole if one["id"] == account]
    assert mine["credit_minor"] == str(balance)
    total, ledger = row_of(whole, "total"), row_of(whole, "ledger")
    assert total["debit_minor"] == total["credit_minor"] == ledger["debit_minor"] == ledger["credit_minor"]
    debits = await scene.stores.ledgerdb.fetchval(
        "select sum(net) from (select greatest(sum(case side when 'debit' then amount_minor else -amount_minor end), 0) as net"
        " from ledgerdb.postings join ledgerdb.accounts a using (account_id) where not a.livemode group by account_id) s"
    )
    assert int(total["debit_minor"]) == debits


async def test_times_are_shown_in_the_zone_asked_for(scene: Scene) -> None:
    await scene.happened((created(),))
    finance = scene.staff.person("finance")
    (row, *_) = await exported(finance, "charges", time_zone="Asia/Kolkata", **filtered("charges"))
    assert row["created_at"].endswith("Z")
    assert row["created_at_local"].endswith("+05:30")
    for wrong in ("Mars/Olympus", "../../etc/passwd", "Europe/Berlin\0"):
        reply = await finance.act("/staff/v1/exports/charges", "k2", time_zone=wrong, **filtered("charges"))
        assert reply.json()["code"] == "field_invalid"


async def test_no_cell_begins_a_formula(scene: Scene) -> None:
    await scene.happened(
        *((created(description=text),) for text in (FORMULA, "+1", "@x", "-a", "\t=1", "plain"))
    )
    rows = await exported(scene.staff.person("finance"), "charges", **filtered("charges"))
    described = {one["description"] for one in rows[:-2]} - {""}
    assert f"'{FORMULA}" in described
    assert "plain" in described
    assert all(not one.lstrip().startswith(("=", "+", "@", "-")) for one in described)


async def test_export_cut_off_has_no_last_rows(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.happened(*((created(),) for _ in range(3)))

    async def fails(*_: object) -> None:
        raise OSError("the ledger is away")

    monkeypatch.setattr(exports, "charge_sums", fails)
    finance = scene.staff.person("finance")
    try:
        reply = await finance.act("/staff/v1/exports/charges", "k1", **filtered("charges"))
        ends = [one["id"] for one in parsed(reply)][-1:]
    except Exception:  # noqa: BLE001 -- the connection was broken off
        ends = []
    assert ends != ["end"]


async def test_each_export_leaves_a_row_without_personal_data(scene: Scene) -> None:
    await scene.happened((created(), captured()))
    finance = scene.staff.person("finance")
    await exported(
        finance,
        "charges",
        filter={"mode": "test", "customer_email": "ada@example.com", "disputed": False},
        time_zone="UTC",
    )
    (row,) = (await finance.get("/staff/v1/audit_trail?mode=test")).json()["data"]
    assert (row["action"], row["outcome"], row["permission"]) == ("export_charges", "done", "exports.read")
    assert row["details"] == {"filters": "customer_email disputed mode time_zone"}


@pytest.mark.parametrize("name", EXPORTS)
async def test_export_needs_the_permission_and_the_scope(scene: Scene, name: str) -> None:
    account = f"merchant:{MERCHANT}:payable:usd"
    await scene.happened((created(), captured()))
    path, body = f"/staff/v1/exports/{name}", filtered(name, account)
    viewer = scene.staff.person("viewer")
    assert (await viewer.act(path, "k1", **body)).json()["code"] == "permission_missing"
    live_only = scene.staff.person("finance", mode="live")
    assert (await live_only.act(path, "k1", **body)).json()["code"] == "permission_missing"
    of_other = scene.staff.person("finance", merchant_id=MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e"))
    reply = await of_other.act(path, "k1", **body)
    if name in ("breaks", "trial_balance"):
        assert reply.json()["code"] == "permission_missing"
    elif name == "statement":
        assert reply.json()["code"] == "ledger_account_not_found"
    else:
        assert [one["id"] for one in parsed(reply)] == ["end"]
    no_reason = await scene.staff.person("finance").act(path, "k1", " ", **body)
    assert no_reason.json()["code"] == "field_invalid"


async def test_export_without_a_reader_ends_its_snapshot(
    scene: Scene, owner_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server does where the client has gone: the stream is closed between two of its parts."""
    await scene.happened(*((created(),) for _ in range(3)))
    monkeypatch.setattr(csv_stream, "PART_CHARACTERS", 1)
    times = Times(None)
    read = exports.Exports(scene.stores.paymentdb, scene.stores.ledgerdb)
    pages = read.charges(Scope(livemode=False, merchants=None), StaffChargeFilters())
    response = csv_stream.csv_response(
        "charges.csv", ["id"], charge_rows(pages, Tally(["id", "currency", "rows"]), times)
    )
    assert response.stream is not None
    await anext(response.stream)
    open_now = "select count(*) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"
    assert await owner_pool.fetchval(open_now) == 1
    await response.stream.aclose()
    del pages, response
    assert await owner_pool.fetchval(open_now) == 0
