"""The services that carry out merchants' requests, over one writer: composed here alone, for the API and for tests without HTTP."""

from typing import NamedTuple

from fincore.api.charges.body import render_cancel, render_capture, render_charge
from fincore.api.refunds.body import render_refund
from fincore.bootstrap.psp_limits import LIMITS
from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.write.charges import CHARGES
from fincore.write.payments.idempotent_requests import IN_FLIGHT_WAIT_SECONDS, IdempotentRequests
from fincore.write.payments.kept_card_check import KeptCardLookup
from fincore.write.payments.operation_service import OperationService, Renders
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.payment_service import PaymentService
from fincore.write.payments.response_cache import ResponseCache
from fincore.write.payments.shared_responses import SharedResponses
from fincore.write.risk.engine import NoEngine, RiskEngine
from fincore.write.routing.router import Router


class PaymentServices(NamedTuple):
    """What creates charges, what operates on them, what waits for their outcomes, and what answers a key once for all aggregates."""

    payments: PaymentService
    operations: OperationService
    outcomes: OutcomeWait[Charge]
    requests: IdempotentRequests[LogEvent]


def payment_services(
    *,
    router: Router,
    writer: Writer[LogEvent],
    log: EventLog[ChargeEvent],
    watch: StreamWatch,
    clock: Clock,
    risk: RiskEngine | None = None,
    public_url: str | None = None,
    kept_cards: KeptCardLookup | None = None,
    shared: SharedResponses | None = None,
    in_flight_wait_seconds: float = IN_FLIGHT_WAIT_SECONDS,
) -> PaymentServices:
    """The services of one process, which share its cache of responses.

    Without `risk` nothing is assessed, without `kept_cards` no kept card is charged, and `shared` is a cache beside that of the process; `ApplicationOptions` explains the other two.
    """
    outcomes = OutcomeWait(CHARGES, log, watch)
    requests = IdempotentRequests[LogEvent](
        writer=writer,
        clock=clock,
        responses=ResponseCache(),
        shared=shared,
        in_flight_wait_seconds=in_flight_wait_seconds,
    )
    return PaymentServices(
        payments=PaymentService(
            requests=requests,
            outcomes=outcomes,
            clock=clock,
            router=router,
            risk=risk or NoEngine(),
            limits=LIMITS,
            find_response=writer.find_response,
            render=render_charge,
            public_url=public_url,
            kept_cards=kept_cards,
        ),
        operations=OperationService(
            requests=requests,
            outcomes=outcomes,
            log=log,
            clock=clock,
            renders=Renders(capture=render_capture, cancel=render_cancel, refund=render_refund),
        ),
        outcomes=outcomes,
        requests=requests,
    )
