"""Outcomes that the janitor could not find out: listed for a person, decided by a person, and kept with name and reason."""

from functools import partial

import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY

from fincore.backoffice.charge_history import ChargeNotFound, charge_history
from fincore.backoffice.unknown_outcomes import NotResolved, list_unknown, resolve_charge, resolve_refund
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.currency import Currency
from fincore.domain.failover import reroute
from fincore.domain.ids import ChargeId, new_charge_id, stream_of
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Failure, PspReference, Rejected, Unknown
from fincore.domain.resolution import Resolution
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.unknown_queries import measure_unknown
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.queue.job_payloads import reverse_attempt_job
from fixtures.merchant_api import serving_api
from fixtures.routes import STRIPE_FIRST, THEN_PAYPAL, routed
from fixtures.scripted_psp import NOON, STRIPE, ScriptedPsp, lost_after, lost_before, payment_at
from fixtures.staff_server import serving_staff
from fixtures.traffic import follow, store_pool
from fixtures.waiting import eventually
from fixtures.worker_harness import WorkerHarness, open_harness

ADA = Resolution(
    decided_by="ada", reason="The dashboard shows it as paid.", psp_reference=PspReference("pi_seen")
)

HOLD = Approved(
    kind="authorized", money=Money(1000, Currency("usd")), psp_reference=PspReference("pi"), occurred_at=NOON
)


async def given_up(harness: WorkerHarness, *, inquiries: int) -> None:
    async def asked() -> bool:
        return len(harness.psp.inquiries) + len(harness.psp.refund_inquiries) >= inquiries

    await eventually(asked)
    harness.clock.advance(hours=25)
    await harness.idle()


