"""Proposals as two people of staff decide them, and as FinCore carries them out: each once, however often it is repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from fincore.domain.errors import FinCoreError, Overloaded, StoreUnavailable
from fincore.domain.ids import ProposalId
from fincore.domain.proposal import AGREED_FOR, Proposal, ProposalKind, ProposalStep, StepFlaw
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import Agreement, StaffDecision
from fincore.observability.failpoints import failpoint
from fincore.postgres.pool import Connection, Pool
from fincore.write.staff.proposals import Proposals

RESULT_CHARACTERS_MAX: Final = 1_000
TOO_OLD: Final = (
    f"it was not carried out within {AGREED_FOR.days} days: propose it again if it is still needed"
)
TURNS_AT_ONCE_MAX: Final = 2
"""Proposals that one process carries out or gives up at a time."""
STUCK_TRIED_MAX: Final = 20
"""Proposals that did not end before, and that one call of `finish` tries again."""

_log = structlog.get_logger(__name__)


class NotNow(FinCoreError):
    """A proposal cannot be carried out for now; carrying it out again later may."""


class Executed(msgspec.Struct, frozen=True):
    """It is done; the sentence says in short what came of it, and holds nothing secret."""

    sentence: str


class Impossible(msgspec.Struct, frozen=True):
    """It cannot be done as things stand; the sentence says why."""

    sentence: str


class Executor(Protocol):
    """Carries proposals of a kind out."""

    async def check(self, proposal: Proposal, agreed: StaffDecision) -> Impossible | None:
        """Why it could not be carried out as things stand, amounts included; nothing is changed. Raises `NotNow`."""
        ...

    async def execute(self, proposal: Proposal, agreed: StaffDecision) -> Executed | Impossible:
        """Carry it out. Repeating it does nothing anew, however long after: what it writes has ids that follow from the proposal.

        Raises `NotNow`, and as stores and the writer do: it is carried out again later then.
        """
        ...

    async def made(self, proposal: Proposal, agreed: StaffDecision) -> Executed | None:
        """What was carried out before, and the proposal was not told of; None where nothing was. Raises `NotNow`, and as stores do."""
        ...


class TransactionExecutor(Protocol):
    """Carries proposals of a kind out in a transaction of the event store's database, in which the proposal ends, too: it is done once."""

    async def check(self, proposal: Proposal, agreed: StaffDecision) -> Impossible | None:
        """As of `Executor`."""
        ...

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, agreed: StaffDecision
    ) -> Executed | Impossible:
        """Carry it out in the transaction."""
        ...


class InTransaction(NamedTuple):
    """Marks an executor of which the work and the end of the proposal are one transaction."""

    executor: TransactionExecutor


async def flaw_by_trial(
    pool: Pool, carry_out: Callable[[Connection], Awaitable[Executed | Impossible]]
) -> Impossible | None:
    """Why something cannot be carried out, found by doing it in a transaction that is rolled back; None where it can."""
    async with pool.acquire() as connection:
        trial = connection.transaction()
        await trial.start()
        try:
            outcome = await carry_out(connection)
        finally:
            await trial.rollback()
    return outcome if isinstance(outcome, Impossible) else None


class NotDecided(msgspec.Struct, frozen=True):
    """A decision was not recorded. `sentence` says why, where the flaw alone does not."""

    flaw: StepFlaw | None
    proposal: Proposal
    sentence: str = ""


