"""The invariants: each holds on real traffic, and each names the row that was altered past the services."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec
import pytest

from fincore.audit.invariants import INVARIANTS, check_all, count_events
from fincore.audit.invariants.check_result import summary
from fincore.audit.invariants.invariant import VIOLATIONS_MAX, Violation
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.domain.card_number import holds_card_number
from fincore.domain.events import (
    CHARGE_EVENTS,
    AttemptAuthorized,
    AttemptReversalFailed,
    CaptureRequested,
    ChargeCorrected,
    ChargeEvent,
    DisputeFundsHeld,
)
from fincore.domain.ids import (
    ChargeId,
    EventId,
    RefundId,
    StreamId,
    charge_of,
    public_event_id,
    staff_refund_id,
)
from fincore.domain.outcome import PspAccount, PspName
from fincore.eventstore.commit import (
    Commit,
    Committed,
    IdempotencyKey,
    NewEvent,
    ReceivedWebhook,
    RenderedResponse,
    StoredResponse,
)
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.suspense import clear_suspense
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.queue.job_payloads import reverse_attempt_job
from fixtures.card_numbers import NO_CARDS, PASTED, PUBLISHED
from fixtures.commits import MERCHANT, NOON, PROVENANCE, append, captured, claiming, created, new_stream
from fixtures.databases import Administrator, database_copy, prepared_database
from fixtures.traffic import (
    aftermaths,
    authorized,
    failed,
    failovers,
    fates,
    follow,
    live,
    refunded,
    refunding,
    running_writer,
    unrefunded,
)

BY_NAME = {invariant.name: invariant for invariant in INVARIANTS}


@pytest.fixture
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    async with open_stores(databases, application_name="tests-invariants") as stores:
        yield stores


class Scene(NamedTuple):
    """Pools on a copy of the traffic, with the three charges that tests know."""

    stores: Stores
    owner: Pool
    paid: StreamId
    declined: StreamId
    waiting: StreamId

    async def tamper(self, statement: str, *arguments: object) -> None:
        """Do what no service may: as the owner, with every trigger switched off."""
        async with self.owner.acquire() as connection:
            await connection.execute("set session_replication_role = replica")
            try:
                await connection.execute(statement, *arguments)
            finally:
                await connection.execute("set session_replication_role = origin")

    async def age(self, stream_id: StreamId) -> None:
        """Make a charge old enough for the invariant of open charges."""
        for change in (
            "update eventstore.events set recorded_at = recorded_at - interval '5 minutes'",
            "update paymentdb.charges set updated_at = updated_at - interval '5 minutes'",
        ):
            await self.tamper(f"{change} where stream_id = $1", stream_id)

    async def broken(self, invariant: str) -> list[Violation]:
        return await BY_NAME[invariant].check(self.stores)

    async def assert_attempts_are(self, twice: str | None, kept: str | None) -> None:
        """Of the one charge with several attempts the two invariants find this."""
        where = f"charge {charge_of(self.paid)}"
        for invariant, finding in (("one_attempt_has_money", twice), ("mistaken_money_goes_back", kept)):
            expected = [] if finding is None else [Violation(where, finding)]
            assert await self.broken(invariant) == expected, invariant

    async def capture_of(self, stream_id: StreamId) -> str:
        """The public id of the event that captured a charge."""
        event_id = await self.owner.fetchval(
            "select event_id from eventstore.events where stream_id = $1 and type = 'charge.captured'",
            stream_id,
        )
        return public_event_id(EventId(event_id))

    async def entry_of(self, stream_id: StreamId) -> int:
        entry_id: int = await self.owner.fetchval(
            "select entry_id from ledgerdb.entries where stream_id = $1", stream_id
        )
        return entry_id


def requested(stream_id: StreamId, key: str) -> Commit[ChargeEvent]:
    """A charge as the API commits it: with its idempotency key and the answer that leads to it."""
    charge_id = charge_of(stream_id)
    answer = StoredResponse(
        fingerprint=key.encode().ljust(32, b"."),
        response=RenderedResponse(
            201, b'{"id":"%s","object":"charge"}' % charge_id.encode(), f"/v1/charges/{charge_id}"
        ),
    )
    return Commit(
        provenance=PROVENANCE,
        stream_id=stream_id,
        events=(NewEvent(created()),),
        idempotency=(IdempotencyKey(MERCHANT, False, key), answer),
    )


WEBHOOK = ReceivedWebhook(
    psp=PspName("stripe"),
    psp_account=PspAccount("test"),
    psp_event_id="evt_1",
    type="payment_intent.succeeded",
    body='{"id":"evt_1","note":"é 1234"}'.encode(),
)


async def put_job(owner: Pool, stream_id: StreamId, status: str) -> None:
    await owner.execute(
        "insert into queue.pgqueuer (priority, status, entrypoint, payload)"
        " values (0, $1, 'charge.authorize', $2)",
        status,
        b'{"charge_id":"%s"}' % charge_of(stream_id).encode(),
    )


async def put_refund_job(owner: Pool, stream_id: StreamId, refund_id: RefundId) -> None:
    await owner.execute(
        "insert into queue.pgqueuer (priority, status, entrypoint, payload)"
        " values (0, 'queued', 'refund.resolve', $1)",
        b'{"charge_id":"%s","refund_id":"%s"}' % (charge_of(stream_id).encode(), refund_id.encode()),
    )


async def put_attempt_job(owner: Pool, stream_id: StreamId, *, attempt: int) -> None:
    await owner.execute(
        "insert into queue.pgqueuer (priority, status, entrypoint, payload)"
        " values (0, 'failed', 'attempt.reverse', $1)",
        reverse_attempt_job(charge_of(stream_id), attempt, delay_seconds=0).payload,
    )


async def follow_all(stores: Stores) -> None:
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    await follow(log, stores.paymentdb, Projectionist(), batch_events_max=50)
    await follow(log, stores.ledgerdb, LedgerService(), batch_events_max=50)
    await Sealer(stores.ledgerdb).seal()


TRAFFIC = fates() * 3 + fates(livemode=True) + fates(currency="jpy")

AFTERMATHS = aftermaths() + failovers()


class Traffic(NamedTuple):
    """A database with real traffic that all consumers have followed, and three of its charges."""

    database: str
    paid: StreamId
    declined: StreamId
    waiting: StreamId


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[tuple[Stores, Pool]]:
    """The stores in one database, and its owner's pool."""
    databases = Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)
    async with open_stores(databases, application_name="tests-invariants") as stores:
        owner = await create_pool(dsn, application_name="tests-owner")
        try:
            yield stores, owner
        finally:
            owner.terminate()


@pytest.fixture(scope="module")
def traffic(postgres_dsn: str, template_database: str) -> Iterator[Traffic]:
    paid, declined, waiting = new_stream(), new_stream(), new_stream()

    async def lived(dsn: str) -> None:
        async with opened(dsn) as (stores, owner):
            await live_through(Scene(stores, owner, paid, declined, waiting))

    with prepared_database(postgres_dsn, lived, template=template_database) as (name, _):
        yield Traffic(name, paid, declined, waiting)


@pytest.fixture
async def scene(administrator: Administrator, traffic: Traffic) -> AsyncIterator[Scene]:
    """A copy of the traffic for each test, which may alter it."""
    with database_copy(administrator, traffic.database) as dsn:
        async with opened(dsn) as (stores, owner):
            yield Scene(stores, owner, traffic.paid, traffic.declined, traffic.waiting)


