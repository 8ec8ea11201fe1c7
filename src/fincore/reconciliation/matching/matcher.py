"""Matches lines with clearing items, set by set, in one transaction: matches, what stays open, and the breaks it makes."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from fincore.domain.currency import Currency
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, RunId, SettlementFileId, new_run_id, stream_of
from fincore.domain.settlement_file import ConvertedTotal, KindTotal
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.bank.matching import match_banks
from fincore.reconciliation.matching.adjusted import match_adjusted, stage_adjusted
from fincore.reconciliation.matching.break_writer import write_breaks
from fincore.reconciliation.matching.converted import keep_converted
from fincore.reconciliation.matching.families import FAMILY_OF_ITEM, FAMILY_OF_LINE, OF_DISPUTES
from fincore.reconciliation.matching.preconditions import (
    lacks_adjustments,
    refuse_moved_entries,
    refuse_unknown_matches,
)
from fincore.write.settlement.payouts import PayoutRecorder

_SQL = load_sql("fincore.reconciliation.matching", "matching.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0
"""How long one statement over all open lines may take."""

SORT_MEMORY: Final = "64MB"
"""What PostgreSQL may take for one sort or hash of a run: with less the keys of a million lines, some 100 MB, go to its disk in many pieces."""

SETTLEMENT_DELAYS: Final[Mapping[str, timedelta]] = {
    "paypal_stl": timedelta(hours=3),
    "stripe_payout_itemized": timedelta(days=7),
}
"""Format -> how long after a payment its line may come, at most, if the statement covers it: PayPal's has all of its day, and clocks
differ; Stripe's has what its payout carries, a few working days later. A format without lines of payments is not here."""

RULES: Final = ("reference", "payment", "disputes")
"""What makes lines and items one: the PSP's name of the thing; the charge and the family; the charge, over all that its disputes moved."""


class Totals(NamedTuple):
    """What a run matched of each file: in one currency by kind and currency, and across two by kind and pair of them."""

    matched: dict[SettlementFileId, list[KindTotal]]
    converted: dict[SettlementFileId, list[ConvertedTotal]]


_Entries = tuple[int, int]
"""The ledger's entries that are new to a run: after the first, up to the second."""


class OpenRun(NamedTuple):
    """A run of which the matches are written. `cut_off` is until when it looked."""

    run_no: int
    run_id: RunId
    cut_off: datetime


