"""Breaks that staff end by entries over HTTP: alone within limits, else by a second person; each once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import asyncpg
import pytest

from fincore.bootstrap.staff_act_services import ActLimits
from fincore.bootstrap.staff_application import StaffOptions
from fincore.domain.currency import Currency
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Reply, serving_api
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.staff_server import StaffClient, StaffServer, serving_staff
from fixtures.traffic import store_pool

LIMITS: Final = ActLimits(adjustments=(OnePersonLimit(Currency("usd"), 700, 1_000),))


class Finance(NamedTuple):
    """An account with two breaks of -7.00 and -9.00, and the server of staff on its stores."""

    account: Settlement
    staff: StaffServer

    @property
    def lea(self) -> StaffClient:
        return self.staff.person("finance", subject="sub-lea")

    @property
    def max(self) -> StaffClient:
        return self.staff.person("finance", subject="sub-max")

    async def breaks(self) -> list[asyncpg.Record]:
        return await self.account.rows("select * from reconciliation.breaks order by break_id")

    async def booked(self) -> int:
        (row,) = await self.account.rows("select count(*) from reconciliation.adjustments")
        return int(row["count"])


@pytest.fixture
async def finance(pool: Pool, dsn: str) -> AsyncIterator[Finance]:
    async with (
        store_pool(dsn, "ledgerdb") as ledgerdb,
        settlement(pool, ledgerdb) as account,
        serving_api(pool) as api,
    ):
        await account.fetched([line("adjustment", -700), line("adjustment", -900)])
        assert await account.reconciliation.run() is not None
        async with serving_staff(api, ledgerdb=ledgerdb, options=StaffOptions(limits=LIMITS)) as staff:
            yield Finance(account, staff)


async def end(
    person: StaffClient,
    found: asyncpg.Record,
    key: str,
    *,
    verb: str = "adjust",
    amount_minor: int | None = None,
) -> Reply:
    minor = found["amount_minor"] if amount_minor is None else amount_minor
    return await person.act(f"/staff/v1/breaks/{found['break_id']}/{verb}", key, amount_minor=minor)


async def test_break_within_the_limit_is_adjusted_once(finance: Finance) -> None:
    first, _ = await finance.breaks()
    replies = await asyncio.gather(*(end(finance.lea, first, "k") for _ in range(3)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert (replies[0].json()["gross_minor"], replies[0].json()["by"]) == (-700, "lea@example.com")
    assert await finance.booked() == 1
    (action,) = await finance.account.rows("select actor from reconciliation.break_actions")
    assert action["actor"] == "staff:sub-lea"
    other = await end(finance.max, first, "k")
    assert other.problem()[:2] == (409, "act_not_possible")


async def test_break_above_the_limit_is_ended_by_two_people(finance: Finance) -> None:
    _, second = await finance.breaks()
    proposed = await end(finance.lea, second, "k")
    assert (proposed.status, proposed.json()["kind"], proposed.json()["amount_minor"]) == (
        202,
        "adjustment",
        900,
    )
    assert await finance.booked() == 0
    path = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
    assert (await finance.lea.act(path, "mine")).problem()[:2] == (403, "second_person_needed")
    approved = await finance.max.act(path, "yes", "seen in the statement")
    assert (approved.status, approved.json()["status"]) == (200, "executed")
    (row,) = await finance.account.rows(
        "select booked ->> 'by' as by, booked #>> '{staff,agreement,approver,subject}' as approver, adjustment_id, told_at"
        " from reconciliation.adjustments"
    )
    assert (row["by"], row["approver"]) == ("lea@example.com", "sub-max")
    assert row["adjustment_id"] == approved.json()["result"]
    assert row["told_at"] is not None
    # It counts for no limit: the day of the first person is whole.
    first, _ = await finance.breaks()
    assert (await end(finance.lea, first, "alone")).status == 200


async def test_break_that_waits_counts_for_the_day_of_its_proposer(finance: Finance) -> None:
    first, second = await finance.breaks()
    assert (await end(finance.lea, second, "k")).status == 202
    assert (await end(finance.lea, first, "alone")).status == 202
    for proposal in (await finance.max.get("/staff/v1/proposals?mode=test")).json()["data"]:
        assert proposal["proposer_sums"] == {"waiting_minor": 1_600, "agreed_minor": 0}
        decline = f"/staff/v1/proposals/{proposal['id']}/decline"
        assert (await finance.max.act(decline, proposal["id"])).status == 200
    assert (await end(finance.lea, first, "again")).status == 200


async def test_break_that_changed_is_not_ended_by_its_proposal(finance: Finance) -> None:
    _, second = await finance.breaks()
    proposal = (await end(finance.lea, second, "k")).json()["id"]
    by_another = (await end(finance.max, second, "k")).json()["id"]
    ann = finance.staff.person("finance", subject="sub-ann")
    assert (await ann.act(f"/staff/v1/proposals/{by_another}/approve", "a")).json()["status"] == "executed"
    late = await ann.act(f"/staff/v1/proposals/{proposal}/approve", "b")
    assert late.problem()[:2] == (409, "act_not_possible")
    assert await finance.booked() == 1


async def test_other_amount_than_the_break_has_is_refused(finance: Finance) -> None:
    first, _ = await finance.breaks()
    reply = await end(finance.lea, first, "k", amount_minor=-699)
    assert reply.problem()[:2] == (409, "act_not_possible")
    assert "look at it again" in reply.json()["detail"]
    assert (await end(finance.lea, first, "k")).status == 200


async def test_adjustment_is_taken_back_and_counts_for_the_day(finance: Finance) -> None:
    first, _ = await finance.breaks()
    booked = (await end(finance.lea, first, "k")).json()["id"]
    over = await finance.lea.act(f"/staff/v1/adjustments/{booked}/reverse", "r")
    assert (over.status, over.json()["kind"]) == (202, "adjustment_reversal")
    replies = [await finance.max.act(f"/staff/v1/adjustments/{booked}/reverse", "r") for _ in range(2)]
    assert [(reply.status, reply.json()["is_reversal"]) for reply in replies] == [(200, True)] * 2
    ann = finance.staff.person("finance", subject="sub-ann")
    late = await ann.act(f"/staff/v1/proposals/{over.json()['id']}/approve", "b")
    assert late.problem()[:2] == (409, "act_not_possible")


async def test_opening_is_explained_as_it_is_held(finance: Finance) -> None:
    account = finance.account
    body: dict[str, Any] = {
        "mode": "test",
        "psp": account.psp,
        "psp_account": account.psp_account,
        "currency": "usd",
        "amount_minor": 1,
    }
    reply = await finance.lea.act("/staff/v1/openings", "k", **body)
    assert reply.problem()[:2] == (409, "act_not_possible")
    unknown = await finance.lea.act("/staff/v1/openings", "k", **(body | {"currency": "zzz"}))
    assert unknown.problem()[2] == "currency"


async def test_books_belong_to_no_merchant(finance: Finance) -> None:
    first, _ = await finance.breaks()
    bound = finance.staff.person("finance", merchant_id="mer_01h2xcejqtf2nbrexx3vqjhp41")  # type: ignore[arg-type]
    assert (await end(bound, first, "k")).problem()[:2] == (404, "break_not_found")
    live = finance.staff.person("finance", mode="live")
    assert (await end(live, first, "k")).problem()[:2] == (404, "break_not_found")
    support = finance.staff.person("support")
    assert (await end(support, first, "k")).problem()[:2] == (403, "permission_missing")
    for number in ("0", "99999", "x", "1" * 40, "\u0661"):
        reply = await finance.lea.act(f"/staff/v1/breaks/{number}/adjust", "k", amount_minor=1)
        assert reply.problem()[:2] == (404, "break_not_found")
    assert await finance.booked() == 0


async def test_repeated_request_books_nothing_anew_after_a_reversal(finance: Finance, pool: Pool) -> None:
    """The process died between the booking and its answer, another person took it back, and the request is sent again."""
    first, second = await finance.breaks()
    booked = await end(finance.lea, first, "k")
    await pool.execute("delete from eventstore.idempotency_keys where key = 'k'")
    taken_back = await finance.max.act(f"/staff/v1/adjustments/{booked.json()['id']}/reverse", "r")
    assert (taken_back.status, taken_back.json()["is_reversal"]) == (200, True)
    again = await end(finance.lea, first, "k")
    assert (again.status, again.json()) == (200, booked.json())
    assert await finance.booked() == 1
    # Another request is another decision.
    anew = await end(finance.lea, first, "k2")
    assert (anew.status, await finance.booked()) == (202, 1)
    assert (await end(finance.max, second, "k")).status == 202
