"""Invariant: what settlement files state and what runs matched, as the log tells it, is what lines and matches add up to."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import STATEMENT_TIMEOUT_SECONDS, Invariant, Stores, Violation, scan
from fincore.domain.ids import EventId, SettlementFileId, public_event_id, settlement_file_stream_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "settlement.sql")
_MATCHED: Final = "settlement_file.matched"
_CONVERTED: Final = "settlement_file.converted"
_Sums = tuple[int, int, int, int]
"""How many lines, gross, fee, and 0; of lines that settle payments of another currency the gross in that one in place of the fee, and what
the rate realised."""


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await _events_without_lines(stores),
        *await _matches_without_event(stores),
        *await _files_without_event(stores),
    ]


async def _events_without_lines(stores: Stores) -> list[Violation]:
    async def judge(events: Sequence[asyncpg.Record]) -> list[Violation]:
        matched = [row for row in events if row["type"] == _MATCHED]
        converted = [row for row in events if row["type"] == _CONVERTED]
        totalled = [row for row in events if row["type"] not in (_MATCHED, _CONVERTED)]
        of_run = ("run_id", "file_id", "kind", "currency")
        sums = (
            await _sums(stores, _SQL.matches_of_events, matched, of_run)
            | await _sums(stores, _SQL.conversions_of_events, converted, (*of_run, "charge_currency"))
            | await _sums(stores, _SQL.lines_of_events, totalled, of_run[1:])
        )
        found: list[Violation] = []
        for row in events:
            said = _sums_of(row)
            is_match = row["type"] in (_MATCHED, _CONVERTED)
            if not is_match and row["kind"] in ("payout", "payout_returned"):
                continue  # its amount moves by the payout's own events
            if said != (held := sums.get(row["event_id"], (0, 0, 0, 0))):
                found.append(
                    Violation(
                        f"event {public_event_id(EventId(row['event_id']))} of {row['file_id']}",
                        f"tells of {_told(said)} {row['kind']} in {row['currency']}; "
                        f"{'matches' if is_match else 'lines'} come to {_told(held)}",
                    )
                )
        return found

    return await scan(stores.eventstore, _SQL.settlement_events, judge=judge)


async def _sums(
    stores: Stores, statement: str, events: Sequence[asyncpg.Record], names: Sequence[str]
) -> dict[EventId, _Sums]:
    rows = await stores.ledgerdb.fetch(
        statement, *([row[name] for row in events] for name in names), timeout=STATEMENT_TIMEOUT_SECONDS
    )
    return {events[row["place"] - 1]["event_id"]: _sums_of(row) for row in rows}


def _sums_of(row: asyncpg.Record) -> _Sums:
    other_minor = row.get("charge_gross_minor")
    if other_minor is None:
        return row["lines"], row["gross_minor"], row["fee_minor"], 0
    return row["lines"], row["gross_minor"], other_minor, row["realised_minor"] or 0


def _told(sums: _Sums) -> str:
    lines, gross_minor, fee_minor, realised_minor = sums
    realised = f", of which the rate realised {realised_minor}" if realised_minor else ""
    return f"{lines} lines of {gross_minor} and {fee_minor} minor units{realised}"


async def _matches_without_event(stores: Stores) -> list[Violation]:
    async def judge(totals: Sequence[asyncpg.Record]) -> list[Violation]:
        names = ("run_id", "file_id", "kind", "currency", "charge_currency")
        rows = await stores.eventstore.fetch(
            _SQL.events_of_matches,
            *([row[name] for row in totals] for name in names),
            timeout=STATEMENT_TIMEOUT_SECONDS,
        )
        told = {row["place"] for row in rows}
        return [
            Violation(
                f"{row['run_id']} of {row['file_id']}",
                f"matched lines {row['kind']} in {row['currency']}, and the log has no event of it",
            )
            for place, row in enumerate(totals, start=1)
            if place not in told
        ]

    return await scan(stores.ledgerdb, _SQL.matched_totals, judge=judge)


async def _files_without_event(stores: Stores) -> list[Violation]:
    async def judge(files: Sequence[asyncpg.Record]) -> list[Violation]:
        streams = {
            settlement_file_stream_of(SettlementFileId(row["file_id"])): row["file_id"] for row in files
        }
        rows = await stores.eventstore.fetch(
            _SQL.streams_of_files, list(streams), timeout=STATEMENT_TIMEOUT_SECONDS
        )
        told = {row["stream_id"] for row in rows}
        return [
            Violation(f"the file {file_id}", "is booked, and the log has no event of it")
            for stream_id, file_id in streams.items()
            if stream_id not in told
        ]

    return await scan(stores.ledgerdb, _SQL.booked_files, judge=judge)


SETTLEMENT_EVENTS_HAVE_LINES: Final = Invariant(
    "settlement_events_have_lines",
    "Every event of a settlement file tells what its lines, or the matches of its run, come to, and every file that is "
    "booked and every run that is finished has its events.",
    _check,
)
"""If it fails, the ledger booked a sum that no line or match explains, or the log was set back and has lost a file or a match."""
