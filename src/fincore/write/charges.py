"""Charges as an aggregate of the log: one stream holds a charge with its refunds and disputes."""

from typing import Final

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve, fold
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import ChargeId, stream_of
from fincore.eventstore.aggregate import Aggregate
from fincore.eventstore.commit import ClaimedReference


def _new_references(before: Charge, after: Charge) -> tuple[ClaimedReference, ...]:
    return tuple(
        ClaimedReference(psp, psp_account, reference)
        for psp, psp_account, reference in sorted(after.references - before.references)
    )


CHARGES: Final[Aggregate[ChargeId, Charge, ChargeEvent]] = Aggregate(
    events=CHARGE_EVENTS,
    stream_of=stream_of,
    fold=fold,
    evolve=evolve,
    version_of=lambda charge: charge.version,
    new_references=_new_references,
)
