"""The home page of staff: what needs a person, the state of the system, and each part failing alone."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from fincore.audit.auditor import Auditor
from fincore.audit.verdicts import Verdicts
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import MerchantId, new_dispute_id
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.paymentdb.attention_queries import AttentionQueries, PaymentsSeen, look_statements
from fincore.read.projectionist.projectionist import Projectionist
from fincore.staff.home.need_lists import NEED_LISTS
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.cases import on_one_installation
from fixtures.commits import MERCHANT, captured, created, dispute_opened
from fixtures.many_charges import make_many_charges
from fixtures.merchant_api import serving_api
from fixtures.reviews import OPENED, assessed
from fixtures.scripted_psp import STRIPE, ScriptedPsp
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import authorized, follow, live, running_writer
from fixtures.worker_harness import open_harness

HOME = "/staff/v1/home?mode=test"


@asynccontextmanager
async def serving(pool: Pool, stores: OperatorStores) -> AsyncIterator[StaffServer]:
    async with serving_api(pool) as api, serving_staff(api, stores=stores) as staff:
        yield staff


async def needs_of(staff: StaffServer, **person: Any) -> dict[str, tuple[str, int | None]]:
    home = (await staff.person("admin", **person).get(HOME)).json()
    return {one["kind"]: (one["state"], one["count"]) for one in home["needs"]}


async def test_home_of_an_empty_installation_counts_nothing(pool: Pool, operator: OperatorStores) -> None:
    async with serving(pool, operator) as staff:
        home = (await staff.person("admin").get(HOME)).json()
    assert {one["kind"] for one in home["needs"]} == set(NEED_LISTS)
    assert {(one["state"], one["count"], one["has_more"], one["oldest_at"]) for one in home["needs"]} == {
        ("read", 0, False, None)
    }
    assert home["rates"] == {"state": "read", "is_sample": False, "hours": []}
    assert {one["state"] for one in home["consumers"]} == {"read"}
    assert home["queue"] == {"state": "read", "kinds": []}
    assert {one["verdict"] for one in home["invariants"]["invariants"]} == {None}


async def test_home_counts_what_needs_a_person(pool: Pool, operator: OperatorStores) -> None:
    due_by = datetime(2026, 2, 1, tzinfo=UTC)
    dispute = dispute_opened(new_dispute_id(), evidence_due_by=due_by)
    async with running_writer(pool) as writer:
        await live(
            writer,
            [
                (created(), captured(), dispute),
                (created(), assessed(), authorized(), OPENED),
                (created(), captured()),
            ],
        )
    await follow(EventLog(pool, CHARGE_EVENTS), operator.paymentdb, Projectionist())
    async with open_harness(pool, ScriptedPsp()) as harness:
        await harness.put(process_webhook_job(STRIPE, PspAccount("test"), "evt_1"))
        await harness.idle()
    async with serving(pool, operator) as staff:
        home = (await staff.person("admin").get(HOME)).json()
        counts = {one["kind"]: one["count"] for one in home["needs"] if one["count"]}
        assert counts == {"dead_letters": 1, "disputes_due": 1, "reviews": 1}
        (due,) = [one for one in home["needs"] if one["kind"] == "disputes_due"]
        assert datetime.fromisoformat(due["due_at"]) == due_by
        live_home = (await staff.person("admin").get("/staff/v1/home?mode=live")).json()
        assert {one["kind"]: one["count"] for one in live_home["needs"] if one["count"]} == {
            "dead_letters": 1
        }
        # Nothing has followed the log but the projectionist.
        behind = {one["consumer"]: one["events_behind"] for one in home["consumers"]}
        assert behind["projectionist"] == 0
        assert behind["ledger"] == 9

        mine = staff.person("support", merchant_id=MERCHANT)
        other = staff.person("support", merchant_id=MerchantId("mer_other"))
        for person, expected in ((mine, {"disputes_due": 1, "reviews": 1}), (other, {})):
            home = (await person.get(HOME)).json()
            assert {one["kind"]: one["count"] for one in home["needs"] if one["count"]} == expected
            assert {"dead_letters", "parked_streams", "breaks"} & {
                one["kind"] for one in home["needs"]
            } == set()
            assert (home["consumers"], home["queue"]["state"], home["invariants"]["state"]) == (
                [],
                "hidden",
                "hidden",
            )


async def test_part_of_home_that_cannot_be_read_is_no_zero(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    """LedgerDB is away: what it knows is unavailable, and all else is shown."""
    away = await create_pool("postgresql://nobody@127.0.0.1:1/none", application_name="away", is_lazy=True)
    async with serving(pool, replace(operator, ledgerdb=away)) as staff:
        home = (await staff.person("admin").get(HOME)).json()
    away.terminate()
    needs = {one["kind"]: (one["state"], one["count"]) for one in home["needs"]}
    assert needs["breaks"] == ("unavailable", None)
    assert needs["parked_streams"] == ("unavailable", None)
    assert needs["dead_letters"] == ("read", 0)
    states = {one["consumer"]: (one["state"], one["events_behind"]) for one in home["consumers"]}
    assert states["ledger"] == ("unavailable", None)
    assert home["money"] == {"state": "unavailable", "days": []}
    assert states["notify"] == ("read", 0)
    assert (home["reconciliation"]["state"], home["breakers"]["state"]) == ("unavailable", "read")


async def test_home_shows_the_last_verdict_of_the_auditor(pool: Pool, operator: OperatorStores) -> None:
    verdicts = Verdicts(operator.eventstore)
    audit = Auditor(operator, SystemClock(), interval_seconds=3_600, verdicts=verdicts)
    assert await audit.round() == 0
    async with serving(pool, operator) as staff:
        invariants = (await staff.person("admin").get(HOME)).json()["invariants"]["invariants"]
        assert {one["verdict"] for one in invariants} == {"holds"}
        await pool.execute(
            "update audit.verdicts set verdict = 'broken', violations = 3 where invariant = 'view_equals_fold'"
        )
        first = (await staff.person("admin").get(HOME)).json()["invariants"]["invariants"][0]
    assert (first["name"], first["verdict"], first["violations"]) == ("view_equals_fold", "broken", 3)


async def test_money_is_what_psps_took_on_each_day(pool: Pool, operator: OperatorStores) -> None:
    """Refunds are not taken off, modes are apart, and who does not read the books of all merchants sees none of it."""
    async with running_writer(pool) as writer:
        await live(
            writer,
            [
                (created(), captured(700, occurred_at=datetime.now(UTC))),
                (created(), captured(300, occurred_at=datetime.now(UTC))),
                (created(), captured(50, occurred_at=datetime.now(UTC) - timedelta(days=29))),
                (created(), captured(9, occurred_at=datetime.now(UTC) - timedelta(days=31))),
            ],
        )
    await follow(EventLog(pool, LOG_EVENTS), operator.ledgerdb, LedgerService())
    await Sealer(operator.ledgerdb).seal()
    async with serving(pool, operator) as staff:
        money = (await staff.person("finance").get(HOME)).json()["money"]
        assert (money["state"], [(one["currency"], one["taken_minor"]) for one in money["days"]]) == (
            "read",
            [("usd", 50), ("usd", 1_000)],
        )
        live_money = (await staff.person("finance").get("/staff/v1/home?mode=live")).json()["money"]
        assert live_money == {"state": "read", "days": []}
        for person in (staff.person("support"), staff.person("finance", merchant_id=MERCHANT)):
            assert (await person.get(HOME)).json()["money"] == {"state": "hidden", "days": []}


async def test_rates_count_charges_of_each_hour_by_account(pool: Pool, operator: OperatorStores) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with running_writer(pool) as writer:
        await live(
            writer,
            [
                (created(created_at=hour), captured()),
                (created(created_at=hour),),
                (created(created_at=hour - timedelta(hours=3)), captured()),
                (created(created_at=hour - timedelta(hours=25)), captured()),
            ],
        )
    await follow(EventLog(pool, CHARGE_EVENTS), operator.paymentdb, Projectionist())
    queries = AttentionQueries(operator.paymentdb)
    for seen in (PaymentsSeen(livemode=False), PaymentsSeen(False, (MERCHANT,))):
        found = await queries.hours(seen, since=hour - timedelta(hours=23), hours=24)
        assert [(one.hour, one.accepted, one.succeeded, one.unfinished) for one in found] == [
            (hour - timedelta(hours=3), 1, 1, 0),
            (hour, 2, 1, 1),
        ]
    for nothing in (PaymentsSeen(livemode=True), PaymentsSeen(False, (MerchantId("mer_other"),))):
        assert await queries.hours(nothing, since=hour - timedelta(hours=23), hours=24) == []


async def test_home_counts_proposals_that_wait_for_the_caller(pool: Pool, operator: OperatorStores) -> None:
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        ada, bob = staff.person("admin"), staff.person("admin", subject="sub-bob")
        merchant_id = await api.merchants.create_merchant("Corner Shop")
        await ada.act(f"/staff/v1/merchants/{merchant_id}/keys", "k1", mode="live")
        finance = staff.person("finance", subject="sub-eve")
        viewer = staff.person("viewer", subject="sub-joe")
        counts = []
        for person in (ada, bob, finance, viewer):
            home = (await person.get("/staff/v1/home?mode=live")).json()
            counts.append([one["count"] for one in home["needs"] if one["kind"] == "proposals"])
    assert counts == [[0], [1], [0], []]


@on_one_installation("query", ["", "?mode=", "?mode=LIVE", "?mode=live&merchant=mer_1"])
async def test_home_without_a_mode_is_refused(pool: Pool, operator: OperatorStores, query: str) -> None:
    async with serving(pool, operator) as staff:
        reply = await staff.person("admin").get(f"/staff/v1/home{query}")
    assert reply.status == 400


async def test_list_of_each_need_is_answered(pool: Pool, operator: OperatorStores) -> None:
    async with serving(pool, operator) as staff:
        admin = staff.person("admin")
        needs = (await admin.get(HOME)).json()["needs"]
        replies = {one["list"]: (await admin.get(one["list"])).status for one in needs}
    assert replies == dict.fromkeys(replies, 200)
    assert len(replies) == len(NEED_LISTS)


async def test_looks_of_home_read_few_rows_of_many(dsn: str, pool: Pool, operator: OperatorStores) -> None:
    """Each look finds what it counts by an index, and no look reads all charges."""
    hour = datetime(2026, 1, 2, tzinfo=UTC)
    await make_many_charges(dsn, charges=20_000, since=hour)
    for seen in (PaymentsSeen(livemode=True), PaymentsSeen(True, (MerchantId("mer_07"),))):
        for statement, arguments in look_statements(seen, since=hour, hours=24, counted_max=100):
            plan = json.loads(await pool.fetchval(f"explain (analyze, format json) {statement}", *arguments))
            read = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "charges"]
            assert [node["Node Type"] for node in read if node["Node Type"] == "Seq Scan"] == []
    counted = await AttentionQueries(operator.paymentdb).count(
        "reviews", PaymentsSeen(livemode=True), counted_max=5
    )
    assert counted.things == 5


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
