"""/staff/v1/settlement_files and their sources: what came, what became of it, and what a person decides."""

from collections.abc import Mapping
from typing import Final

import msgspec

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.domain.ids import SettlementFileId, parse_settlement_file_id
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.reconciliation.breaks.break_actions import BreakNotChanged, RequestKeyReused
from fincore.reconciliation.file_actions import FileNotChanged
from fincore.reconciliation.file_decision import FileAction, FileDecision
from fincore.reconciliation.pages.file_record import FileRecord
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Reasoned, StaffActs, read_act
from fincore.staff.lists import MODE
from fincore.staff.reading import read_query, require_all_merchants, require_in_mode
from fincore.staff.settlement_files.body import (
    StaffSettlementFile,
    StaffSources,
    render_decided,
    render_file,
    render_file_record,
    render_source,
)
from fincore.staff.settlement_files.openapi import (
    FILES,
    GET_FILE,
    LIST_SOURCES,
    STATUSES,
    decision_operation,
)
from fincore.staff.settlement_files.requests import StaffFileReason, StaffReadAgain
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.act_names import ActName

_REASON: Final = msgspec.json.Decoder(StaffFileReason)
_READ_AGAIN: Final = msgspec.json.Decoder(StaffReadAgain)
_PATH: Final = "/staff/v1/settlement_files"
_NAMES: Final[Mapping[FileAction, ActName]] = {
    "read_again": "read_again_file",
    "release": "release_file",
    "dismiss": "dismiss_file",
}


class SettlementFileHandlers:
    """The handlers of files and sources, which are of no merchant."""

    def __init__(self, admission: Admission, acts: StaffActs, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._acts = acts
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route(
                "GET",
                "/staff/v1/reconciliation_sources",
                LIST_SOURCES,
                self.sources,
                permission="books.read",
            ),
            route("GET", _PATH, FILES.operation, self.list, permission="books.read"),
            route("GET", f"{_PATH}/{{file_id}}", GET_FILE, self.get, permission="books.read"),
            route(
                "POST",
                f"{_PATH}/{{file_id}}/read_again",
                decision_operation(
                    "read_again",
                    "Read a refused file again",
                    "Has the next run read a refused file again, where its format or its account was declared wrong.",
                    StaffReadAgain,
                ),
                self.read_again,
                permission="breaks.decide",
            ),
            route(
                "POST",
                f"{_PATH}/{{file_id}}/release",
                decision_operation(
                    "release",
                    "Release a file",
                    "Has the next run read a file that came under the name of another one and is of another day, or one that was dismissed.",
                    StaffFileReason,
                ),
                self.release,
                permission="breaks.decide",
            ),
            route(
                "POST",
                f"{_PATH}/{{file_id}}/dismiss",
                decision_operation(
                    "dismiss",
                    "Dismiss a file",
                    "Says that a refused file, or one that came under the name of another one, must not be booked. Its break is closed.",
                    StaffFileReason,
                ),
                self.dismiss,
                permission="breaks.decide",
            ),
        )

    async def sources(self, call: Call, visit: Visit) -> Response:
        """The declared sources of a mode."""
        scope, _ = read_query(call, visit, (MODE,))
        require_all_merchants(visit, scope)
        found = await self._reconciliation.sources(livemode=scope.livemode)
        return json_response(200, StaffSources(data=[render_source(one) for one in found]))

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of files."""

        async def find(
            scope: Scope, query: ListQuery[SettlementFileId]
        ) -> tuple[list[StaffSettlementFile], bool]:
            require_all_merchants(visit, scope)
            files = await self._reconciliation.files(
                livemode=scope.livemode,
                source=query.filters.get("source"),
                status=chosen(query, "status", STATUSES),
                after=query.after_id,
                limit=query.limit + 1,
            )
            return [render_file(one) for one in files[: query.limit]], len(files) > query.limit

        return await FILES.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """A file in full."""
        return json_response(200, render_file_record(await self._found(call, visit)))

    async def read_again(self, call: Call, visit: Visit) -> Response:
        """Have a refused file read again."""
        record = await self._found(call, visit)
        request = await read_act(call, _READ_AGAIN)
        if request.account_id is not None:
            flaw = text_flaw("account_id", request.account_id)
            if flaw is not None:
                raise Problem(flaw.code, flaw.detail, param=flaw.param)
        decision = FileDecision(
            action="read_again",
            actor="",
            reason=request.reason,
            format=request.format,
            account_id=request.account_id,
        )
        return await self._decide(call, visit, record, request, decision)

    async def release(self, call: Call, visit: Visit) -> Response:
        """Have a file read that waits for a person."""
        record = await self._found(call, visit)
        request = await read_act(call, _REASON)
        decision = FileDecision(action="release", actor="", reason=request.reason)
        return await self._decide(call, visit, record, request, decision)

    async def dismiss(self, call: Call, visit: Visit) -> Response:
        """Say that a file must not be booked."""
        record = await self._found(call, visit)
        request = await read_act(call, _REASON)
        decision = FileDecision(action="dismiss", actor="", reason=request.reason)
        return await self._decide(call, visit, record, request, decision)

    async def _decide(
        self, call: Call, visit: Visit, record: FileRecord, request: Reasoned, decision: FileDecision
    ) -> Response:
        """Record the decision of this person."""
        actor = visit.person.actor
        deed = Deed(
            action=_NAMES[decision.action],
            object_kind="settlement_file",
            object_id=record.file_id,
            livemode=record.livemode,
        )

        async def carry(key: IdempotencyKey) -> Response:
            theirs = msgspec.structs.replace(
                decision, actor=actor.actor, username=actor.username, request_key=key.key
            )
            try:
                decided = await self._reconciliation.decide_file(record.file_id, theirs)
            except (FileNotChanged, BreakNotChanged) as error:
                raise Problem("settlement_file_not_changed", f"{error}.") from None
            except RequestKeyReused:
                raise Problem("idempotency_key_reused", param="Idempotency-Key") from None
            replayed = (("idempotent-replayed", "true"),) if decided.is_repeated else ()
            return json_response(200, render_decided(decided), headers=replayed)

        return await self._acts.carry_out(call, visit, request, deed, carry)

    async def _found(self, call: Call, visit: Visit) -> FileRecord:
        file_id = call.path_id("file_id", parse_settlement_file_id, "settlement_file_not_found")
        record = await self._reconciliation.file(file_id)
        if record is None:
            raise Problem("settlement_file_not_found", param="file_id")
        require_in_mode(
            visit, livemode=record.livemode, unknown="settlement_file_not_found", sees="books.read"
        )
        return record
