"""The consumer that keeps the books."""

from collections.abc import Sequence

from fincore.domain.events import RecordedEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.ledger.accounts import CHART, Account, Side, account_name, normal_side
from fincore.read.ledger.journal import LEGS, Entry, Movement, entry_of

_SQL = load_sql("fincore.read.ledger", "ledger_service.sql")

_Ledger = tuple[bool, str]
"""The key of an account: its mode and its name."""


class LedgerService:
    """Books a batch of events: three statements, however many entries.

    The checkpoint of its subscription makes it the only writer of its ledger.
    """

    name = "ledger"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        """Book events, in log order, inside the transaction of `connection`."""
        entries = [
            (recorded, entry) for recorded in events if (entry := entry_of(recorded.event)) is not None
        ]
        if not entries:
            return
        account_ids = await self._locked_accounts(connection, [entry for _, entry in entries])
        await connection.execute(_SQL.book_entries, *_columns(entries, account_ids))

    async def _locked_accounts(self, connection: Connection, entries: Sequence[Entry]) -> dict[_Ledger, int]:
        accounts = {
            (entry.livemode, account_name(account)): account
            for entry in entries
            for movement in entry.movements
            for account in (movement.debit, movement.credit)
        }
        keys = sorted(accounts)
        modes, names = [livemode for livemode, _ in keys], [name for _, name in keys]
        locked = await connection.fetch(_SQL.lock_accounts, modes, names)
        if len(locked) < len(keys):
            chart = [accounts[key] for key in keys]
            await connection.execute(
                _SQL.open_accounts,
                modes,
                names,
                [account.currency for account in chart],
                [normal_side(CHART[account.code].type) for account in chart],
            )
            locked = await connection.fetch(_SQL.lock_accounts, modes, names)
        return {(row["livemode"], row["name"]): row["account_id"] for row in locked}


def _columns(
    entries: Sequence[tuple[RecordedEvent, Entry]], account_ids: dict[_Ledger, int]
) -> tuple[list[object], ...]:
    """The arguments of `book_entries`: one array per column of entries, then of legs."""
    heads = [
        (
            entry_no,
            recorded.event_id,
            entry.livemode,
            entry.kind,
            recorded.stream_id,
            entry.effective_at,
            entry.description,
        )
        for entry_no, (recorded, entry) in enumerate(entries)
    ]
    legs = [
        (entry_no, leg, account_ids[entry.livemode, account_name(account)], side, movement.amount_minor)
        for entry_no, (_, entry) in enumerate(entries)
        for movement in entry.movements
        for leg, side, account in _legs(movement)
    ]
    return (*map(list, zip(*heads, strict=True)), *map(list, zip(*legs, strict=True)))


def _legs(movement: Movement) -> tuple[tuple[int, Side, Account], tuple[int, Side, Account]]:
    debit_leg, credit_leg = LEGS[movement.purpose]
    return (debit_leg, "debit", movement.debit), (credit_leg, "credit", movement.credit)
