"""Carries out what merchants ask of their charges: captures, cancellations, refunds."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fincore.domain.charge import Charge, evolve, fold
from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId, RefundId, RequestId, new_refund_id, stream_of
from fincore.domain.refusal import Refusal
from fincore.eventstore.log import EventLog
from fincore.write.payments.keyed_requests import Answered, Decision, KeyedRequests, Refused, Rendered
from fincore.write.payments.metrics import OPERATION_REQUESTS
from fincore.write.payments.operation import OperationCommand, is_settled, wanted
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)

_NAMES: Final[dict[type[OperationRequest], str]] = {
    CaptureRequest: "capture",
    CancelRequest: "cancel",
    RefundRequest: "refund",
}

RenderOperation = Callable[[ChargeId, Charge, RequestId], Rendered]
"""How a charge is shown to the merchant that asked something of it; where that failed, the answer to one that waited."""
RenderRefund = Callable[[ChargeId, Charge, RefundId, RequestId], Rendered]


class Renders(NamedTuple):
    """How the outcome of each operation is shown."""

    capture: RenderOperation
    cancel: RenderOperation
    refund: RenderRefund


class OperationService:
    """Decides on the whole stream of a charge and commits against its version: two that do not fit cannot both be."""

    def __init__(self, *, requests: KeyedRequests, log: EventLog, clock: Clock, renders: Renders) -> None:
        self._requests = requests
        self._event_log = log
        self._clock = clock
        self._renders = renders

    async def carry_out(self, command: OperationCommand) -> Answered | Refused:
        """Ask for an operation on a charge, or give the answer that its idempotency key got before.

        A refusal leaves the key unused. Raises `Overloaded` and `StoreUnavailable`: nothing can be said then, and the
        same request with the same key may be repeated.
        """
        # One id for the request, however often it has to be decided again.
        refund_id = new_refund_id()

        async def decide() -> Decision | Refused:
            return await self._decide(command, refund_id)

        answered = await self._requests.answer(command, decide, on=stream_of(command.charge_id))
        OPERATION_REQUESTS.labels(_NAMES[type(command.request)], _result_of(answered)).inc()
        return answered

    async def _decide(self, command: OperationCommand, refund_id: RefundId) -> Decision | Refused:
        stream_id = stream_of(command.charge_id)
        charge = fold(recorded.event for recorded in await self._event_log.load(stream_id))
        if charge is None or (charge.merchant_id, charge.livemode) != (command.merchant_id, command.livemode):
            return Refused("charge_not_found")
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
            charge=after,
            show=lambda later: self._shown(command, later, refund_id),
            is_settled=is_settled(after, event),
        )

    def _shown(self, command: OperationCommand, charge: Charge, refund_id: RefundId) -> Rendered:
        match command.request:
            case CaptureRequest():
                return self._renders.capture(command.charge_id, charge, command.request_id)
            case CancelRequest():
                return self._renders.cancel(command.charge_id, charge, command.request_id)
            case RefundRequest():
                return self._renders.refund(command.charge_id, charge, refund_id, command.request_id)


def _result_of(answered: Answered | Refused) -> str:
    if isinstance(answered, Refused):
        return answered.code
    return "replayed" if answered.is_replay else "accepted"
