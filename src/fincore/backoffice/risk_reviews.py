"""Charges under review: list them, and record what a person decides."""

from fincore.backoffice.operator_recorder import Resolver, operator_recorder
from fincore.domain.charge import Charge
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.domain.review_decisions import decide_review
from fincore.domain.risk import ReviewVerdict
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended
from fincore.write.worker.plumbing.recorder import NoSuchCharge


class ReviewNotDecided(FinCoreError):
    """A decision could not be recorded; the message says why and what to do."""


async def decide(
    resolver: Resolver, charge_id: ChargeId, verdict: ReviewVerdict, *, by: str, reason: str
) -> list[str]:
    """Record the decision with the capture or the cancellation that follows; return the types of the events.

    Raise `ReviewNotDecided`, also where a person decided the charge before.
    """
    now = resolver.clock.now()

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        return decide_review(charge, verdict, by=by, reason=reason, now=now)

    provenance = Provenance(correlation=charge_id, actor=f"operator:{by}")
    recorded = await operator_recorder(resolver).record(charge_id, decision, provenance)
    match recorded:
        case Refusal():
            raise ReviewNotDecided(f"{charge_id}: {recorded.detail}")
        case NoSuchCharge():
            raise ReviewNotDecided(f"{charge_id}: the log has no such charge")
        case Contended():
            raise ReviewNotDecided(f"{charge_id} keeps changing: repeat the command")
    return [event_type(event) for event in recorded.events]
