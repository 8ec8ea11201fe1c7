"""What each kind of job carries: ids, as JSON, and nothing else."""

import msgspec

from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName


class ChargeJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `charge.authorize` and `charge.resolve`."""

    charge_id: ChargeId


class WebhookJob(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `webhook.interpret`: the key of a row of the inbox."""

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str


def authorize_job(charge_id: ChargeId) -> Job:
    """Call the PSP for a charge just created."""
    return Job(kind="charge.authorize", payload=msgspec.json.encode(ChargeJob(charge_id=charge_id)))


def resolve_job(charge_id: ChargeId, *, delay_seconds: float) -> Job:
    """Find out what became of a charge whose outcome is unknown."""
    payload = msgspec.json.encode(ChargeJob(charge_id=charge_id))
    return Job(kind="charge.resolve", payload=payload, delay_seconds=delay_seconds)


def interpret_job(psp: PspName, psp_account: PspAccount, psp_event_id: str) -> Job:
    """Read a webhook that lies in the inbox."""
    payload = WebhookJob(psp=psp, psp_account=psp_account, psp_event_id=psp_event_id)
    return Job(kind="webhook.interpret", payload=msgspec.json.encode(payload))