async def live_through(scene: Scene) -> None:
    """Let the traffic happen, be followed, and become old enough for the invariant of open charges."""
    stores, owner, paid, declined, waiting = scene
    async with running_writer(stores.eventstore) as writer:
        await live(writer, TRAFFIC)
        for key, stream in (("paid", paid), ("declined", declined), ("waiting", waiting)):
            assert await writer.commit(requested(stream, key)) == Committed()
        await writer.commit(claiming(append(paid, captured(), expected_version=1)))
        await writer.commit(claiming(append(declined, failed(), expected_version=1)))
        await writer.commit(Commit(provenance=PROVENANCE, webhook=WEBHOOK))
        await live(writer, AFTERMATHS)
    for row in await owner.fetch("select distinct stream_id from eventstore.events"):
        await put_job(owner, row["stream_id"], "queued")
    for row in await owner.fetch(
        "select distinct stream_id, data ->> 'refund_id' as refund_id from eventstore.events where data ? 'refund_id'"
    ):
        await put_refund_job(owner, row["stream_id"], row["refund_id"])
    await follow_all(stores)
    await scene.tamper("update eventstore.events set recorded_at = recorded_at - interval '5 minutes'")
    await scene.tamper("update paymentdb.charges set updated_at = updated_at - interval '5 minutes'")
    await scene.tamper(
        "update paymentdb.events set recorded_at = recorded_at - interval '5 minutes', occurred_at ="
        " case occurred_at when recorded_at then recorded_at - interval '5 minutes' else occurred_at end"
    )


async def test_each_invariant_holds_on_empty_system(stores: Stores) -> None:
    assert {invariant.name: await invariant.check(stores) for invariant in INVARIANTS} == {
        invariant.name: [] for invariant in INVARIANTS
    }


async def test_each_invariant_holds_on_real_traffic(scene: Scene) -> None:
    assert {invariant.name: await invariant.check(scene.stores) for invariant in INVARIANTS} == {
        invariant.name: [] for invariant in INVARIANTS
    }


async def test_summary_of_holding_invariants_is_one_sentence(scene: Scene) -> None:
    results = await check_all(scene.stores)
    events = await count_events(scene.stores)
    assert events == sum(len(life) for life in TRAFFIC + AFTERMATHS) + 5
    assert summary(results, events) == f"{len(INVARIANTS)} invariants hold over {events} events"
    assert all(result.sentence.startswith("holds   ") for result in results)


async def test_events_not_yet_consumed_break_no_invariant(scene: Scene) -> None:
    async with running_writer(scene.stores.eventstore) as writer:
        await live(writer, fates())
    assert [result.sentence for result in await check_all(scene.stores) if not result.holds] == []


async def test_broken_invariant_is_reported_with_its_rows(scene: Scene) -> None:
    await scene.tamper("update paymentdb.charges set status = 'failed' where stream_id = $1", scene.paid)
    results = await check_all(scene.stores)
    events = await count_events(scene.stores)
    assert (
        summary(results, events)
        == f"1 of {len(INVARIANTS)} invariants are broken over {events} events: view_equals_fold"
    )
    (broken,) = (result for result in results if not result.holds)
    assert broken.sentence == (
        "BROKEN     view_equals_fold: Every row of the view, of charges, refunds, disputes and events, is what folding "
        "the events of its charge gives.\n"
        f"           view of {charge_of(scene.paid)}: differs from its events in status"
    )


async def test_invariant_reports_bounded_number_of_rows(scene: Scene) -> None:
    async with running_writer(scene.stores.eventstore) as writer:
        await live(writer, [(created(),) for _ in range(VIOLATIONS_MAX + 20)])
    await follow_all(scene.stores)
    await scene.tamper("update paymentdb.charges set description = 'altered'")
    assert len(await scene.broken("view_equals_fold")) == VIOLATIONS_MAX
    assert "perhaps more" in next(v for v in await check_all(scene.stores) if not v.holds).sentence


async def test_an_event_taken_out_leaves_a_hole(scene: Scene) -> None:
    await scene.tamper("delete from eventstore.events where stream_id = $1 and version = 1", scene.paid)
    assert await scene.broken("stream_versions_are_dense") == [
        Violation(f"stream {scene.paid}", "version 2 follows version 0")
    ]


async def test_a_view_row_taken_out_is_missed(scene: Scene) -> None:
    await scene.tamper("delete from paymentdb.charges where stream_id = $1", scene.paid)
    assert await scene.broken("every_event_reaches_every_consumer") == [
        Violation(f"view of {charge_of(scene.paid)}", "holds 0 of 2 events")
    ]


async def test_a_view_row_that_skipped_an_event_is_missed(scene: Scene) -> None:
    await scene.tamper("update paymentdb.charges set version = 1 where stream_id = $1", scene.paid)
    assert await scene.broken("every_event_reaches_every_consumer") == [
        Violation(f"view of {charge_of(scene.paid)}", "holds 1 of 2 events")
    ]


@pytest.mark.parametrize("change", ["decision = declined", "after the capture"])
async def test_capture_without_approval_before_it_is_found(scene: Scene, change: str) -> None:
    row = await scene.owner.fetchrow(
        "select d.stream_id, c.version from eventstore.events d join eventstore.events c using (stream_id)"
        " where d.type = 'charge.review_decided' and c.type = 'charge.capture_requested'"
    )
    assert row is not None
    approved, version = row
    if change == "after the capture":
        await scene.tamper(
            "update eventstore.events set version = version + 100"
            " where stream_id = $1 and type = 'charge.review_decided'",
            approved,
        )
    else:
        await scene.tamper(
            'update eventstore.events set data = data || \'{"decision": "declined"}\''
            " where stream_id = $1 and type = 'charge.review_decided'",
            approved,
        )
    assert await scene.broken("reviewed_charges_await_approval") == [
        Violation(
            f"charge {charge_of(approved)}",
            f"version {version} asks for a capture that no approval comes before",
        )
    ]


async def test_missing_entry_breaks_two_invariants(scene: Scene) -> None:
    await scene.tamper("delete from ledgerdb.entries where stream_id = $1", scene.paid)
    where = f"event {await scene.capture_of(scene.paid)} of {charge_of(scene.paid)}"
    assert await scene.broken("every_event_reaches_every_consumer") == [
        Violation(where, "the ledger has passed it without an entry")
    ]
    assert await scene.broken("money_events_have_entries") == [
        Violation(where, "moved money and has no entry")
    ]


async def test_parked_charge_is_reported_per_consumer_without_its_gaps(scene: Scene) -> None:
    for schema, consumer in (
        ("paymentdb", "projectionist"),
        ("ledgerdb", "ledger"),
        ("notify", "notify"),
        ("risk", "risk"),
    ):
        await scene.tamper(
            f"insert into {schema}.parked_streams (consumer, stream_id, since_version, reason)"  # noqa: S608 -- the names above
            " values ($1, $2, 2, 'ValueError: no')",
            consumer,
            scene.paid,
        )
    await scene.tamper("update paymentdb.charges set version = 1 where stream_id = $1", scene.paid)
    await scene.tamper("delete from ledgerdb.entries where stream_id = $1", scene.paid)
    assert await scene.broken("every_event_reaches_every_consumer") == [
        Violation(f"{consumer}, {charge_of(scene.paid)}", "is parked since version 2: ValueError: no")
        for consumer in ("projectionist", "ledger", "notify", "risk")
    ]


