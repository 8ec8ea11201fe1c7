"""/staff/v1/breaks: breaks by what is asked for, one in full, and what a person does with one."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.reconciliation.breaks.break_actions import BreakNotChanged, RequestKeyReused
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_record import BreakRecord
from fincore.staff.access.admission import Admission, StaffHandler, Visit
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.breaks.body import StaffBreak, StaffBreakSums, render_break, render_sum
from fincore.staff.breaks.filters import break_filters
from fincore.staff.breaks.openapi import BREAKS, GET_BREAK, GET_SUMS, act_operation
from fincore.staff.breaks.record_body import render_acted, render_record
from fincore.staff.breaks.requests import StaffBreakAssignment, StaffBreakClaim, StaffBreakReason
from fincore.staff.lists import MODE
from fincore.staff.reading import parse_number, read_query, require_all_merchants, require_in_mode
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.act_names import ActName

_REASON: Final = msgspec.json.Decoder(StaffBreakReason)
_ASSIGNMENT: Final = msgspec.json.Decoder(StaffBreakAssignment)
_CLAIM: Final = msgspec.json.Decoder(StaffBreakClaim)
_PATH: Final = "/staff/v1/breaks"
BreakNote = Literal["assign", "note", "explain", "claim", "reopen"]
"""What people record of a break without booking anything."""
_NAMES: Final[Mapping[BreakNote, ActName]] = {
    "assign": "assign_break",
    "note": "note_break",
    "explain": "explain_break",
    "claim": "claim_break",
    "reopen": "reopen_break",
}


class Breaks:
    """The handlers of breaks, which are of no merchant: they need a role for all merchants of the mode."""

    def __init__(self, admission: Admission, acts: StaffActs, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._acts = acts
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        read = self._admission.route
        return (
            read("GET", _PATH, BREAKS.operation, self.list, permission="books.read"),
            read("GET", "/staff/v1/break_sums", GET_SUMS, self.sums, permission="books.read"),
            read("GET", f"{_PATH}/{{break_id}}", GET_BREAK, self.get, permission="books.read"),
            self._act(
                "assign",
                "Give a break an owner",
                "Gives the break an owner.",
                StaffBreakAssignment,
                self.assign,
            ),
            self._act(
                "note",
                "Note something about a break",
                "Notes what became known.",
                StaffBreakReason,
                self.note,
            ),
            self._act(
                "explain",
                "Explain a break",
                "Records that the reason is known and nothing is to be done. The amount stays in the sums; the break is open again when a run "
                "finds another one.",
                StaffBreakReason,
                self.explain,
            ),
            self._act(
                "claim",
                "Claim a break",
                "Records that the PSP or the bank was asked for it. It closes when the missing side comes.",
                StaffBreakClaim,
                self.claim,
            ),
            self._act(
                "reopen",
                "Open a break again",
                "Opens a break again that is explained or claimed.",
                StaffBreakReason,
                self.reopen,
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of breaks."""

        async def find(scope: Scope, query: ListQuery[int]) -> tuple[list[StaffBreak], bool]:
            require_all_merchants(visit, scope)
            page = await self._reconciliation.breaks(
                break_filters(query, livemode=scope.livemode), after=query.after_id, limit=query.limit
            )
            return [render_break(one) for one in page.breaks], page.has_more

        return await BREAKS.respond(call, visit, find)

    async def sums(self, call: Call, visit: Visit) -> Response:
        """The breaks of a mode that are not closed, in sums."""
        scope, _ = read_query(call, visit, (MODE,))
        require_all_merchants(visit, scope)
        sums = await self._reconciliation.standing_breaks(livemode=scope.livemode)
        body = StaffBreakSums(
            mode="live" if scope.livemode else "test", data=[render_sum(one) for one in sums]
        )
        return json_response(200, body)

    async def get(self, call: Call, visit: Visit) -> Response:
        """A break in full."""
        return json_response(200, render_record(await self._found(call, visit)))

    async def assign(self, call: Call, visit: Visit) -> Response:
        """Give a break an owner."""
        record = await self._found(call, visit)
        request = await read_act(call, _ASSIGNMENT)
        _require_text("owner", request.owner)
        return await self._record(call, visit, record, request, "assign", owner=request.owner)

    async def claim(self, call: Call, visit: Visit) -> Response:
        """Note that a break is claimed."""
        record = await self._found(call, visit)
        request = await read_act(call, _CLAIM)
        _require_text("reference", request.reference)
        return await self._record(call, visit, record, request, "claim", reference=request.reference)

    async def note(self, call: Call, visit: Visit) -> Response:
        """Note what became known."""
        return await self._with_reason(call, visit, "note")

    async def explain(self, call: Call, visit: Visit) -> Response:
        """Explain a break."""
        return await self._with_reason(call, visit, "explain")

    async def reopen(self, call: Call, visit: Visit) -> Response:
        """Open a break again."""
        return await self._with_reason(call, visit, "reopen")

    async def _with_reason(self, call: Call, visit: Visit, action: BreakNote) -> Response:
        record = await self._found(call, visit)
        request = await read_act(call, _REASON)
        return await self._record(call, visit, record, request, action)

    async def _record(
        self,
        call: Call,
        visit: Visit,
        record: BreakRecord,
        request: Reasoned,
        action: BreakNote,
        *,
        owner: str | None = None,
        reference: str | None = None,
    ) -> Response:
        actor = visit.person.actor
        deed = Deed(
            action=_NAMES[action],
            object_kind="break",
            object_id=str(record.break_id),
            livemode=record.livemode,
            details={
                name: one for name, one in (("owner", owner), ("reference", reference)) if one is not None
            },
        )

        async def carry(key: IdempotencyKey) -> Response:
            done = Done(
                action=action,
                actor=actor.actor,
                username=actor.username,
                request_key=key.key,
                owner=owner,
                reason=request.reason,
                reference=reference,
            )
            try:
                acted = await self._reconciliation.act_on_break(record.break_id, done)
            except BreakNotChanged as error:
                raise Problem("break_not_changed", f"{error}.") from None
            except RequestKeyReused:
                raise Problem("idempotency_key_reused", param="Idempotency-Key") from None
            replayed = (("idempotent-replayed", "true"),) if acted.is_repeated else ()
            return json_response(200, render_acted(acted, done), headers=replayed)

        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _found(self, call: Call, visit: Visit) -> BreakRecord:
        break_id = call.path_id("break_id", parse_number, "break_not_found")
        record = await self._reconciliation.find_break(break_id)
        if record is None:
            raise Problem("break_not_found", param="break_id")
        require_in_mode(visit, livemode=record.livemode, unknown="break_not_found", sees="books.read")
        return record

    def _act(self, name: str, summary: str, description: str, body: type, handler: StaffHandler) -> Route:
        return self._admission.route(
            "POST",
            f"{_PATH}/{{break_id}}/{name}",
            act_operation(name, summary, description, body),
            handler,
            permission="breaks.decide",
        )


def _require_text(name: str, text: str) -> None:
    """Raise the problem of a text that is blank, or that must not be stored."""
    if not text.strip():
        raise Problem("field_invalid", f"Say in {name} what it is.", param=name)
    flaw = text_flaw(name, text)
    if flaw is not None:
        raise Problem(flaw.code, flaw.detail, param=flaw.param)
