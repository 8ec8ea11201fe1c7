"""The audit trail: what staff did is added once, seen by those who may, and never rewritten."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from fincore.domain.ids import MerchantId, RequestId, new_merchant_id
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.asgi import HttpScope
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.http.rate_limit import RateLimiter
from fincore.postgres.pool import Pool
from fincore.staff.access.admission import Visit
from fincore.staff.access.person import Grant, Person
from fincore.staff.acting import Deed, Made, Reasoned, StaffActs
from fincore.write.staff.acts import Act, Acts
from fixtures.merchant_api import Api, serving_api
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.waiting import eventually

ADA = Person(subject="sub-ada", username="ada", name="Ada", grants=(Grant(role="admin"),))
BOB = Person(subject="sub-bob", username="bob", name="Bob", grants=(Grant(role="admin"),))


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def staff(api: Api) -> AsyncIterator[StaffServer]:
    async with serving_staff(api) as staff:
        yield staff


def call(key: str | None, request_id: str = "req_1") -> Call:
    headers = [] if key is None else [(b"idempotency-key", key.encode())]
    scope: HttpScope = {
        "method": "POST",
        "path": "/staff/v1/things",
        "query_string": b"",
        "headers": headers,
        "client": None,
    }
    return Call(
        scope,
        None,  # type: ignore[arg-type]
        path="/staff/v1/things",
        parameters={},
        request_id=RequestId(request_id),
        body_seconds_max=1.0,
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        place=None,
    )


def an_act(number: int, *, merchant_id: MerchantId | None = None, livemode: bool | None = False) -> Act:
    return Act(
        actor=StaffActor(subject=f"sub-{number % 2}", username="ada"),
        permission="jobs.replay",
        action="replay",
        object_kind="job",
        object_id=f"job-{number}",
        reason="It was our fault.",
        request_id=RequestId(f"req_{number}"),
        livemode=livemode,
        merchant_id=merchant_id,
        details={"number": number},
    )


class CountedChange:
    """A change that counts how often it was made."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, transaction: Transaction) -> Made:
        self.times += 1
        await transaction.execute("select 1")
        return Made(
            json_response(201, {"number": self.times}),
            Deed(action="note", object_kind="thing", object_id="1"),
        )


async def test_change_is_made_once_for_its_key_and_recorded(pool: Pool) -> None:
    acts, make = Acts(pool), CountedChange()
    staff_acts, visit = StaffActs(IdempotentChanges(pool), acts), Visit(ADA, "merchants.manage")
    first = await staff_acts.change(call("k"), visit, Reasoned(reason="new"), make)
    again = await staff_acts.change(call("k"), visit, Reasoned(reason="new"), make)
    assert (first.status, make.times, again.body) == (201, 1, first.body)
    assert dict(again.headers)["idempotent-replayed"] == "true"
    found, _ = await acts.list(livemode=False, of_no_mode=True, merchant_ids=None, limit=10)
    assert [(one.actor.subject, one.action, one.reason, one.outcome) for one in found] == [
        ("sub-ada", "note", "new", "done")
    ]


async def test_key_of_one_person_is_not_that_of_another(pool: Pool) -> None:
    make, staff_acts = CountedChange(), StaffActs(IdempotentChanges(pool), Acts(pool))
    for person in (ADA, BOB):
        await staff_acts.change(call("k"), Visit(person, "merchants.manage"), Reasoned(reason="new"), make)
    assert make.times == 2


async def test_change_under_key_of_another_request_is_refused(pool: Pool) -> None:
    make, staff_acts = CountedChange(), StaffActs(IdempotentChanges(pool), Acts(pool))
    visit = Visit(ADA, "merchants.manage")
    await staff_acts.change(call("k"), visit, Reasoned(reason="new"), make)
    with pytest.raises(Problem, match="idempotency_key_reused"):
        await staff_acts.change(call("k"), visit, Reasoned(reason="other"), make)
    with pytest.raises(Problem, match="idempotency_key_missing"):
        await staff_acts.change(call(None), visit, Reasoned(reason="new"), make)


async def test_change_in_two_processes_at_once_is_made_in_one(pool: Pool) -> None:
    """The second waits, and is not told of what the first has changed."""
    began, go_on, second = asyncio.Event(), asyncio.Event(), CountedChange()

    async def slowly(transaction: Transaction) -> Made:
        began.set()
        await go_on.wait()
        return await CountedChange()(transaction)

    async def waits() -> bool:
        return bool(await pool.fetchval("select count(*) from pg_locks where not granted"))

    visit = Visit(ADA, "merchants.manage")
    processes = [StaffActs(IdempotentChanges(pool), Acts(pool)) for _ in range(2)]
    first = asyncio.create_task(processes[0].change(call("k"), visit, Reasoned(reason="new"), slowly))
    await began.wait()
    other = asyncio.create_task(processes[1].change(call("k"), visit, Reasoned(reason="new"), second))
    await eventually(waits)
    go_on.set()
    answers = [await first, await other]
    assert (answers[0].body, second.times) == (answers[1].body, 0)
    assert dict(answers[1].headers)["idempotent-replayed"] == "true"