class ProposalDecisions:
    """What people do with proposals that wait, and the end of what they agreed on."""

    def __init__(
        self, proposals: Proposals, executors: Mapping[ProposalKind, Executor | InTransaction]
    ) -> None:
        self._proposals = proposals
        self._executors = executors
        self._stuck: dict[ProposalId, None] = {}
        # A turn holds a connection of the pool that its work needs more of.
        self._turns = asyncio.Semaphore(TURNS_AT_ONCE_MAX)

    async def approve(
        self, proposal: Proposal, by: StaffActor, *, reason: str
    ) -> Proposal | NotDecided | None:
        """Agree to a proposal as the second person, and carry it out; the proposal as it stands then, None where there is none.

        It is compared again with what it is about, and stays open where it is impossible for now. One that could not be carried out at
        once is `approved` until `finish` does. The same person who agrees again gets the proposal as it stands. Raises as stores do.
        """
        if _is_repeated(proposal, "approve", by, reason):
            return await self._finished(proposal)
        agreed = _agreed(proposal, by)
        if (flaw := await self._proposals.flaw(proposal, "approve", by)) is None:
            if await self._proposals.is_proposer_disabled(proposal):
                return NotDecided(None, proposal, "the person who proposed it is disabled: decline it")
            try:
                impossible = await _checking(self._executors[proposal.kind]).check(proposal, agreed)
            except NotNow as error:
                impossible = Impossible(str(error))
            if impossible is not None:
                return NotDecided(None, proposal, impossible.sentence)
        elif flaw != "not_open":
            return NotDecided(flaw, proposal)
        return await self._decide(proposal, "approve", by, reason)

    async def decline(
        self, proposal: Proposal, by: StaffActor, *, reason: str
    ) -> Proposal | NotDecided | None:
        """Refuse a proposal as the second person. Repeating it is safe."""
        return await self._decide(proposal, "decline", by, reason)

    async def withdraw(
        self, proposal: Proposal, by: StaffActor, *, reason: str
    ) -> Proposal | NotDecided | None:
        """Take a proposal of one's own back. Repeating it is safe."""
        return await self._decide(proposal, "withdraw", by, reason)

    async def give_up(
        self, proposal: Proposal, by: StaffActor, *, reason: str
    ) -> Proposal | NotDecided | None:
        """End what two people agreed on and that cannot be carried out. What was made already ends as `executed`. Repeating it is safe.

        Nothing is carried out meanwhile, and nothing after it. Raises as stores do.
        """
        sentence = f"{by.username} gave it up: {reason}"
        try:
            async with self._turn_of(proposal.proposal_id) as (transaction, now):
                if now is None:
                    return None
                if now.status != "approved":
                    is_repeated = now.status == "refused" and now.result == sentence
                    return now if is_repeated else NotDecided("not_open", now)
                made = await self._made(now)
                if made is not None:
                    await self._end(transaction, now, made)
                else:
                    await self._proposals.take_step_in(
                        transaction, now, "give_up", by=by, reason=reason, result=sentence
                    )
        except NotNow as error:
            return NotDecided(None, proposal, f"whether it was carried out cannot be said now: {error}")
        return await self._proposals.read(proposal.proposal_id)

    async def measure(self) -> None:
        """Tell Prometheus how proposals stand."""
        await self._proposals.measure()

    async def finish(self) -> int:
        """Carry out what two people agreed on and that is not done yet, end what waited too long; how many ended.

        One that fails keeps no other from it: those that did not end before are tried after all others, a bounded number in each call.
        Raises the first failure after all were tried, and as stores do: the next call goes on.
        """
        ended, failures = 0, list[Exception]()
        for proposal_id in await self._proposals.over():
            ended += await self._tried(proposal_id, self._expired, failures)
        agreed = [one async for one in self._under_way()]
        self._stuck = {one: None for one in self._stuck if one in set(agreed)}
        # The one that was tried last is the last again.
        again = list(self._stuck)[:STUCK_TRIED_MAX]
        for proposal_id in [*(one for one in agreed if one not in self._stuck), *again]:
            self._stuck.pop(proposal_id, None)
            if await self._tried(proposal_id, self._finished, failures):
                ended += 1
            else:
                self._stuck[proposal_id] = None
        if failures:
            raise failures[0]
        return ended

    async def _under_way(self) -> AsyncIterator[ProposalId]:
        agreed = await self._proposals.under_way()
        while agreed:
            for proposal_id in agreed:
                yield proposal_id
            agreed = await self._proposals.under_way(after=agreed[-1])

    async def _tried(
        self,
        proposal_id: ProposalId,
        end: Callable[[Proposal], Awaitable[Proposal]],
        failures: list[Exception],
    ) -> bool:
        """Whether a proposal ended; a failure is logged, and added to the others."""
        try:
            proposal = await self._proposals.read(proposal_id)
            return proposal is not None and (await end(proposal)).status not in ("proposed", "approved")
        except Exception as error:  # noqa: BLE001 -- `finish` raises the first
            _log.exception("staff.proposal_failed", proposal_id=proposal_id)
            failures.append(error)
            return False

    async def _expired(self, proposal: Proposal) -> Proposal:
        await self._proposals.take_step(proposal, "expire")
        return await self._proposals.read(proposal.proposal_id) or proposal

    async def _decide(
        self, proposal: Proposal, step: ProposalStep, by: StaffActor, reason: str
    ) -> Proposal | NotDecided | None:
        flaw = await self._proposals.take_step(proposal, step, by=by, reason=reason)
        now = await self._proposals.read(proposal.proposal_id)
        if now is None:
            return None
        if flaw is not None and not _is_repeated(now, step, by, reason):
            return NotDecided(flaw, now)
        return await self._finished(now)

    async def _finished(self, proposal: Proposal) -> Proposal:
        """The proposal after it was carried out, if it was agreed on; as it is where that has to wait."""
        if proposal.status != "approved" or proposal.decider is None:
            return proposal
        failpoint("proposal", "before")
        try:
            async with self._turn_of(proposal.proposal_id) as (transaction, now):
                if now is not None and now.status == "approved":
                    await self._end(transaction, now, await self._outcome(transaction, now))
        except (NotNow, Overloaded, StoreUnavailable) as error:
            _log.warning(
                "staff.proposal_waits", proposal_id=proposal.proposal_id, kind=proposal.kind, error=str(error)
            )
            return proposal
        return await self._proposals.read(proposal.proposal_id) or proposal

    @asynccontextmanager
    async def _turn_of(self, proposal_id: ProposalId) -> AsyncIterator[tuple[Connection, Proposal | None]]:
        """A transaction in which nothing else carries the proposal out or gives it up, and the proposal as it stands."""
        async with self._turns, self._proposals.turn_of(proposal_id) as transaction:
            yield transaction, await self._proposals.read_in(transaction, proposal_id)

    async def _outcome(self, transaction: Connection, proposal: Proposal) -> Executed | Impossible:
        """Carry a proposal out in its turn, if the two people agreed on it lately."""
        agreed, executor = _agreed_of(proposal), self._executors[proposal.kind]
        if await self._proposals.is_agreement_over(transaction, proposal):
            return await self._made(proposal) or Impossible(TOO_OLD)
        if isinstance(executor, InTransaction):
            outcome = await executor.executor.execute_in(transaction, proposal, agreed)
        else:
            outcome = await executor.execute(proposal, agreed)
        failpoint("proposal", "after")
        return outcome

    async def _made(self, proposal: Proposal) -> Executed | None:
        """What was carried out of a proposal that has no end yet. Work in one transaction with its end was not."""
        executor = self._executors[proposal.kind]
        if isinstance(executor, InTransaction):
            return None
        return await executor.made(proposal, _agreed_of(proposal))

    async def _end(self, transaction: Connection, proposal: Proposal, outcome: Executed | Impossible) -> None:
        step: ProposalStep = "execute" if isinstance(outcome, Executed) else "refuse"
        sentence = outcome.sentence[:RESULT_CHARACTERS_MAX]
        flaw = await self._proposals.take_step_in(transaction, proposal, step, result=sentence)
        if flaw is not None:
            raise AssertionError(f"{proposal.proposal_id} ended in its own turn: {flaw}")


def _checking(executor: Executor | InTransaction) -> Executor | TransactionExecutor:
    return executor.executor if isinstance(executor, InTransaction) else executor


def _agreed(proposal: Proposal, approver: StaffActor) -> StaffDecision:
    return StaffDecision(proposal.proposer.subject, Agreement(ProposalId(proposal.proposal_id), approver))


def _agreed_of(proposal: Proposal) -> StaffDecision:
    if proposal.decider is None:
        raise AssertionError(f"{proposal.proposal_id} is {proposal.status} without a second person")
    return _agreed(proposal, proposal.decider)


def _is_repeated(proposal: Proposal, step: ProposalStep, by: StaffActor, reason: str) -> bool:
    """Whether the same person took the same step for the same reason before: an answer that was lost is asked for again."""
    if (
        proposal.decider is None
        or proposal.decider.subject != by.subject
        or proposal.decided_reason != reason
    ):
        return False
    statuses = {
        "approve": ("approved", "executed", "refused"),
        "decline": ("declined",),
        "withdraw": ("withdrawn",),
    }
    return proposal.status in statuses.get(step, ())
