"""Answers of acts that have transactions of their own: kept for the act's idempotency key, so that a repetition gets the same."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.exchange import Response
from fincore.http.problems import Problem


class Answer(NamedTuple):
    """What an act is answered. One that is not final is not kept: a repetition may be told more."""

    response: Response
    is_final: bool = True


class Answers:
    """Keeps answers beside those of all other idempotency keys."""

    def __init__(self, changes: IdempotentChanges) -> None:
        self._changes = changes

    async def earlier(self, key: IdempotencyKey, fingerprint: bytes) -> StoredResponse | None:
        """What the key got before, or None. Raises `idempotency_key_reused` where it was for another request."""
        stored = await self._changes.find(key)
        if stored is not None and stored.fingerprint != fingerprint:
            raise Problem("idempotency_key_reused", param="Idempotency-Key")
        return stored

    async def once(
        self, key: IdempotencyKey, fingerprint: bytes, make: Callable[[], Awaitable[Answer]]
    ) -> Response:
        """Make what is safe to repeat, unless the key has its answer already.

        Raises `idempotency_key_reused` and what `make` raises: then the key stays unused.
        """
        stored = await self.earlier(key, fingerprint)
        if stored is not None:
            return answered(stored, is_replay=True)
        answer = await make()
        if not answer.is_final:
            return answer.response
        rendered = RenderedResponse(answer.response.status, answer.response.body)

        async def keep(_: Transaction) -> StoredResponse:
            return StoredResponse(fingerprint=fingerprint, response=rendered)

        return await self.change(key, fingerprint, keep)

    async def change(
        self,
        key: IdempotencyKey,
        fingerprint: bytes,
        change: Callable[[Transaction], Awaitable[StoredResponse]],
    ) -> Response:
        """Make a change of the event store's database in one transaction with its answer, once for the key."""
        stored, is_replay = await self._changes.once(key, change)
        if stored.fingerprint != fingerprint:
            raise Problem("idempotency_key_reused", param="Idempotency-Key")
        return answered(stored, is_replay=is_replay)


def answered(stored: StoredResponse, *, is_replay: bool) -> Response:
    """A kept answer as it is sent."""
    headers = (("idempotent-replayed", "true"),) if is_replay else ()
    return Response(stored.response.status, stored.response.body, headers=headers)
