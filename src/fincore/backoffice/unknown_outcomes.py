"""Unknown outcomes: list them, and record what a person found out about one."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.backoffice.operator_recorder import Resolver, operator_recorder
from fincore.domain.errors import FinCoreError
from fincore.domain.events import event_type
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import (
    DecidedChargeOutcome,
    DecidedRefundOutcome,
    Resolution,
    decide_charge_outcome,
    decide_refund_outcome,
)
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.staff_lists import Scope
from fincore.read.paymentdb.unknown_queries import UnknownOutcome, UnknownQueries
from fincore.write.queue.port import DeadLetters, HeldJob
from fincore.write.worker.plumbing.recorder import Decision, NoSuchCharge

HELD_JOBS_MAX: Final = 10_000
"""Dead letters that are looked through for those of a charge."""


class NotResolved(FinCoreError):
    """A resolution could not be recorded; the message says why and what to do."""


class Listed(msgspec.Struct, frozen=True):
    """An unknown outcome, and why it waits for a person; None while FinCore still asks the PSP."""

    outcome: UnknownOutcome
    held_because: str | None


async def list_unknown(
    paymentdb: Pool,
    jobs: DeadLetters,
    *,
    limit: int,
    scope: Scope | None = None,
    after: tuple[datetime, ChargeId, str] | None = None,
) -> list[Listed]:
    """The unknown outcomes of a scope, or of all merchants in both modes, oldest first; `after` as of `UnknownQueries.list_unknown`."""
    held = await jobs.held(limit=HELD_JOBS_MAX)
    reasons = {subject: job.reason for job in reversed(held) if (subject := _subject_of(job)) is not None}
    without_answer = [(one.charge_id, one.attempt) for one in reasons if one.attempt is not None]
    found = await UnknownQueries(paymentdb).list_unknown(
        limit=limit, without_answer=without_answer, scope=scope, after=after
    )
    return [
        Listed(outcome, reasons.get(_Subject(outcome.charge_id, outcome.refund_id, outcome.attempt)))
        for outcome in found
    ]


async def resolve_charge(
    resolver: Resolver, charge_id: ChargeId, outcome: DecidedChargeOutcome, resolution: Resolution
) -> list[str]:
    """Record what a person found out about a charge; return the types of the events. Raise `NotResolved`."""
    now = resolver.clock.now()
    given_up = await attempts_given_up(resolver.jobs, charge_id)
    return await _resolve(
        resolver,
        charge_id,
        resolution,
        lambda charge: decide_charge_outcome(charge, outcome, resolution, now, given_up=given_up),
        charge_id,
    )


async def resolve_refund(
    resolver: Resolver,
    charge_id: ChargeId,
    refund_id: RefundId,
    outcome: DecidedRefundOutcome,
    resolution: Resolution,
) -> list[str]:
    """Record what a person found out about a refund; return the types of the events. Raise `NotResolved`."""
    now = resolver.clock.now()
    return await _resolve(
        resolver,
        charge_id,
        resolution,
        lambda charge: decide_refund_outcome(charge, refund_id, outcome, resolution, now),
        refund_id,
    )


async def _resolve(
    resolver: Resolver, charge_id: ChargeId, resolution: Resolution, decision: Decision, named: str
) -> list[str]:
    provenance = Provenance(correlation=charge_id, actor=f"operator:{resolution.decided_by}")
    recorded = await operator_recorder(resolver).record(charge_id, decision, provenance)
    match recorded:
        case Refusal():
            raise NotResolved(f"{named}: {recorded.detail}")
        case NoSuchCharge():
            raise NotResolved(f"{charge_id}: the log has no such charge")
        case Contended():
            raise NotResolved(f"{charge_id} keeps changing: repeat the command")
    await requeue_held(resolver.jobs, named)
    return [event_type(event) for event in recorded.events]


async def attempts_without_answer(jobs: DeadLetters) -> set[tuple[ChargeId, int]]:
    """The abandoned attempts of all charges of which FinCore could not find out whether they have money."""
    subjects = map(_subject_of, await jobs.held(limit=HELD_JOBS_MAX))
    return {(one.charge_id, one.attempt) for one in subjects if one and one.attempt is not None}


async def attempts_given_up(jobs: DeadLetters, charge_id: ChargeId) -> set[int]:
    """The abandoned attempts of a charge of which FinCore could not find out whether they have money."""
    subjects = map(_subject_of, await jobs.held(limit=HELD_JOBS_MAX))
    return {one.attempt for one in subjects if one and one.charge_id == charge_id and one.attempt}


async def requeue_held(jobs: DeadLetters, named: str) -> None:
    """Requeue the dead letters that name a charge or a refund: after its resolution they find nothing left to do."""
    held = await jobs.held(limit=HELD_JOBS_MAX)
    await jobs.requeue([job.job_id for job in held if named.encode() in job.payload])


class _Subject(NamedTuple):
    """What a job is about: a charge itself, a refund of it, or an attempt that was given up."""

    charge_id: ChargeId
    refund_id: RefundId | None = None
    attempt: int | None = None


class _Payload(msgspec.Struct, frozen=True):
    charge_id: ChargeId
    refund_id: RefundId | None = None
    attempt: int | None = None


def _subject_of(job: HeldJob) -> _Subject | None:
    try:
        payload = msgspec.json.decode(job.payload, type=_Payload)
    except msgspec.MsgspecError:
        return None  # a job of another kind, such as one that reads a webhook
    # The attempt of any other job is the one that counts: the charge itself.
    attempt = payload.attempt if job.kind == "attempt.reverse" else None
    return _Subject(payload.charge_id, payload.refund_id, attempt)
