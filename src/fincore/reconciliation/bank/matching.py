"""Matches lines of banks with the entries of their payouts, and finds what differs, in the transaction of a run."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from fincore.domain.ids import StreamId, payout_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.postgres.whole_sums import storable
from fincore.reconciliation.bank.overdue import OVERDUE_AFTER_MIN, is_overdue
from fincore.write.settlement.payouts import PayoutRecorder

_SQL = load_sql("fincore.reconciliation.bank", "matching.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0
PAYOUTS_AT_A_TIME: Final = 500

_Account = tuple[bool, str, str, str]
"""mode, PSP, account, currency."""
_Overdue = tuple[bool, str, str, str, int, str, UUID | None, str | None]
"""The same with amount, subject, stream and the PSP's reference."""


async def match_banks(connection: Connection, run_no: int) -> None:
    """Match what is equal: a line with an entry of the payout that it names, of its bank, currency and amount."""
    for statement, arguments in (
        (_SQL.stage_entries, (run_no,)),
        (_SQL.stage_lines, ()),
        (_SQL.match_equal, (run_no,)),
        (_SQL.drop_matched_lines, (run_no,)),
        (_SQL.drop_matched_entries, (run_no,)),
    ):
        await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)


async def find_bank_breaks(connection: Connection, run_no: int, payouts: PayoutRecorder) -> None:
    """What is left of lines that name payouts, and payouts that no statement has in time, among the breaks that the run finds."""
    for statement in (_SQL.stage_in_transit, _SQL.stage_bank_breaks):
        await connection.execute(statement, run_no, timeout=STATEMENT_SECONDS_MAX)
    await _find_overdue(connection, run_no, payouts)
    for statement in (_SQL.add_scopes, _SQL.find_bank_breaks):
        await connection.execute(statement, timeout=STATEMENT_SECONDS_MAX)


async def _find_overdue(connection: Connection, run_no: int, payouts: PayoutRecorder) -> None:
    """Payouts that no statement can tell of, past their day: each one alone, and as sums those of which the PSP names no day.

    What goes to the bank and what is taken from there are two sums, so that neither hides the other.
    """
    rows = await connection.fetch(
        _SQL.in_transit_uncovered, run_no, OVERDUE_AFTER_MIN, timeout=STATEMENT_SECONDS_MAX
    )
    found: list[_Overdue] = []
    sums: dict[tuple[_Account, bool], int] = {}
    for first in range(0, len(rows), PAYOUTS_AT_A_TIME):
        for one, account, minor in await _overdue(rows[first : first + PAYOUTS_AT_A_TIME], payouts):
            if one is None:
                key = account, minor > 0
                sums[key] = sums.get(key, 0) + minor
            else:
                found.append((*account, minor, *one))
    for (account, is_taken), minor in sums.items():
        livemode, psp, psp_account, currency = account
        subject = f"overdue:{'live' if livemode else 'test'}:{psp}:{psp_account}:{currency}"
        subject += ":taken" if is_taken else ""
        found.append((*account, storable(minor), subject, None, None))
    if found:
        await connection.execute(
            _SQL.add_overdue, *map(list, zip(*found, strict=True)), timeout=STATEMENT_SECONDS_MAX
        )


async def _overdue(
    rows: Sequence[asyncpg.Record], payouts: PayoutRecorder
) -> list[tuple[tuple[str, UUID, str] | None, _Account, int]]:
    """Those of some payouts that are overdue: the subject, stream and reference of one with a day of its own, account and amount."""
    loaded = await asyncio.gather(*(payouts.load(payout_of(StreamId(row["stream_id"]))) for row in rows))
    found: list[tuple[tuple[str, UUID, str] | None, _Account, int]] = []
    for row, payout in zip(rows, loaded, strict=True):
        if payout is None or not is_overdue(payout, made_at=row["counts_from"], at=row["cut_off"]):
            continue
        account = row["livemode"], row["psp"], row["psp_account"], row["currency"]
        subject = f"bank:{row['stream_id']}:in_transit:{row['currency']}"
        named = None if payout.expected_at is None else (subject, row["stream_id"], payout.psp_reference)
        found.append((named, account, -row["amount_minor"]))
    return found
