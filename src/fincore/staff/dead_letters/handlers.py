"""/staff/v1/dead_letters: list them, look at one, do them again, discard one."""

from collections.abc import Iterator
from typing import Final, Literal

from fincore.backoffice.dead_letters import (
    Letter,
    LetterPlace,
    Letters,
    NoSuchDeadLetter,
    NotDiscardable,
    discard_dead_letter,
    list_dead_letters,
    replay_dead_letter,
    show_dead_letter,
)
from fincore.backoffice.job_outlook import subject_of
from fincore.backoffice.proposed_discards import ProposedDiscard, ToPropose
from fincore.domain.errors import InvalidId
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.dead_letters.body import (
    StaffDeadLetterBody,
    StaffDeadLetterEndBody,
    StaffDeadLetterReplaysBody,
    render_letter,
    render_shown,
)
from fincore.staff.dead_letters.letter_id import parse_letter_id
from fincore.staff.dead_letters.openapi import (
    DISCARD_DEAD_LETTER,
    GET_DEAD_LETTER,
    KINDS,
    LETTERS,
    LIST_DEAD_LETTERS,
    REPLAY_DEAD_LETTER,
    REPLAY_DEAD_LETTERS,
)
from fincore.staff.dead_letters.requests import DISCARD, REPLAY, REPLAY_SEVERAL
from fincore.staff.proposing import Proposing
from fincore.write.staff.act_names import ActName
from fincore.write.staff.acts import Details
from fincore.write.staff.proposals import NewProposal

PAYLOAD_CHARACTERS_MAX: Final = 1_000
"""Of a discarded job's payload, which holds ids: more would be no payload that this FinCore wrote."""
JOBS_CHARACTERS_MAX: Final = 2_500
"""Of the ids of several jobs, in the record of the act."""


