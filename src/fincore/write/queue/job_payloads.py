"""What each kind of job carries: ids, as JSON, and nothing else."""

from typing import Final

import msgspec

from fincore.domain.ids import ChargeId, CheckoutSessionId, RefundId
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName

INQUIRY_INTERVAL_SECONDS: Final = 10.0
"""The PSP is asked about one charge at most once in this time for the merchants' requests that wait, of all processes."""


class ChargeJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the jobs named `charge.`. The charge itself says which operation is pending."""

    charge_id: ChargeId


class AuthorizeJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Payload of `charge.authorize`. A job of an attempt that was given up must not begin the next one a second time."""

    charge_id: ChargeId
    attempt: int = 1


class AttemptJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `attempt.reverse`: an abandoned attempt of a charge, by its number."""

    charge_id: ChargeId
    attempt: int


class RefundJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the jobs named `refund.`."""

    charge_id: ChargeId
    refund_id: RefundId


class CheckoutSessionJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the jobs named `checkout_session.`."""

    checkout_session_id: CheckoutSessionId


class WebhookJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `webhook.interpret`: the key of a row of the inbox."""

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str


def authorize_job(charge_id: ChargeId, *, attempt: int = 1) -> Job:
    """Call the PSP for an attempt that has just begun: the first one of a charge, or one that a rerouting began."""
    payload = AuthorizeJob(charge_id=charge_id, attempt=attempt)
    return Job(kind="charge.authorize", payload=msgspec.json.encode(payload))


def complete_job(charge_id: ChargeId) -> Job:
    """Take or hold what the customer has just approved."""
    return Job(kind="charge.complete", payload=msgspec.json.encode(ChargeJob(charge_id=charge_id)))


def capture_job(charge_id: ChargeId) -> Job:
    """Carry out the capture that was just asked for."""
    return Job(kind="charge.capture", payload=msgspec.json.encode(ChargeJob(charge_id=charge_id)))


def cancel_job(charge_id: ChargeId) -> Job:
    """Carry out the cancellation that was just asked for."""
    return Job(kind="charge.cancel", payload=msgspec.json.encode(ChargeJob(charge_id=charge_id)))


def resolve_job(charge_id: ChargeId, *, delay_seconds: float) -> Job:
    """Find out the unknown outcome of a charge's pending operation."""
    payload = msgspec.json.encode(ChargeJob(charge_id=charge_id))
    return Job(kind="charge.resolve", payload=payload, delay_seconds=delay_seconds)


def poll_job(charge_id: ChargeId, *, delay_seconds: float) -> Job:
    """Look after a charge that waits for its customer, or for a capture until its hold lapses."""
    payload = msgspec.json.encode(ChargeJob(charge_id=charge_id))
    return Job(kind="charge.follow", payload=payload, delay_seconds=delay_seconds)


def inquire_job(charge_id: ChargeId) -> Job:
    """Ask the PSP once how a charge stands after its customer may have acted; one such job of a charge at a time."""
    payload = msgspec.json.encode(ChargeJob(charge_id=charge_id))
    return Job(kind="charge.inquire", payload=payload, dedupe_key=f"charge.inquire:{charge_id}")


def review_job(charge_id: ChargeId, *, delay_seconds: float) -> Job:
    """Decide the review of a charge if no person has done so until then."""
    payload = msgspec.json.encode(ChargeJob(charge_id=charge_id))
    return Job(kind="charge.review", payload=payload, delay_seconds=delay_seconds)


def reverse_attempt_job(charge_id: ChargeId, attempt: int, *, delay_seconds: float) -> Job:
    """See that an abandoned attempt has no money, and give back what it has."""
    payload = msgspec.json.encode(AttemptJob(charge_id=charge_id, attempt=attempt))
    return Job(kind="attempt.reverse", payload=payload, delay_seconds=delay_seconds)


def send_refund_job(charge_id: ChargeId, refund_id: RefundId) -> Job:
    """Carry out a refund that was just asked for."""
    payload = msgspec.json.encode(RefundJob(charge_id=charge_id, refund_id=refund_id))
    return Job(kind="refund.send", payload=payload)


def resolve_refund_job(charge_id: ChargeId, refund_id: RefundId, *, delay_seconds: float) -> Job:
    """Find out the outcome of a refund that is unknown, or that the PSP carries out later."""
    payload = msgspec.json.encode(RefundJob(charge_id=charge_id, refund_id=refund_id))
    return Job(kind="refund.resolve", payload=payload, delay_seconds=delay_seconds)


def follow_session_job(session_id: CheckoutSessionId) -> Job:
    """Do what a checkout session is to have done now."""
    payload = msgspec.json.encode(CheckoutSessionJob(checkout_session_id=session_id))
    return Job(kind="checkout_session.follow", payload=payload)


def expire_session_job(session_id: CheckoutSessionId, *, delay_seconds: float) -> Job:
    """End a checkout session if its time is over."""
    payload = msgspec.json.encode(CheckoutSessionJob(checkout_session_id=session_id))
    return Job(kind="checkout_session.expire", payload=payload, delay_seconds=delay_seconds)


def process_webhook_job(psp: PspName, psp_account: PspAccount, psp_event_id: str) -> Job:
    """Read a webhook that lies in the inbox."""
    payload = WebhookJob(psp=psp, psp_account=psp_account, psp_event_id=psp_event_id)
    return Job(kind="webhook.interpret", payload=msgspec.json.encode(payload))