ALTERATIONS = [
    ("status = 'failed'", "status"),
    ("amount_minor = amount_minor + 1", "amount_minor"),
    ("captured_minor = 0, authorized_minor = 0", "authorized_minor, captured_minor"),
    ("refundable_minor = 0", "refundable_minor"),
    ("fee_minor = 1, fee_currency = 'eur'", "fee_minor, fee_currency"),
    ("operation = '{}', captures_requested = 1", "captures_requested, operation"),
    ("refunds = '[]'", "refunds"),
    ("currency = 'eur'", "currency"),
    ("merchant_id = 'mer_01other'", "merchant_id"),
    ("livemode = true", "livemode"),
    ('metadata = \'{"order": "1"}\'', "metadata"),
    ('failure = \'{"code": "card_declined"}\'', "failure"),
    ("customer_email = 'eve@example.com'", "customer_email"),
    ("psp_reference = 'pi_another'", "psp_reference"),
    ('attempts = \'{"approved_at": "2026-11-26T12:00:00Z"}\'', "attempts"),
    ('customer = \'{"shipping_country": "AT"}\'', "customer"),
    ('risk = \'{"assessment": {"decision": "allow"}}\'', "risk"),
    ('risk = \'{"psp_risk": {"level": "highest"}}\'', "risk"),
    ("created_at = created_at + interval '1 second'", "created_at"),
    ("updated_at = updated_at + interval '1 second'", "updated_at"),
]


async def test_an_altered_view_row_differs_from_its_events(scene: Scene) -> None:
    await scene.tamper("create table public.saved as select * from paymentdb.charges")
    for change, differs_in in ALTERATIONS:
        await scene.tamper(f"update paymentdb.charges set {change} where stream_id = $1", scene.paid)  # noqa: S608 -- the test's own words
        assert await scene.broken("view_equals_fold") == [
            Violation(f"view of {charge_of(scene.paid)}", f"differs from its events in {differs_in}")
        ]
        await scene.tamper("delete from paymentdb.charges")
        await scene.tamper("insert into paymentdb.charges select * from public.saved")


async def test_a_charge_without_its_search_terms_is_found(scene: Scene) -> None:
    await scene.tamper("delete from paymentdb.search_terms where kind = 'reference'")
    found = await scene.broken("view_equals_fold")
    assert Violation(f"view of {charge_of(scene.paid)}", "has no search terms of its reference") in found
    await scene.tamper(
        "insert into paymentdb.search_terms values (false, 'email', 'a@example.com', now(), 'ch_none', 'mer_none')"
    )
    strange = Violation("a search term (email) of ch_none", "belongs to a charge that the view does not hold")
    assert strange in await scene.broken("view_equals_fold")


async def test_an_altered_event_differs_from_the_view(scene: Scene) -> None:
    await scene.tamper(
        "update eventstore.events set data = jsonb_set(data, '{amount_minor}', '999')"
        " where stream_id = $1 and version = 2",
        scene.paid,
    )
    assert await scene.broken("view_equals_fold") == [
        Violation(
            f"view of {charge_of(scene.paid)}",
            "differs from its events in authorized_minor, captured_minor, refundable_minor",
        ),
        Violation(
            f"event {await scene.capture_of(scene.paid)} of {charge_of(scene.paid)}",
            "differs from its events in data",
        ),
    ]
    entry_id = await scene.entry_of(scene.paid)
    assert await scene.broken("money_events_have_entries") == [
        Violation(
            f"event {await scene.capture_of(scene.paid)} of {charge_of(scene.paid)}",
            "moved 999 usd in minor units, its entry says 1000 usd",
        )
    ]
    assert entry_id > 0


async def test_a_view_ahead_of_the_log_is_found(scene: Scene) -> None:
    await scene.tamper("delete from eventstore.events where stream_id = $1 and version = 2", scene.paid)
    assert await scene.broken("view_equals_fold") == [
        Violation(f"view of {charge_of(scene.paid)}", "says it holds 2 events, the log has 1")
    ]


async def test_a_reference_of_another_charge_is_named(scene: Scene) -> None:
    reference = await scene.owner.fetchval(
        "update eventstore.psp_references set stream_id = $2 where stream_id = $1 returning psp_reference",
        scene.paid,
        scene.declined,
    )
    assert await scene.broken("one_reference_one_charge") == [
        Violation(f"stream {scene.paid}", f"names {reference}, which belongs to stream {scene.declined}")
    ]


async def test_a_reference_that_two_charges_name_is_named_twice(scene: Scene) -> None:
    reference = await scene.owner.fetchval(
        "select psp_reference from eventstore.psp_references where stream_id = $1", scene.paid
    )
    await scene.tamper(
        "update eventstore.events set data = jsonb_set(data, '{psp_reference}', to_jsonb($2::text))"
        " where stream_id = $1 and version = 2",
        scene.declined,
        reference,
    )
    found = await scene.broken("one_reference_one_charge")
    assert {one.where for one in found} == {f"stream {scene.paid}", f"stream {scene.declined}"}


async def test_reference_at_account_of_later_attempt_is_compared(scene: Scene) -> None:
    """A charge that began at Stripe names a payment at PayPal: there it belongs to another charge."""
    row = await scene.owner.fetchrow(
        "select stream_id, data ->> 'psp_reference' as reference from eventstore.events"
        " where type = 'charge.captured' and data ->> 'psp' = 'paypal' limit 1"
    )
    assert row is not None
    await scene.tamper(
        "insert into eventstore.psp_references (psp, psp_account, psp_reference, stream_id)"
        " values ('paypal', 'test', $2, $1)",
        scene.declined,
        row["reference"],
    )
    assert await scene.broken("one_reference_one_charge") == [
        Violation(
            f"stream {row['stream_id']}",
            f"names {row['reference']}, which belongs to stream {scene.declined}",
        )
    ]


async def test_a_reference_of_two_accounts_is_two_references(scene: Scene) -> None:
    await scene.tamper(
        "update eventstore.psp_references set psp_account = 'other', stream_id = $2 where stream_id = $1",
        scene.paid,
        scene.declined,
    )
    assert await scene.broken("one_reference_one_charge") == []


@pytest.mark.parametrize("amount_minor", [0, -1999])
async def test_succeeded_charge_without_capture_is_reported(scene: Scene, amount_minor: int) -> None:
    await scene.tamper(
        "update eventstore.events set data = jsonb_set(data, '{amount_minor}', to_jsonb($2::int))"
        " where stream_id = $1 and type = 'charge.captured'",
        scene.paid,
        amount_minor,
    )
    (found,) = await scene.broken("succeeded_charges_took_money")
    assert str(scene.paid) in found.where
    assert str(amount_minor) in found.what


async def test_correction_to_zero_capture_is_reported(scene: Scene) -> None:
    corrected = "where type = 'charge.corrected' and data ->> 'status_after' = 'succeeded'"
    stream_id = await scene.owner.fetchval(f"select stream_id from eventstore.events {corrected} limit 1")  # noqa: S608 -- the test's own words
    await scene.tamper(
        "update eventstore.events set data = jsonb_set(data, '{captured_after_minor}', '0')"
        " where stream_id = $1 and type = 'charge.corrected'",
        stream_id,
    )
    (found,) = await scene.broken("succeeded_charges_took_money")
    assert str(stream_id) in found.where


