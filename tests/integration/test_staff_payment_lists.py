"""Refunds, disputes, checkout sessions, unknown outcomes, reviews, held reports and payouts as staff list them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import (
    CHARGE_EVENTS,
    ChargeEvent,
    ChargeOutcomeUnknown,
    RefundOutcomeUnknown,
    ReportHeld,
)
from fincore.domain.ids import ChargeId, MerchantId, charge_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.cases import on_one_installation
from fixtures.commits import NOON, captured, created
from fixtures.merchant_api import serving_api
from fixtures.reviews import OPENED, assessed
from fixtures.staff_server import StaffClient, StaffServer, serving_staff
from fixtures.traffic import authorized, disputed, follow, live, refunded, refunding, running_writer

MINE = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2d")
OTHER = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")
LISTS = (
    "refunds",
    "disputes",
    "checkout_sessions",
    "unknown_outcomes",
    "reviews",
    "held_reports",
    "payouts",
)


class Scene(NamedTuple):
    """The server, and the stores that it shows."""

    staff: StaffServer
    stores: OperatorStores

    async def happened(self, *lives: tuple[ChargeEvent, ...]) -> list[ChargeId]:
        """Charges with such lives, in the log and in the view."""
        async with running_writer(self.stores.eventstore) as writer:
            streams = await live(writer, list(lives))
        await follow(EventLog(self.stores.eventstore, CHARGE_EVENTS), self.stores.paymentdb, Projectionist())
        return list(map(charge_of, streams))


@pytest.fixture
async def scene(pool: Pool, operator: OperatorStores) -> AsyncIterator[Scene]:
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        yield Scene(staff, operator)


async def rows(person: StaffClient, name: str, query: str = "mode=test") -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        reply = await person.get(f"/staff/v1/{name}?{query}{cursor}")
        assert reply.status == 200, reply.json()
        body = reply.json()
        found += body["data"]
        if not body["has_more"]:
            assert body["next_cursor"] is None
            return found
        query, _, _ = query.partition("&cursor=")
        cursor = f"&cursor={body['next_cursor']}"


def of(merchant: MerchantId, *events: Any) -> tuple[ChargeEvent, ...]:
    """The same events of a merchant."""
    return tuple(
        msgspec.structs.replace(event, merchant_id=merchant) if hasattr(event, "merchant_id") else event
        for event in events
    )


async def test_refunds_are_listed_by_state_and_charge(scene: Scene) -> None:
    done, begun, foreign = refunding(400), refunding(300), refunding(200)
    charge_id, _, _ = await scene.happened(
        of(MINE, created(), captured(), done, refunded(done)),
        of(MINE, created(), captured(), begun),
        of(OTHER, created(), captured(), foreign),
    )
    viewer = scene.staff.person("viewer")
    refunds = {done.refund_id, begun.refund_id, foreign.refund_id}
    assert {row["id"] for row in await rows(viewer, "refunds", "mode=test&limit=1")} == refunds
    assert [row["id"] for row in await rows(viewer, "refunds", "mode=test&status=succeeded")] == [
        done.refund_id
    ]
    several = await rows(viewer, "refunds", "mode=test&status=succeeded,processing&limit=2")
    assert {row["id"] for row in several} == refunds
    assert [row["id"] for row in await rows(viewer, "refunds", f"mode=test&charge={charge_id}")] == [
        done.refund_id
    ]
    (row,) = await rows(viewer, "refunds", f"mode=test&merchant={OTHER}")
    assert (row["id"], row["merchant"], row["amount_minor"]) == (foreign.refund_id, OTHER, 200)
    assert await rows(viewer, "refunds", "mode=live") == []


async def test_disputes_with_the_soonest_deadline_come_first(scene: Scene) -> None:
    now = datetime.now(UTC)
    due = {
        name: disputed(evidence_due_by=moment)
        for name, moment in (
            ("overdue", now - timedelta(hours=1)),
            ("within_a_day", now + timedelta(hours=20)),
            ("within_three_days", now + timedelta(days=2)),
            ("later", now + timedelta(days=9)),
            ("none", None),
        )
    }
    await scene.happened(*(of(MINE, created(), captured(), due[name]) for name in reversed(due)))
    await scene.happened(of(MINE, created(), captured(), disputed(status="under_review")))
    viewer = scene.staff.person("viewer")
    for query in (
        "mode=test&order=deadline",
        "mode=test&order=deadline&limit=1",
        f"mode=test&order=deadline&merchant={MINE}",
    ):
        listed = await rows(viewer, "disputes", query)
        assert [(row["urgency"], row["id"]) for row in listed] == [
            (name, dispute.dispute_id) for name, dispute in due.items()
        ]
    assert len(await rows(viewer, "disputes")) == 6
    assert len(await rows(viewer, "disputes", "mode=test&status=under_review")) == 1
    refused = await viewer.get(
        "/staff/v1/disputes?mode=test&order=deadline&created[gte]=2026-01-01T00:00:00Z"
    )
    assert refused.json()["code"] == "parameter_invalid"


async def test_unknown_outcomes_are_listed_oldest_first(scene: Scene) -> None:
    refund = refunding(5)
    first, second = await scene.happened(
        of(MINE, created(), ChargeOutcomeUnknown(reason="timeout", since=NOON)),
        of(
            OTHER,
            created(),
            captured(),
            refund,
            RefundOutcomeUnknown(
                refund_id=refund.refund_id, reason="timeout", since=NOON + timedelta(hours=1)
            ),
        ),
    )
    viewer = scene.staff.person("viewer")
    for query in ("mode=test", "mode=test&limit=1"):
        listed = await rows(viewer, "unknown_outcomes", query)
        assert [(row["charge"], row["refund"], row["operation"]) for row in listed] == [
            (first, None, "authorize"),
            (second, refund.refund_id, "refund"),
        ]
    bound = scene.staff.person("support", merchant_id=OTHER)
    assert [row["charge"] for row in await rows(bound, "unknown_outcomes")] == [second]


async def test_reviews_that_wait_are_listed_by_when_they_end(scene: Scene) -> None:
    life = (created(), assessed(), authorized(), OPENED)
    mine, other = await scene.happened(of(MINE, *life), of(OTHER, *life))
    await scene.happened((created(),))
    viewer = scene.staff.person("viewer")
    for query in ("mode=test", "mode=test&limit=1"):
        listed = await rows(viewer, "reviews", query)
        assert {row["id"] for row in listed} == {mine, other}
        assert {row["review"] for row in listed} == {"open"}
    bound = scene.staff.person("support", merchant_id=MINE)
    assert [row["id"] for row in await rows(bound, "reviews")] == [mine]


async def test_held_reports_are_listed_with_why_they_wait(scene: Scene) -> None:
    held = ReportHeld(
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_event_id="evt_<b>",
        report_type="charge.odd",
        reason="not_understood",
        detail="nothing is known of it",
        held_at=NOON,
    )
    mine, other = await scene.happened(of(MINE, created(), held), of(OTHER, created(), held))
    viewer = scene.staff.person("viewer")
    listed = await rows(viewer, "held_reports", "mode=test&limit=1")
    assert [(row["charge"], row["psp_event_id"], row["reason"]) for row in listed] == [
        (mine, "evt_<b>", "not_understood"),
        (other, "evt_<b>", "not_understood"),
    ]
    assert [row["charge"] for row in await rows(viewer, "held_reports", f"mode=test&charge={other}")] == [
        other
    ]
    bound = scene.staff.person("support", merchant_id=OTHER)
    assert [row["charge"] for row in await rows(bound, "held_reports")] == [other]
    assert await rows(viewer, "held_reports", "mode=live") == []


async def test_payouts_are_for_people_who_see_all_merchants(scene: Scene) -> None:
    assert await rows(scene.staff.person("finance"), "payouts") == []
    for person in (scene.staff.person("support"), scene.staff.person("finance", merchant_id=MINE)):
        reply = await person.get("/staff/v1/payouts?mode=test")
        assert (reply.status, reply.json()["code"]) == (403, "permission_missing")


@on_one_installation("name", LISTS)
async def test_a_list_needs_a_mode_and_refuses_foreign_cursors(scene: Scene, name: str) -> None:
    viewer = scene.staff.person("viewer")
    for query, code in (
        ("", "parameter_invalid"),
        ("mode=both", "parameter_invalid"),
        ("mode=test&cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor_invalid"),
        ("mode=test&colour=red", "parameter_unknown"),
        ("mode=test&limit=1000", "parameter_invalid"),
    ):
        reply = await viewer.get(f"/staff/v1/{name}?{query}")
        assert (reply.status, reply.json()["code"]) == (400, code), query
    tester = scene.staff.person("viewer", mode="test")
    assert (await tester.get(f"/staff/v1/{name}?mode=live")).status == 403


async def test_unknown_outcomes_go_on_after_one_that_was_resolved(scene: Scene) -> None:
    unknown = [
        of(MINE, created(), ChargeOutcomeUnknown(reason="timeout", since=NOON + timedelta(minutes=minute)))
        for minute in (0, 1, 1, 1, 2)
    ]
    charges = await scene.happened(*unknown)
    viewer = scene.staff.person("viewer")
    first = (await viewer.get("/staff/v1/unknown_outcomes?mode=test&limit=2")).json()
    seen = [row["charge"] for row in first["data"]]
    await scene.stores.paymentdb.execute(
        "update paymentdb.charges set unknown_since = null where charge_id = any($1)", seen
    )
    rest = await rows(viewer, "unknown_outcomes", f"mode=test&limit=1&cursor={first['next_cursor']}")
    assert seen[0] == charges[0]
    assert sorted([*seen, *(row["charge"] for row in rest)]) == sorted(charges)
    assert rest[-1]["charge"] == charges[-1]


async def test_held_reports_go_on_after_one_that_was_released(scene: Scene) -> None:
    def held(event: str) -> ReportHeld:
        return ReportHeld(
            psp=PspName("stripe"),
            psp_account=PspAccount("test"),
            psp_event_id=event,
            report_type="charge.odd",
            reason="not_understood",
            detail="nothing is known of it",
            held_at=NOON,
        )

    await scene.happened(of(MINE, created(), *(held(f"evt_{n}\u20ac" * 20) for n in range(3))))
    viewer, support = scene.staff.person("viewer"), scene.staff.person("support")
    first = (await viewer.get("/staff/v1/held_reports?mode=test&limit=2")).json()
    seen = [row["psp_event_id"] for row in first["data"]]
    charge = first["data"][1]["charge"]
    released = await support.act(
        f"/staff/v1/held_reports/{charge}/release", "k", psp_event_id=first["data"][1]["psp_event_id"]
    )
    assert released.status == 200, released.json()
    rest = await rows(viewer, "held_reports", f"mode=test&limit=1&cursor={first['next_cursor']}")
    assert sorted([*seen, *(row["psp_event_id"] for row in rest)]) == [
        f"evt_{n}\u20ac" * 20 for n in range(3)
    ]