class Matcher:
    """Takes up what is new since the last run: the lines of booked files, and the ledger's items."""

    def __init__(self, ledgerdb: Pool, payouts: PayoutRecorder) -> None:
        self._pool = ledgerdb
        self._payouts = payouts

    async def last(self) -> OpenRun | None:
        """The run that wrote matches last: the log may lack events of it."""
        row = await self._pool.fetchrow(_SQL.last_run)
        return OpenRun(row["run_no"], RunId(row["run_id"]), row["cut_off"]) if row else None

    async def match(self) -> OpenRun | None:
        """Match all there is, in one transaction; None where the ledger lacks what a person adjusted. Raises `RunRefused`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn, timeout=STATEMENT_SECONDS_MAX)
            await refuse_moved_entries(connection)
            await refuse_unknown_matches(connection)
            if await lacks_adjustments(connection):
                return None
            run_id = new_run_id()
            row = await connection.fetchrow(_SQL.open_run, run_id)
            assert row is not None  # noqa: S101 -- an insert that returns
            run = OpenRun(row["run_no"], run_id, row["cut_off"])
            await self._write(connection, run)
            failpoint("settlement_matches", "before")
        failpoint("settlement_matches", "after")
        return run

    async def match_again(
        self,
        run_id: RunId,
        cut_off: datetime,
        last_entry_id: int,
        *,
        later_files: Collection[SettlementFileId],
        require: Callable[[Totals], None],
    ) -> OpenRun:
        """Match as a run did that this database has lost: up to a time and an entry of the ledger, in one transaction.

        `later_files` were booked after it. What `require` raises of what is matched is raised, and nothing is written then. Raises `RunRefused`, too.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn, timeout=STATEMENT_SECONDS_MAX)
            await refuse_moved_entries(connection)
            run_no = await connection.fetchval(_SQL.open_lost_run, run_id, cut_off, last_entry_id)
            run = OpenRun(run_no, run_id, cut_off)
            await self._write(connection, run, later_files)
            require(await _totals(connection, run))
            failpoint("settlement_rebuild", "before")
        failpoint("settlement_rebuild", "after")
        return run

    async def _write(
        self, connection: Connection, run: OpenRun, later_files: Collection[SettlementFileId] = ()
    ) -> None:
        """Write what a run matches, leaves open, and finds to differ."""
        await connection.execute(_SQL.take_memory, SORT_MEMORY)
        row = await connection.fetchrow(_SQL.entries_of_run, run.run_no)
        assert row is not None  # noqa: S101 -- the run was opened
        entries: _Entries = row["after_entry_id"], row["last_entry_id"]
        await _look(connection, list(later_files))
        await _match_whole(connection, run.run_no, entries)
        await _stage(connection, entries)
        await _match(connection, run.run_no)
        await _keep(connection, run.run_no)
        await match_banks(connection, run.run_no)
        await write_breaks(connection, run.run_no, self._payouts)

    async def totals(self, run: OpenRun) -> Totals:
        """What a run matched."""
        async with self._pool.acquire() as connection:
            return await _totals(connection, run)

    async def finish(self, run: OpenRun) -> None:
        """The log has all events of a run."""
        failpoint("settlement_run", "before")
        await self._pool.execute(_SQL.finish_run, run.run_no)
        failpoint("settlement_run", "after")

    async def counts(self, run: OpenRun) -> tuple[int, int]:
        """How many lines the run matched, and how many lines are open."""
        row = await self._pool.fetchrow(_SQL.count_matched, run.run_no, timeout=STATEMENT_SECONDS_MAX)
        assert row is not None  # noqa: S101 -- two aggregates
        return row["matched"], row["open"]


async def _totals(connection: Connection, run: OpenRun) -> Totals:
    found = Totals({}, {})
    for row in await connection.fetch(_SQL.totals_of_run, run.run_no, timeout=STATEMENT_SECONDS_MAX):
        total = KindTotal(
            kind=row["kind"],
            currency=Currency(row["currency"]),
            lines=row["lines"],
            gross_minor=row["gross_minor"],
            fee_minor=row["fee_minor"],
        )
        found.matched.setdefault(SettlementFileId(row["file_id"]), []).append(total)
    for row in await connection.fetch(
        _SQL.converted_totals_of_run, run.run_no, timeout=STATEMENT_SECONDS_MAX
    ):
        converted = ConvertedTotal(
            kind=row["kind"],
            currency=Currency(row["currency"]),
            charge_currency=Currency(row["charge_currency"]),
            lines=row["lines"],
            gross_minor=row["gross_minor"],
            charge_gross_minor=row["charge_gross_minor"],
            realised_minor=row["realised_minor"],
        )
        found.converted.setdefault(SettlementFileId(row["file_id"]), []).append(converted)
    return found


async def _do(connection: Connection, statement: str, *arguments: object) -> None:
    await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)


async def _look(connection: Connection, later_files: list[SettlementFileId]) -> None:
    """What a run looks at: accounts, files, what the runs before left, and the lines."""
    told = list(SETTLEMENT_DELAYS), list(SETTLEMENT_DELAYS.values()), later_files
    await _do(connection, _SQL.stage_scopes, *told)
    await _do(connection, _SQL.stage_covered, *told)
    await _do(connection, _SQL.stage_accounts)
    await _do(connection, _SQL.stage_files, later_files)
    await _do(connection, _SQL.stage_lines_before)
    await _do(connection, _SQL.stage_items_before)
    await _do(connection, _SQL.stage_files_of_lines)
    await _do(connection, _SQL.stage_item_families, list(FAMILY_OF_ITEM), list(FAMILY_OF_ITEM.values()))
    await _do(connection, _SQL.analyze_before)
    await _do(connection, _SQL.stage_lines_to_match, list(FAMILY_OF_LINE), list(FAMILY_OF_LINE.values()))
    await _do(connection, _SQL.analyze_lines_to_match)


