"""Balances at any moment, and statements of accounts.

An entry has two times: when the money moved at the PSP (effective), and when it was written down (booked). A statement
counts each entry once: on the day it took effect, or, where that period was closed already, on the day it was booked.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import EventId
from fincore.domain.stream_names import StreamName, stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.legs import PURPOSE_OF_LEG, Purpose

_SQL = load_sql("fincore.read.ledgerdb", "balances.sql")

TimeKind = Literal["effective", "booked"]

STATEMENT_LINES_MAX: Final = 100_000
STATEMENT_TIMEOUT_SECONDS: Final = 300.0
_MOMENT: Final = timedelta(microseconds=1)


class AccountNotOpened(FinCoreError):
    """Nothing was ever booked on such an account."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account {name[:200]}: `fincore ledger accounts` lists those there are")


class StatementTooLong(FinCoreError):
    """A statement would have too many lines."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the statement of {name} has more than {STATEMENT_LINES_MAX:,} lines: choose a shorter period,"
            " or `fincore ledger export`"
        )


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """An account as its last posting left it; `version` counts its postings."""

    name: str
    type: Literal["asset", "liability", "equity", "revenue", "expense"]
    normal_side: Literal["debit", "credit"]
    currency: Currency
    owner: str
    balance_minor: int
    version: int


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One posting, and the balance of the statement after it. `accounted_at` is the time that counts for the statement.

    `event_id` is the entry's: of the event that it books, or its own where an operator or an upgrade booked it. `subject` is the
    charge, payout, settlement file or adjustment that it is of; what an upgrade booked is of none.
    """

    entry_id: int
    event_id: EventId
    subject: StreamName | None
    accounted_at: datetime
    effective_at: datetime
    booked_at: datetime
    kind: str
    purpose: Purpose
    description: str
    late_for: date | None
    side: Literal["debit", "credit"]
    amount_minor: int
    balance_minor: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An account over a period of whole days (UTC), first and last included. Balances are on its normal side."""

    account: AccountBalance
    livemode: bool
    first_day: date
    last_day: date
    opening_minor: int
    closing_minor: int
    lines: tuple[StatementLine, ...]


class Balances:
    """What accounts hold and held."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def accounts(self, *, livemode: bool, owner: str | None = None) -> list[AccountBalance]:
        """Every account of a mode by name, or those of one PSP or merchant."""
        rows = await self._pool.fetch(_SQL.accounts, livemode, owner)
        return [AccountBalance(**dict(row)) for row in rows]

    async def as_of(self, name: str, *, livemode: bool, at: datetime, by: TimeKind) -> int:
        """The balance at a moment, what happened (or was booked) at that very moment included.

        Raises `AccountNotOpened`.
        """
        account_id, _ = await self._account(name, livemode=livemode)
        before = at + _MOMENT
        if by == "booked":
            return await self._pool.fetchval(_SQL.booked_before, account_id, before) or 0
        return int(await self._pool.fetchval(_SQL.effective_before, account_id, before))

    async def statement(self, name: str, *, livemode: bool, first_day: date, last_day: date) -> Statement:
        """The statement of a period. Raises `AccountNotOpened` and `StatementTooLong`."""
        account_id, account = await self._account(name, livemode=livemode)
        begins, ends = _midnight(first_day), _midnight(last_day + timedelta(days=1))
        async with (
            self._pool.acquire() as connection,
            # Opening, movements and close are of one moment.
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            before = await connection.fetchval(
                _SQL.effective_before, account_id, begins, timeout=STATEMENT_TIMEOUT_SECONDS
            )
            opening = int(before) - int(await connection.fetchval(_SQL.late_before, account_id, begins))
            rows = await connection.fetch(
                _SQL.movements,
                account_id,
                begins,
                ends,
                STATEMENT_LINES_MAX + 1,
                timeout=STATEMENT_TIMEOUT_SECONDS,
            )
        if len(rows) > STATEMENT_LINES_MAX:
            raise StatementTooLong(name)
        balance = opening
        lines = []
        for row in rows:
            balance += row["amount_minor"] if row["side"] == account.normal_side else -row["amount_minor"]
            fields = dict(row)
            stream_id, about = fields.pop("stream_id"), fields.pop("about")
            lines.append(
                StatementLine(
                    subject=stream_name(stream_id, about) if stream_id else None,
                    purpose=PURPOSE_OF_LEG[fields.pop("leg")],
                    balance_minor=balance,
                    **fields,
                )
            )
        return Statement(
            account=account,
            livemode=livemode,
            first_day=first_day,
            last_day=last_day,
            opening_minor=opening,
            closing_minor=balance,
            lines=tuple(lines),
        )

    async def _account(self, name: str, *, livemode: bool) -> tuple[int, AccountBalance]:
        row = await self._pool.fetchrow(_SQL.find_account, livemode, name)
        if row is None:
            raise AccountNotOpened(name)
        fields = dict(row)
        return fields.pop("account_id"), AccountBalance(**fields)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
