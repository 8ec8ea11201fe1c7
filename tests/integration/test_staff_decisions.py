"""What staff decide about charges over HTTP, each once for its key: captures, reviews, unknown outcomes, held reports, inquiries."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fincore.domain.events import ChargeEvent
from fincore.domain.held_report import ReportName, hold_report
from fincore.domain.ids import ChargeId, RefundId, stream_of
from fincore.domain.outcome import Unknown
from fincore.postgres.pool import Pool
from fixtures.commits import NOON
from fixtures.merchant_api import Api, authorized, serving_api
from fixtures.reviews import OPENED
from fixtures.risk_engines import NamedEngine
from fixtures.staff_server import StaffClient, StaffServer, serving_staff

PSP_EVENT = "evt_new"


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def staff(api: Api) -> AsyncIterator[StaffServer]:
    async with serving_staff(api) as staff:
        yield staff


@pytest.fixture
def lea(staff: StaffServer) -> StaffClient:
    return staff.person("support", subject="sub-lea")


async def under_review(pool: Pool) -> ChargeId:
    """A charge that the rules sent to review, and that the PSP holds."""
    async with serving_api(pool, risk=NamedEngine("review")) as api:
        charge_id = (await api.charge("reviewed")).json()["id"]
        await api.record(charge_id, authorized())
        events: tuple[ChargeEvent, ...] = (OPENED,)
        await api.append(charge_id, lambda _: events)
    return ChargeId(charge_id)


async def holding_a_report(api: Api) -> str:
    """A paid charge about which a report is held."""
    charge_id = await api.paid("reported")
    charge = await api.folded(charge_id)
    named = ReportName(
        psp=charge.psp, psp_account=charge.psp_account, psp_event_id=PSP_EVENT, report_type="kind.new"
    )
    await api.append(
        charge_id, lambda one: hold_report(one.held_reports, named, "not_understood", "new", NOON)
    )
    return charge_id


async def jobs_of(pool: Pool, charge_id: str) -> list[str]:
    rows = await pool.fetch(
        "select entrypoint from queue.pgqueuer where convert_from(payload, 'UTF8') like '%' || $1 || '%' order by id",
        charge_id,
    )
    return [row["entrypoint"] for row in rows]


async def actors_of(pool: Pool, charge_id: str, kind: str) -> list[str]:
    rows = await pool.fetch(
        "select metadata ->> 'actor' as actor from eventstore.events where stream_id = $1 and type = $2",
        stream_of(ChargeId(charge_id)),
        kind,
    )
    return [row["actor"] for row in rows]


async def test_capture_and_cancel_go_the_way_of_merchants(api: Api, lea: StaffClient, pool: Pool) -> None:
    taken, given_up = await api.held("taken"), await api.held("given_up")
    capture = await lea.act(f"/staff/v1/charges/{taken}/capture", "c", amount_minor=700)
    assert (capture.status, capture.json()["pending_operation"]["amount_minor"]) == (200, 700)
    again = await lea.act(f"/staff/v1/charges/{taken}/capture", "c", amount_minor=700)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (capture.body, "true")
    other = await lea.act(f"/staff/v1/charges/{taken}/capture", "d")
    assert other.problem()[:2] == (409, "operation_in_progress")
    canceled = await lea.act(f"/staff/v1/charges/{given_up}/cancel", "e", cancel_reason="duplicate")
    assert (canceled.status, canceled.json()["pending_operation"]["type"]) == (200, "cancel")
    assert await actors_of(pool, taken, "charge.capture_requested") == ["staff:sub-lea"]
    assert (await jobs_of(pool, taken))[-1] == "charge.capture"


async def test_case_is_decided_once_though_it_is_clicked_twice(lea: StaffClient, pool: Pool) -> None:
    charge_id = await under_review(pool)
    path = f"/staff/v1/cases/{charge_id}/approve"
    replies = await asyncio.gather(*(lea.act(path, "k", "called the customer") for _ in range(4)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert (replies[0].json()["follows"], replies[0].json()["review"]) == ("capture", "approved")
    assert await actors_of(pool, charge_id, "charge.review_decided") == ["staff:sub-lea"]
    late = await lea.act(f"/staff/v1/cases/{charge_id}/decline", "other")
    assert late.problem()[:2] == (409, "act_not_possible")
    assert "approved by lea@example.com" in late.json()["detail"]
    reused = await lea.act(path, "k", "another reason")
    assert reused.problem()[:2] == (422, "idempotency_key_reused")


async def test_declined_case_is_given_up(lea: StaffClient, pool: Pool) -> None:
    charge_id = await under_review(pool)
    reply = await lea.act(f"/staff/v1/cases/{charge_id}/decline", "k", "a known fraud")
    assert (reply.json()["follows"], reply.json()["review"]) == ("cancel", "declined")
    assert "charge.cancel" in await jobs_of(pool, charge_id)


async def test_unknown_outcome_is_resolved_once(api: Api, lea: StaffClient, pool: Pool) -> None:
    charge_id = (await api.charge("lost")).json()["id"]
    path = f"/staff/v1/unknown_outcomes/{charge_id}/resolve"
    known = await lea.act(path, "early", outcome="captured", psp_reference="pi_seen")
    assert known.problem()[:2] == (409, "act_not_possible")
    await api.record(charge_id, Unknown(reason="timeout", since=NOON))
    unnamed = await lea.act(path, "k", outcome="captured")
    assert unnamed.problem()[:2] == (409, "act_not_possible")
    assert unnamed.json()["detail"] == "Say in psp_reference what the PSP calls it."
    replies = [
        await lea.act(path, "k", "seen there", outcome="captured", psp_reference="pi_seen") for _ in range(2)
    ]
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert replies[0].json()["status"] == "succeeded"
    assert await actors_of(pool, charge_id, "charge.outcome_decided") == ["staff:sub-lea"]
    wrong = await lea.act(path, "x", outcome="succeeded")
    assert wrong.problem() == (422, "field_invalid", "outcome")


async def test_unknown_refund_is_resolved(api: Api, lea: StaffClient) -> None:
    charge_id = await api.paid()
    refund_id = (await api.post("/v1/refunds", "r", {"charge": charge_id, "amount_minor": 100})).json()["id"]
    await api.record_refund(charge_id, refund_id, Unknown(reason="timeout", since=NOON))
    path = f"/staff/v1/unknown_outcomes/{charge_id}/resolve"
    reply = await lea.act(path, "k", outcome="succeeded", refund=refund_id, psp_reference="re_seen")
    assert reply.status == 200
    refund = (await api.folded(charge_id)).refund(RefundId(refund_id))
    assert refund is not None
    assert refund.status == "succeeded"
    unknown = await lea.act(path, "l", outcome="succeeded", refund="re_x")
    assert unknown.problem() == (404, "refund_not_found", "refund")


async def test_held_report_is_released_or_read_again(api: Api, lea: StaffClient, pool: Pool) -> None:
    charge_id = await holding_a_report(api)
    path = f"/staff/v1/held_reports/{charge_id}"
    again = await lea.act(f"{path}/read_again", "a", psp_event_id=PSP_EVENT)
    assert (again.status, again.json()["held_reports"]) == (200, 1)
    rows = await pool.fetch("select payload from queue.pgqueuer where entrypoint = 'webhook.interpret'")
    assert [PSP_EVENT in row["payload"].decode() for row in rows] == [True]
    released = await lea.act(f"{path}/release", "r", "it says nothing", psp_event_id=PSP_EVENT)
    assert (released.status, released.json()["held_reports"]) == (200, 0)
    gone = await lea.act(f"{path}/release", "other", psp_event_id=PSP_EVENT)
    assert gone.problem()[:2] == (409, "act_not_possible")
    assert await actors_of(pool, charge_id, "charge.report_released") == ["staff:sub-lea"]
    replay = await lea.act(f"{path}/read_again", "a", psp_event_id=PSP_EVENT)
    assert replay.body == again.body


async def test_psp_is_asked_where_something_waits_for_it(api: Api, lea: StaffClient, pool: Pool) -> None:
    settled = await api.paid("settled")
    nothing = await lea.act(f"/staff/v1/charges/{settled}/inquiry", "k")
    assert nothing.problem()[:2] == (409, "act_not_possible")
    lost = (await api.charge("lost")).json()["id"]
    await api.record(lost, Unknown(reason="timeout", since=NOON))
    replies = [await lea.act(f"/staff/v1/charges/{lost}/inquiry", key) for key in ("a", "a", "b")]
    assert [reply.json()["asks_about"] for reply in replies] == [["payment"]] * 3
    assert (await jobs_of(pool, lost)).count("charge.inquire") == 1


async def test_trail_tells_what_staff_did_to_a_charge(api: Api, lea: StaffClient, staff: StaffServer) -> None:
    charge_id = await api.held()
    await lea.act(f"/staff/v1/charges/{charge_id}/capture", "c", "the shop is closed", amount_minor=700)
    await lea.act(f"/staff/v1/charges/{charge_id}/cancel", "d", "too late")
    trail = await staff.person("finance").get(f"/staff/v1/audit_trail?mode=test&object={charge_id}")
    assert [(one["action"], one["reason"], one["outcome"]) for one in trail.json()["data"]] == [
        ("cancel", "too late", "operation_in_progress"),
        ("capture", "the shop is closed", "done"),
    ]


async def test_decision_outside_the_scope_is_refused(api: Api, staff: StaffServer) -> None:
    charge_id = await api.paid()
    for path in (f"cases/{charge_id}/approve", f"charges/{charge_id}/capture"):
        live = await staff.person("support", mode="live").act(f"/staff/v1/{path}", "k")
        assert live.problem()[:2] == (404, "charge_not_found")
        viewer = await staff.person("viewer").act(f"/staff/v1/{path}", "k")
        assert viewer.problem()[:2] == (403, "permission_missing")
