"""How people adjust and take back: decided once in the database of the ledger, beside no run, and then told to the log."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.adjustment import reversal_of, reversed_event_id
from fincore.domain.adjustment_events import (
    AdjustmentBooked,
    AdjustmentReversed,
)
from fincore.domain.counted_person import counted_for
from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import (
    AdjustmentId,
    StreamId,
    adjustment_id_of,
    adjustment_of,
    opening_adjustment_id_of,
)
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.staff_decision import StaffDecision, actor_of
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.adjustments.decision import (
    Decision,
    NotAdjusted,
    adjustment_of_break,
)
from fincore.reconciliation.adjustments.moved_alone import MovedAlone, Waiting
from fincore.reconciliation.adjustments.record import booked_for, booked_of, found_break, write_adjustment
from fincore.reconciliation.breaks.break_actions import BreakNotChanged, act, lock_break
from fincore.reconciliation.breaks.break_decision import Done, Refused, decide
from fincore.reconciliation.breaks.break_status import PersonAction
from fincore.write.settlement.adjustments import AdjustmentRecorder

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")
_LOST_SQL = load_sql("fincore.reconciliation.adjustments", "lost.sql")

WAIT_MAX: Final = "30s"
"""How long a person waits for a run that matches."""


class AdjustmentRefused(FinCoreError):
    """Nothing was booked; the message says why and what to do."""


class AdjustmentBusy(AdjustmentRefused):
    """Nothing was booked for now; the same act may be repeated later."""


class SecondPersonNeeded(AdjustmentRefused):
    """It is more than one person may decide alone; the message says why. `money` is gross and fee, each without its sign."""

    def __init__(self, sentence: str, money: Money) -> None:
        super().__init__(sentence)
        self.money = money


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account of ours at a PSP, in one mode and currency."""

    psp: PspName
    psp_account: PspAccount
    livemode: bool
    currency: Currency


