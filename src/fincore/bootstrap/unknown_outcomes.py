"""What operators do about unknown outcomes: list them, and resolve one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.bootstrap.processes import running_writer
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import Job
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import (
    DecidedChargeOutcome,
    DecidedRefundOutcome,
    Resolution,
    decide_charge_outcome,
    decide_refund_outcome,
)
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.postgres.database_clock import measured_clock
from fincore.read.paymentdb.unknown_queries import UnknownOutcome, UnknownQueries
from fincore.write.queue.port import HeldJob
from fincore.write.worker.plumbing.recorder import ChargeRecorder, Contended, Decision, NoSuchCharge
from fincore.write.worker.policies.follow_up_jobs import PollPolicy, follow_up_jobs
from fincore.write.worker.policies.janitor import JanitorPolicy

HELD_JOBS_MAX: Final = 10_000
"""Dead letters that are looked through for those of a charge."""


class NotResolved(FinCoreError):
    """A person's verdict could not be taken; the message says why and what to do."""


class Listed(msgspec.Struct, frozen=True):
    """An unknown outcome, and why it waits for a person; None while the janitor still asks."""

    outcome: UnknownOutcome
    held_because: str | None


async def list_unknown(databases: Databases, *, limit: int) -> list[Listed]:
    """The unknown outcomes, oldest first."""
    async with stores_of(databases, "eventstore", "paymentdb") as stores:
        held = await stores.jobs.held(limit=HELD_JOBS_MAX)
        found = await UnknownQueries(stores.paymentdb).list_unknown(limit=limit)
    return [Listed(outcome, _reason(held, outcome.refund_id or outcome.charge_id)) for outcome in found]


async def resolve_charge(
    databases: Databases, charge_id: ChargeId, verdict: DecidedChargeOutcome, judgement: Resolution
) -> list[str]:
    """Record a person's verdict on a charge; return the events it came to. Raise `NotResolved`."""
    return await _resolve(
        databases,
        charge_id,
        judgement,
        lambda now: lambda charge: decide_charge_outcome(charge, verdict, judgement, now),
        charge_id,
    )


async def resolve_refund(
    databases: Databases,
    charge_id: ChargeId,
    refund_id: RefundId,
    verdict: DecidedRefundOutcome,
    judgement: Resolution,
) -> list[str]:
    """Record a person's verdict on a refund; return the events it came to. Raise `NotResolved`."""
    return await _resolve(
        databases,
        charge_id,
        judgement,
        lambda now: lambda charge: decide_refund_outcome(charge, refund_id, verdict, judgement, now),
        refund_id,
    )


async def _resolve(
    databases: Databases,
    charge_id: ChargeId,
    judgement: Resolution,
    judged_at: Callable[[datetime], Decision],
    named: str,
) -> list[str]:
    async with stores_of(databases, "eventstore") as stores:
        now = (await measured_clock(stores.eventstore)).now()

        def consequences(charge_id: ChargeId, events: Sequence[ChargeEvent]) -> tuple[Job, ...]:
            first = JanitorPolicy().pause_seconds(1, fraction=0.5)
            return follow_up_jobs(charge_id, events, now, policy=PollPolicy(), first_inquiry_seconds=first)

        queue = stores.jobs
        async with running_writer(stores.eventstore, queue.enqueue) as writer:
            recorder = ChargeRecorder(EventLog(stores.eventstore), writer, consequences)
            provenance = Provenance(correlation=charge_id, actor=f"operator:{judgement.decided_by}")
            recorded = await recorder.record(charge_id, judged_at(now), provenance)
        match recorded:
            case Refusal():
                raise NotResolved(f"{named}: {recorded.detail}")
            case NoSuchCharge():
                raise NotResolved(f"{charge_id}: the log has no such charge")
            case Contended():
                raise NotResolved(f"{charge_id} keeps changing at the moment; try again")
        # The jobs that waited for this verdict find nothing left to do.
        held = await queue.held(limit=HELD_JOBS_MAX)
        await queue.requeue([job.job_id for job in held if named.encode() in job.payload])
    return [event_type(event) for event in recorded.events]


def _reason(held: Sequence[HeldJob], named: str) -> str | None:
    return next((job.reason for job in held if named.encode() in job.payload), None)