async def projected(harness: WorkerHarness, dsn: str) -> None:
    async with store_pool(dsn, "paymentdb") as target:
        await follow(harness.log, target, Projectionist())


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_unknown_outcome_given_up_is_listed_and_resolved(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await given_up(harness, inquiries=1)
        await projected(harness, dsn)
        await measure_unknown(operator.paymentdb, harness.clock.now())
        assert sample("fincore_unknown_outcomes", mode="test", psp=STRIPE, age="days") == 1
        oldest_seconds = sample("fincore_unknown_outcome_oldest_seconds", mode="test")
        assert oldest_seconds is not None
        assert oldest_seconds >= 25 * 3_600
        assert sample("fincore_unknown_outcome_oldest_seconds", mode="live") == 0
        (listed,) = await list_unknown(operator.paymentdb, operator.jobs, limit=10)
        assert (listed.outcome.charge_id, listed.outcome.operation, listed.outcome.amount_minor) == (
            charge_id,
            "authorize",
            1000,
        )
        assert listed.held_because is not None
        assert "the PSP could not say for 24 h" in listed.held_because

        events = await resolve_charge(operator.resolver, charge_id, "captured", ADA)
        assert events == ["charge.outcome_decided", "charge.captured"]
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
        assert await harness.held() == []
        await projected(harness, dsn)
        assert await list_unknown(operator.paymentdb, operator.jobs, limit=10) == []
        assert await _actors(pool, charge_id) == {"operator:ada"}
        *_, decided, captured = (await charge_history(operator.log, charge_id)).events
        assert (decided.type, captured.type) == ("charge.outcome_decided", "charge.captured")
        assert decided.says.startswith(
            "decided_by ada, reason The dashboard shows it as paid., decided_at 20"
        )
        assert "psp_reference pi_seen, amount_minor 1000, currency usd" in captured.says
        with pytest.raises(NotResolved, match="nothing about it is unknown"):
            await resolve_charge(operator.resolver, charge_id, "failed", ADA)


async def test_a_charge_that_is_not_there_has_no_history(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    del pool  # its schemas are needed
    with pytest.raises(ChargeNotFound, match="there is no charge ch_"):
        await charge_history(operator.log, new_charge_id())


async def test_unknown_outcome_under_inquiry_is_listed_without_reason(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_is_unknown, harness, charge_id))
        await projected(harness, dsn)
        (listed,) = await list_unknown(operator.paymentdb, operator.jobs, limit=10)
        assert listed.held_because is None
        psp.undecided = False
        await harness.idle()


async def test_unknown_refund_is_listed_and_resolved(pool: Pool, dsn: str, operator: OperatorStores) -> None:
    psp = ScriptedPsp(refund=[lost_before] * 1000)
    async with open_harness(pool, psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        psp.answers_inquiries = False
        refund_id = await harness.ask_refund(charge_id, 300)
        await given_up(harness, inquiries=1)
        await projected(harness, dsn)
        (listed,) = await list_unknown(operator.paymentdb, operator.jobs, limit=10)
        assert (listed.outcome.refund_id, listed.outcome.operation) == (refund_id, "refund")
        assert listed.held_because is not None
        events = await resolve_refund(operator.resolver, charge_id, refund_id, "failed", ADA)
        assert events == ["charge.outcome_decided", "refund.failed"]
        await harness.idle()
        assert (await harness.state(charge_id)).refundable_minor == 1000
        assert await harness.held() == []


async def test_abandoned_attempts_that_are_a_persons_are_listed(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    """Whether they have money that does not go back, or the PSP could not say; each until a person says how it stands."""
    refused = Rejected(
        failure=Failure(code="psp_rejected_request", message="No.", advice="do_not_retry"), occurred_at=NOON
    )
    stripe = ScriptedPsp(cancel=[refused])
    async with open_harness(pool, stripe) as harness:
        silent, holds = [await _rerouted(harness) for _ in range(2)]
        stripe.becomes(holds, replace(HOLD, psp_reference=payment_at(holds, "test")))
        stripe.becomes(silent, Unknown(reason="processing", since=NOON))
        await harness.put(reverse_attempt_job(holds, 1, delay_seconds=0.0))
        await harness.idle()
        harness.clock.advance(hours=25)
        await harness.put(reverse_attempt_job(silent, 1, delay_seconds=0.0))
        await harness.idle()
        await projected(harness, dsn)
        listed = await list_unknown(operator.paymentdb, operator.jobs, limit=10)
        assert {(one.outcome.charge_id, one.outcome.operation, one.outcome.attempt) for one in listed} == {
            (silent, "reverse", 1),
            (holds, "reverse", 1),
        }
        assert {(one.outcome.psp, one.outcome.psp_account, one.outcome.amount_minor) for one in listed} == {
            (STRIPE, "test", 1000)
        }
        async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
            home = (await staff.person("support").get("/staff/v1/home?mode=test")).json()
        assert [one["count"] for one in home["needs"] if one["kind"] == "unknown_outcomes"] == [2]
        for one in listed:
            assert one.held_because is not None
            assert f"fincore charges resolve {one.outcome.charge_id} given_back" in one.held_because
            assert await resolve_charge(operator.resolver, one.outcome.charge_id, "given_back", ADA) == [
                "charge.outcome_decided",
                "charge.attempt_released",
            ]
        await harness.idle()
        assert await harness.held() == []
        await projected(harness, dsn)
        assert await list_unknown(operator.paymentdb, operator.jobs, limit=10) == []


async def _rerouted(harness: WorkerHarness) -> ChargeId:
    charge_id = await harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
    charge = await harness.state(charge_id)
    assert charge.operation is not None
    events = reroute(charge, charge.operation, code="account_unavailable", reason="no connection", now=NOON)
    await harness.append(charge_id, *events, version=charge.version)
    return charge_id


async def _is_unknown(harness: WorkerHarness, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).unknown_since is not None


async def _actors(pool: Pool, charge_id: ChargeId) -> set[str]:
    rows = await pool.fetch(
        "select metadata::jsonb ->> 'actor' as actor from eventstore.events where stream_id = $1 and version > 2",
        stream_of(charge_id),
    )
    return {row["actor"] for row in rows}
