"""All that is known of one break: both sides, what runs found of it, and what was done with it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.breaks.break_status import BreakAction, BreakStatus
from fincore.reconciliation.matching.differences import BreakClass

_SQL = load_sql("fincore.reconciliation.breaks", "record.sql")

ROWS_MAX: Final = 200
"""So many lines, items, states and actions of one break are read, each."""


class BreakItem(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger expects: an item of a clearing account. A part of amount 0 counts as matched."""

    entry_id: int
    kind: str
    psp_reference: str
    currency: Currency
    gross_minor: int
    fee_minor: int
    effective_at: datetime
    is_gross_matched: bool
    is_fee_matched: bool


class BreakLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says: a line, by its file and its number there. A part of amount 0 counts as matched."""

    file_name: str
    number: int
    kind: str
    psp_type: str
    psp_reference: str
    currency: Currency
    gross_minor: int
    fee_minor: int
    occurred_at: datetime
    is_gross_matched: bool
    is_fee_matched: bool


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's statement says of a payout."""

    file_name: str
    number: int
    bank: str
    kind: str
    bank_reference: str
    currency: Currency
    amount_minor: int
    occurred_at: datetime
    is_matched: bool


class RecordedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a file, and as what it is read since then; None: as before."""

    action: str
    status: str
    actor: str
    by: str
    reason: str
    format: str | None
    account_id: str | None
    acted_at: datetime


class BreakFile(msgspec.Struct, frozen=True, kw_only=True):
    """The settlement file that a break is about, and the one that had its name before."""

    file_id: str
    name: str
    source: str
    status: str
    refusal_line: int | None
    refusal: str | None
    sha256: str
    fetched_at: datetime
    replaces: str | None
    replaced_status: str | None
    decisions: tuple[RecordedDecision, ...]


class FoundState(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found: class and amount hold from that run on."""

    run_id: str
    cut_off: datetime
    break_class: BreakClass
    currency: Currency | None
    amount_minor: int | None


class RecordedAction(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with the break `break_id`, or with one that became part of it."""

    break_id: int
    action: BreakAction
    status: BreakStatus
    actor: str
    by: str
    owner: str | None
    reason: str | None
    reference: str | None
    other_break: int | None
    acted_at: datetime


class BreakRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A break as it stands, and all that is known of it. `days` is its age until now or until it was closed."""

    break_id: int
    break_class: BreakClass
    livemode: bool
    psp: str
    psp_account: str
    currency: Currency | None
    amount_minor: int | None
    stream_id: StreamId | None
    reference: str | None
    status: BreakStatus
    owner: str | None
    opened_at: datetime
    days: int
    closed_at: datetime | None
    opened_by: str
    seen_by: str
    closed_by: str | None
    lines: tuple[BreakLine, ...]
    items: tuple[BreakItem, ...]
    bank_lines: tuple[BankLine, ...]
    file: BreakFile | None
    states: tuple[FoundState, ...]
    actions: tuple[RecordedAction, ...]


async def read_break(ledgerdb: Pool, break_id: int) -> BreakRecord | None:
    """A break with all that is known of it, in one snapshot; None where there is none of that number."""
    async with (
        ledgerdb.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(_SQL.read_break, break_id)
        return None if row is None else await _record(connection, row)


async def _record(connection: Connection, row: asyncpg.Record) -> BreakRecord:
    account = row["livemode"], row["psp"], row["psp_account"]
    payout = row["reference"] if row["subject"].startswith("payout:") else None
    items = await connection.fetch(
        _SQL.items_of_break, row["stream_id"], *account, row["entry_id"], row["account_id"], ROWS_MAX
    )
    lines = await connection.fetch(
        _SQL.lines_of_break, row["line_no"], row["stream_id"], *account, payout, ROWS_MAX
    )
    of_bank = _payout_stream(row["subject"])
    bank_lines = (
        await connection.fetch(_SQL.bank_lines_of_break, of_bank, ROWS_MAX) if of_bank is not None else []
    )
    file = await _file(connection, row["file_id"]) if row["subject"].startswith("file:") else None
    states = await connection.fetch(_SQL.states_of_break, row["break_id"], ROWS_MAX)
    actions = await connection.fetch(_SQL.actions_of_break, row["break_id"], ROWS_MAX)
    return BreakRecord(
        break_id=row["break_id"],
        break_class=row["class"],
        livemode=row["livemode"],
        psp=row["psp"],
        psp_account=row["psp_account"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        stream_id=row["stream_id"],
        reference=row["reference"],
        status=row["status"],
        owner=row["owner"],
        opened_at=row["opened_at"],
        days=row["days"],
        closed_at=row["closed_at"],
        opened_by=row["opened_by"],
        seen_by=row["seen_by"],
        closed_by=row["closed_by"],
        lines=tuple(msgspec.convert(dict(one), BreakLine) for one in lines),
        items=tuple(msgspec.convert(dict(one), BreakItem) for one in items),
        bank_lines=tuple(msgspec.convert(dict(one), BankLine) for one in bank_lines),
        file=file,
        states=tuple(
            FoundState(
                run_id=one["run_id"],
                cut_off=one["cut_off"],
                break_class=one["class"],
                currency=one["currency"],
                amount_minor=one["amount_minor"],
            )
            for one in states
        ),
        actions=tuple(msgspec.convert(dict(one), RecordedAction) for one in actions),
    )


async def _file(connection: Connection, file_id: str) -> BreakFile:
    row = await connection.fetchrow(_SQL.file_of_break, file_id)
    assert row is not None  # noqa: S101 -- no file is ever deleted
    decisions = await connection.fetch(_SQL.decisions_of_file, file_id, ROWS_MAX)
    return msgspec.convert({**row, "decisions": [dict(one) for one in decisions]}, BreakFile)


def _payout_stream(subject: str) -> UUID | None:
    """The stream of the payout that a break of a bank is about: the subject is `bank:{stream}:...`."""
    words = subject.split(":")
    return UUID(words[1]) if words[0] == "bank" else None