class Adjustments:
    """What a person decides about breaks. Each act is one transaction, and repeating it after its answer was lost does it once.

    Nothing is decided while the log or the ledger tells of a decision that this database has lost.
    """

    def __init__(
        self,
        ledgerdb: Pool,
        limits: OnePersonLimits,
        recorder: AdjustmentRecorder,
        *,
        waiting: Waiting | None = None,
        is_trial: bool = False,
    ) -> None:
        """`is_trial`: every act says what it would do, or why it would not, and nothing is decided.

        `waiting` tells what a member of staff proposed and waits for a second person: the limit of a day counts it.
        """
        self._pool = ledgerdb
        self._alone = MovedAlone(limits, waiting)
        self._recorder = recorder
        self._is_trial = is_trial

    async def adjust(self, break_id: int, decision: Decision) -> AdjustmentBooked:
        """Decide that a break is adjusted, or written off. Raises `AdjustmentRefused`, `SecondPersonNeeded` and `BreakNotChanged`."""
        action: PersonAction = "adjust" if decision.kind == "adjustment" else "write_off"
        async with self._deciding(decision.by, decision.staff) as (connection, now):
            if (before := await booked_for(connection, decision.staff)) is not None:
                return before
            known = await lock_break(connection, break_id)
            earlier = await connection.fetch(_SQL.adjustments_of_break, break_id)
            if earlier and not earlier[0]["is_reversed"] and known.status in ("adjusted", "written_off"):
                return _repeated(booked_of(earlier[0]["booked"]), decision, f"the break {break_id}")
            done = Done(
                action=action,
                actor=actor_of(decision.by, decision.staff),
                username=decision.by if decision.staff else None,
                reason=decision.reason,
            )
            if isinstance(impossible := decide(known, done), Refused):
                raise BreakNotChanged(impossible.sentence)
            found = await found_break(connection, break_id)
            booked = adjustment_of_break(
                found,
                decision,
                adjustment_id_of(run_id=found.run_id, subject=found.subject, generation=len(earlier) + 1),
                now,
            )
            if isinstance(booked, NotAdjusted):
                raise AdjustmentRefused(booked.sentence)
            if earlier and not earlier[0]["is_reversed"]:
                raise AdjustmentRefused(
                    f"{earlier[0]['adjustment_id']} was booked for the break {break_id} and did not end it: take it back with "
                    "`fincore reconcile reverse` first"
                )
            await self._refuse_lost(booked.adjustment_id)
            await self._refuse_over_limit(connection, booked, decision.by, decision.staff, now)
            await write_adjustment(connection, booked, now, break_id=break_id, generation=len(earlier) + 1)
            await connection.execute(_SQL.write_parts, booked.adjustment_id, break_id)
            await act(connection, known, msgspec.structs.replace(done, reference=booked.adjustment_id))
            failpoint("settlement_adjustment", "before")
        failpoint("settlement_adjustment", "after")
        return booked

    async def booked(self, adjustment_id: AdjustmentId) -> AdjustmentBooked | None:
        """What an adjustment booked, whether or not it was taken back; None where there is none."""
        row = await self._pool.fetchrow(_SQL.known_adjustment, adjustment_id)
        return None if row is None else booked_of(row["booked"])

    async def decided_for(self, staff: StaffDecision, by: str, *, is_reversal: bool) -> AdjustmentId | None:
        """The adjustment that was decided, or taken back, for a proposal; None where none was. Raises `AdjustmentBusy`."""
        if staff.agreement is None:
            return None
        async with self._deciding(by, staff) as (connection, _):
            if not is_reversal:
                booked = await booked_for(connection, staff)
                return None if booked is None else booked.adjustment_id
            found = await connection.fetchval(_SQL.reversal_of_proposal, staff.agreement.proposal_id)
            return None if found is None else AdjustmentId(found)

    async def reverse(
        self, adjustment_id: AdjustmentId, *, by: str, reason: str, staff: StaffDecision | None = None
    ) -> AdjustmentReversed:
        """Decide that an adjustment is taken back as a whole. Raises as `adjust` does."""
        async with self._deciding(by, staff) as (connection, now):
            row = await connection.fetchrow(_SQL.known_adjustment, adjustment_id)
            if row is None:
                raise AdjustmentRefused(
                    f"there is no adjustment {adjustment_id}: `fincore reconcile adjustments` lists those there are"
                )
            if row["reversed"] is not None:
                before = msgspec.json.decode(row["reversed"], type=AdjustmentReversed)
                if (before.by, before.reason, _decider(before.staff)) == (by, reason, _decider(staff)):
                    return before
                raise AdjustmentRefused(
                    f"{adjustment_id} was reversed by {before.by} at {before.occurred_at:%Y-%m-%d %H:%M:%S} before"
                )
            booked = booked_of(row["booked"])
            if (there := await self._recorder.load(adjustment_id)) is not None and there.reversed is not None:
                raise _lost(adjustment_id)
            await self._refuse_over_limit(connection, booked, by, staff, now)
            # What it was matched with may have a later break, and that one goes on.
            if row["break_id"] is not None and not row["is_followed"]:
                known = await lock_break(connection, row["break_id"])
                if known.status in ("adjusted", "written_off"):
                    done = Done(
                        action="reverse",
                        actor=actor_of(by, staff),
                        username=by if staff else None,
                        reason=reason,
                        reference=adjustment_id,
                    )
                    await act(connection, known, done)
            reversing = reversal_of(booked, by=by, reason=reason, occurred_at=now, staff=staff)
            await connection.execute(
                _SQL.write_reversal,
                adjustment_id,
                reversed_event_id(adjustment_id),
                msgspec.json.encode(reversing).decode(),
                now,
                counted_for(by),
            )
        return reversing

    async def explain_opening(
        self,
        account: Account,
        amount_minor: int,
        *,
        by: str,
        reason: str,
        staff: StaffDecision | None = None,
    ) -> AdjustmentBooked:
        """Decide that what an account held before its first statement is explained. Raises `AdjustmentRefused`, `SecondPersonNeeded`."""
        decision = Decision(kind="adjustment", amount_minor=amount_minor, by=by, reason=reason, staff=staff)
        key = (account.livemode, account.psp, account.psp_account, account.currency)
        named = f"{account.psp}/{account.psp_account} ({'live' if account.livemode else 'test'}) in {account.currency.upper()}"
        async with self._deciding(by, staff) as (connection, now):
            if (before := await booked_for(connection, staff)) is not None:
                return before
            await connection.execute(_SQL.take_turn_of_opening, ":".join(map(str, key)))
            row = await connection.fetchrow(_SQL.opening, *key)
            assert row is not None  # noqa: S101 -- an aggregate
            left_minor = int(row["held_minor"] - row["explained_minor"])
            last = await connection.fetchrow(_SQL.last_of_opening, *key)
            if last is not None and not last["is_reversed"] and left_minor == 0:
                return _repeated(booked_of(last["booked"]), decision, f"what {named} held")
            if left_minor != amount_minor:
                raise AdjustmentRefused(
                    f"what {named} held before its first statement, and no person explained, is {Money(left_minor, account.currency)} "
                    f"({left_minor} minor units), and not {Money(amount_minor, account.currency)} ({amount_minor} minor units): look at "
                    "it again"
                )
            if left_minor == 0:
                raise AdjustmentRefused(
                    f"{named} held nothing before its first statement that is to be explained"
                )
            generation = row["generations"] + 1
            booked = AdjustmentBooked(
                adjustment_id=opening_adjustment_id_of(
                    livemode=account.livemode,
                    psp=account.psp,
                    psp_account=account.psp_account,
                    currency=account.currency,
                    generation=generation,
                ),
                kind="adjustment",
                adjusts="opening",
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                currency=account.currency,
                gross_minor=amount_minor,
                fee_minor=0,
                by=by,
                reason=reason,
                occurred_at=now,
                staff=staff,
            )
            await self._refuse_lost(booked.adjustment_id)
            await self._refuse_over_limit(connection, booked, by, staff, now)
            await write_adjustment(connection, booked, now, break_id=None, generation=generation)
        return booked

    @contextlib.asynccontextmanager
    async def _deciding(
        self, by: str, staff: StaffDecision | None
    ) -> AsyncIterator[tuple[Connection, datetime]]:
        """A transaction in which no run matches and the person decides nothing else, and its time; a trial is rolled back."""
        async with self._pool.acquire() as connection, _transaction(connection, is_kept=not self._is_trial):
            try:
                await connection.execute(_SQL.take_turn, WAIT_MAX)
                counted = {counted_for(by), *((f"subject:{staff.subject}",) if staff else ())}
                for one in sorted(counted):
                    await connection.execute(_SQL.take_turn_of_person, one)
            except asyncpg.LockNotAvailableError:
                raise AdjustmentBusy(
                    f"a run of reconciliation has been matching for {WAIT_MAX}: repeat the command when it has ended"
                ) from None
            lost = await connection.fetchrow(_LOST_SQL.lost_entries, None)
            if lost is not None:
                raise _lost(adjustment_of(StreamId(lost["stream_id"])))
            yield connection, await connection.fetchval(_SQL.server_time)

    async def _refuse_lost(self, adjustment_id: AdjustmentId) -> None:
        """Raise `AdjustmentRefused` where the log tells of the adjustment: the ledger may not have booked it again yet."""
        if await self._recorder.load(adjustment_id) is not None:
            raise _lost(adjustment_id)

    async def _refuse_over_limit(
        self,
        connection: Connection,
        booked: AdjustmentBooked,
        by: str,
        staff: StaffDecision | None,
        now: datetime,
    ) -> None:
        # A fee does not make an amount smaller: 100.00 with a fee of 99.99 is no decision about 0.01.
        money = Money(abs(booked.gross_minor) + abs(booked.fee_minor), booked.currency)
        flaw = await self._alone.flaw(connection, money, by, staff, livemode=booked.livemode, now=now)
        if flaw is not None:
            raise SecondPersonNeeded(flaw, money)


