"""Breaks over HTTP: seen by what is asked for, and each act once, with actor, name and reason."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fincore.domain.ids import MerchantId, charge_of
from fincore.postgres.pool import Pool, create_pool
from fixtures.cases import on_one_installation
from fixtures.merchant_api import serving_api
from fixtures.settlement_account import Settlement, settlement
from fixtures.settlement_falsified import Lived, Payment, live
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


@pytest.fixture
async def staff(pool: Pool, account: Settlement) -> AsyncIterator[StaffServer]:
    async with serving_api(pool) as api, serving_staff(api, ledgerdb=account.ledgerdb) as staff:
        yield staff


@pytest.fixture
async def dropped(account: Settlement) -> Lived:
    """A payment of which no statement tells: a break of -96.80 USD, number 1."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    await account.fetched([])
    assert await account.reconciliation.run() is not None
    return one


async def actions(account: Settlement) -> list[tuple[object, ...]]:
    rows = await account.rows(
        "select action, actor, username, reason from reconciliation.break_actions order by break_id, action_no"
    )
    return [tuple(row) for row in rows]


@pytest.mark.usefixtures("dropped")
async def test_break_is_found_by_what_is_asked_for(
    staff: StaffServer, account: Settlement, dropped: Lived
) -> None:
    finance = staff.person("finance")
    whole = f"{account.psp}/{account.psp_account}"
    for asked in (
        "",
        "&class=missing_there",
        "&status=open",
        "&unowned=true",
        f"&account={account.psp}",
        f"&account={whole}",
        "&currency=usd",
        f"&charge={charge_of(dropped.stream_id)}",
        "&max_days=0&min_days=0",
        "&closed=true",
    ):
        (one,) = (await finance.get(f"/staff/v1/breaks?mode=test{asked}")).json()["data"]
        assert (one["id"], one["amount_minor"], one["currency"], one["account"]) == (
            "1",
            -9_680,
            "usd",
            whole,
        )
        assert one["charge"] == charge_of(dropped.stream_id)
    for other in (
        "&class=late",
        "&owner=ada",
        "&account=stripe",
        "&currency=eur",
        "&min_days=1",
        "&status=merged",
    ):
        assert (await finance.get(f"/staff/v1/breaks?mode=test{other}")).json()["data"] == [], other
    assert (await finance.get("/staff/v1/breaks?mode=live")).json()["data"] == []
    for wrong in (
        "&class=x",
        "&account=/",
        "&min_days=-1",
        "&min_days=99999",
        "&owner=",
        "&owner=a&unowned=true",
        "&closed=1",
    ):
        reply = await finance.get(f"/staff/v1/breaks?mode=test{wrong}")
        assert reply.json()["code"] == "parameter_invalid", wrong
    sums = (await finance.get("/staff/v1/break_sums?mode=test")).json()["data"]
    assert [(one["status"], one["breaks"], one["amount_minor"]) for one in sums] == [("open", 1, -9_680)]


@pytest.mark.usefixtures("dropped")
async def test_break_is_shown_with_both_sides_and_what_may_be_done(staff: StaffServer) -> None:
    viewer = staff.person("viewer")
    record = (await viewer.get("/staff/v1/breaks/1")).json()
    assert record["may"] == ["assign", "note", "explain", "claim", "adjust", "write_off"]
    assert [one["gross_minor"] for one in record["items"]] == [10_000]
    assert record["lines"] == record["actions"] == []
    assert record["next_step"].startswith("Look the payment up at the PSP.")
    for wrong in ("2", "0", "x", "1 or 1=1", "9" * 40):
        assert (await viewer.get(f"/staff/v1/breaks/{wrong}")).json()["code"] == "break_not_found"


@pytest.mark.usefixtures("dropped")
async def test_acts_are_recorded_with_person_and_reason(staff: StaffServer, account: Settlement) -> None:
    finance = staff.person("finance", subject="sub-bob")
    replies = [
        await finance.act("/staff/v1/breaks/1/assign", "k1", "her account", owner="ada"),
        await finance.act("/staff/v1/breaks/1/note", "k2", "asked the PSP"),
        await finance.act("/staff/v1/breaks/1/claim", "k3", "never paid out", reference="case-1"),
        await finance.act("/staff/v1/breaks/1/reopen", "k4", "the claim was refused"),
        await finance.act("/staff/v1/breaks/1/explain", "k5", "below what they pay out"),
    ]
    assert [(one.status, one.json()["number"], one.json()["status"]) for one in replies] == [
        (200, 1, "open"),
        (200, 2, "open"),
        (200, 3, "claimed"),
        (200, 4, "open"),
        (200, 5, "explained"),
    ]
    found = await actions(account)
    assert {one[1:3] for one in found} == {("staff:sub-bob", "bob@example.com")}
    assert [(one[0], one[3]) for one in found][::4] == [
        ("assign", "her account"),
        ("explain", "below what they pay out"),
    ]
    record = (await finance.get("/staff/v1/breaks/1")).json()
    assert (record["status"], record["owner"]) == ("explained", "ada")
    assert {one["by"] for one in record["actions"]} == {"bob@example.com"}
    trail = (await finance.get("/staff/v1/audit_trail?mode=test&object=1&limit=10")).json()["data"]
    assert [(one["action"], one["outcome"]) for one in trail] == [
        ("explain_break", "done"),
        ("reopen_break", "done"),
        ("claim_break", "done"),
        ("note_break", "done"),
        ("assign_break", "done"),
    ]
    assert trail[2]["details"] == {"reference": "case-1"}


