"""/staff/v1/charges/{charge_id}/...: what staff do with a charge, by the services that carry out merchants' requests."""

from typing import Final

import msgspec

from fincore.backoffice.staff_decisions import StaffDecisions, StaffRequest, what_is_asked
from fincore.backoffice.staff_refunds import ProposedRefund, SecondPersonForRefund, StaffRefunds
from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.eventstore.commit import IdempotencyKey, RenderedResponse
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.idempotent_call import response_of, wait_seconds
from fincore.http.list_filters import whole_number
from fincore.http.list_query import parameters_of, refuse_parameters
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.permissions import Permission
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.answers import Answers, answered
from fincore.staff.charge_acts.body import StaffInquiryBody, preview_body
from fincore.staff.charge_acts.openapi import CANCEL, CAPTURE, INQUIRE, PREVIEW_REFUND, REFUND
from fincore.staff.charge_acts.requests import StaffCancelRequest, StaffCaptureRequest, StaffRefundRequest
from fincore.staff.proposing import PROPOSED_STATUS, Proposing
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)
from fincore.write.payments.operation_service import OperationService
from fincore.write.payments.staff_operation import StaffOperationCommand
from fincore.write.staff.act_names import ActName
from fincore.write.staff.acts import Details
from fincore.write.staff.proposals import NewProposal

ACTS: Final[Permission] = "payments.act"
_REFUND: Final = msgspec.json.Decoder(StaffRefundRequest)
_CAPTURE: Final = msgspec.json.Decoder(StaffCaptureRequest)
_CANCEL: Final = msgspec.json.Decoder(StaffCancelRequest)
_REASONED: Final = msgspec.json.Decoder(Reasoned)


