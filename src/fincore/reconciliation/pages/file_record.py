"""All that is known of one settlement file: what it states, what its lines add up to, and what a person may decide about it now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar, get_args

import msgspec

from fincore.domain.ids import RunId, SettlementFileId
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks.break_record import RecordedDecision
from fincore.reconciliation.file_actions import known_file
from fincore.reconciliation.file_decision import FileAction, FileDecision, FileStatus, refusal_of
from fincore.reconciliation.files import Finding
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.report.snapshot import snapshot
from fincore.reconciliation.totals import ComputedTotals, StatedTotals

_SQL = load_sql("fincore.reconciliation.pages", "file_record.sql")
_ACTIONS_SQL = load_sql("fincore.reconciliation", "file_actions.sql")

T = TypeVar("T")

ROWS_MAX: Final = 100
"""So many arrivals and decisions of one file are read, each."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One time at which a source offered the content of a file."""

    name: str
    size_bytes: int
    remote_mtime: datetime
    arrived_at: datetime
    finding: Finding


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it stands. `account_id` is the account that it states, `expected_account_id` the one that a person let it state.

    `run_id`: the run that took up its lines. `open_lines`: those that no item of the ledger has matched wholly. `may`: what a person may
    decide about it as it stands.
    """

    file_id: SettlementFileId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    source: str
    name: str
    sha256: str
    size_bytes: int
    fetched_at: datetime
    remote_mtime: datetime
    format: FileFormat
    parser_version: str | None
    status: FileStatus
    refusal_line: int | None
    refusal: str | None
    account_id: str | None
    expected_account_id: str | None
    period_start: datetime | None
    period_end: datetime | None
    states_period: bool
    sequence: int | None
    continued: bool
    payout_reference: str | None
    stated: tuple[StatedTotals, ...]
    computed: tuple[ComputedTotals, ...]
    replaces: SettlementFileId | None
    run_id: RunId | None
    lines: int
    open_lines: int
    break_id: int | None
    arrivals: tuple[Arrival, ...]
    decisions: tuple[RecordedDecision, ...]
    may: tuple[FileAction, ...]


async def read_file(ledgerdb: Pool, file_id: SettlementFileId) -> FileRecord | None:
    """A file with all that is known of it, in one snapshot; None where there is none."""
    async with snapshot(ledgerdb) as connection:
        row = await connection.fetchrow(_SQL.file, file_id)
        if row is None:
            return None
        known = await connection.fetchrow(_ACTIONS_SQL.read_file, file_id)
        assert known is not None  # noqa: S101 -- no file is ever deleted
        arrivals = await connection.fetch(_SQL.arrivals, file_id, ROWS_MAX)
        decisions = await connection.fetch(_SQL.decisions, file_id, ROWS_MAX)
    standing = known_file(known)
    actions: Sequence[FileAction] = get_args(FileAction)
    fields = dict(row) | {
        "stated": _by_currency(msgspec.json.decode(row["stated"], type=dict[str, StatedTotals])),
        "computed": _by_currency(msgspec.json.decode(row["computed"], type=dict[str, ComputedTotals])),
        "arrivals": [dict(one) for one in arrivals],
        "decisions": [dict(one) for one in decisions],
        "may": [
            action
            for action in actions
            if refusal_of(standing, FileDecision(action=action, actor="", reason="")) is None
        ],
    }
    return msgspec.convert(fields, FileRecord)


def _by_currency(totals: Mapping[str, T]) -> list[T]:
    return [one for _, one in sorted(totals.items())]
