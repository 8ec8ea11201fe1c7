"""/staff/v1/breaks/{break_id}/adjust and /write_off, /adjustments/{adjustment_id}/reverse, /openings."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.backoffice.adjustments import StaffAdjustments
from fincore.backoffice.breaks import NoSuchBreak
from fincore.backoffice.proposed_adjustments import ProposedBreak, ProposedOpening, ProposedReversal
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind, AdjustmentReversed
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.ids import parse_adjustment_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import StaffDecision, request_of
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem, ProblemCode
from fincore.reconciliation.adjustments.acts import Account, AdjustmentRefused, SecondPersonNeeded
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.breaks.break_actions import BreakNotChanged
from fincore.staff.access.admission import Admission, Visit, missing
from fincore.staff.access.permissions import Permission
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.answers import Answer, Answers, answered
from fincore.staff.break_acts.body import decided_body
from fincore.staff.break_acts.openapi import (
    ADJUST_BREAK,
    EXPLAIN_OPENING,
    REVERSE_ADJUSTMENT,
    WRITE_OFF_BREAK,
)
from fincore.staff.break_acts.requests import StaffBreakAmountRequest, StaffOpeningRequest
from fincore.staff.proposing import Proposing
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.acts import Details
from fincore.write.staff.proposals import NewProposal

DECIDES: Final[Permission] = "breaks.decide"
BREAK_NUMBER_DIGITS_MAX: Final = 15
_AMOUNT: Final = msgspec.json.Decoder(StaffBreakAmountRequest)
_REASONED: Final = msgspec.json.Decoder(Reasoned)
_OPENING: Final = msgspec.json.Decoder(StaffOpeningRequest)


class _Act(NamedTuple):
    """An act of one person, and what a proposal of it says. `decide` is safe to repeat."""

    kind: Literal["adjustment", "write_off", "adjustment_reversal", "opening"]
    object_kind: str
    object_id: str
    livemode: bool
    currency: str | None
    details: Details
    proposed: msgspec.Struct
    decide: Callable[[StaffActor, StaffDecision], Awaitable[AdjustmentBooked | AdjustmentReversed]]


class BreakActs:
    """The handlers of acts that end breaks."""

    def __init__(
        self,
        admission: Admission,
        *,
        acts: StaffActs,
        answers: Answers,
        proposing: Proposing,
        adjustments: StaffAdjustments,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._answers = answers
        self._proposing = proposing
        self._adjustments = adjustments

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/breaks/{break_id}"
        return (
            route("POST", f"{path}/adjust", ADJUST_BREAK, self.adjust, permission=DECIDES),
            route("POST", f"{path}/write_off", WRITE_OFF_BREAK, self.write_off, permission=DECIDES),
            route(
                "POST",
                "/staff/v1/adjustments/{adjustment_id}/reverse",
                REVERSE_ADJUSTMENT,
                self.reverse,
                permission=DECIDES,
            ),
            route("POST", "/staff/v1/openings", EXPLAIN_OPENING, self.explain_opening, permission=DECIDES),
        )

    async def adjust(self, call: Call, visit: Visit) -> Response:
        """End a break by an adjustment."""
        return await self._end(call, visit, "adjustment")

    async def write_off(self, call: Call, visit: Visit) -> Response:
        """End a break by a write-off."""
        return await self._end(call, visit, "write_off")

    async def reverse(self, call: Call, visit: Visit) -> Response:
        """Take an adjustment back."""
        adjustment_id = call.path_id("adjustment_id", parse_adjustment_id, "adjustment_not_found")
        request = await read_act(call, _REASONED)
        booked = await self._adjustments.booked(adjustment_id)
        if booked is None:
            raise Problem("adjustment_not_found", param="adjustment_id")
        _require_books(visit, livemode=booked.livemode, unknown="adjustment_not_found")

        async def decide(staff: StaffActor, decision: StaffDecision) -> AdjustmentReversed:
            return await self._adjustments.reverse(
                adjustment_id, by=staff.username, reason=request.reason, staff=decision
            )

        act = _Act(
            kind="adjustment_reversal",
            object_kind="adjustment",
            object_id=adjustment_id,
            livemode=booked.livemode,
            currency=booked.currency,
            details={},
            proposed=ProposedReversal(adjustment_id=adjustment_id),
            decide=decide,
        )
        return await self._carry(call, visit, request, act)

    async def explain_opening(self, call: Call, visit: Visit) -> Response:
        """Explain what a PSP held before its first statement."""
        request = await read_act(call, _OPENING)
        for name in ("psp", "psp_account"):
            if flaw := text_flaw(name, getattr(request, name)):
                raise Problem(flaw.code, flaw.detail, param=flaw.param)
        if request.currency not in EXPONENTS:
            raise Problem("currency_unknown", param="currency")
        account = Account(
            psp=PspName(request.psp),
            psp_account=PspAccount(request.psp_account),
            livemode=request.mode == "live",
            currency=Currency(request.currency),
        )
        _require_books(visit, livemode=account.livemode, unknown=None)

        async def decide(staff: StaffActor, decision: StaffDecision) -> AdjustmentBooked:
            return await self._adjustments.explain_opening(
                account, request.amount_minor, by=staff.username, reason=request.reason, staff=decision
            )

        act = _Act(
            kind="opening",
            object_kind="opening",
            object_id=f"{account.psp}/{account.psp_account}:{account.currency}",
            livemode=account.livemode,
            currency=account.currency,
            details={"amount_minor": request.amount_minor},
            proposed=ProposedOpening(account=account, amount_minor=request.amount_minor),
            decide=decide,
        )
        return await self._carry(call, visit, request, act)

    async def _end(self, call: Call, visit: Visit, kind: AdjustmentKind) -> Response:
        break_id = _break_number(call)
        request = await read_act(call, _AMOUNT)
        try:
            found = await self._adjustments.read_break(break_id)
        except NoSuchBreak:
            raise Problem("break_not_found", param="break_id") from None
        _require_books(visit, livemode=found.livemode, unknown="break_not_found")

        async def decide(staff: StaffActor, decision: StaffDecision) -> AdjustmentBooked:
            return await self._adjustments.adjust(
                break_id,
                Decision(
                    kind=kind,
                    amount_minor=request.amount_minor,
                    by=staff.username,
                    reason=request.reason,
                    staff=decision,
                ),
            )

        act = _Act(
            kind=kind,
            object_kind="break",
            object_id=str(break_id),
            livemode=found.livemode,
            currency=found.currency,
            details={"amount_minor": request.amount_minor},
            proposed=ProposedBreak(break_id=break_id, amount_minor=request.amount_minor),
            decide=decide,
        )
        return await self._carry(call, visit, request, act)

    async def _carry(self, call: Call, visit: Visit, request: Reasoned, act: _Act) -> Response:
        """Decide alone, or propose."""
        staff = visit.person.actor
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def carry(key: IdempotencyKey) -> Response:
            earlier = await self._answers.earlier(key, fingerprint)
            if earlier is not None:
                return answered(earlier, is_replay=True)
            try:
                decision = StaffDecision(
                    staff.subject, request=request_of(key.merchant_id, key.key, fingerprint)
                )
                return await self._answers.once(key, fingerprint, partial(make, decision))
            except SecondPersonNeeded as needed:
                new = NewProposal(
                    kind=act.kind,
                    livemode=act.livemode,
                    merchant_id=None,
                    object_id=act.object_id,
                    money=needed.money,
                    act=act.proposed,
                    proposer=staff,
                    reason=request.reason,
                    needed_because=str(needed),
                )
            except (AdjustmentRefused, BreakNotChanged) as error:
                raise Problem("act_not_possible", _sentence(error)) from None
            return await self._proposing.propose(key, fingerprint, new)

        async def make(decision: StaffDecision) -> Answer:
            decided = await act.decide(staff, decision)
            return Answer(json_response(200, decided_body(decided)))

        deed = Deed(
            action="explain_opening" if act.kind == "opening" else act.kind,
            object_kind=act.object_kind,
            object_id=act.object_id,
            livemode=act.livemode,
            details=act.details,
        )
        return await self._acts.carry_out(call, visit, request, deed, carry)


def _require_books(visit: Visit, *, livemode: bool, unknown: ProblemCode | None) -> None:
    """Require the permission in a mode for all merchants: the books belong to none. Raises `unknown` and `permission_missing`."""
    seen = visit.person.scope("books.read", livemode=livemode)
    if unknown is not None and (seen is None or seen.merchant_ids is not None):
        raise Problem(unknown)
    scope = visit.person.scope(visit.permission, livemode=livemode)
    if scope is None or scope.merchant_ids is not None:
        raise missing(visit.permission, f" in {'live' if livemode else 'test'} mode for all merchants")


def _sentence(error: Exception) -> str:
    sentence = str(error).rstrip(".")
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _break_number(call: Call) -> int:
    text = call.path_parameter("break_id")
    if not (text.isascii() and text.isdecimal() and len(text) <= BREAK_NUMBER_DIGITS_MAX):
        raise Problem("break_not_found", param="break_id")
    return int(text)
