"""From the first event of a charge to the question for the risk engine, and from its answer to what is written beside. Pure."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec

from fincore.domain.events import ChargeCreated, ChargeFailed, RiskAssessed
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import PspName
from fincore.domain.payment_method import (
    CardInstrument,
    PaymentMethod,
    initiator_of,
    name_of,
    payment_method_type,
)
from fincore.domain.risk import RiskAssessment
from fincore.eventstore.commit import IdempotencyKey
from fincore.write.psp.limits import PspLimits
from fincore.write.risk.engine import RiskRequest

DEDUPE_BYTES: Final = 16
BLOCKED: Final = "The risk engine blocked the payment before any PSP was called."


def dedupe_of_key(key: IdempotencyKey) -> bytes:
    """What all repetitions of a merchant's request have in common, in whichever process."""
    return _digest([key.merchant_id, key.livemode, key.key])


def dedupe_of_attempt(charge_id: ChargeId, created: ChargeCreated) -> bytes:
    """The same of an attempt of a checkout session, which has no key: its charge's id is derived from the session."""
    return _digest([created.merchant_id, created.livemode, "attempt", charge_id])


def risk_request(
    charge_id: ChargeId,
    created: ChargeCreated,
    limits: Mapping[PspName, PspLimits],
    *,
    dedupe: bytes,
    instrument: CardInstrument | None = None,
    first_digits: str | None = None,
    number_hmac: str | None = None,
) -> RiskRequest:
    """What the engine is told of a charge that is about to be written.

    A decision holds for every account that the charge may go to: what one of them cannot do, it cannot ask for. A customer who
    has no page to come back to, or does not pay themselves, cannot be challenged.
    """
    candidates = _candidates(created)
    is_customer_there = created.return_url is not None and all(
        initiator_of(paid_with) == "customer" for _, paid_with in candidates
    )
    able = [(limits.get(psp), payment_method_type(paid_with)) for psp, paid_with in candidates]
    return RiskRequest(
        merchant_id=created.merchant_id,
        livemode=created.livemode,
        charge_id=charge_id,
        dedupe=dedupe,
        money=Money(created.amount_minor, created.currency),
        capture_method=created.capture_method,
        payment_method_types=tuple(kind for _, kind in able),
        can_hold=all(of_psp is not None and of_psp.can_hold(kind) for of_psp, kind in able),
        can_challenge=is_customer_there
        and all(of_psp is not None and of_psp.can_challenge(kind) for of_psp, kind in able),
        payment_token=name_of(created.payment_method),
        customer=created.customer,
        email=created.customer_email,
        billing_country=created.billing_country,
        shipping_country=created.shipping_country,
        instrument=instrument,
        first_digits=first_digits,
        number_hmac=number_hmac,
        metadata=created.metadata,
    )


def events_of(
    assessment: RiskAssessment | None, now: datetime, *, instrument: CardInstrument | None = None
) -> tuple[RiskAssessed | ChargeFailed, ...]:
    """What is written after `charge.created`: the assessment, and the end of a charge that it blocks, which gets no job."""
    if assessment is None:
        return ()
    assessed = RiskAssessed(assessment=assessment, assessed_at=now)
    if assessment.decision != "block":
        return (assessed,)
    return (
        assessed,
        ChargeFailed(
            code="blocked_by_risk",
            message=BLOCKED,
            advice="do_not_retry",
            occurred_at=now,
            instrument=instrument,
        ),
    )


def _candidates(created: ChargeCreated) -> tuple[tuple[PspName, PaymentMethod], ...]:
    """The PSP and the payment method of each attempt that the charge may have; a plan that its only attempt tells is not kept."""
    if created.plan is None:
        return ((created.psp, created.payment_method),)
    return tuple((one.psp, one.payment_method) for one in created.plan.attempts)


def _digest(parts: list[object]) -> bytes:
    return blake2b(msgspec.json.encode(parts), digest_size=DEDUPE_BYTES).digest()
