"""A PSP that lies, from end to end: real PostgreSQL, a worker, and a PSP that answers and reports untruths.

What every field of Stripe's may say, `tests/contract/test_stripe_false_answers.py` tries; here stands what takes the database.
"""

from collections.abc import AsyncIterator

import msgspec
import pytest

from fincore.audit.invariants import check_all
from fincore.backoffice.unknown_outcomes import resolve_charge
from fincore.bootstrap.databases import Databases, open_stores
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.charge import Charge
from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    DisputeMovements,
    DisputeReport,
    PspReference,
    RefundReport,
)
from fincore.domain.resolution import Resolution
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.scripted_psp import NOON, ScriptedPsp, Told, decline, require_action
from fixtures.traffic import follow
from fixtures.worker_harness import WorkerHarness, open_harness

USD = Currency("usd")
STRANGE_AMOUNTS = (-500, 0, 2**63)


@pytest.fixture
async def harness(pool: Pool, databases: Databases) -> AsyncIterator[WorkerHarness]:
    """A worker at work; in the end the books are kept and every invariant holds."""
    async with open_harness(pool, ScriptedPsp()) as harness:
        yield harness
    async with open_stores(databases, application_name="tests-psp-lies") as stores:
        log = EventLog(stores.eventstore, CHARGE_EVENTS)
        await follow(log, stores.paymentdb, Projectionist())
        await follow(log, stores.ledgerdb, LedgerService())
        await Sealer(stores.ledgerdb).seal()
        assert [result.sentence for result in await check_all(stores) if not result.holds] == []


async def paid(harness: WorkerHarness) -> ChargeId:
    charge_id = await harness.charge()
    await harness.idle()
    return charge_id


async def told(harness: WorkerHarness, charge_id: ChargeId, *said: RefundReport | DisputeReport) -> Charge:
    """The charge after webhooks about its payment."""
    for number, one in enumerate(said):
        kind = {"refund": one} if isinstance(one, RefundReport) else {"dispute": one}
        await harness.deliver(Told(event_id=f"evt_{number}", says="x", payment=f"pi_{charge_id}", **kind))
    await harness.idle()
    return await harness.state(charge_id)


def refund(amount_minor: int, name: str = "re_1") -> RefundReport:
    return RefundReport(
        status="succeeded",
        psp_reference=PspReference(name),
        money=Money(amount_minor, USD),
        occurred_at=NOON,
    )


def dispute(amount_minor: int, name: str = "dp_1") -> DisputeReport:
    return DisputeReport(
        psp_reference=PspReference(name),
        status="needs_response",
        money=Money(amount_minor, USD),
        reason="fraudulent",
        is_inquiry=False,
        occurred_at=NOON,
        movements=(DisputeMovements(currency=USD, withdrawn_minor=amount_minor, withdrawn_fee_minor=1500),),
    )


async def test_two_charges_answered_with_one_payment_share_nothing(harness: WorkerHarness) -> None:
    first = await paid(harness)

    def of_the_first(truth: Approved) -> Approved:
        return msgspec.structs.replace(truth, psp_reference=PspReference(f"pi_{first}"))

    harness.psp.tells["authorize"] = of_the_first
    second = await paid(harness)
    assert await harness.history(second) == ["charge.created", "charge.outcome_unknown", "charge.captured"]
    references = [(await harness.state(one)).psp_reference for one in (first, second)]
    assert references == [f"pi_{first}", f"pi_{second}"]


@pytest.mark.parametrize("amount_minor", [0, -1999, 2**63, 999])
async def test_an_answer_with_another_amount_waits_for_the_record(
    harness: WorkerHarness, amount_minor: int
) -> None:
    harness.psp.tells["authorize"] = lambda truth: msgspec.structs.replace(
        truth, money=Money(amount_minor, USD)
    )
    charge_id = await paid(harness)
    assert await harness.history(charge_id) == ["charge.created", "charge.outcome_unknown", "charge.captured"]
    assert (await harness.state(charge_id)).captured_minor == 1000


async def test_part_payment_is_held_until_a_person_records_it(
    harness: WorkerHarness, operator: OperatorStores
) -> None:
    harness.psp.scripts["authorize"].append(require_action)
    charge_id = await harness.charge()
    await harness.idle()
    part = Approved(
        kind="captured",
        money=Money(1, USD),
        psp_reference=PspReference(f"pi_{charge_id}"),
        occurred_at=NOON,
    )
    harness.psp.becomes(charge_id, part)
    await harness.tell(charge_id, "captured", amount_minor=1)
    await harness.idle()
    charge = await harness.state(charge_id)
    assert (charge.status, charge.captured_minor) == ("requires_action", 0)
    assert [one.reason for one in charge.held_reports] == ["amount_differs"]
    read = Resolution(decided_by="ada", reason="1 cent, by the dashboard.", amount_minor=1)
    await resolve_charge(operator.resolver, charge_id, "captured", read)
    await harness.idle()
    assert (await harness.state(charge_id)).captured_minor == 1


async def test_refund_answered_with_other_refund_is_unknown(harness: WorkerHarness) -> None:
    charge_id = await paid(harness)
    first = await harness.ask_refund(charge_id, 300)
    await harness.idle()

    def of_the_first(truth: RefundReport) -> RefundReport:
        return msgspec.structs.replace(truth, psp_reference=PspReference(f"psp_{first}"))

    harness.psp.tells["refund"] = of_the_first
    second = await harness.ask_refund(charge_id, 300)
    await harness.idle()
    charge = await harness.state(charge_id)
    assert [one.psp_reference for one in charge.refunds] == [f"psp_{first}", f"psp_{second}"]
    assert "refund.outcome_unknown" in await harness.history(charge_id)
    assert charge.refunded_minor == 600


async def test_refunds_reported_of_strange_amounts_are_held(harness: WorkerHarness) -> None:
    charge_id = await paid(harness)
    reports = [refund(amount, f"re_{number}") for number, amount in enumerate(STRANGE_AMOUNTS)]
    charge = await told(harness, charge_id, *reports)
    assert (charge.refunds, charge.refundable_minor) == ((), 1000)
    assert sorted(one.reason for one in charge.held_reports) == [
        "amount_differs",
        "amount_differs",
        "amount_exceeds_charge",
    ]


async def test_a_dispute_over_500_times_the_charge_is_held(harness: WorkerHarness) -> None:
    charge = await told(harness, await paid(harness), dispute(500_000))
    assert charge.disputes == ()
    assert [one.reason for one in charge.held_reports] == ["amount_exceeds_charge"]


async def test_a_dispute_of_a_failed_charge_corrects_it_first(harness: WorkerHarness) -> None:
    harness.psp.scripts["authorize"].append(decline)
    charge_id = await paid(harness)
    captured = Approved(
        kind="captured",
        money=Money(1000, USD),
        psp_reference=PspReference(f"pi_{charge_id}"),
        occurred_at=NOON,
    )
    harness.psp.becomes(charge_id, captured)
    charge = await told(harness, charge_id, dispute(1000))
    assert charge.captured_minor == 1000
    assert (await harness.history(charge_id))[2:] == [
        "charge.corrected",
        "dispute.opened",
        "dispute.funds_withdrawn",
    ]


async def test_a_dispute_of_a_charge_that_stays_failed_is_held(harness: WorkerHarness) -> None:
    harness.psp.scripts["authorize"].append(decline)
    charge = await told(harness, await paid(harness), dispute(1000))
    assert (charge.status, charge.disputes) == ("failed", ())
    assert [one.reason for one in charge.held_reports] == ["contradicts_state"]