class ChargeActs:
    """The handlers of acts on a charge."""

    def __init__(
        self,
        admission: Admission,
        *,
        acts: StaffActs,
        answers: Answers,
        proposing: Proposing,
        refunds: StaffRefunds,
        operations: OperationService,
        decisions: StaffDecisions,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._answers = answers
        self._proposing = proposing
        self._refunds = refunds
        self._operations = operations
        self._decisions = decisions

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/charges/{charge_id}"
        return (
            route("GET", f"{path}/refund_preview", PREVIEW_REFUND, self.preview, permission=ACTS),
            route("POST", f"{path}/refunds", REFUND, self.refund, permission=ACTS),
            route("POST", f"{path}/capture", CAPTURE, self.capture, permission=ACTS),
            route("POST", f"{path}/cancel", CANCEL, self.cancel, permission=ACTS),
            route("POST", f"{path}/inquiry", INQUIRE, self.inquire, permission=ACTS),
        )

    async def preview(self, call: Call, visit: Visit) -> Response:
        """What a refund would do."""
        charge_id, charge = await self._charge(call, visit)
        amount_minor = _amount_of(call)
        asked_minor = charge.refundable_minor if amount_minor is None else amount_minor
        refusal = self._refunds.refusal(charge, asked_minor)
        allowance = await self._refunds.allowance(
            visit.person.actor, Money(asked_minor, charge.amount.currency), livemode=charge.livemode
        )
        body = preview_body(
            charge_id,
            charge,
            asked_minor,
            refusal=refusal,
            second_person=None if refusal is not None else allowance.second_person,
            limit=allowance.limit,
            used_today_minor=allowance.used_today_minor,
        )
        return json_response(200, body)

    async def refund(self, call: Call, visit: Visit) -> Response:
        """Refund a charge alone, or propose it."""
        call.path_id("charge_id", parse_charge_id, "charge_not_found")
        request = await read_act(call, _REFUND)
        charge_id, charge = await self._charge(call, visit)
        money = Money(request.amount_minor, charge.amount.currency)
        fingerprint = fingerprint_of(call.method, call.path, request)
        proposed = ProposedRefund(
            charge=charge_id, amount_minor=request.amount_minor, refund_reason=request.refund_reason
        )
        command = self._command(
            call,
            visit,
            request,
            (charge_id, charge),
            RefundRequest(charge=charge_id, amount_minor=request.amount_minor, reason=request.refund_reason),
        )

        async def carry(key: IdempotencyKey) -> Response:
            earlier = await self._answers.earlier(key, fingerprint)
            if earlier is not None and earlier.response.status == PROPOSED_STATUS:
                return answered(earlier, is_replay=True)
            made = await self._refunds.refund(
                charge, visit.person.actor, msgspec.structs.replace(command, idempotency_key=key.key)
            )
            if not isinstance(made, SecondPersonForRefund):
                return response_of(made, charge_param="charge_id")
            return await self._proposing.propose(
                key,
                fingerprint,
                NewProposal(
                    kind="refund",
                    livemode=charge.livemode,
                    merchant_id=charge.merchant_id,
                    object_id=charge_id,
                    money=money,
                    act=proposed,
                    proposer=visit.person.actor,
                    reason=request.reason,
                    needed_because=made.sentence,
                ),
            )

        details: Details = {"amount_minor": money.amount_minor, "currency": str(money.currency)}
        deed = _deed("refund", charge_id, charge, details)
        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def capture(self, call: Call, visit: Visit) -> Response:
        """Take what a charge holds, or a part of it."""
        call.path_id("charge_id", parse_charge_id, "charge_not_found")
        request = await read_act(call, _CAPTURE)
        return await self._operate(
            call, visit, request, "capture", CaptureRequest(amount_minor=request.amount_minor)
        )

    async def cancel(self, call: Call, visit: Visit) -> Response:
        """Give a charge up."""
        call.path_id("charge_id", parse_charge_id, "charge_not_found")
        request = await read_act(call, _CANCEL)
        return await self._operate(
            call, visit, request, "cancel", CancelRequest(reason=request.cancel_reason)
        )

    async def inquire(self, call: Call, visit: Visit) -> Response:
        """Have the PSP asked now."""
        call.path_id("charge_id", parse_charge_id, "charge_not_found")
        request = await read_act(call, _REASONED)
        charge_id, charge = await self._charge(call, visit)
        fingerprint = fingerprint_of(call.method, call.path, request)
        asked = what_is_asked(charge)

        async def carry(key: IdempotencyKey) -> Response:
            earlier = await self._answers.earlier(key, fingerprint)
            if earlier is not None:
                return answered(earlier, is_replay=True)
            if not asked:
                raise Problem(
                    "act_not_possible", "Nothing about the charge and its refunds waits for the PSP."
                )
            body = StaffInquiryBody(charge=charge_id, asks_about=asked)
            done = await self._decisions.inquire(
                StaffRequest(
                    staff=visit.person.actor,
                    reason=request.reason,
                    request_id=call.request_id,
                    key=key,
                    fingerprint=fingerprint,
                ),
                charge_id,
                RenderedResponse(200, msgspec.json.encode(body)),
            )
            return answered(done.stored, is_replay=done.is_replay)

        deed = _deed("ask_psp", charge_id, charge, {})
        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _operate(
        self, call: Call, visit: Visit, request: Reasoned, action: ActName, operation: OperationRequest
    ) -> Response:
        charge_id, charge = await self._charge(call, visit)
        command = self._command(call, visit, request, (charge_id, charge), operation)

        async def carry(key: IdempotencyKey) -> Response:
            result = await self._operations.carry_out(
                msgspec.structs.replace(command, idempotency_key=key.key)
            )
            return response_of(result, charge_param="charge_id")

        amount_minor = operation.amount_minor if isinstance(operation, CaptureRequest) else None
        details: Details = {"amount_minor": amount_minor} if amount_minor is not None else {}
        deed = _deed(action, charge_id, charge, details)
        return await self._acts.carry_out(call, visit, request, deed, carry)

    def _command(
        self,
        call: Call,
        visit: Visit,
        request: Reasoned,
        about: tuple[ChargeId, Charge],
        operation: OperationRequest,
    ) -> StaffOperationCommand:
        """The command but for its key, which `carry` is given."""
        charge_id, charge = about
        staff = visit.person.actor
        return StaffOperationCommand(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            actor=staff.actor,
            by=staff.username,
            reason=request.reason,
            request_id=call.request_id,
            idempotency_key="",
            fingerprint=fingerprint_of(call.method, call.path, request),
            wait_seconds=wait_seconds(call),
            charge_id=charge_id,
            request=operation,
        )

    async def _charge(self, call: Call, visit: Visit) -> tuple[ChargeId, Charge]:
        """The charge of a call. Raises `charge_not_found`, also for one that the person may not see, and `permission_missing`."""
        charge_id = call.path_id("charge_id", parse_charge_id, "charge_not_found")
        charge = await self._refunds.load(charge_id)
        if charge is None:
            raise Problem("charge_not_found", param="charge_id")
        visit.require(charge.merchant_id, livemode=charge.livemode, unknown="charge_not_found")
        return charge_id, charge


def _deed(action: ActName, charge_id: ChargeId, charge: Charge, details: Details) -> Deed:
    return Deed(
        action=action,
        object_kind="charge",
        object_id=charge_id,
        livemode=charge.livemode,
        merchant_id=charge.merchant_id,
        details=details,
    )


def _amount_of(call: Call) -> int | None:
    """The amount in the query, or None. Raises `parameter_invalid` and `parameter_unknown`."""
    sent = list(parameters_of(call.query))
    amounts = [value for name, value in sent if name == "amount_minor"]
    if len(amounts) != len(sent):
        refuse_parameters(call.query)
    if not amounts:
        return None
    amount_minor = whole_number("amount_minor", amounts[-1])
    if not 1 <= amount_minor <= AMOUNT_MINOR_MAX:
        raise Problem(
            "parameter_invalid", f"amount_minor must be from 1 to {AMOUNT_MINOR_MAX}.", param="amount_minor"
        )
    return amount_minor