async def test_dispute_of_charge_without_capture_is_reported(scene: Scene) -> None:
    disputed = "select stream_id from eventstore.events where type = 'dispute.funds_withdrawn' limit 1"
    stream_id = await scene.owner.fetchval(disputed)
    await scene.tamper(
        "delete from eventstore.events where stream_id = $1 and type in ('charge.captured', 'charge.corrected')",
        stream_id,
    )
    found = await scene.broken("disputes_presuppose_captures")
    assert {one.where for one in found} == {f"stream {stream_id}"}
    assert any("captured before nothing" in one.what for one in found)


async def test_a_negative_movement_of_a_dispute_is_named(scene: Scene) -> None:
    disputed = "select stream_id from eventstore.events where type = 'dispute.funds_withdrawn' limit 1"
    stream_id = await scene.owner.fetchval(disputed)
    await scene.tamper(
        "update eventstore.events set data = jsonb_set(data, '{amount_minor}', '-1')"
        " where stream_id = $1 and type = 'dispute.funds_withdrawn'",
        stream_id,
    )
    found = await scene.broken("disputes_presuppose_captures")
    assert {one.where for one in found} == {f"stream {stream_id}"}


async def test_a_stream_that_cannot_be_folded_is_named(scene: Scene) -> None:
    await scene.tamper(
        "update eventstore.events set type = 'charge.teleported' where stream_id = $1 and version = 2",
        scene.paid,
    )
    assert await scene.broken("view_equals_fold") == [
        Violation(f"view of {charge_of(scene.paid)}", "its stream cannot be folded: UnknownEventType")
    ]


async def test_idempotency_key_of_missing_charge_is_reported(scene: Scene) -> None:
    await scene.tamper("delete from eventstore.events where stream_id = $1", scene.waiting)
    assert await scene.broken("same_key_same_charge") == [
        Violation(
            f"key waiting of {MERCHANT} (test)",
            f"leads to /v1/charges/{charge_of(scene.waiting)}, which does not exist",
        )
    ]


async def test_idempotency_key_answering_other_charge_is_reported(scene: Scene) -> None:
    body = b'{"id":"%s"}' % charge_of(scene.declined).encode()
    await scene.tamper("update eventstore.idempotency_keys set response_body = $1 where key = 'paid'", body)
    assert await scene.broken("same_key_same_charge") == [
        Violation(
            f"key paid of {MERCHANT} (test)",
            f"leads to /v1/charges/{charge_of(scene.paid)}, but its stored response is about {charge_of(scene.declined)}",
        )
    ]


async def test_idempotency_key_with_malformed_location_is_reported(scene: Scene) -> None:
    await scene.tamper(
        "update eventstore.idempotency_keys set location = '/v1/charges/ch_x' where key = 'paid'"
    )
    assert [found.where for found in await scene.broken("same_key_same_charge")] == [
        f"key paid of {MERCHANT} (test)"
    ]


async def test_unbalanced_entry_is_reported(scene: Scene) -> None:
    entry_id = await scene.entry_of(scene.paid)
    await scene.tamper(
        "update ledgerdb.postings set amount_minor = 999 where entry_id = $1 and side = 'credit'", entry_id
    )
    capture = await scene.owner.fetchval(
        "select event_id from ledgerdb.entries where entry_id = $1", entry_id
    )
    assert await scene.broken("entries_balance") == [
        Violation(f"entry {entry_id} of event {capture}", "debits minus credits are 1 minor units of usd"),
        Violation("test ledger in usd", "debits minus credits are 1 minor units"),
    ]


async def test_entry_without_postings_and_reverse_are_reported(scene: Scene) -> None:
    entry_id = await scene.entry_of(scene.paid)
    await scene.tamper("update ledgerdb.postings set entry_id = 999999 where entry_id = $1", entry_id)
    found = {violation.where: violation.what for violation in await scene.broken("entries_balance")}
    assert found.pop("posting 1 of entry 999999") == "there is no such entry"
    assert found.pop("posting 2 of entry 999999") == "there is no such entry"
    ((where, what),) = found.items()
    assert where.startswith(f"entry {entry_id} of event ")
    assert what == "it has no postings"


async def test_an_altered_balance_is_named(scene: Scene) -> None:
    before = await scene.owner.fetchrow(
        "select balance_minor, version from ledgerdb.accounts"
        " where name = 'psp:stripe:test:clearing:usd' and not livemode"
    )
    assert before is not None
    await scene.tamper(
        "update ledgerdb.accounts set balance_minor = balance_minor + 1"
        " where name = 'psp:stripe:test:clearing:usd' and not livemode"
    )
    balance, version = before["balance_minor"], before["version"]
    assert await scene.broken("balances_equal_postings") == [
        Violation(
            "account psp:stripe:test:clearing:usd (test)",
            f"balance {balance + 1} at version {version}, but {version} postings make {balance}",
        )
    ]


async def test_posting_breaking_balance_sequence_is_reported(scene: Scene) -> None:
    entry_id = await scene.entry_of(scene.paid)
    await scene.tamper(
        "update ledgerdb.postings set balance_after_minor = balance_after_minor + 5"
        " where entry_id = $1 and leg = 1",
        entry_id,
    )
    found = await scene.broken("balances_equal_postings")
    assert found[0].where == f"posting 1 of entry {entry_id} on account psp:stripe:test:clearing:usd"


async def test_an_account_version_left_out_is_named(scene: Scene) -> None:
    await scene.tamper(
        "delete from ledgerdb.postings where entry_id = (select min(entry_id) from ledgerdb.entries)"
    )
    found = await scene.broken("balances_equal_postings")
    assert any("follows version 0 with balance 0" in violation.what for violation in found)
    assert any(violation.where.startswith("account ") for violation in found)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("livemode = true", "is booked in the other mode's ledger"),
        ("event_id = gen_random_uuid()", "moved money and has no entry"),
    ],
)
async def test_entry_differing_from_its_event_is_reported(scene: Scene, change: str, finding: str) -> None:
    where = f"event {await scene.capture_of(scene.paid)} of {charge_of(scene.paid)}"
    await scene.tamper(f"update ledgerdb.entries set {change} where stream_id = $1", scene.paid)  # noqa: S608 -- the test's own words
    assert Violation(where, finding) in await scene.broken("money_events_have_entries")


async def test_an_entry_in_another_currency_is_named(scene: Scene) -> None:
    await scene.tamper(
        "update ledgerdb.postings set currency = 'eur' where entry_id = $1", await scene.entry_of(scene.paid)
    )
    assert [found.what for found in await scene.broken("money_events_have_entries")] == [
        "moved 1000 usd in minor units, its entry says 1000 eur"
    ]


async def test_refund_without_postings_is_reported(scene: Scene) -> None:
    row = await scene.owner.fetchrow(
        "select entry_id, event_id, stream_id from ledgerdb.entries where kind = 'refund.succeeded' limit 1"
    )
    assert row is not None
    await scene.tamper("delete from ledgerdb.postings where entry_id = $1", row["entry_id"])
    (found,) = await scene.broken("money_events_have_entries")
    assert found.where == f"event {public_event_id(row['event_id'])} of {charge_of(row['stream_id'])}"
    assert found.what.endswith("usd in minor units, its entry says nothing")


