"""/staff/v1/cases, /unknown_outcomes, /held_reports: what staff decide about a charge, by its id."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar, get_args

import msgspec

from fincore.backoffice.staff_decisions import Answered, StaffDecisions, StaffRequest
from fincore.domain.charge import Charge
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, RefundId, parse_charge_id, parse_refund_id
from fincore.domain.outcome import PspReference
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import DecidedChargeOutcome, DecidedRefundOutcome, Resolution
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.recorder import Contended
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.answers import answered
from fincore.staff.charge_decisions.body import decided
from fincore.staff.charge_decisions.openapi import (
    APPROVE_CASE,
    DECLINE_CASE,
    READ_REPORT_AGAIN,
    RELEASE_REPORT,
    RESOLVE_OUTCOME,
)
from fincore.staff.charge_decisions.requests import StaffReportRequest, StaffResolveRequest
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.act_names import ActName
from fincore.write.staff.acts import Details
from fincore.write.worker.plumbing.recorder import NoSuchCharge

RETRY_AFTER_SECONDS: Final = 1
_REASONED: Final = msgspec.json.Decoder(Reasoned)
_RESOLVE: Final = msgspec.json.Decoder(StaffResolveRequest)
_REPORT: Final = msgspec.json.Decoder(StaffReportRequest)
_OF_REFUNDS: Final[tuple[DecidedRefundOutcome, ...]] = get_args(DecidedRefundOutcome)
_OF_CHARGES: Final[tuple[DecidedChargeOutcome, ...]] = (
    "captured",
    "authorized",
    "canceled",
    "expired",
    "failed",
    "given_back",
)

_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "amount_needed": "a report over another amount is held: say in amount_minor which amount the PSP shows",
        "psp_reference_needed": "say in psp_reference what the PSP calls it",
    }
)
"""Refusals of which the sentence names an option of a command -> the sentence with the field of the request."""

Decided = Answered | Refusal | NoSuchCharge | Contended
OutcomeT = TypeVar("OutcomeT", bound=str)
Decide = Callable[[StaffRequest, ChargeId], Awaitable[Decided]]


class ChargeDecisions:
    """The handlers of decisions."""

    def __init__(self, admission: Admission, *, acts: StaffActs, decisions: StaffDecisions) -> None:
        self._admission = admission
        self._acts = acts
        self._decisions = decisions

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        case, report = "/staff/v1/cases/{charge_id}", "/staff/v1/held_reports/{charge_id}"
        return (
            route("POST", f"{case}/approve", APPROVE_CASE, self.approve, permission="reviews.decide"),
            route("POST", f"{case}/decline", DECLINE_CASE, self.decline, permission="reviews.decide"),
            route(
                "POST",
                "/staff/v1/unknown_outcomes/{charge_id}/resolve",
                RESOLVE_OUTCOME,
                self.resolve,
                permission="outcomes.resolve",
            ),
            route("POST", f"{report}/release", RELEASE_REPORT, self.release, permission="outcomes.resolve"),
            route(
                "POST",
                f"{report}/read_again",
                READ_REPORT_AGAIN,
                self.read_again,
                permission="outcomes.resolve",
            ),
        )

    async def approve(self, call: Call, visit: Visit) -> Response:
        """Let a charge under review go on."""
        _named(call)
        request = await read_act(call, _REASONED)

        async def decide(staff: StaffRequest, charge_id: ChargeId) -> Decided:
            return await self._decisions.review(staff, charge_id, "approved", decided(charge_id, "approved"))

        return await self._decide(call, visit, request, "approve_case", decide)

    async def decline(self, call: Call, visit: Visit) -> Response:
        """Give a charge under review up."""
        _named(call)
        request = await read_act(call, _REASONED)

        async def decide(staff: StaffRequest, charge_id: ChargeId) -> Decided:
            return await self._decisions.review(staff, charge_id, "declined", decided(charge_id, "declined"))

        return await self._decide(call, visit, request, "decline_case", decide)

    async def resolve(self, call: Call, visit: Visit) -> Response:
        """Record what became of an unknown outcome."""
        _named(call)
        request = await read_act(call, _RESOLVE)
        if request.psp_reference is not None and (flaw := text_flaw("psp_reference", request.psp_reference)):
            raise Problem(flaw.code, flaw.detail, param=flaw.param)
        resolution = Resolution(
            decided_by=visit.person.username,
            reason=request.reason,
            psp_reference=None if request.psp_reference is None else PspReference(request.psp_reference),
            amount_minor=request.amount_minor,
        )
        details: Details = {
            name: value
            for name in ("outcome", "refund", "psp_reference", "amount_minor")
            if (value := getattr(request, name)) is not None
        }
        if request.refund is not None:
            refund_id = _refund_id(request.refund)
            of_refund = _one_of(request.outcome, _OF_REFUNDS, "a refund")

            async def decide_refund(staff: StaffRequest, charge_id: ChargeId) -> Decided:
                return await self._decisions.resolve_refund(
                    staff, (charge_id, refund_id), of_refund, resolution, decided(charge_id, "resolved")
                )

            return await self._decide(call, visit, request, "resolve_outcome", decide_refund, details=details)
        of_charge = _one_of(request.outcome, _OF_CHARGES, "a charge")

        async def decide(staff: StaffRequest, charge_id: ChargeId) -> Decided:
            return await self._decisions.resolve_charge(
                staff, charge_id, of_charge, resolution, decided(charge_id, "resolved")
            )

        return await self._decide(call, visit, request, "resolve_outcome", decide, details=details)

    async def release(self, call: Call, visit: Visit) -> Response:
        """Dismiss a held report."""
        _named(call)
        request = await read_act(call, _REPORT)

        async def decide(staff: StaffRequest, charge_id: ChargeId) -> Decided:
            return await self._decisions.release_report(
                staff, charge_id, request.psp_event_id, decided(charge_id, "released")
            )

        details: Details = {"psp_event_id": request.psp_event_id}
        return await self._decide(call, visit, request, "release_report", decide, details=details)

    async def read_again(self, call: Call, visit: Visit) -> Response:
        """Have a held report read again."""
        _named(call)
        request = await read_act(call, _REPORT)

        async def decide(staff: StaffRequest, charge_id: ChargeId) -> Decided:
            return await self._decisions.read_report_again(
                staff, charge_id, request.psp_event_id, decided(charge_id, "read_again")
            )

        details: Details = {"psp_event_id": request.psp_event_id}
        return await self._decide(call, visit, request, "read_report_again", decide, details=details)

    async def _decide(
        self,
        call: Call,
        visit: Visit,
        request: Reasoned,
        action: ActName,
        decide: Decide,
        *,
        details: Details | None = None,
    ) -> Response:
        charge_id, charge = await self._charge(call, visit)
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def carry(key: IdempotencyKey) -> Response:
            staff = StaffRequest(
                staff=visit.person.actor,
                reason=request.reason,
                request_id=call.request_id,
                key=key,
                fingerprint=fingerprint,
            )
            return _response_of(await decide(staff, charge_id), fingerprint)

        deed = Deed(
            action=action,
            object_kind="charge",
            object_id=charge_id,
            livemode=charge.livemode,
            merchant_id=charge.merchant_id,
            details=details or {},
        )
        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _charge(self, call: Call, visit: Visit) -> tuple[ChargeId, Charge]:
        charge_id = _named(call)
        charge = await self._decisions.load(charge_id)
        if charge is None:
            raise Problem("charge_not_found", param="charge_id")
        visit.require(charge.merchant_id, livemode=charge.livemode, unknown="charge_not_found")
        return charge_id, charge


def _named(call: Call) -> ChargeId:
    return call.path_id("charge_id", parse_charge_id, "charge_not_found")


def _refund_id(text: str) -> RefundId:
    try:
        return parse_refund_id(text)
    except InvalidId:
        raise Problem("refund_not_found", param="refund") from None


def _one_of(outcome: str, outcomes: tuple[OutcomeT, ...], what: str) -> OutcomeT:
    for one in outcomes:
        if one == outcome:
            return one
    raise Problem("field_invalid", f"The outcome of {what} is one of {', '.join(outcomes)}.", param="outcome")


def _response_of(result: Decided, fingerprint: bytes) -> Response:
    match result:
        case Refusal():
            sentence = _FIELDS.get(result.code, result.detail).rstrip(".")
            raise Problem("act_not_possible", f"{sentence[:1].upper()}{sentence[1:]}.")
        case NoSuchCharge():
            raise Problem("charge_not_found", param="charge_id")
        case Contended():
            raise Problem("charge_busy", headers=(("retry-after", str(RETRY_AFTER_SECONDS)),))
        case Answered():
            if result.stored.fingerprint != fingerprint:
                raise Problem("idempotency_key_reused", param="Idempotency-Key")
            return answered(result.stored, is_replay=result.is_replay)
