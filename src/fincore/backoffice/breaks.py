"""Breaks as staff work on them: listed, shown, and what a person does with one."""

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks import break_actions, break_record, listing
from fincore.reconciliation.breaks.break_actions import ActedBreak
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_record import BreakRecord
from fincore.reconciliation.breaks.listing import BreakFilters, ListedBreak, StandingSum


class NoSuchBreak(FinCoreError):
    """No break has this number."""


class BreakList(msgspec.Struct, frozen=True):
    """The breaks that were asked for, and the sums of all that are not closed."""

    breaks: list[ListedBreak]
    sums: list[StandingSum]


async def list_breaks(ledgerdb: Pool, wanted: BreakFilters, *, limit: int) -> BreakList:
    """Breaks of a mode, those opened last first."""
    return BreakList(
        (await listing.list_breaks(ledgerdb, wanted, limit=limit)).breaks,
        await listing.standing_sums(ledgerdb, livemode=wanted.livemode),
    )


async def read_break(ledgerdb: Pool, break_id: int) -> BreakRecord:
    """All that is known of a break. Raise `NoSuchBreak`."""
    found = await break_record.read_break(ledgerdb, break_id)
    if found is None:
        raise NoSuchBreak(f"there is no break {break_id}: `fincore reconcile breaks` lists those there are")
    return found


async def act_on_break(ledgerdb: Pool, break_id: int, done: Done) -> ActedBreak:
    """Record what a person does with a break. Raise `BreakNotChanged` where the break does not allow it as it stands."""
    async with ledgerdb.acquire() as connection, connection.transaction():
        known = await break_actions.lock_break(connection, break_id)
        return await break_actions.act(connection, known, done)
