"""/v1/charges: create a charge, look at one, list them."""

import asyncio
import re
from typing import Final

import msgspec

from fincore.api.charge_body import ChargeListBody, charge_body, charge_body_with_timeline
from fincore.api.charge_list import read_charge_list
from fincore.api.charge_operations import CREATE_CHARGE, GET_CHARGE, LIST_CHARGES
from fincore.api.credentials import secret_principal
from fincore.api.cursor import cursor_after
from fincore.api.endpoint import Route
from fincore.api.exchange import JSON, PROBLEM_JSON, Answer, Call, json_answer
from fincore.api.json_body import decode_body
from fincore.api.problems import Problem
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id, stream_of
from fincore.domain.public_event import PublicEvent, public_event
from fincore.eventstore.log import EventLog
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.projectionist.fold import view_of_stream
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import ChargeRequest, Flaw, checked
from fincore.write.payments.idempotency import fingerprint_of, read_key
from fincore.write.payments.payment_service import Answered, PaymentService, Refused

BODY_BYTES_MAX: Final = 64 * 1024
WAIT_SECONDS_MAX: Final = 30
KEY_IN_USE_RETRY_AFTER_SECONDS: Final = 1

_DECODER: Final = msgspec.json.Decoder(ChargeRequest)
_WAIT: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE | re.ASCII)


class Charges:
    """The handlers of /v1/charges."""

    def __init__(
        self,
        *,
        payments: PaymentService,
        keys: ApiKeys,
        queries: ChargeQueries,
        events: EventQueries,
        log: EventLog,
    ) -> None:
        self._payments = payments
        self._keys = keys
        self._queries = queries
        self._events = events
        self._event_log = log

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="POST", path="/v1/charges", operation=CREATE_CHARGE, handler=self.create),
            Route(method="GET", path="/v1/charges", operation=LIST_CHARGES, handler=self.list_page),
            Route(method="GET", path="/v1/charges/{charge_id}", operation=GET_CHARGE, handler=self.get),
        )

    async def create(self, call: Call) -> Answer:
        """Create a charge, once for its idempotency key."""
        principal = await secret_principal(call, self._keys)
        key = _idempotency_key(call)
        request = await _charge_request(call)
        answered = await self._payments.charge(
            ChargeCommand(
                merchant_id=principal.merchant_id,
                livemode=principal.livemode,
                key_id=principal.key_id,
                request_id=call.request_id,
                idempotency_key=key,
                fingerprint=fingerprint_of(call.method, call.path, request),
                request=request,
                wait_seconds=_wait_seconds(call),
            )
        )
        if isinstance(answered, Refused):
            raise _refusal(answered)
        return _created(answered)

    async def get(self, call: Call) -> Answer:
        """A charge and what happened to it. It holds whatever was written before the request came."""
        principal = await secret_principal(call, self._keys)
        try:
            charge_id = parse_charge_id(call.path_parameter("charge_id"))
        except InvalidId:
            raise Problem("charge_not_found", param="charge_id") from None
        found = await self._current_view(charge_id, principal)
        if found is None:
            raise Problem("charge_not_found", param="charge_id")
        return json_answer(200, charge_body_with_timeline(*found))

    async def list_page(self, call: Call) -> Answer:
        """A page of charges, newest first, from the query view: it may miss what was written a moment ago."""
        principal = await secret_principal(call, self._keys)
        asked, filters = read_charge_list(call.query, principal)
        page = await self._queries.list_charges(filters, after_id=asked.after_id, limit=asked.limit)
        body = ChargeListBody(
            data=[charge_body(view.charge_id, view.charge) for view in page.charges],
            has_more=page.has_more,
            next_cursor=cursor_after(page.charges[-1].charge_id, principal) if page.has_more else None,
        )
        return json_answer(200, body)

    async def _current_view(
        self, charge_id: ChargeId, principal: Principal
    ) -> tuple[ChargeView, list[PublicEvent]] | None:
        """A charge and its events by the query side where that is up to date, else by the stream folded now."""
        stream_id = stream_of(charge_id)
        view, timeline, versions = await asyncio.gather(
            self._queries.find(principal.merchant_id, principal.livemode, charge_id),
            self._events.timeline(principal.merchant_id, principal.livemode, charge_id),
            self._event_log.versions([stream_id]),
        )
        # Read side by side, so either may hold an event that the other has not seen yet.
        if view is not None and view.charge.version == len(timeline) >= versions.get(stream_id, 0):
            return view, timeline
        recorded = await self._event_log.load(stream_id)
        folded = view_of_stream(recorded)
        if folded is None or folded.charge_id != charge_id:
            return None
        is_own = (
            folded.charge.merchant_id == principal.merchant_id
            and folded.charge.livemode == principal.livemode
        )
        return (folded, [public_event(event) for event in recorded]) if is_own else None


def _idempotency_key(call: Call) -> str:
    header = call.header(b"idempotency-key")
    if header is None:
        raise Problem("idempotency_key_missing", param="Idempotency-Key")
    key = read_key(header)
    if key is None:
        raise Problem("idempotency_key_invalid", param="Idempotency-Key")
    return key


async def _charge_request(call: Call) -> ChargeRequest:
    media_type = call.header(b"content-type") or ""
    if media_type.partition(";")[0].strip().lower() != JSON:
        raise Problem("media_type_unsupported", param="Content-Type")
    request = checked(decode_body(_DECODER, await call.body(bytes_max=BODY_BYTES_MAX)))
    if isinstance(request, Flaw):
        raise Problem(request.code, request.detail, param=request.param)
    return request


def _wait_seconds(call: Call) -> float:
    """How long the client is willing to wait (RFC 7240); other preferences, and what cannot be read, are ignored."""
    wished = _WAIT.search(",".join(call.header_values(b"prefer")))
    return float(min(int(wished[1]), WAIT_SECONDS_MAX)) if wished else 0.0


def _created(answered: Answered) -> Answer:
    headers: list[tuple[str, str]] = []
    if answered.location is not None:
        headers.append(("location", answered.location))
    if answered.is_replay:
        headers.append(("idempotent-replayed", "true"))
    if answered.has_waited:
        headers.append(("preference-applied", "wait"))
    media_type = JSON if answered.status < 400 else PROBLEM_JSON  # noqa: PLR2004 -- the line HTTP draws
    return Answer(answered.status, answered.body, media_type, tuple(headers))


def _refusal(refused: Refused) -> Problem:
    match refused.code:
        case "idempotency_key_in_use":
            headers = (("retry-after", str(KEY_IN_USE_RETRY_AFTER_SECONDS)),)
            return Problem(refused.code, param="Idempotency-Key", headers=headers)
        case "idempotency_key_reused":
            return Problem(refused.code, param="Idempotency-Key")
        case "psp_not_configured":
            return Problem(refused.code)
