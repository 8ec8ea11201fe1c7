"""Changes that are no payments: an `Idempotency-Key` may be sent with them, and answer and change become true together."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.exchange import Call, Response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.idempotent_call import IDEMPOTENCY_KEY, IDEMPOTENT_PROBLEMS
from fincore.http.idempotent_call import idempotency_key as required_key
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal

OPTIONAL_KEY: Final = msgspec.structs.replace(IDEMPOTENCY_KEY, is_required=False)
OPTIONAL_KEY_PROBLEMS: Final = tuple(
    code for code in IDEMPOTENT_PROBLEMS if code not in ("idempotency_key_missing", "idempotency_key_in_use")
)
"""What each of these POSTs may answer beside its own problems."""

MakeChange = Callable[[Transaction], Awaitable[Response]]
"""Makes the change in the transaction and says the answer, or raises `Problem`: nothing is changed."""


async def change_once(
    call: Call, changes: IdempotentChanges, principal: Principal, request: msgspec.Struct, make: MakeChange
) -> Response:
    """Make a change once for the call's key, if it has one. `request` is what the call asks for, as it was read.

    Raises `idempotency_key_invalid`, `idempotency_key_reused` and what `make` raises.
    """
    key = None
    if call.header(b"idempotency-key") is not None:
        key = IdempotencyKey(principal.merchant_id, principal.livemode, required_key(call))
    return await change_once_known_by(changes, key, (fingerprint_of(call.method, call.path, request),), make)


async def change_once_known_by(
    changes: IdempotentChanges, key: IdempotencyKey | None, known_by: Sequence[bytes], make: MakeChange
) -> Response:
    """The same for a request that is known again by fingerprints of the caller's making: the first is stored, each counts.

    Raises `idempotency_key_reused` and what `make` raises.
    """

    async def change(transaction: Transaction) -> StoredResponse:
        response = await make(transaction)
        return StoredResponse(
            fingerprint=known_by[0],
            response=RenderedResponse(response.status, response.body, dict(response.headers).get("location")),
        )

    stored, is_replay = await changes.once(key, change)
    if stored.fingerprint not in known_by:
        raise Problem("idempotency_key_reused", param="Idempotency-Key")
    response = stored.response
    headers = [("location", response.location)] if response.location is not None else []
    if is_replay:
        headers.append(("idempotent-replayed", "true"))
    return Response(response.status, response.body, headers=tuple(headers))
