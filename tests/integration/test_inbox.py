"""Webhooks on a real queue and a real log: kept once, read once, in any order with our own answers."""

import asyncio

import msgspec
import pytest
from prometheus_client import REGISTRY

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, PspAccount, PspName, PspReference
from fincore.postgres.pool import Pool
from fincore.write.psp import inbox
from fincore.write.psp.metrics import WEBHOOKS_RECEIVED
from fincore.write.psp.port import AuthorizeRequest, CouldNotCheck, SignatureRefused
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.scripted_psp import NOON, STRIPE, TEST_ACCOUNT, ScriptedPsp, Told, decline
from fixtures.waiting import happens
from fixtures.worker_harness import HarnessOnPostgres, open_harness


async def _rows(harness: HarnessOnPostgres) -> int:
    rows: int = await harness.pool.fetchval("select count(*) from eventstore.inbox")
    return rows


async def test_a_webhook_is_kept_byte_for_byte_and_recorded(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        body = b' {"event_id": "evt_1",\n "charge_id": "%s", "says": "captured"} ' % charge_id.encode()
        assert await harness.inbox.receive(STRIPE, TEST_ACCOUNT, {"signature": "genuine"}, body) == "accepted"
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await pool.fetchval("select body from eventstore.inbox") == body
        metadata = await pool.fetchval("select metadata from eventstore.events where version = 2")
    assert msgspec.json.decode(metadata) == {
        "correlation": charge_id,
        "actor": "webhook:stripe",
        "causation": "evt_1",
    }


async def test_a_webhook_delivered_many_times_is_kept_and_read_once(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        answers = await asyncio.gather(*[harness.tell(charge_id, "captured") for _ in range(20)])
        assert sorted(map(str, answers)) == ["accepted"] + ["duplicate"] * 19
        await harness.idle()
        assert await _rows(harness) == 1
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]


async def test_an_event_id_is_unique_within_its_account_alone(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        assert await harness.tell(charge_id, "nothing", event_id="evt_1", account="test") == "accepted"
        assert await harness.tell(charge_id, "nothing", event_id="evt_1", account="live") == "accepted"
        assert await _rows(harness) == 2


async def test_uninteresting_webhook_is_stored_without_job(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        charge_id = await harness.charge(jobs=())
        assert await harness.tell(charge_id, "nothing") == "accepted"
        assert await _rows(harness) == 1
        assert await harness.queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": 0}


@pytest.mark.parametrize(
    ("psp", "account", "headers", "reason"),
    [
        (STRIPE, "test", {}, "missing"),
        (STRIPE, "test", {"signature": "forged"}, "mismatch"),
        (STRIPE, "other", {"signature": "genuine"}, "unknown_account"),
        (PspName("nobody"), "test", {"signature": "genuine"}, "unknown_account"),
    ],
)
async def test_refused_webhook_is_not_stored(
    pool: Pool, psp: PspName, account: str, headers: dict[str, str], reason: str
) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        body = msgspec.json.encode(Told(event_id="evt_1", charge_id=new_charge_id(), says="captured"))
        refused = await harness.inbox.receive(psp, PspAccount(account), headers, body)
        assert isinstance(refused, SignatureRefused)
        assert refused.reason == reason
        assert await _rows(harness) == 0
        assert await harness.queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": 0}


async def test_results_of_webhooks_are_counted_from_zero(pool: Pool) -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    async with open_harness(pool, ScriptedPsp(), working=False):
        for result in ("duplicate_differs", "refused_from_the_future"):
            labels = {"psp": STRIPE, "result": result}
            assert REGISTRY.get_sample_value("fincore_webhooks_received_total", labels) is not None


async def test_webhook_before_call_answer_records_outcome_once(pool: Pool) -> None:
    psp = ScriptedPsp()
    called, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: AuthorizeRequest) -> None:
        called.set()
        await go_on.wait()

    psp.before_answer = slow
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await happens(called)
        await harness.tell(charge_id, "captured")
        while (await harness.state(charge_id)).status == "processing":
            await asyncio.sleep(0.02)
        go_on.set()
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == []


@pytest.mark.parametrize("webhook_first", [True, False])
async def test_webhooks_and_answers_that_race_capture_each_charge_once(
    pool: Pool, *, webhook_first: bool
) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:

        async def tell_at_once(request: AuthorizeRequest) -> None:
            told = asyncio.create_task(harness.tell(request.charge_id, "captured"))
            if webhook_first:
                await told
            tellings.append(told)

        tellings: list[asyncio.Task[object]] = []
        psp.before_answer = tell_at_once
        charge_ids = await asyncio.gather(*[harness.charge() for _ in range(100)])
        await harness.idle()
        await asyncio.gather(*tellings)
        await harness.idle()
        for charge_id in charge_ids:
            assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == []
    assert psp.charges_made == 100


async def test_webhooks_out_of_order_give_the_same_events(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.tell(charge_id, "captured")
        await harness.idle()
        await harness.tell(charge_id, "authorized")
        await harness.tell(charge_id, "processing")
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == []


async def test_webhook_contradicting_psp_record_is_ignored(
    pool: Pool,
) -> None:
    async with open_harness(pool, ScriptedPsp(decline)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.tell(charge_id, "captured")
        await harness.idle()
        assert len(harness.psp.inquiries) == 1
        assert await harness.history(charge_id) == ["charge.created", "charge.failed"]
        assert await harness.held() == []


async def test_contradicting_webhook_without_psp_record_is_held(
    pool: Pool,
) -> None:
    psp = ScriptedPsp(decline)
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        psp.payments.clear()
        await harness.tell(charge_id, "captured")
        await harness.idle()
        assert await harness.held() == []
        assert await harness.history(charge_id) == ["charge.created", "charge.failed", "charge.report_held"]
        (held,) = (await harness.state(charge_id)).held_reports
        assert (held.reason, held.report_type) == ("contradicts_state", "captured")


async def test_final_charge_contradicted_by_psp_record_is_corrected(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(decline)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        captured = Approved(
            kind="captured",
            money=Money(1000, Currency("usd")),
            psp_reference=PspReference(f"pi_{charge_id}"),
            occurred_at=NOON,
        )
        harness.psp.becomes(charge_id, captured)
        await harness.tell(charge_id, "captured")
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.failed", "charge.corrected"]
        corrected = await harness.state(charge_id)
        assert (corrected.status, corrected.captured_minor, corrected.failure) == ("succeeded", 1000, None)
        await harness.tell(charge_id, "declined")
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
        assert await harness.held() == []


@pytest.mark.parametrize("charge_id", ["ch_01m82z24fee4ks56hmzbyc7q92", "order-4711", ""])
async def test_webhook_about_charge_of_other_installation_is_ignored(pool: Pool, charge_id: str) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        assert await harness.tell(charge_id, "captured") == "accepted"
        await harness.idle()
        assert await harness.held() == []
        assert await pool.fetchval("select count(*) from eventstore.events") == 0


async def test_webhook_of_test_account_cannot_change_live_charge(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=(), livemode=True, psp_account="live")
        await harness.tell(charge_id, "captured", account="test")
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created"]
        await harness.tell(charge_id, "captured", account="live")
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]


async def test_indefinite_webhook_changes_nothing(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        await harness.tell(charge_id, "processing")
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created"]
        assert await harness.held() == []


async def test_a_job_for_a_webhook_that_never_arrived_is_held(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp()) as harness:
        await harness.put(process_webhook_job(STRIPE, TEST_ACCOUNT, "evt_lost"))
        await harness.idle()
        (letter,) = await harness.held()
    assert letter.reason == (
        "the inbox has no body of event evt_lost of stripe: it never arrived, or its retention is over"
    )


async def test_a_stranger_cannot_invent_labels_of_metrics(pool: Pool) -> None:
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        await harness.inbox.receive(PspName("invented"), TEST_ACCOUNT, {}, b"{}")
    labels = {sample.labels["psp"] for metric in WEBHOOKS_RECEIVED.collect() for sample in metric.samples}
    assert "unknown" in labels
    assert "invented" not in labels


async def test_webhook_that_could_not_be_checked_is_counted_apart(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PSP's certificate is out of reach, or the check hangs: neither stored nor called wrong."""
    monkeypatch.setattr(inbox, "VERIFY_SECONDS_MAX", 0.01)
    async with open_harness(pool, ScriptedPsp(), working=False) as harness:
        counted = WEBHOOKS_RECEIVED.labels(STRIPE, "could_not_check")._value.get()
        for signature, retry_after_seconds in (("not checkable", 7), ("never checked", 30)):
            headers = {"signature": signature}
            received = await harness.inbox.receive(STRIPE, TEST_ACCOUNT, headers, b"{}")
            assert isinstance(received, CouldNotCheck)
            assert received.retry_after_seconds == retry_after_seconds
        assert await _rows(harness) == 0
        assert WEBHOOKS_RECEIVED.labels(STRIPE, "could_not_check")._value.get() == counted + 2