async def test_money_in_suspense_is_reported_until_cleared(scene: Scene) -> None:
    too_much = refunding(1500)
    async with running_writer(scene.stores.eventstore) as writer:
        await live(writer, [(created(), captured(), too_much, refunded(too_much))])
    await follow(EventLog(scene.stores.eventstore, CHARGE_EVENTS), scene.stores.ledgerdb, LedgerService())
    entry_id = await scene.owner.fetchval("select max(entry_id) from ledgerdb.entries")
    assert await scene.broken("nothing_waits_in_suspense") == [
        Violation(f"entry {entry_id} (test)", "1500 minor units of usd are in suspense")
    ]
    account = parse_account(f"merchant:{MERCHANT}:payable:usd")
    await clear_suspense(scene.stores.ledgerdb, entry_id, account, reason="agreed", by="ada")
    ledger_invariants = ("nothing_waits_in_suspense", "money_events_have_entries", "balances_equal_postings")
    assert [await scene.broken(invariant) for invariant in ledger_invariants] == [[], [], []]


async def test_an_altered_balance_of_a_day_is_named(scene: Scene) -> None:
    await scene.tamper(
        "update ledgerdb.account_days set closing_minor = closing_minor + 1 where account_id = 1 and day = '2026-01-02'"
    )
    (found,) = await scene.broken("balances_equal_postings")
    assert found.where.endswith("usd on 2026-01-02")
    await scene.tamper("delete from ledgerdb.account_days where account_id = 1 and day = '2026-01-02'")
    (found,) = await scene.broken("balances_equal_postings")
    assert found.what.startswith("debits 0, credits 0, close none; its postings make ")


async def test_an_altered_hour_is_named(scene: Scene) -> None:
    await scene.tamper(
        "update ledgerdb.account_hours set net_minor = net_minor + 1 where account_id = 1 and hour = '2026-01-02 12:00Z'"
    )
    (found,) = await scene.broken("balances_equal_postings")
    assert found.where.endswith("usd at 2026-01-02 12:00")


async def test_an_entry_without_an_event_is_named(scene: Scene) -> None:
    entry_id = await scene.entry_of(scene.paid)
    capture = await scene.capture_of(scene.paid)
    await scene.tamper("delete from eventstore.events where stream_id = $1 and version = 2", scene.paid)
    assert await scene.broken("money_events_have_entries") == [
        Violation(
            f"entry {entry_id}", f"books event {capture}, which moved no money on {charge_of(scene.paid)}"
        )
    ]


async def test_amounts_that_cannot_be_are_named(scene: Scene) -> None:
    part, whole = refunding(600), refunding(1000)
    back = unrefunded(whole, was_succeeded=True)
    async with running_writer(scene.stores.eventstore) as writer:
        over, twice, given, never = await live(
            writer,
            [
                (created(1000), authorized(700), captured(701)),
                (created(1000), captured(600), captured(500)),
                (created(1000), captured(1000), whole, refunded(whole), part, refunded(part)),
                (created(1000), captured(1000), part, back),
            ],
        )
    assert {(found.where, found.what) for found in await scene.broken("refunded_within_captured")} == {
        (f"stream {over}", "refunded 0, captured 701, authorized 700, asked for 1000"),
        (f"stream {twice}", "refunded 0, captured 1100, authorized nothing apart, asked for 1000"),
        (f"stream {given}", "refunded 1600, captured 1000, authorized nothing apart, asked for 1000"),
        (f"refund {part.refund_id} of stream {given}", "with it 1600 were reserved of 1000 captured"),
        (f"stream {never}", "refunded -1000, captured 1000, authorized nothing apart, asked for 1000"),
    }


async def test_refund_accepted_above_rest_is_reported_though_failed(scene: Scene) -> None:
    first, second, third = refunding(600), refunding(600), refunding(600)
    from_the_dashboard = refunding(600, origin="psp")
    async with running_writer(scene.stores.eventstore) as writer:
        raced, _ = await live(
            writer,
            [
                (created(1000), captured(1000), first, second, unrefunded(second), refunded(first)),
                # The PSP itself sees to it that no more is given back than there is.
                (created(1000), captured(1000), third, from_the_dashboard, unrefunded(third)),
            ],
        )
    assert await scene.broken("refunded_within_captured") == [
        Violation(
            f"refund {second.refund_id} of stream {raced}", "with it 1200 were reserved of 1000 captured"
        )
    ]


async def test_corrected_capture_counts_for_refund_limit(scene: Scene) -> None:
    (corrected,) = (life for life in aftermaths() if any(isinstance(e, ChargeCorrected) for e in life))
    whole = refunding(1000)
    async with running_writer(scene.stores.eventstore) as writer:
        await live(writer, [(*corrected, whole, refunded(whole))])
    assert await scene.broken("refunded_within_captured") == []


PARTS = [
    ("refund", "update paymentdb.refunds set status = 'failed'", "differs from its events in status"),
    ("refund", "update paymentdb.refunds set version = 9", "differs from its events in version"),
    ("refund", "update paymentdb.refunds set metadata = '{}'", "differs from its events in metadata"),
    (
        "refund",
        "update paymentdb.refunds set fee_minor = 30, fee_currency = 'eur'",
        "differs from its events in fee_minor, fee_currency",
    ),
    ("refund", "delete from paymentdb.refunds", "is in the log and not in the view"),
    ("refund", "update paymentdb.refunds set charge_id = 'ch_x'", "is in the log and not in the view"),
    (
        "dispute",
        'update paymentdb.disputes set movements = \'[{"currency": "xts"}]\'',
        "differs from its events in movements",
    ),
    (
        "dispute",
        "update paymentdb.disputes set merchant_id = 'mer_x'",
        "differs from its events in merchant_id",
    ),
    ("dispute", "delete from paymentdb.disputes", "is in the log and not in the view"),
    ("event", "update paymentdb.events set data = '{}'", "differs from its events in data"),
    ("event", "update paymentdb.events set occurred_at = now()", "differs from its events in occurred_at"),
    ("event", "delete from paymentdb.events", "is in the log and not in the view"),
]


@pytest.mark.parametrize(("part", "change", "finding"), PARTS, ids=lambda value: value.replace(" ", "-"))
async def test_an_altered_part_of_the_view_differs_from_its_events(
    scene: Scene, part: str, change: str, finding: str
) -> None:
    column = f"{part}_id"
    row = await scene.owner.fetchrow(
        f"select {column} as part_id, charge_id from paymentdb.{part}s order by charge_id limit 1"  # noqa: S608 -- the test's own words
    )
    assert row is not None
    await scene.tamper(f"{change} where {column} = $1", row["part_id"])
    part_id = public_event_id(row["part_id"]) if part == "event" else row["part_id"]
    assert Violation(f"{part} {part_id} of {row['charge_id']}", finding) in await scene.broken(
        "view_equals_fold"
    )


