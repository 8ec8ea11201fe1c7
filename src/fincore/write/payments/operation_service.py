"""Carries out what merchants and staff ask of charges: captures, cancellations, refunds."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve, fold
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, RefundId, RequestId, new_refund_id, stream_of
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import RenderedResponse, StoredResponse
from fincore.eventstore.log import EventLog
from fincore.write.payments.idempotent_requests import (
    Decision,
    IdempotentRequests,
    Refused,
    Responded,
)
from fincore.write.payments.metrics import OPERATION_REQUESTS
from fincore.write.payments.operation import OperationCommand, is_final, wanted
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)
from fincore.write.payments.outcome_wait import OutcomeWait

_NAMES: Final[dict[type[OperationRequest], str]] = {
    CaptureRequest: "capture",
    CancelRequest: "cancel",
    RefundRequest: "refund",
}

RenderOperation = Callable[[ChargeId, Charge, RequestId], RenderedResponse]
"""How a charge is shown to the merchant that asked something of it; where that failed, the response to one that waited."""
RenderRefund = Callable[[ChargeId, Charge, RefundId, RequestId], RenderedResponse]


class Renders(NamedTuple):
    """How the outcome of each operation is shown."""

    capture: RenderOperation
    cancel: RenderOperation
    refund: RenderRefund


class OperationService:
    """Decides on the whole stream of a charge and commits against its version: two that do not fit cannot both be."""

    def __init__(
        self,
        *,
        requests: IdempotentRequests[ChargeEvent],
        outcomes: OutcomeWait[Charge],
        log: EventLog[ChargeEvent],
        clock: Clock,
        renders: Renders,
    ) -> None:
        self._requests = requests
        self._outcomes = outcomes
        self._event_log = log
        self._clock = clock
        self._renders = renders

    async def carry_out(self, command: OperationCommand) -> Responded | Refused:
        """Ask for an operation on a charge, or return the response that its idempotency key got before.

        A refusal leaves the key unused. Raises `Overloaded` and `StoreUnavailable`: nothing can be said then, and the
        same request with the same key may be repeated.
        """
        # One id for the request, however often it has to be decided again.
        refund_id = command.given_refund_id or new_refund_id()

        async def decide() -> Decision[Charge, ChargeEvent] | StoredResponse | Refused:
            return await self._decide(command, refund_id)

        responded = await self._requests.respond(
            command, decide, self._outcomes, busy=Refused("charge_busy"), on=stream_of(command.charge_id)
        )
        OPERATION_REQUESTS.labels(_NAMES[type(command.request)], _result_of(responded)).inc()
        return responded

    async def _decide(
        self, command: OperationCommand, refund_id: RefundId
    ) -> Decision[Charge, ChargeEvent] | StoredResponse | Refused:
        stream_id = stream_of(command.charge_id)
        charge = fold(recorded.event for recorded in await self._event_log.load(stream_id))
        if charge is None or (charge.merchant_id, charge.livemode) != (command.merchant_id, command.livemode):
            return Refused("charge_not_found")
        if charge.refund(refund_id) is not None:
            # Its key is forgotten after some days; the log knows it for good.
            return StoredResponse(
                fingerprint=command.fingerprint, response=self._shown(command, charge, refund_id)
            )
        decided = wanted(charge, command, refund_id, self._clock.now())
        if isinstance(decided, Refusal):
            # A request is refused for the reasons of requests only.
            return Refused(decided.code, decided.detail)  # type: ignore[arg-type]
        event, job = decided
        after = evolve(charge, event)
        return Decision(
            stream_id=stream_id,
            expected_version=charge.version,
            events=(event,),
            jobs=(job,),
            state=after,
            show=lambda later: self._shown(command, later, refund_id),
            is_final=is_final(after, event),
        )

    def _shown(self, command: OperationCommand, charge: Charge, refund_id: RefundId) -> RenderedResponse:
        match command.request:
            case CaptureRequest():
                return self._renders.capture(command.charge_id, charge, command.request_id)
            case CancelRequest():
                return self._renders.cancel(command.charge_id, charge, command.request_id)
            case RefundRequest():
                return self._renders.refund(command.charge_id, charge, refund_id, command.request_id)


def _result_of(responded: Responded | Refused) -> str:
    if isinstance(responded, Refused):
        return responded.code
    return "replayed" if responded.is_replay else "accepted"