async def test_refused_change_leaves_no_row(pool: Pool) -> None:
    acts = Acts(pool)

    async def refuse(_: Transaction) -> Made:
        raise Problem("charge_busy")

    with pytest.raises(Problem, match="charge_busy"):
        await StaffActs(IdempotentChanges(pool), acts).change(
            call("k"), Visit(ADA, "merchants.manage"), Reasoned(reason="new"), refuse
        )
    assert await acts.list(livemode=False, of_no_mode=True, merchant_ids=None, limit=10) == ([], False)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Response(200, b"{}"), "done"),
        (Response(202, b"{}"), "proposed"),
        (Response(200, b"{}", headers=(("idempotent-replayed", "true"),)), "replayed"),
        (Problem("charge_not_refundable"), "charge_not_refundable"),
        (RuntimeError("cut off"), None),
    ],
    ids=["done", "proposed", "replayed", "refused", "cut off"],
)
async def test_act_that_writes_events_is_recorded_as_it_ends(
    pool: Pool, answer: Response | Exception, outcome: str | None
) -> None:
    acts = Acts(pool)
    seen: list[Any] = []

    async def carry(key: object) -> Response:
        found, _ = await acts.list(livemode=True, of_no_mode=False, merchant_ids=None, limit=10)
        seen.append((key, [one.outcome for one in found]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    deed = Deed(action="refund", object_kind="charge", object_id="ch_1", livemode=True)
    with contextlib.suppress(Problem, RuntimeError):
        await StaffActs(IdempotentChanges(pool), acts).carry_out(
            call("k"), Visit(ADA, "payments.act"), Reasoned(reason="new"), deed, carry
        )
    assert seen == [(IdempotencyKey(MerchantId("staff:sub-ada"), livemode=True, key="k"), [None])]
    found, _ = await acts.list(livemode=True, of_no_mode=False, merchant_ids=None, limit=10)
    assert [one.outcome for one in found] == [outcome]


async def test_recorded_act_is_never_rewritten(pool: Pool, owner_pool: Pool) -> None:
    acts, act = Acts(pool), an_act(1)
    await acts.begin(act)
    await acts.end(act.act_id, "done")
    await acts.end(act.act_id, "charge_busy")
    found, _ = await acts.list(livemode=False, of_no_mode=False, merchant_ids=None, limit=10)
    assert [one.outcome for one in found] == ["done"]
    for statement in (
        "update staff.acts set reason = 'other'",
        "update staff.acts set outcome = 'other'",
        "delete from staff.acts",
        "truncate staff.acts",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner_pool.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("update staff.acts set reason = 'other'")


async def test_trail_shows_what_scope_and_filters_hold(api: Api, staff: StaffServer, pool: Pool) -> None:
    acts, ours, theirs = Acts(pool), new_merchant_id(), new_merchant_id()
    for number, merchant_id in enumerate((ours, theirs, None)):
        await acts.begin(an_act(number, merchant_id=merchant_id))
    await acts.begin(an_act(3, livemode=None))
    await acts.begin(an_act(4, merchant_id=ours, livemode=True))

    async def objects(person_of: str, query: str = "") -> list[str]:
        client = people[person_of]
        reply = await client.get(f"/staff/v1/audit_trail?mode=test{query}")
        assert reply.status == 200, reply.body
        return [one["object_id"] for one in reply.json()["data"]]

    people = {
        "all": staff.person("finance"),
        "test": staff.person("finance", mode="test"),
        "ours": staff.person("finance", merchant_id=ours),
    }
    assert await objects("all") == ["job-3", "job-2", "job-1", "job-0"]
    assert await objects("test") == ["job-2", "job-1", "job-0"]
    assert await objects("ours") == ["job-0"]
    assert await objects("ours", f"&merchant={theirs}") == []
    assert await objects("all", f"&merchant={theirs}") == ["job-1"]
    assert await objects("all", "&object=job-2") == ["job-2"]
    assert await objects("all", "&actor=sub-1") == ["job-3", "job-1"]
    assert await objects("all", "&without_mode=true") == ["job-3"]
    assert await objects("all", "&without_mode=false") == ["job-3", "job-2", "job-1", "job-0"]
    assert await objects("test", "&without_mode=true") == await objects("ours", "&without_mode=true") == []
    assert await objects("all", "&created[gt]=2100-01-01T00:00:00Z") == []
    assert (await people["all"].get("/staff/v1/audit_trail?mode=test&merchant=x")).problem() == (
        400,
        "parameter_invalid",
        "merchant",
    )


async def test_pages_of_the_trail_follow_each_other(staff: StaffServer, pool: Pool) -> None:
    acts, finance = Acts(pool), staff.person("finance")
    for number in range(5):
        await acts.begin(an_act(number))
    found: list[str] = []
    path = "/staff/v1/audit_trail?mode=test&limit=2"
    body = (await finance.get(path)).json()
    first = body["next_cursor"]
    while True:
        found += [one["object_id"] for one in body["data"]]
        if not body["has_more"]:
            break
        body = (await finance.get(f"{path}&cursor={body['next_cursor']}")).json()
    assert found == [f"job-{number}" for number in (4, 3, 2, 1, 0)]
    other = await finance.get(f"/staff/v1/audit_trail?mode=live&cursor={first}")
    assert other.problem() == (400, "cursor_invalid", "cursor")


async def test_details_and_times_are_shown_as_recorded(staff: StaffServer, pool: Pool) -> None:
    act = an_act(7)
    await Acts(pool).begin(act)
    await Acts(pool).end(act.act_id, "done")
    shown = (await staff.person("finance").get("/staff/v1/audit_trail?mode=test")).json()["data"][0]
    assert (shown["id"], shown["details"], shown["outcome"]) == (act.act_id, {"number": 7}, "done")
    assert msgspec.convert(shown["begun_at"], datetime) <= msgspec.convert(shown["ended_at"], datetime)