async def test_view_row_without_events_is_reported(scene: Scene) -> None:
    await scene.tamper(
        "insert into paymentdb.refunds select 're_x', r.charge_id, 1, merchant_id, livemode, status, 1, currency, null,"
        " origin, '{}', null, null, null, created_at, updated_at, null, null from paymentdb.refunds r order by charge_id limit 1"
    )
    await scene.tamper(
        "insert into paymentdb.disputes select 'dp_x', 'ch_x', 1, merchant_id, livemode, psp_reference, status, true, 1,"
        " currency, reason, null, opened_at, updated_at, '[]'::jsonb from paymentdb.disputes limit 1"
    )
    charge_id = await scene.owner.fetchval("select charge_id from paymentdb.refunds where refund_id = 're_x'")
    assert await scene.broken("view_equals_fold") == [
        Violation(f"refund re_x of {charge_id}", "is in the view and not in the log"),
        Violation("dispute dp_x of ch_x", "belongs to a charge that the view does not hold"),
    ]


PAN = "4242424242424242"


LEAKS = [
    (
        (
            "update eventstore.events set data = jsonb_set(data, '{description}', to_jsonb($1::text))"
            " where stream_id = '{paid}' and version = 1"
        ),
        "eventstore.events, stream {paid} version 1",
    ),
    (
        (
            "update eventstore.events set metadata = jsonb_build_object('correlation', $1::text)"
            " where stream_id = '{paid}' and version = 2"
        ),
        "eventstore.events, stream {paid} version 2",
    ),
    (
        (
            "update eventstore.idempotency_keys set response_body = convert_to('é' || $1::text, 'UTF8')"
            " where key = 'paid'"
        ),
        "eventstore.idempotency_keys, mer_01tests test key with fingerprint {fingerprint}",
    ),
    (
        "update eventstore.inbox set body = convert_to('{\"card\":\"' || $1::text || '\"}', 'UTF8')",
        "eventstore.inbox, stripe test evt_1",
    ),
    (
        (
            "update queue.pgqueuer set id = 4711, payload = convert_to($1::text, 'UTF8')"
            " where id = (select min(id) from queue.pgqueuer)"
        ),
        "queue.pgqueuer, job 4711",
    ),
    (
        (
            "insert into queue.pgqueuer_log (id, job_id, status, priority, entrypoint, traceback)"
            " values (4711, 1, 'failed', 0, 'x', to_jsonb($1::text))"
        ),
        "queue.pgqueuer_log, line 4711",
    ),
    (
        "update paymentdb.charges set description = $1::text where stream_id = '{paid}'",
        "paymentdb.charges, {charge}",
    ),
    (
        "update paymentdb.refunds set reason = $1::text where refund_id = '{refund}'",
        "paymentdb.refunds, {refund}",
    ),
    (
        (
            "update paymentdb.disputes set reason = $1::text"
            " where dispute_id = (select min(dispute_id) from paymentdb.disputes)"
        ),
        "paymentdb.disputes, dp_",
    ),
    (
        (
            "update paymentdb.events set data = jsonb_build_object('reason', $1::text)"
            " where event_id = (select event_id from paymentdb.events order by event_id limit 1)"
        ),
        "paymentdb.events, ",
    ),
    (
        "update ledgerdb.entries set description = $1::text where stream_id = '{paid}'",
        "ledgerdb.entries, entry {entry}",
    ),
    (
        (
            "update ledgerdb.entries set source = 'operator', booked_by = 'ada', reason = $1::text"
            " where entry_id = {entry} + 1"
        ),
        "ledgerdb.entries, entry ",
    ),
    (
        (
            "update ledgerdb.entries set source = 'operator', booked_by = $1::text, reason = 'seen'"
            " where entry_id = {entry} + 2"
        ),
        "ledgerdb.entries, entry ",
    ),
    (
        (
            "insert into ledgerdb.closed_periods (period, closed_at, closed_by, last_entry_id)"
            " values ('2020-01-01', now(), $1::text, 0)"
        ),
        "ledgerdb.closed_periods, 2020-01-01",
    ),
    (
        "insert into merchants.merchants (merchant_id, name, created_at) values ('mer_named', $1::text, now())",
        "merchants.merchants, mer_named",
    ),
    (
        (
            "insert into merchants.api_keys"
            " (key_id, merchant_id, kind, livemode, name, key_hash, last4, created_at)"
            " values ('key_named', 'mer_named', 'secret', false, $1::text, sha256('named'), 'last', now())"
        ),
        "merchants.api_keys, key_named",
    ),
    (
        (
            "insert into staff.acts"
            " (act_id, actor_subject, actor_username, permission, action, object_kind, object_id, reason, request_id)"
            " values (gen_random_uuid(), 'sub', 'lea', 'payments.act', 'refund', 'charge', 'ch_1', $1::text, 'req_1')"
        ),
        "staff.acts, ",
    ),
    (
        (
            "insert into staff.proposals (proposal_id, kind, object_id, act, proposer_subject, proposer_username, proposer_counted_for,"
            " reason, needed_because)"
            " values ('prop_01h2xcejqtf2nbrexx3vqjhp41', 'refund', 'ch_1', '{}', 'sub', 'lea', 'sub', $1::text, 'much')"
        ),
        "staff.proposals, prop_01h2xcejqtf2nbrexx3vqjhp41",
    ),
    (
        (
            "insert into staff.proposal_steps (proposal_id, status_before, step, subject, username, counted_for, reason)"
            " values ('prop_01h2xcejqtf2nbrexx3vqjhp41', 'proposed', 'decline', 'other', 'max', 'other', $1::text)"
        ),
        "staff.proposal_steps, prop_01h2xcejqtf2nbrexx3vqjhp41 decline",
    ),
    (
        (
            "insert into merchants.fee_plans"
            " (merchant_id, currency, plan_no, basis_points, fixed_minor, set_at, set_by)"
            " values ('mer_named', 'usd', 1, 1, 0, now(), $1::text)"
        ),
        "merchants.fee_plans, mer_named usd 1",
    ),
    (
        (
            "insert into pages.csp_reports (page, directive, blocked, reports, first_seen_at, last_seen_at)"
            " values ('/', 'img-src', $1::text, 1, now(), now())"
        ),
        "pages.csp_reports, first seen ",
    ),
    (
        (
            "update ledgerdb.accounts set name = $1::text"
            " where account_id = (select max(account_id) from ledgerdb.accounts)"
        ),
        "ledgerdb.accounts, account ",
    ),
]


@pytest.mark.parametrize(("minutes", "is_broken"), [(9, False), (11, True)])
async def test_agreed_proposal_without_end_is_reported(
    scene: Scene, minutes: int, *, is_broken: bool
) -> None:
    proposal_id = f"prop_{'0' * 26}"
    await scene.tamper(
        "insert into staff.proposals (proposal_id, kind, object_id, act, proposer_subject, proposer_username,"
        " proposer_counted_for, reason, needed_because, status)"
        " values ($1, 'refund', 'ch_1', '{}', 'sub-lea', 'lea', 'lea', 'asked by phone', 'it is much', 'approved')",
        proposal_id,
    )
    await scene.tamper(
        "insert into staff.proposal_steps (proposal_id, status_before, step, taken_at, subject, username, counted_for, reason)"
        " values ($1, 'proposed', 'approve', clock_timestamp() - make_interval(mins => $2), 'sub-max', 'max', 'max', 'yes')",
        proposal_id,
        minutes,
    )
    found = await scene.broken("agreed_proposals_end")
    assert [one.where for one in found] == ([f"proposal {proposal_id}"] if is_broken else [])