async def _match_whole(connection: Connection, run_no: int, entries: _Entries) -> None:
    """Match what one name makes one line and one item, and is equal, before anything else is looked at."""
    await _do(connection, _SQL.stage_named, *entries)
    await _do(connection, _SQL.analyze_named)
    await _do(connection, _SQL.stage_repeated_lines)
    await _do(connection, _SQL.stage_lines_with_many)
    await _do(connection, _SQL.stage_items_with_many)
    await _do(connection, _SQL.analyze_many)
    await _do(connection, _SQL.stage_whole)
    await _do(connection, _SQL.analyze_whole)
    await _do(connection, _SQL.match_whole, run_no)


async def _stage(connection: Connection, entries: _Entries) -> None:
    """The other lines and items, each line with the charge it is about."""
    await _do(connection, _SQL.stage_lines)
    await _do(connection, _SQL.analyze_lines)
    await _do(connection, _SQL.stage_duplicates)
    await _do(connection, _SQL.analyze_duplicates)
    await _do(connection, _SQL.stage_links)
    await _do(connection, _SQL.link_by_references)
    await _do(connection, _SQL.link_by_refunds)
    charges = [
        (row["line_no"], stream_of(ChargeId(row["our_reference"])))
        for row in await connection.fetch(_SQL.unlinked_charges, timeout=STATEMENT_SECONDS_MAX)
        if _is_charge(row["our_reference"])
    ]
    await _do(connection, _SQL.link_by_charges, [one for one, _ in charges], [one for _, one in charges])
    await _do(connection, _SQL.link_by_parents)
    await _do(connection, _SQL.stage_items, *entries)
    await stage_adjusted(connection)
    await _do(connection, _SQL.analyze_items)


def _is_charge(our_reference: str) -> bool:
    try:
        stream_of(ChargeId(our_reference))
    except InvalidId:
        return False
    return True


async def _match(connection: Connection, run_no: int) -> None:
    """By each rule first what has equal sums, and of the rest what has equal amounts one by one."""
    disputes = sorted(OF_DISPUTES)
    await _do(connection, _SQL.stage_line_parts, disputes)
    await _do(connection, _SQL.stage_item_parts, disputes)
    await _do(connection, _SQL.index_parts)
    await _do(connection, _SQL.analyze_parts)
    for rule in RULES:
        await _by_rule(connection, run_no, rule)
    if await connection.fetchval(_SQL.has_converted, timeout=STATEMENT_SECONDS_MAX):
        for rule in RULES:
            await _by_rule(connection, run_no, rule, is_converted=True)
    await _do(connection, _SQL.match_returned, run_no)
    await _do(connection, _SQL.group_lines)
    await _do(connection, _SQL.group_items)
    await _do(connection, _SQL.analyze_parts)
    await _by_rule(connection, run_no, "group")
    await match_adjusted(connection, run_no)
    await _do(connection, _SQL.state_in_currency_of_charge)


async def _by_rule(connection: Connection, run_no: int, rule: str, *, is_converted: bool = False) -> None:
    for one_by_one in (False, True):
        await _do(connection, _SQL.match_equal, run_no, rule, one_by_one, is_converted)


async def _keep(connection: Connection, run_no: int) -> None:
    await _do(connection, _SQL.keep_totals, run_no)
    await keep_converted(connection, run_no)
    await _do(connection, _SQL.keep_files, run_no)
    for statement in (
        _SQL.drop_open_lines,
        _SQL.keep_open_lines,
        _SQL.drop_open_items,
        _SQL.keep_open_items,
    ):
        await _do(connection, statement)
