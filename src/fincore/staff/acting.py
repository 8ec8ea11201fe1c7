"""Acts of staff: each has an idempotency key and a reason, is made once, and leaves a row in the audit trail."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from fincore.domain.ids import MerchantId
from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.exchange import Call, Response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.idempotent_call import IDEMPOTENCY_KEY, IDEMPOTENT_PROBLEMS, idempotency_key, read_request
from fincore.http.openapi import Parameter
from fincore.http.problems import Problem, ProblemCode
from fincore.staff.access.admission import Visit
from fincore.staff.key_turns import KeyTurns
from fincore.write.payments.flaw import text_flaw
from fincore.write.staff.act_names import ActName
from fincore.write.staff.acts import DONE, PROPOSED, REPLAYED, Act, Acts, Details

REASON_CHARACTERS_MAX: Final = 500
ACT_PARAMETERS: Final[tuple[Parameter, ...]] = (IDEMPOTENCY_KEY,)
ACT_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    *IDEMPOTENT_PROBLEMS,
    "card_number_not_allowed",
    "field_missing",
)
"""What each act may answer beside its own problems."""
ACT_HEADERS: Final = ("Idempotent-Replayed",)


class Reasoned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an act that says nothing but why."""

    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=REASON_CHARACTERS_MAX,
            description="Why you do this. It stands in the audit trail, and nothing in it may be secret.",
            examples=["The customer returned the shoes."],
        ),
    ]


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What an act does to which object: `action` is a verb in snake case. `livemode` and `merchant_id` are None for what has none."""

    action: ActName
    object_kind: str
    object_id: str
    livemode: bool | None = None
    merchant_id: MerchantId | None = None
    details: Details = {}


class Made(NamedTuple):
    """The response of a change, and the deed that it turned out to be: of what it created, the id is known only now."""

    response: Response
    deed: Deed


RequestT = TypeVar("RequestT", bound=Reasoned)
MakeChange = Callable[[Transaction], Awaitable[Made]]
"""Makes a change in the transaction, in the event store's database, or raises `Problem`: nothing is changed."""
Carry = Callable[[IdempotencyKey], Awaitable[Response]]
"""Carries an act out under the person's key, in transactions of its own, or raises `Problem`."""


async def read_act(call: Call, decoder: msgspec.json.Decoder[RequestT]) -> RequestT:
    """The body of an act. Raises the problems of `read_request`, `field_invalid` for a blank reason, and those of its text."""
    request = await read_request(call, decoder)
    if not request.reason.strip():
        raise Problem("field_invalid", "Say in reason why you do this.", param="reason")
    flaw = text_flaw("reason", request.reason)
    if flaw is not None:
        raise Problem(flaw.code, flaw.detail, param=flaw.param)
    return request


class StaffActs:
    """Carries acts out once, and records them."""

    def __init__(self, changes: IdempotentChanges, acts: Acts) -> None:
        self._changes = changes
        self._acts = acts
        # A double click is answered as the first click is, not told that the first one has changed things.
        self._turns = KeyTurns()

    async def change(
        self, call: Call, visit: Visit, request: Reasoned, make: MakeChange, *, livemode: bool | None = None
    ) -> Response:
        """Make a change that is one transaction of the event store's database; its row of the trail is in the same one.

        Raises `idempotency_key_missing`, `_invalid` and `_reused`, and what `make` raises: then nothing is changed.
        """
        key = _own_key(visit, idempotency_key(call), livemode=bool(livemode))
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def change(transaction: Transaction) -> StoredResponse:
            made = await make(transaction)
            await Acts.add(transaction, _act(call, visit, request, made.deed), _outcome(made.response))
            location = dict(made.response.headers).get("location")
            rendered = RenderedResponse(made.response.status, made.response.body, location)
            return StoredResponse(fingerprint=fingerprint, response=rendered)

        async with self._turns.turn_of(key):
            stored, is_replay = await self._changes.once(key, change)
        if stored.fingerprint != fingerprint:
            raise Problem("idempotency_key_reused", param="Idempotency-Key")
        headers = [] if stored.response.location is None else [("location", stored.response.location)]
        if is_replay:
            headers.append(("idempotent-replayed", "true"))
        return Response(stored.response.status, stored.response.body, headers=tuple(headers))

    async def carry_out(
        self, call: Call, visit: Visit, request: Reasoned, deed: Deed, carry: Carry
    ) -> Response:
        """Carry an act out that writes events, or to another database: its row is added before, and ended after it.

        A row without an outcome is of a request that was cut off. Raises `idempotency_key_missing` and `_invalid`, and what
        `carry` raises.
        """
        key = _own_key(visit, idempotency_key(call), livemode=bool(deed.livemode))
        act = _act(call, visit, request, deed)
        async with self._turns.turn_of(key):
            await self._acts.begin(act)
            try:
                response = await carry(key)
            except Problem as problem:
                await self._acts.end(act.act_id, problem.code)
                raise
            replayed = dict(response.headers).get("idempotent-replayed") == "true"
            await self._acts.end(act.act_id, REPLAYED if replayed else _outcome(response))
        return response


def _own_key(visit: Visit, key: str, *, livemode: bool) -> IdempotencyKey:
    """A key of the person's own: the same text of a merchant, or of another person, is another key."""
    return IdempotencyKey(MerchantId(visit.person.actor.actor), livemode, key)


def _act(call: Call, visit: Visit, request: Reasoned, deed: Deed) -> Act:
    return Act(
        actor=visit.person.actor,
        permission=visit.permission,
        action=deed.action,
        object_kind=deed.object_kind,
        object_id=deed.object_id,
        reason=request.reason,
        request_id=call.request_id,
        livemode=deed.livemode,
        merchant_id=deed.merchant_id,
        details=deed.details,
    )


def _outcome(response: Response) -> str:
    return PROPOSED if response.status == 202 else DONE  # noqa: PLR2004 -- an answer that a second person is needed