@pytest.mark.parametrize("kind", ["refund", "adjustment", "adjustment_reversal"])
@pytest.mark.parametrize("status", ["executed", "refused", "declined"])
@pytest.mark.parametrize("is_made", [True, False])
async def test_ended_proposal_that_says_otherwise_is_reported(
    scene: Scene, kind: str, status: str, *, is_made: bool
) -> None:
    proposal_id, charge_id = f"prop_{'0' * 26}", charge_of(new_stream())
    await scene.tamper(
        "insert into staff.proposals (proposal_id, kind, livemode, object_id, amount_minor, currency, act, proposer_subject,"
        " proposer_username, proposer_counted_for, reason, needed_because, status)"
        " values ($1, $2, false, $3, 100, 'usd', '{}', 'sub-lea', 'lea', 'lea', 'asked by phone', 'it is much', $4)",
        proposal_id,
        kind,
        charge_id,
        status,
    )
    assert (await scene.broken("ended_proposals_tell_what_was_made") == []) is (status != "executed")
    if is_made:
        await scene.tamper(*_made(kind, proposal_id, charge_id))
    found = await scene.broken("ended_proposals_tell_what_was_made")
    is_broken = is_made != (status == "executed")
    assert [one.where for one in found] == ([f"proposal {proposal_id}"] if is_broken else [])


def _made(kind: str, proposal_id: str, charge_id: ChargeId) -> tuple[str, ...]:
    """What leaves behind what a proposal was to do: a statement and its arguments."""
    max_ = {"subject": "sub-max", "username": "max"}
    staff = {"staff": {"subject": "sub-lea", "agreement": {"proposal_id": proposal_id, "approver": max_}}}
    match kind:
        case "refund":
            return (
                (
                    "insert into eventstore.events (event_id, stream_id, version, type, schema_version, data, metadata)"
                    " values (gen_random_uuid(), gen_random_uuid(), 1, 'refund.requested', 1,"
                    " jsonb_build_object('refund_id', $1::text), '{}')"
                ),
                staff_refund_id(charge_id, "staff", proposal_id),
            )
        case "adjustment":
            booked = {
                "adjustment_id": "adj_1",
                "kind": "adjustment",
                "adjusts": "opening",
                "livemode": False,
                "psp": "stripe",
                "psp_account": "test",
                "currency": "usd",
                "gross_minor": 1,
                "fee_minor": 0,
                "by": "lea",
            }
            return (
                (
                    "insert into reconciliation.adjustments (adjustment_id, generation, event_id, booked, decided_at, counted_for)"
                    " values ('adj_1', 1, gen_random_uuid(), $1::text::jsonb, now(), 'lea')"
                ),
                json.dumps(booked | staff),
            )
        case _:
            return (
                (
                    "insert into reconciliation.adjustment_reversals (adjustment_id, event_id, reversed, decided_at, counted_for)"
                    " values ('adj_1', gen_random_uuid(), $1::text::jsonb, now(), 'lea')"
                ),
                json.dumps(staff | {"by": "lea"}),
            )


async def test_card_number_query_agrees_with_search_in_code(scene: Scene) -> None:
    texts = dict(enumerate((*PUBLISHED, *PASTED, *NO_CARDS), start=1))
    bodies = {
        f"evt_{number}_{name}": body
        for number, text in texts.items()
        for name, body in (
            ("ascii", json.dumps({"text": text}).encode()),
            ("utf8", json.dumps({"text": text}, ensure_ascii=False).encode()),
        )
    }
    await scene.tamper(
        "insert into eventstore.inbox (psp, psp_account, psp_event_id, type, body)"
        " select 'corpus', 'test', id, 'x', body from unnest($1::text[], $2::bytea[]) t (id, body)",
        list(bodies),
        list(bodies.values()),
    )
    await scene.tamper(
        "insert into queue.pgqueuer_log (id, job_id, status, priority, entrypoint, traceback)"
        " select id, 1, 'failed', 0, 'x', to_jsonb(text) from unnest($1::bigint[], $2::text[]) t (id, text)",
        list(texts),
        list(texts.values()),
    )
    found = {violation.where for violation in await scene.broken("no_card_numbers")}
    assert found == {
        f"eventstore.inbox, corpus test {name}"
        for name, body in bodies.items()
        if holds_card_number(body.decode())
    } | {f"queue.pgqueuer_log, line {number}" for number, text in texts.items() if holds_card_number(text)}


@pytest.mark.parametrize(
    "number", [PAN, "4242 4242-4242 4242", "4242\u20134242\xa04242\u20094242", "\uff14\uff12" * 8]
)
async def test_card_number_in_any_table_is_reported_unrepeated(scene: Scene, number: str) -> None:
    names = {
        "{paid}": str(scene.paid),
        "{charge}": charge_of(scene.paid),
        "{refund}": await scene.owner.fetchval("select min(refund_id) from paymentdb.refunds"),
        "{entry}": str(await scene.entry_of(scene.paid)),
        "{fingerprint}": b"paid".ljust(32, b".").hex(),
    }
    found: set[Violation] = set()
    for leak in LEAKS:
        statement, where = leak
        for name, value in names.items():
            statement, where = statement.replace(name, value), where.replace(name, value)
        await scene.tamper(statement, number)
        (leaked,) = set(await scene.broken("no_card_numbers")) - found
        found.add(leaked)
        assert leaked.where.startswith(where)
        assert leaked.what == "holds what looks like a card number"
        assert number not in leaked.where


async def test_an_open_charge_without_a_job_is_named(scene: Scene) -> None:
    await scene.owner.execute("delete from queue.pgqueuer where payload like $1", _naming(scene.waiting))
    await scene.owner.execute("delete from queue.pgqueuer where payload like $1", _naming(scene.paid))
    assert await scene.broken("open_charges_have_work") == [
        Violation(
            f"charge {charge_of(scene.waiting)}", "waits for the PSP to authorize it and no job names it"
        )
    ]


@pytest.mark.parametrize("status", ["queued", "picked", "failed"])
async def test_a_job_that_waits_or_is_done_or_is_held_is_work(scene: Scene, status: str) -> None:
    await scene.owner.execute("delete from queue.pgqueuer where payload like $1", _naming(scene.waiting))
    await put_job(scene.owner, scene.waiting, status)
    assert await scene.broken("open_charges_have_work") == []


async def test_an_open_charge_may_be_young(scene: Scene) -> None:
    async with running_writer(scene.stores.eventstore) as writer:
        await live(writer, [(created(),)])
    await follow_all(scene.stores)
    assert await scene.broken("open_charges_have_work") == []


async def test_capture_without_job_is_reported(scene: Scene) -> None:
    async with running_writer(scene.stores.eventstore) as writer:
        (held,) = await live(
            writer,
            [
                (
                    created(capture_method="manual"),
                    authorized(),
                    CaptureRequested(amount_minor=1000, requested_at=NOON),
                )
            ],
        )
    await follow_all(scene.stores)
    await scene.age(held)
    refund = refunding()
    await put_refund_job(scene.owner, held, refund.refund_id)  # work, but not on the capture
    assert await scene.broken("open_charges_have_work") == [
        Violation(f"charge {charge_of(held)}", "waits for the PSP to capture it and no job names it")
    ]


async def test_refund_without_job_is_reported(scene: Scene) -> None:
    first, second = refunding(100), refunding(100)
    async with running_writer(scene.stores.eventstore) as writer:
        (paid,) = await live(writer, [(created(), captured(), first, second)])
    await follow_all(scene.stores)
    await put_job(scene.owner, paid, "queued")  # work, but not on the refunds
    await put_refund_job(scene.owner, paid, first.refund_id)
    assert await scene.broken("open_charges_have_work") == []
    await scene.age(paid)
    assert await scene.broken("open_charges_have_work") == [
        Violation(f"refund {second.refund_id} of {charge_of(paid)}", "is in processing and no job names it")
    ]


