"""/staff/v1/charges/{charge_id}/notes: what people of staff noted about a charge."""

from fincore.backoffice.charge_in_full import ChargeInFull
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.charge_details.seen_charge import seen_charge
from fincore.staff.charge_notes.body import DECODER, note_body, notes_body
from fincore.staff.charge_notes.openapi import ADD_NOTE, LIST_NOTES
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.charge_notes import ChargeNotes


class StaffChargeNotesHandlers:
    """The handlers of notes on a charge."""

    def __init__(
        self, admission: Admission, acts: StaffActs, charges: ChargeInFull, notes: ChargeNotes
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._charges = charges
        self._notes = notes

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/charges/{charge_id}/notes"
        return (
            route("GET", path, LIST_NOTES, self.list, permission="payments.read"),
            route("POST", path, ADD_NOTE, self.add, permission="payments.act"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """All notes on a charge."""
        loaded = await seen_charge(call, visit, self._charges)
        return json_response(200, notes_body(await self._notes.of_charge(loaded.charge_id)))

    async def add(self, call: Call, visit: Visit) -> Response:
        """Add a note, once for its idempotency key."""
        loaded = await seen_charge(call, visit, self._charges)
        request = await read_act(call, DECODER)
        if not request.text.strip():
            raise Problem("field_invalid", "Say in text what is to be noted.", param="text")
        flaw = text_flaw("text", request.text)
        if flaw is not None:
            raise Problem(flaw.code, flaw.detail, param=flaw.param)
        deed = Deed(
            action="note",
            object_kind="charge",
            object_id=loaded.charge_id,
            livemode=loaded.charge.livemode,
            merchant_id=loaded.charge.merchant_id,
        )

        async def make(transaction: Transaction) -> Made:
            note = await ChargeNotes.add(transaction, loaded.charge_id, request.text, visit.person.actor)
            if note is None:
                raise Problem("too_many_notes", param="charge_id")
            return Made(json_response(201, note_body(note)), deed)

        return await self._acts.change(call, visit, request, make, livemode=loaded.charge.livemode)
