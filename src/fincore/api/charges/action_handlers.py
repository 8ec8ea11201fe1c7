"""/v1/charges/{charge_id}/capture and /cancel: what can be done with a charge on which money is held."""

from typing import Final, TypeVar

import msgspec

from fincore.api.charges.action_openapi import CANCEL_CHARGE, CAPTURE_CHARGE
from fincore.domain.ids import parse_charge_id
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.idempotent_call import command_fields, idempotency_key, read_request, response_of
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.operation import OperationCommand
from fincore.write.payments.operation_request import CancelRequest, CaptureRequest
from fincore.write.payments.operation_service import OperationService

Action = TypeVar("Action", CaptureRequest, CancelRequest)

_CAPTURE: Final = msgspec.json.Decoder(CaptureRequest)
_CANCEL: Final = msgspec.json.Decoder(CancelRequest)


class ChargeActions:
    """The handlers of the actions on a charge."""

    def __init__(self, *, operations: OperationService, keys: ApiKeys) -> None:
        self._operations = operations
        self._keys = keys

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="POST",
                path="/v1/charges/{charge_id}/capture",
                operation=CAPTURE_CHARGE,
                handler=self.capture,
            ),
            Route(
                method="POST",
                path="/v1/charges/{charge_id}/cancel",
                operation=CANCEL_CHARGE,
                handler=self.cancel,
            ),
        )

    async def capture(self, call: Call) -> Response:
        """Take what a charge holds, or a part of it."""
        return await self._carry_out(call, _CAPTURE, CaptureRequest())

    async def cancel(self, call: Call) -> Response:
        """Give a charge up."""
        return await self._carry_out(call, _CANCEL, CancelRequest())

    async def _carry_out(
        self, call: Call, decoder: msgspec.json.Decoder[Action], if_empty: Action
    ) -> Response:
        principal = await secret_principal(call, self._keys)
        key = idempotency_key(call)
        request = await read_request(call, decoder, if_empty=if_empty)
        charge_id = call.path_id("charge_id", parse_charge_id, "charge_not_found")
        result = await self._operations.carry_out(
            OperationCommand(
                **command_fields(call, principal, key, request), charge_id=charge_id, request=request
            )
        )
        return response_of(result, charge_param="charge_id")