async def test_charge_open_only_in_lagging_view_needs_no_job(scene: Scene) -> None:
    async with running_writer(scene.stores.eventstore) as writer:
        await writer.commit(claiming(append(scene.waiting, captured(), expected_version=1)))
    await scene.owner.execute("delete from queue.pgqueuer where payload like $1", _naming(scene.waiting))
    assert await scene.broken("open_charges_have_work") == []


def _naming(stream_id: StreamId) -> bytes:
    return b"%%%s%%" % charge_of(stream_id).encode()


# Attempts and the accounts at PSPs

REROUTED, TAKEN, PAID, GIVEN_BACK = failovers()[1][1:]
STUCK = next(event for life in failovers() for event in life if isinstance(event, AttemptReversalFailed))
HOLDS = next(event for life in failovers() for event in life if isinstance(event, AttemptAuthorized))
TWICE = "has money from several attempts, and no job gives any of it back"
TOOK = "attempt 1 took money by mistake, and no job gives it back"
ATTEMPTS: dict[str, tuple[tuple[ChargeEvent, ...], str | None, str | None]] = {
    "late-success-reversed": ((REROUTED, PAID, TAKEN, GIVEN_BACK), None, None),
    "late-success-with-a-person": ((REROUTED, PAID, TAKEN, STUCK), None, None),
    "late-success-kept": ((REROUTED, PAID, TAKEN), TWICE, TOOK),
    "late-success-of-failed-charge": ((REROUTED, failed(), TAKEN), None, TOOK),
    "hold-kept": (
        (REROUTED, PAID, HOLDS),
        None,
        "attempt 1 holds money by mistake, and no job gives it back",
    ),
    "paid-by-both": ((captured(), REROUTED, PAID), "is paid by 2 attempts", None),
    "part-given-back": (
        (REROUTED, PAID, TAKEN, msgspec.structs.replace(GIVEN_BACK, amount_minor=999)),
        "an attempt gave back less than it took",
        None,
    ),
    "too-much-given-back": (
        (REROUTED, PAID, TAKEN, msgspec.structs.replace(GIVEN_BACK, amount_minor=1001)),
        "an attempt gave back more than it took",
        None,
    ),
}
"""What is heard of a charge after its creation -> what each of the two invariants finds."""


@pytest.mark.parametrize("heard", ATTEMPTS)
async def test_money_of_second_attempt_has_to_go_back(stores: Stores, owner_pool: Pool, heard: str) -> None:
    life, twice, kept = ATTEMPTS[heard]
    async with running_writer(stores.eventstore) as writer:
        # Beside charges with one attempt.
        (stream_id, *_) = await live(writer, [(created(), *life), *fates()])
    scene = Scene(stores, owner_pool, stream_id, stream_id, stream_id)
    # What is certain is named at once; what a job may be about to do, after a moment.
    certain = None if twice == TWICE else twice
    await scene.assert_attempts_are(certain, None)
    await scene.tamper("update eventstore.events set recorded_at = recorded_at - interval '5 minutes'")
    await scene.assert_attempts_are(twice, kept)
    await put_job(owner_pool, stream_id, "queued")  # work on the charge, not on the attempt
    await scene.assert_attempts_are(twice, kept)
    await put_attempt_job(owner_pool, stream_id, attempt=1)
    await scene.assert_attempts_are(certain, None)


HELD_OF_NOTHING = failovers()[-2][-1]


async def test_money_held_of_nothing_captured_is_named(stores: Stores) -> None:
    assert isinstance(HELD_OF_NOTHING, DisputeFundsHeld)
    async with running_writer(stores.eventstore) as writer:
        (stream_id,) = await live(writer, [(created(), HELD_OF_NOTHING)])
    (found,) = await BY_NAME["disputes_presuppose_captures"].check(stores)
    assert found == Violation(
        f"stream {stream_id}", "dispute.funds_held at version 2 of 1000, captured before nothing"
    )


MOVED = {
    "charge.attempt_captured": ("59 eur, 1000 usd", "stripe test: -59 eur, 1000 usd"),
    "charge.attempt_reversed": ("50 eur, 1000 usd", "stripe test: 50 eur, -1000 usd"),
    "refund.succeeded": ("12 eur, 400 usd", "paypal test: 12 eur, -400 usd"),
    "refund.failed": ("12 eur, 300 usd", "paypal test: -12 eur, 300 usd"),
    "dispute.funds_held": ("1000 usd", "paypal test: -1000 usd"),
    "dispute.funds_released": ("1000 usd", "paypal test: 1000 usd"),
}


async def test_entry_at_other_account_or_amount_is_named(scene: Scene) -> None:
    swap = (
        "update ledgerdb.postings p set account_id = n.account_id from ledgerdb.accounts o, ledgerdb.accounts n"
        " where p.entry_id = $1 and o.account_id = p.account_id and split_part(o.name, ':', 4) = 'clearing'"
        " and n.livemode = o.livemode and n.name = replace(o.name, split_part(o.name, ':', 2), $2)"
    )
    expected = set()
    for kind, (moved, cleared) in MOVED.items():
        psp, other = ("paypal", "stripe") if cleared.startswith("paypal") else ("stripe", "paypal")
        row = await scene.owner.fetchrow(
            "select e.entry_id, e.event_id, e.stream_id from ledgerdb.entries e join eventstore.events v using (event_id)"
            " where e.kind = $1 and v.data ->> 'amount_minor' = $2 and v.data ->> 'psp' = $3 limit 1",
            kind,
            moved.split()[-2],
            psp,
        )
        assert row is not None, kind
        await scene.tamper(swap, row["entry_id"], other)
        where = f"event {public_event_id(row['event_id'])} of {charge_of(row['stream_id'])}"
        said = cleared.replace(psp, other, 1)
        expected.add((where, f"is {cleared} at the PSP, its entry says {said}"))
        found = await scene.broken("money_events_have_entries")
        assert {(one.where, one.what) for one in found} == expected


async def test_amount_of_entry_of_new_kinds_is_compared(scene: Scene) -> None:
    await scene.tamper(
        "update ledgerdb.postings set amount_minor = amount_minor + 1 where entry_id in"
        " (select max(entry_id) from ledgerdb.entries where kind = any ($1) group by kind)",
        list(MOVED),
    )
    found = await scene.broken("money_events_have_entries")
    assert len(found) == len(MOVED)
    assert all("in minor units, its entry says" in one.what for one in found)


async def test_retired_account_with_balance_is_named(scene: Scene) -> None:
    assert await scene.broken("balances_equal_postings") == []
    await scene.tamper(
        "update ledgerdb.accounts set is_retired = true where name = 'psp:stripe:test:held:usd'"
    )
    assert await scene.broken("balances_equal_postings") == []
    await scene.tamper(
        "update ledgerdb.accounts set is_retired = true where name = 'psp:paypal:test:held:usd'"
    )
    (found,) = await scene.broken("balances_equal_postings")
    assert found == Violation(
        "account psp:paypal:test:held:usd (test)", "is retired and holds 1000 minor units"
    )