@pytest.mark.usefixtures("dropped")
async def test_repeated_act_is_recorded_once_although_others_acted(
    staff: StaffServer, account: Settlement
) -> None:
    ada, bob = staff.person("finance"), staff.person("finance", subject="sub-bob")
    first = await ada.act("/staff/v1/breaks/1/note", "k1", "asked the PSP")
    await bob.act("/staff/v1/breaks/1/note", "k1", "asked them, too")
    again = await ada.act("/staff/v1/breaks/1/note", "k1", "asked the PSP")
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await actions(account)) == 2
    for path, reason in (("1/note", "another text"), ("1/explain", "asked the PSP")):
        reply = await ada.act(f"/staff/v1/breaks/{path}", "k1", reason)
        assert reply.json()["code"] == "idempotency_key_reused"
    replies = await asyncio.gather(
        *(ada.act("/staff/v1/breaks/1/explain", "double-click", "known") for _ in range(6))
    )
    assert {one.status for one in replies} == {200}
    assert len({one.body for one in replies}) == 1
    assert [one[0] for one in await actions(account)] == ["note", "note", "explain"]


@pytest.mark.usefixtures("dropped")
async def test_second_person_is_told_what_the_first_did(staff: StaffServer, account: Settlement) -> None:
    ada, bob = staff.person("finance"), staff.person("finance", subject="sub-bob")
    await ada.act("/staff/v1/breaks/1/explain", "k1", "a late payout")
    reply = await bob.act("/staff/v1/breaks/1/claim", "k2", "not paid", reference="case-1")
    assert (reply.status, reply.json()["code"]) == (409, "break_not_changed")
    assert "explain by ada@example.com" in reply.json()["detail"]
    assert len(await actions(account)) == 1
    (refused, *_) = (await bob.get("/staff/v1/audit_trail?mode=test&actor=sub-bob")).json()["data"]
    assert (refused["action"], refused["outcome"]) == ("claim_break", "break_not_changed")


@pytest.mark.usefixtures("dropped")
async def test_break_is_hidden_outside_the_mode_and_for_one_merchant(
    staff: StaffServer, account: Settlement
) -> None:
    live_only = staff.person("finance", mode="live")
    of_merchant = staff.person("finance", merchant_id=MerchantId("mer_shop"))
    for person in (live_only, of_merchant):
        assert (await person.get("/staff/v1/breaks/1")).json()["code"] == "break_not_found"
        reply = await person.act("/staff/v1/breaks/1/explain", "k1", "known")
        assert reply.json()["code"] == "break_not_found"
    assert (await of_merchant.get("/staff/v1/breaks?mode=test")).json()["code"] == "permission_missing"
    viewer = staff.person("viewer")
    assert (await viewer.act("/staff/v1/breaks/1/explain", "k1", "known")).json()[
        "code"
    ] == "permission_missing"
    assert await actions(account) == []


@pytest.mark.usefixtures("dropped")
@on_one_installation(
    ("fields", "code"),
    [
        ({"reason": " \t "}, "field_invalid"),
        ({"reason": ""}, "field_invalid"),
        ({"reason": "x" * 501}, "field_invalid"),
        ({"reason": "known", "owner": "x"}, "field_unknown"),
        ({"reason": "a\x00b"}, "text_not_storable"),
    ],
)
async def test_act_without_a_usable_reason_is_refused(
    staff: StaffServer, account: Settlement, fields: dict[str, str], code: str
) -> None:
    finance = staff.person("finance")
    reply = await finance.act("/staff/v1/breaks/1/explain", "k1", **fields)
    assert reply.json()["code"] == code
    for owner, why in (("\t", "field_invalid"), ("a\0b", "text_not_storable"), ("x" * 256, "field_invalid")):
        reply = await finance.act("/staff/v1/breaks/1/assign", "k2", owner=owner)
        assert reply.json()["code"] == why
    assert await actions(account) == []