@contextlib.asynccontextmanager
async def _transaction(connection: Connection, *, is_kept: bool) -> AsyncIterator[None]:
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.commit() if is_kept else transaction.rollback())


def _lost(adjustment_id: AdjustmentId) -> AdjustmentRefused:
    return AdjustmentBusy(
        f"the log tells of a decision about {adjustment_id} that LedgerDB's database does not have: a backup from before it was restored. "
        "`fincore reconcile run` takes it over; then look at what is open, and repeat the command where it is still needed"
    )


def _decider(staff: StaffDecision | None) -> StaffDecision | None:
    """Who decided, whichever request it was."""
    return None if staff is None else msgspec.structs.replace(staff, request=None)


def _repeated(booked: AdjustmentBooked, decision: Decision, what: str) -> AdjustmentBooked:
    """The adjustment itself where the same person decides the same again. Raises `AdjustmentRefused`."""
    minor = booked.gross_minor + booked.fee_minor
    if (booked.kind, booked.by, _decider(booked.staff), booked.reason, minor) == (
        decision.kind,
        decision.by,
        _decider(decision.staff),
        decision.reason,
        decision.amount_minor,
    ):
        return booked
    raise AdjustmentRefused(
        f"{what} was ended by {booked.adjustment_id}, of {booked.by} at {booked.occurred_at:%Y-%m-%d %H:%M:%S}: take it back with "
        "`fincore reconcile reverse` first"
    )
