"""/staff/v1/parked_streams: what consumers no longer follow, and following it again."""

from collections.abc import Sequence

from fincore.backoffice.parked_charges import (
    Follower,
    NotParked,
    Resumed,
    is_followed,
    list_parked_where_read,
    resume_parked,
)
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId
from fincore.domain.log_events import LogEvent
from fincore.domain.stream_names import StreamName, stream_named
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import StillInapplicable
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, StaffActs, read_act
from fincore.staff.answers import Answer, Answers
from fincore.staff.parked_streams.body import StaffParkedStreamResumptionBody, render_parked
from fincore.staff.parked_streams.openapi import LIST_PARKED_STREAMS, RESUME_PARKED_STREAM
from fincore.staff.parked_streams.requests import RESUME


class ParkedStreamHandlers:
    """The handlers of parked streams. `log` is the whole log, as consumers follow it."""

    def __init__(
        self,
        admission: Admission,
        *,
        acts: StaffActs,
        answers: Answers,
        log: EventLog[LogEvent],
        followers: Sequence[Follower],
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._answers = answers
        self._log = log
        self._followers = followers

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/parked_streams"
        return (
            route("GET", path, LIST_PARKED_STREAMS, self.list, permission="jobs.read"),
            route("POST", f"{path}/resume", RESUME_PARKED_STREAM, self.resume, permission="jobs.replay"),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """All parked streams."""
        visit.require_everywhere()
        return json_response(200, render_parked(await list_parked_where_read(self._log, self._followers)))

    async def resume(self, call: Call, visit: Visit) -> Response:
        """Let a consumer follow a stream again."""
        visit.require_everywhere()
        request = await read_act(call, RESUME)
        name = _stream_name(request.stream)

        fingerprint = fingerprint_of(call.method, call.path, request)

        async def make() -> Answer:
            try:
                (resumed,) = await resume_parked(
                    self._log, self._followers, name=name, consumer_name=request.consumer
                )
            except NotParked:
                # A first request of which the answer was lost, or another person, has resumed it: it is as this request wants it to be.
                if not await is_followed(
                    self._log, self._followers, name=name, consumer_name=request.consumer
                ):
                    raise Problem("parked_stream_not_found", param="stream") from None
                resumed = Resumed(request.consumer, 0)
            except StillInapplicable as refused:
                raise Problem("parked_stream_inapplicable", f"{refused}.", param="stream") from None
            body = StaffParkedStreamResumptionBody(
                consumer=request.consumer, stream=request.stream, events=resumed.events
            )
            return Answer(json_response(200, body))

        async def carry(key: IdempotencyKey) -> Response:
            return await self._answers.once(key, fingerprint, make)

        # The consumer's own store has a transaction of its own: the row of the trail is there before it.
        deed = Deed(
            action="resume",
            object_kind="stream",
            object_id=request.stream,
            details={"consumer": request.consumer},
        )
        return await self._acts.carry_out(call, visit, request, deed, carry)


def _stream_name(text: str) -> StreamName:
    try:
        stream_named(text)
    except InvalidId:
        raise Problem("parked_stream_not_found", param="stream") from None
    return ChargeId(text)
