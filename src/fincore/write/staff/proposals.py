"""The store of proposals: each is added once, and its steps are added and never changed. The database holds the order of the steps."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import MerchantId, ProposalId, StaffSubject, new_proposal_id
from fincore.domain.money import Money
from fincore.domain.proposal import (
    AGREED_FOR,
    OPEN_OF_ONE_PERSON_MAX,
    Proposal,
    ProposalKind,
    ProposalStatus,
    ProposalStep,
    ProposerSums,
    StepFlaw,
    money_of,
    step_flaw,
)
from fincore.domain.staff_actor import StaffActor
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.staff.metrics import OLDEST_AGREED_SECONDS, PROPOSALS_WAITING

_SQL = load_sql("fincore.write.staff", "proposals.sql")

FINISHED_AT_ONCE_MAX: Final = 100
"""Proposals that one look at what is to be finished takes up."""


class TooManyProposals(FinCoreError):
    """A person has too many proposals that wait; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            f"{OPEN_OF_ONE_PERSON_MAX} proposals of one person may wait at a time: withdraw some, or have them decided"
        )


class NewProposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a person proposes; the fields are those of `Proposal`."""

    kind: ProposalKind
    livemode: bool | None
    merchant_id: MerchantId | None
    object_id: str
    money: Money | None
    act: msgspec.Struct
    proposer: StaffActor
    reason: str
    needed_because: str


class ProposalFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which proposals are meant; a filter that is None does not filter. `not_of` leaves out those of a person, by subject."""

    livemode: bool
    of_no_mode: bool = False
    merchant_ids: Sequence[MerchantId] | None = None
    statuses: Sequence[ProposalStatus] | None = None
    object_id: str | None = None
    of: str | None = None
    not_of: str | None = None


