"""The charge of a session's attempt: made of what the session's stream says, and told to the session once it is decided. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.checkout_decisions import pays_session
from fincore.domain.checkout_page import after_psp_page
from fincore.domain.checkout_session import CheckoutAttempt, CheckoutSession
from fincore.domain.events import (
    CancelFailed,
    CancelReason,
    CancelRequested,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    RefundCorrected,
    RefundFailed,
    RefundRequested,
    RefundSucceeded,
    ReviewDecided,
)
from fincore.domain.ids import ChargeId, CheckoutSessionId, second_payment_refund_id
from fincore.domain.job import Job
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_refund
from fincore.domain.risk import CustomerContext
from fincore.write.queue.job_payloads import authorize_job, follow_session_job, send_refund_job
from fincore.write.routing.plan import is_told_by_its_attempt

_DECIDING: Final = (
    ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeCanceled
    | ChargeExpired
    | ChargeCorrected
    | RefundSucceeded
    | RefundFailed
    | RefundCorrected
    | ReviewDecided
)
"""After these a charge may pay its session, or not pay it, as it did not, or did, before."""


def new_charge(
    session_id: CheckoutSessionId, session: CheckoutSession, attempt: CheckoutAttempt, now: datetime
) -> tuple[ChargeCreated, Job]:
    """The first event of an attempt's charge, and the job to carry it out."""
    first = attempt.plan.attempts[0]
    return_url, cancel_url = after_psp_page(session.page)
    created = ChargeCreated(
        merchant_id=session.merchant_id,
        livemode=session.livemode,
        amount_minor=session.amount.amount_minor,
        currency=session.amount.currency,
        capture_method=session.capture_method,
        payment_method=first.payment_method,
        psp=first.psp,
        psp_account=first.psp_account,
        created_at=now,
        metadata=session.metadata,
        return_url=return_url,
        cancel_url=cancel_url,
        fee_plan=session.fee_plan,
        plan=None if is_told_by_its_attempt(attempt.plan) else attempt.plan,
        checkout_session_id=session_id,
        customer=_known_customer(session.customer, attempt.browser),
        billing_country=session.billing_country,
        shipping_country=session.shipping_country,
    )
    return created, authorize_job(attempt.charge_id)


def _known_customer(told: CustomerContext | None, browser: CustomerContext | None) -> CustomerContext | None:
    """What the merchant told of the customer; what they left open is as our page saw it."""
    if told is None or browser is None:
        return told or browser
    return CustomerContext(
        **{name: getattr(told, name) or getattr(browser, name) for name in CustomerContext.__struct_fields__}
    )


def jobs_for_session(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent]) -> tuple[Job, ...]:
    """The jobs that events on a charge call for because it is an attempt of a session; none for any other charge."""
    if charge.checkout_session_id is None:
        return ()
    jobs: list[Job] = []
    refund_id = second_payment_refund_id(charge_id)
    if any(isinstance(event, RefundRequested) and event.refund_id == refund_id for event in events):
        jobs.append(send_refund_job(charge_id, refund_id))
    # A session that has a charge canceled tries again after a pause of its own: a refusal tells it only of money that pays it.
    is_kept = pays_session(msgspec.structs.replace(charge, operation=None)) and any(
        isinstance(event, CancelFailed) for event in events
    )
    if is_kept or any(isinstance(event, _DECIDING) for event in events):
        jobs.append(follow_session_job(charge.checkout_session_id))
    return tuple(jobs)


def close_charge(
    charge: Charge, reason: CancelReason, now: datetime
) -> tuple[CancelRequested, ...] | Refusal:
    """Ask for the cancellation of a charge; nothing where one is under way, a refusal where it cannot be canceled now."""
    if charge.operation is not None and charge.operation.kind == "cancel":
        return ()
    requested = request_cancel(charge, reason, now)
    return requested if isinstance(requested, Refusal) else (requested,)


def give_back(charge_id: ChargeId, charge: Charge, now: datetime) -> tuple[ChargeEvent, ...] | Refusal:
    """Ask that all of a charge's money go back, once: the hold by a cancellation, what was taken by a refund."""
    if charge.status == "authorized":
        return close_charge(charge, "duplicate", now)
    refund_id = second_payment_refund_id(charge_id)
    if charge.refund(refund_id) is not None:
        return ()
    requested = request_refund(charge, refund_id, None, now, reason="duplicate")
    return requested if isinstance(requested, Refusal) else (requested,)
