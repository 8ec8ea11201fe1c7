"""A charge in full over HTTP: what each part shows, and to which person."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import CHARGE_EVENTS, ChargeActionRequired, ChargeEvent
from fincore.domain.ids import ChargeId, MerchantId, charge_of, new_charge_id, stream_of
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance, ReceivedWebhook
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.queue.job_payloads import capture_job, resolve_refund_job
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.commits import MERCHANT, append, captured, created, new_stream, put_jobs
from fixtures.merchant_api import serving_api
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import (
    aftermaths,
    authorized,
    disputed,
    failovers,
    fates,
    follow,
    live,
    refunded,
    refunding,
    running_writer,
)

PARTS = ("", "/timeline", "/psp_calls", "/psp_reports", "/ledger_entries", "/checks")


class Scene(NamedTuple):
    """The server, and a writer for what happens."""

    staff: StaffServer
    writer: Writer[ChargeEvent]
    stores: OperatorStores

    async def happened(self, *lives: tuple[ChargeEvent, ...]) -> list[ChargeId]:
        """Charges with such lives, listed and booked."""
        streams = await live(self.writer, list(lives))
        await self.catch_up()
        return list(map(charge_of, streams))

    async def catch_up(self) -> None:
        log = EventLog(self.stores.eventstore, CHARGE_EVENTS)
        await follow(log, self.stores.paymentdb, Projectionist())
        await follow(log, self.stores.ledgerdb, LedgerService())

    async def part(self, charge_id: ChargeId, part: str = "") -> dict[str, Any]:
        reply = await self.staff.person("viewer").get(f"/staff/v1/charges/{charge_id}{part}")
        assert reply.status == 200, reply.json()
        found: dict[str, Any] = reply.json()
        return found


@pytest.fixture
async def scene(pool: Pool, operator: OperatorStores) -> AsyncIterator[Scene]:
    async with (
        running_writer(pool) as writer,
        serving_api(pool) as api,
        serving_staff(api, stores=operator) as staff,
    ):
        yield Scene(staff, writer, operator)


async def test_a_charge_shows_refunds_disputes_and_what_it_waits_for(scene: Scene) -> None:
    refund, dispute = refunding(400), disputed()
    (charge_id,) = await scene.happened((created(), captured(), refund, dispute))
    body = await scene.part(charge_id)
    assert (body["id"], body["mode"], body["merchant"]) == (charge_id, "test", MERCHANT)
    assert [one["id"] for one in body["charge"]["refunds"]] == [refund.refund_id]
    assert [one["id"] for one in body["charge"]["disputes"]] == [dispute.dispute_id]
    assert [(wait["code"], wait["names"]) for wait in body["waits"]] == [
        ("refund_answer", refund.refund_id),
        ("dispute_evidence", dispute.dispute_id),
    ]
    assert [attempt["status"] for attempt in body["attempts"]] == ["current"]
    assert body["unreadable"] is None


async def test_addresses_at_which_a_customer_pays_are_not_shown(scene: Scene) -> None:
    secret = "https://psp.example/pay?client_secret=abc"
    action = ChargeActionRequired(psp_reference=PspReference("cs_1"), redirect_url=secret)
    (charge_id,) = await scene.happened((created(return_url="https://shop.example/back?token=t"), action))
    for part in PARTS:
        shown = json.dumps(await scene.part(charge_id, part))
        assert "client_secret" not in shown
        assert "token=t" not in shown
    assert [wait["code"] for wait in (await scene.part(charge_id))["waits"]] == ["customer_action"]


async def test_a_timeline_names_who_caused_each_event_and_why(scene: Scene) -> None:
    stream = new_stream()
    told: list[tuple[ChargeEvent, str, str | None]] = [
        (created(), "key_01kab5m5wvfb9v1c2m5hfv0d2e", None),
        (captured(), "webhook:stripe", "evt_9"),
        (refunding(5), "staff:sub-ada", None),
        (disputed(), "worker", "job:7"),
    ]
    for version, (event, actor, causation) in enumerate(told):
        provenance = Provenance(correlation="c", actor=actor, causation=causation)
        commit = Commit(
            provenance=provenance,
            stream_id=stream,
            expected_version=version,
            events=(NewEvent(event),),
        )
        assert await scene.writer.commit(commit) == Committed()
    (first, second, third, fourth) = (await scene.part(charge_of(stream), "/timeline"))["data"]
    assert (first["type"], first["actor"]["kind"]) == ("charge.created", "merchant")
    assert (second["actor"], second["psp_event_id"]) == (
        {"kind": "psp", "name": "stripe", "subject": None},
        "evt_9",
    )
    assert (third["actor"]["kind"], third["actor"]["subject"]) == ("staff", "sub-ada")
    assert (fourth["actor"]["kind"], fourth["version"]) == ("worker", 4)
    assert second["data"]["amount_minor"] == 1000


async def test_reports_of_the_psp_are_those_that_caused_events(scene: Scene, pool: Pool) -> None:
    (charge_id,) = await scene.happened((created(),))
    for psp_event_id in ("evt_1", "evt_2"):
        webhook = ReceivedWebhook(
            psp=PspName("stripe"),
            psp_account=PspAccount("test"),
            psp_event_id=psp_event_id,
            type="charge.succeeded",
            body=b"{}",
            is_interesting=True,
        )
        await scene.writer.commit(
            Commit(provenance=Provenance(correlation=psp_event_id, actor="webhook:stripe"), webhook=webhook)
        )
    provenance = Provenance(correlation=charge_id, actor="webhook:stripe", causation="evt_2")
    await scene.writer.commit(
        Commit(
            provenance=provenance,
            stream_id=stream_of(charge_id),
            expected_version=1,
            events=(NewEvent(captured()),),
        )
    )
    (report,) = (await scene.part(charge_id, "/psp_reports"))["data"]
    assert (report["psp_event_id"], report["type"], report["has_body"], report["is_held"]) == (
        "evt_2",
        "charge.succeeded",
        True,
        False,
    )


async def test_psp_calls_have_the_keys_that_the_psp_knows(scene: Scene) -> None:
    refund = refunding(5)
    (charge_id,) = await scene.happened((created(), captured(), refund, refunded(refund)))
    authorize, give_back = (await scene.part(charge_id, "/psp_calls"))["data"]
    assert (authorize["kind"], authorize["key"], authorize["outcome"]) == (
        "authorize",
        f"{charge_id}:authorize:1",
        "charge.captured",
    )
    assert (give_back["kind"], give_back["key"], give_back["outcome"]) == (
        "refund",
        f"{refund.refund_id}:refund",
        "refund.succeeded",
    )


async def test_entries_balance_and_every_check_holds(scene: Scene) -> None:
    """Of every life that a charge can have: no check is broken, and what has no job is said to be pending while it is young."""
    charges = await scene.happened(*fates(), *aftermaths(), *failovers())
    for charge_id in charges:
        checks = await scene.part(charge_id, "/checks")
        broken = [one for one in checks["data"] if one["verdict"] == "broken"]
        assert broken == [], charge_id
        for entry in (await scene.part(charge_id, "/ledger_entries"))["data"]:
            assert entry["postings"]


async def test_a_check_that_is_broken_says_what_is_wrong(scene: Scene, owner_pool: Pool) -> None:
    charge_id, other = await scene.happened((created(), captured()), (created(), captured()))
    await owner_pool.execute(
        "update paymentdb.charges set description = 'altered' where charge_id = $1", charge_id
    )
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "delete from ledgerdb.postings where entry_id in (select entry_id from ledgerdb.entries where stream_id = $1)"
            " and side = 'debit'",
            stream_of(other),
        )
        await connection.execute("set session_replication_role = origin")
    broken = {
        check["name"]: check["finding"]
        for check in (await scene.part(charge_id, "/checks"))["data"]
        if check["verdict"] == "broken"
    }
    assert broken == {"view_equals_fold": "the view differs from its events in description"}
    checks = await scene.part(other, "/checks")
    assert checks["verdict"] == "broken"
    assert {check["name"] for check in checks["data"] if check["verdict"] == "broken"} == {
        "entries_balance",
        "money_events_have_entries",
    }


async def test_what_the_view_and_ledger_have_not_seen_is_pending(scene: Scene) -> None:
    (stream,) = await live(scene.writer, [(created(), captured())])
    checks = {one["name"]: one["verdict"] for one in (await scene.part(charge_of(stream), "/checks"))["data"]}
    assert checks["view_equals_fold"] == "pending"
    assert checks["money_events_have_entries"] == "pending"
    assert "broken" not in checks.values()


async def test_a_wait_says_when_the_next_job_is_due(scene: Scene, pool: Pool) -> None:
    (charge_id,) = await scene.happened((created(capture_method="manual"), authorized()))
    (wait,) = (await scene.part(charge_id))["waits"]
    assert (wait["code"], wait["next_job_at"]) == ("merchant_capture", None)
    refund = refunding(5)
    (paid,) = await scene.happened((created(), captured()))
    await scene.writer.commit(append(stream_of(paid), refund, expected_version=2))
    job = resolve_refund_job(paid, refund.refund_id, delay_seconds=3_600)
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, PgQueuerQueue(pool).insertion, [job, capture_job(charge_id)])
    (wait,) = (await scene.part(paid))["waits"]
    assert (wait["code"], wait["names"]) == ("refund_answer", refund.refund_id)
    assert wait["next_job_at"] is not None


async def test_a_charge_outside_the_scope_is_not_there(scene: Scene) -> None:
    (charge_id, real) = await scene.happened((created(),), (created(livemode=True),))
    bound = scene.staff.person("finance", merchant_id=MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e"))
    tester = scene.staff.person("support", mode="test")
    for part in PARTS:
        for person, which in ((bound, charge_id), (tester, real), (tester, new_charge_id()), (tester, "x")):
            reply = await person.get(f"/staff/v1/charges/{which}{part}")
            assert (reply.status, reply.json()["code"]) == (404, "charge_not_found"), (part, which)


async def test_an_event_that_cannot_be_read_stands_in_its_place(scene: Scene, owner_pool: Pool) -> None:
    (charge_id,) = await scene.happened((created(), captured()))
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update eventstore.events set type = 'charge.teleported' where stream_id = $1 and version = 2",
            stream_of(charge_id),
        )
    body = await scene.part(charge_id)
    assert body["unreadable"]["version"] == 2
    assert body["charge"]["status"] == "processing"
    timeline = (await scene.part(charge_id, "/timeline"))["data"]
    assert [(one["type"], one["unreadable"] is None) for one in timeline] == [
        ("charge.created", True),
        (None, False),
    ]
    checks = {one["name"]: one["verdict"] for one in (await scene.part(charge_id, "/checks"))["data"]}
    assert checks["stream_is_readable"] == "broken"
    for part in PARTS:
        await scene.part(charge_id, part)


async def test_hostile_texts_come_back_as_they_were_typed(scene: Scene) -> None:
    hostile = "<img src=x onerror=alert(1)>\u2028'\";--"
    life = created(description=hostile, customer_email="a@b.c", metadata={hostile[:30]: hostile})
    (charge_id,) = await scene.happened((life, captured()))
    body = await scene.part(charge_id)
    assert body["charge"]["description"] == hostile
    assert body["charge"]["metadata"] == {hostile[:30]: hostile}