class DeadLetterHandlers:
    """The handlers of dead letters."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        letters: Letters,
        *,
        to_propose: ToPropose,
        proposing: Proposing,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._letters = letters
        self._to_propose = to_propose
        self._proposing = proposing

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/dead_letters"
        one = path + "/{letter_id}"
        return (
            route("GET", path, LIST_DEAD_LETTERS, self.list, permission="jobs.read"),
            route(
                "POST", f"{path}/replay", REPLAY_DEAD_LETTERS, self.replay_several, permission="jobs.replay"
            ),
            route("GET", one, GET_DEAD_LETTER, self.get, permission="jobs.read"),
            route("POST", f"{one}/replay", REPLAY_DEAD_LETTER, self.replay, permission="jobs.replay"),
            route("POST", f"{one}/discard", DISCARD_DEAD_LETTER, self.discard, permission="jobs.replay"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of dead letters."""

        async def find(query: ListQuery[LetterPlace]) -> tuple[list[StaffDeadLetterBody], bool]:
            kind = chosen(query, "kind", KINDS)
            page = await list_dead_letters(self._letters, limit=query.limit, kind=kind, after=query.after_id)
            return [render_letter(letter) for letter in page.letters], page.has_more

        return await LETTERS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One, with what a replay would do."""
        place = _place(call)
        visit.require_everywhere()
        try:
            shown = await show_dead_letter(self._letters, place)
        except NoSuchDeadLetter:
            raise _not_found() from None
        is_proposed = await self._to_propose(shown) is not None
        return json_response(200, render_shown(shown, discard_is_proposed=is_proposed))

    async def replay(self, call: Call, visit: Visit) -> Response:
        """Make one due again."""
        place = _place(call)
        visit.require_everywhere()
        request = await read_act(call, REPLAY)

        async def make(transaction: Transaction) -> Made:
            try:
                letter = await replay_dead_letter(self._letters, place, within=transaction)
            except NoSuchDeadLetter:
                raise _not_found() from None
            return _ended(call, letter, "replayed", _facts(letter))

        return await self._acts.change(call, visit, request, make)

    async def replay_several(self, call: Call, visit: Visit) -> Response:
        """Make several due again, but for those that are gone."""
        visit.require_everywhere()
        request = await read_act(call, REPLAY_SEVERAL)
        places = dict(_places(request.ids))

        async def make(transaction: Transaction) -> Made:
            replayed = {
                letter_id: letter
                # Always in one order: two people who replay the same ones wait for each other, and never deadlock.
                for letter_id, place in sorted(places.items(), key=lambda item: item[1].job_id)
                if (letter := await self._letters.jobs.replay(place, within=transaction)) is not None
            }
            body = StaffDeadLetterReplaysBody(
                replayed=[one for one in places if one in replayed],
                gone=[one for one in places if one not in replayed],
            )
            names = ",".join(letter.job_id for letter in replayed.values())
            details: Details = {"jobs": names[:JOBS_CHARACTERS_MAX], "replayed": len(replayed)}
            deed = Deed(action="replay", object_kind="jobs", object_id="several", details=details)
            return Made(json_response(200, body), deed)

        return await self._acts.change(call, visit, request, make)

    async def discard(self, call: Call, visit: Visit) -> Response:
        """Delete one that nothing waits for, or propose it for a webhook that may tell of money."""
        place = _place(call)
        visit.require_everywhere()
        request = await read_act(call, DISCARD)

        async def make(transaction: Transaction) -> Made:
            try:
                shown = await discard_dead_letter(self._letters, place, within=transaction)
                if (act := await self._to_propose(shown)) is not None:
                    raise _SecondPersonNeeded(act)  # it can be done, and is rolled back
            except NoSuchDeadLetter:
                raise _not_found() from None
            except NotDiscardable as refused:
                raise Problem("dead_letter_needed", f"Not discarded: {refused}.", param="letter_id") from None
            letter = shown.job
            # PostgreSQL's JSON holds no NUL.
            payload = letter.payload[:PAYLOAD_CHARACTERS_MAX].decode(errors="replace").replace("\0", "\ufffd")
            return _ended(call, letter, "discarded", {**_facts(letter), "payload": payload})

        try:
            return await self._acts.change(call, visit, request, make)
        except _SecondPersonNeeded as needed:
            act = needed.act
        letter_id = call.path_parameter("letter_id")

        async def prepare() -> NewProposal:
            return NewProposal(
                kind="webhook_discard",
                livemode=None,
                merchant_id=None,
                object_id=letter_id,
                money=None,
                act=act,
                proposer=visit.person.actor,
                reason=request.reason,
                needed_because=(
                    f"FinCore has the webhook {act.report_type} of {act.psp} and could not read it: it may tell of money"
                ),
            )

        deed = Deed(
            action="discard",
            object_kind="job",
            object_id=act.job,
            details={"psp": act.psp, "psp_account": act.psp_account, "psp_event": act.psp_event},
        )
        carry = self._proposing.carry_of(call, request, prepare)
        return await self._acts.carry_out(call, visit, request, deed, carry)


class _SecondPersonNeeded(Exception):
    """The dead letter may tell of money."""

    def __init__(self, act: ProposedDiscard) -> None:
        super().__init__(act.job)
        self.act = act


def _ended(call: Call, letter: Letter, end: Literal["replayed", "discarded"], details: Details) -> Made:
    body = StaffDeadLetterEndBody(id=call.path_parameter("letter_id"), end=end)
    action: ActName = "replay" if end == "replayed" else "discard"
    deed = Deed(action=action, object_kind="job", object_id=letter.job_id, details=details)
    return Made(json_response(200, body), deed)


def _facts(letter: Letter) -> Details:
    subject = subject_of(letter)
    return {
        "kind": letter.kind,
        "charge": None if subject is None else subject.charge_id,
        "held_because": letter.reason,
    }


def _place(call: Call) -> LetterPlace:
    return call.path_id("letter_id", parse_letter_id, "dead_letter_not_found")


def _places(ids: tuple[str, ...]) -> Iterator[tuple[str, LetterPlace]]:
    for number, letter_id in enumerate(ids, start=1):
        try:
            yield letter_id, parse_letter_id(letter_id)
        except InvalidId:
            raise Problem(
                "field_invalid", f"Entry {number} of ids is no id of a dead letter, dl_...", param="ids"
            ) from None


def _not_found() -> Problem:
    return Problem("dead_letter_not_found", param="letter_id")
