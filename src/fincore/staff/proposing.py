"""How an act becomes a proposal: written in one transaction with the answer of its idempotency key."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.exchange import Call, Response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem
from fincore.staff.acting import Carry, Reasoned
from fincore.staff.answers import Answers, answered
from fincore.staff.proposals.body import render_proposal
from fincore.write.staff.proposals import NewProposal, Proposals, TooManyProposals

PROPOSED_STATUS: Final = 202
Prepare = Callable[[], Awaitable[NewProposal]]
"""Makes what is to be proposed from things as they are, or raises `Problem`."""


class Proposing:
    """Adds proposals."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def carry_of(self, call: Call, request: Reasoned, prepare: Prepare) -> Carry:
        """What carries a request out by proposing what `prepare` returns, as `propose_prepared` does."""
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def carry(key: IdempotencyKey) -> Response:
            return await self.propose_prepared(key, fingerprint, prepare)

        return carry

    async def propose_prepared(self, key: IdempotencyKey, fingerprint: bytes, prepare: Prepare) -> Response:
        """Propose what `prepare` returns. It is not called where the key has its answer: things are another way after the act.

        Raises as `propose`, and what `prepare` raises: then the key stays unused.
        """
        earlier = await self._answers.earlier(key, fingerprint)
        if earlier is not None:
            return answered(earlier, is_replay=True)
        return await self.propose(key, fingerprint, await prepare())

    async def propose(self, key: IdempotencyKey, fingerprint: bytes, new: NewProposal) -> Response:
        """Add a proposal once for the key, and answer 202 with it. Raises `act_not_possible`, `idempotency_key_reused`."""

        async def add(transaction: Transaction) -> StoredResponse:
            try:
                proposal_id = await Proposals.add(transaction, new)
            except TooManyProposals as error:
                raise Problem("act_not_possible", str(error)) from None
            proposal = await Proposals.read_in(transaction, proposal_id)
            if proposal is None:
                raise AssertionError(f"{proposal_id} was just added")
            body = msgspec.json.encode(render_proposal(proposal, "yes"))
            return StoredResponse(fingerprint=fingerprint, response=RenderedResponse(PROPOSED_STATUS, body))

        return await self._answers.change(key, fingerprint, add)
