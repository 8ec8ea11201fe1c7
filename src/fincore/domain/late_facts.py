"""What an outcome that a charge knows already may still tell: what paid, how risky the PSP found it, and its fee. Each once. Pure."""

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, FeeAssessed, InstrumentTold
from fincore.domain.outcome import Approved, Declined
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]


def captured_again(charge: Charge, outcome: Approved) -> Events | Refusal:
    """The events of a capture that the charge knows; it may tell what an earlier report of it did not."""
    if outcome.money.amount_minor != charge.captured_minor:
        return Refusal(
            "contradicts_state",
            f"the PSP reports a capture of {outcome.money}, the charge knows one of {charge.captured_minor} minor units",
        )
    told = facts_told(charge, outcome)
    if outcome.fee is None or charge.fee is not None:
        return told
    return (
        *told,
        FeeAssessed(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=outcome.psp_reference,
            fee_minor=outcome.fee.amount_minor,
            currency=outcome.fee.currency,
            occurred_at=outcome.occurred_at,
        ),
    )


def facts_told(charge: Charge, outcome: Approved | Declined) -> tuple[InstrumentTold, ...]:
    """The event that fills in what paid and at what risk, for an outcome that the charge knows from a report without it; once."""
    reference = outcome.psp_reference
    instrument = outcome.instrument if charge.instrument is None else None
    psp_risk = outcome.psp_risk if charge.psp_risk is None else None
    if instrument is None and psp_risk is None:
        return ()
    if reference is None or reference != charge.psp_reference:
        return ()
    return (InstrumentTold(psp_reference=reference, instrument=instrument, psp_risk=psp_risk),)
