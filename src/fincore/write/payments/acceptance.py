"""From a request to what is written. Pure: ids and times are given in."""

from datetime import datetime

from fincore.domain.events import ChargeCreated
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.payment_method import CardToken
from fincore.write.payments.charge_request import ChargeRequest, currency_of
from fincore.write.payments.command import Command
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.routing.router import Route


class ChargeCommand(Command, frozen=True, kw_only=True):
    """A checked request to create a charge, and what the platform charges for it in its currency."""

    request: ChargeRequest
    fee_plan: FeePlan | None = None


def accept(
    command: ChargeCommand, charge_id: ChargeId, route: Route, now: datetime
) -> tuple[ChargeCreated, Job]:
    """The event that a charge was asked for, and the job to carry it out."""
    request = command.request
    created = ChargeCreated(
        merchant_id=command.merchant_id,
        livemode=command.livemode,
        amount_minor=request.amount_minor,
        currency=currency_of(request),
        capture_method="automatic" if request.capture else "manual",
        payment_method=CardToken(request.payment_method),
        psp=route.psp,
        psp_account=route.psp_account,
        created_at=now,
        description=request.description,
        customer_email=request.customer_email,
        metadata=request.metadata,
        return_url=request.return_url,
        fee_plan=command.fee_plan,
    )
    return created, authorize_job(charge_id)
