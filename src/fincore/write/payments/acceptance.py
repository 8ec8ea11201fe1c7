"""From a request to what is written. Pure: ids and times are given in."""

from datetime import datetime

from fincore.domain.events import CaptureMethod, ChargeCreated
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.money import Money
from fincore.domain.return_page import is_approved_by_customer
from fincore.domain.route_plan import PaymentMethodChoice, RoutePlan
from fincore.write.payments.charge_request import ChargeRequest, choices_of, currency_of
from fincore.write.payments.command import Command
from fincore.write.payments.customer_request import customer_context
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.routing.plan import is_told_by_its_attempt
from fincore.write.routing.router import RouteRequest


class ChargeCommand(Command, frozen=True, kw_only=True):
    """A checked request to create a charge, and what the platform charges for it in its currency."""

    request: ChargeRequest
    fee_plan: FeePlan | None = None


def route_request(
    command: ChargeCommand, charge_id: ChargeId, offered: tuple[PaymentMethodChoice, ...] | None = None
) -> RouteRequest:
    """What the plan of a charge may depend on. Weights are drawn by the charge's id: the log tells it to a dry run.

    `offered` is what the merchant offers, where the request does not say it or it is read from there before.
    """
    request = command.request
    return RouteRequest(
        key=charge_id,
        merchant_id=command.merchant_id,
        livemode=command.livemode,
        money=Money(request.amount_minor, currency_of(request)),
        capture_method=_capture_method(request),
        offered=choices_of(request) if offered is None else offered,
        metadata=request.metadata,
    )


def accept(
    command: ChargeCommand,
    charge_id: ChargeId,
    plan: RoutePlan,
    now: datetime,
    *,
    own_page: str | None = None,
) -> tuple[ChargeCreated, Job]:
    """The event that a charge was asked for, and the job to carry it out.

    A plan that its only attempt tells is not written beside that attempt. `own_page` is where a PSP is to send the
    customer after approving, where `needs_page` says so.
    """
    request = command.request
    first = plan.attempts[0]
    created = ChargeCreated(
        merchant_id=command.merchant_id,
        livemode=command.livemode,
        amount_minor=request.amount_minor,
        currency=currency_of(request),
        capture_method=_capture_method(request),
        payment_method=first.payment_method,
        psp=first.psp,
        psp_account=first.psp_account,
        created_at=now,
        description=request.description,
        customer_email=request.customer_email,
        metadata=request.metadata,
        return_url=request.return_url,
        cancel_url=request.cancel_url,
        return_page=own_page,
        fee_plan=command.fee_plan,
        plan=None if is_told_by_its_attempt(plan) else plan,
        customer=customer_context(request.customer),
        billing_country=request.billing_country,
        shipping_country=request.shipping_country,
    )
    return created, authorize_job(charge_id)


def needs_page(request: ChargeRequest, plan: RoutePlan) -> bool:
    """Whether an attempt may need a page of ours to send the customer to, and the merchant named where they go on."""
    goes_on = request.return_url is not None and request.cancel_url is not None
    return goes_on and any(is_approved_by_customer(attempt.payment_method) for attempt in plan.attempts)


def _capture_method(request: ChargeRequest) -> CaptureMethod:
    return "automatic" if request.capture else "manual"