class Proposals:
    """Reads proposals and adds their steps."""

    def __init__(self, eventstore: Pool) -> None:
        self._pool = eventstore

    @staticmethod
    async def add(transaction: Connection, new: NewProposal) -> ProposalId:
        """Add a proposal in a transaction of the event store's database. Raises `TooManyProposals`."""
        counted = new.proposer.counted_for
        await transaction.execute(_SQL.take_turn_of_person, counted)
        if await transaction.fetchval(_SQL.open_of_person, counted) >= OPEN_OF_ONE_PERSON_MAX:
            raise TooManyProposals
        proposal_id = new_proposal_id()
        await transaction.execute(
            _SQL.add_proposal,
            proposal_id,
            new.kind,
            new.livemode,
            new.merchant_id,
            new.object_id,
            new.money.amount_minor if new.money else None,
            new.money.currency if new.money else None,
            msgspec.json.encode(new.act).decode(),
            new.proposer.subject,
            new.proposer.username,
            counted,
            new.reason,
            new.needed_because,
        )
        return proposal_id

    @staticmethod
    async def read_in(store: "Connection | Pool", proposal_id: ProposalId) -> Proposal | None:
        """A proposal as it stands, in a transaction or outside; None where there is none."""
        row = await store.fetchrow(_SQL.read_proposal, proposal_id)
        return None if row is None else _proposal(row)

    async def read(self, proposal_id: ProposalId) -> Proposal | None:
        """A proposal as it stands; None where there is none."""
        return await self.read_in(self._pool, proposal_id)

    @asynccontextmanager
    async def turn_of(self, proposal_id: ProposalId) -> AsyncIterator[Connection]:
        """A transaction of the event store's database in which no other process has the turn of the proposal."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn_of_proposal, proposal_id)
            yield connection

    async def waiting(
        self,
        staff: StaffActor,
        kinds: Collection[ProposalKind],
        *,
        livemode: bool,
        merchant_ids: Sequence[MerchantId] | None = None,
        limit: int,
    ) -> tuple[int, datetime | None]:
        """How many proposals of other people wait in a mode, `limit` at most, and since when the oldest has.

        Those that belong to no merchant count where all merchants do, and those of no mode in live mode.
        """
        row = await self._pool.fetchrow(
            _SQL.waiting,
            livemode,
            None if merchant_ids is None else list(merchant_ids),
            list(kinds),
            staff.counted_for,
            limit,
        )
        return (0, None) if row is None else (row["proposals"], row["oldest_at"])

    async def page(
        self, filters: ProposalFilters, *, after_id: ProposalId | None, limit: int
    ) -> tuple[list[Proposal], bool]:
        """Proposals, the latest first, and whether more follow."""
        rows = await self._pool.fetch(
            _SQL.list_proposals,
            filters.livemode,
            filters.of_no_mode,
            None if filters.merchant_ids is None else list(filters.merchant_ids),
            None if filters.statuses is None else list(filters.statuses),
            filters.object_id,
            filters.of,
            filters.not_of,
            after_id,
            limit + 1,
        )
        return [_proposal(row) for row in rows[:limit]], len(rows) > limit

    async def waiting_minor(
        self, staff: StaffActor, currency: Currency, *, of_refunds: bool, livemode: bool
    ) -> int:
        """What a person proposed and that waits, in minor units: refunds, or else adjustments and their like."""
        return int(
            await self._pool.fetchval(
                _SQL.waiting_of_person, staff.counted_for, of_refunds, currency, livemode
            )
        )

    async def flaw(self, proposal: Proposal, step: ProposalStep, by: StaffActor | None) -> StepFlaw | None:
        """Why a step is not possible now; None where it is."""
        return step_flaw(proposal, step, by, await self._pool.fetchval(_SQL.server_time))

    async def take_step(
        self,
        proposal: Proposal,
        step: ProposalStep,
        *,
        by: StaffActor | None = None,
        reason: str | None = None,
        result: str | None = None,
    ) -> StepFlaw | None:
        """Take a step from the proposal as it was read; why not, where it is not possible or another step came first."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self.take_step_in(connection, proposal, step, by=by, reason=reason, result=result)

    @staticmethod
    async def take_step_in(
        transaction: Connection,
        proposal: Proposal,
        step: ProposalStep,
        *,
        by: StaffActor | None = None,
        reason: str | None = None,
        result: str | None = None,
    ) -> StepFlaw | None:
        """The same in a transaction of the event store's database."""
        flaw = step_flaw(proposal, step, by, await transaction.fetchval(_SQL.server_time))
        if flaw is not None:
            return flaw
        try:
            async with transaction.transaction():
                await transaction.execute(
                    _SQL.take_step,
                    proposal.proposal_id,
                    proposal.status,
                    step,
                    by.subject if by else None,
                    by.username if by else None,
                    by.counted_for if by else None,
                    reason,
                    result,
                )
        except (asyncpg.RestrictViolationError, asyncpg.UniqueViolationError):
            return "not_open"
        return None

    @staticmethod
    async def refuse_open_of(transaction: Connection, subject: StaffSubject, why: str) -> None:
        """End what a person of the built-in issuer proposed and that waits, in the transaction that changes the person."""
        await transaction.execute(_SQL.refuse_open_of, subject, why)

    @staticmethod
    async def is_agreement_over(transaction: Connection, proposal: Proposal) -> bool:
        """Whether two people agreed on it too long ago, by the clock of the database, for it to be carried out."""
        now = await transaction.fetchval(_SQL.server_time)
        return proposal.decided_at is None or now - proposal.decided_at >= AGREED_FOR

    async def is_proposer_disabled(self, proposal: Proposal) -> bool:
        """Whether the proposal is of a disabled person of the built-in issuer. Of people of another issuer it is not known: False."""
        return bool(await self._pool.fetchval(_SQL.is_proposer_disabled, proposal.proposer.subject))

    async def measure(self) -> None:
        """Tell Prometheus how many wait, and for how long the oldest that was agreed on has not been carried out."""
        row = await self._pool.fetchrow(_SQL.measure)
        PROPOSALS_WAITING.set(row["waiting"] if row else 0)
        OLDEST_AGREED_SECONDS.set(row["agreed_seconds"] if row else 0.0)

    async def under_way(self, after: ProposalId | None = None) -> list[ProposalId]:
        """Those after an id that two people agreed on and that are to be carried out still, oldest first, a bounded number."""
        rows = await self._pool.fetch(_SQL.under_way, FINISHED_AT_ONCE_MAX, after or "")
        return [ProposalId(row[0]) for row in rows]

    async def over(self) -> list[ProposalId]:
        """Those that waited too long, oldest first, a bounded number."""
        return [ProposalId(row[0]) for row in await self._pool.fetch(_SQL.over, FINISHED_AT_ONCE_MAX)]


def _proposal(row: Any) -> Proposal:
    decider = None
    if row["decider_subject"] is not None:
        decider = StaffActor(row["decider_subject"], row["decider_username"])
    return Proposal(
        proposal_id=ProposalId(row["proposal_id"]),
        kind=row["kind"],
        status=row["status"],
        livemode=row["livemode"],
        merchant_id=row["merchant_id"],
        object_id=row["object_id"],
        money=money_of(row["amount_minor"], row["currency"]),
        act=row["act"].encode(),
        proposer=StaffActor(row["proposer_subject"], row["proposer_username"]),
        reason=row["reason"],
        needed_because=row["needed_because"],
        proposed_at=row["proposed_at"],
        expires_at=row["expires_at"],
        decider=decider,
        decided_reason=row["decided_reason"],
        decided_at=row["decided_at"],
        result=row["result"],
        sums=None
        if row["waiting_minor"] is None
        else ProposerSums(int(row["waiting_minor"]), int(row["agreed_minor"])),
    )
