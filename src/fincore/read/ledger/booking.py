"""Writing entries: accounts are found or opened, running balances computed, and a batch booked in one statement."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from fincore.domain.ids import EventId, StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.ledger.accounts import CHART, Account, account_name, normal_side
from fincore.read.ledger.clearing_item import FEES
from fincore.read.ledger.entry import Entry
from fincore.read.ledgerdb.legs import LEGS

_SQL = load_sql("fincore.read.ledger", "booking.sql")

ACCOUNTS_KNOWN_MAX: Final = 100_000
"""Accounts with a balance in memory between batches; with more than that they are looked up anew."""


_CLEARING: Final = frozenset({"psp_clearing", "retired_psp_clearing"})
_NO_ITEMS: Final[tuple[list[object], ...]] = ([], [], [], [], [], [], [])


class Draft(NamedTuple):
    """An entry about to be booked, and the event it is for. `late_for`: the closed month in which it happened."""

    event_id: EventId
    stream_id: StreamId
    entry: Entry
    booked_at: datetime
    late_for: date | None = None


class _Standing:
    """An account after its last posting; a debit changes its balance by `debit_sign` times the amount.

    `is_clearing`: what an entry leaves there is an item.
    """

    __slots__ = ("account_id", "balance_minor", "debit_sign", "is_clearing", "version")

    def __init__(self, account: Account, account_id: int, balance_minor: int = 0, version: int = 0) -> None:
        self.account_id = account_id
        self.debit_sign = 1 if normal_side(CHART[account.code].type) == "debit" else -1
        self.balance_minor = balance_minor
        self.version = version
        self.is_clearing = account.code in _CLEARING


class Booking:
    """Books drafts. It must be the only one that books; its user takes the lock for that.

    Balances are kept from batch to batch. If another process may have booked, or a batch was rolled back, `forget` them.
    """

    def __init__(self) -> None:
        self._standings: dict[tuple[bool, Account], _Standing] = {}

    def forget(self) -> None:
        """Look every account up anew."""
        self._standings.clear()

    async def book(self, connection: Connection, drafts: Sequence[Draft], *, after_entry_id: int) -> None:
        """Book at least one draft inside the transaction of `connection`, numbered on from `after_entry_id`.

        The schema of the tables is the search path's.
        """
        await self._find_accounts(connection, drafts)
        await connection.execute(_SQL.book_entries, *self._columns(drafts, after_entry_id))

    async def _find_accounts(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        if len(self._standings) > ACCOUNTS_KNOWN_MAX:
            self._standings.clear()
        # In the order of their first use, so that accounts are numbered alike however the events are cut into batches.
        wanted = dict.fromkeys(
            key
            for draft in drafts
            for movement in draft.entry.movements
            for key in ((draft.entry.livemode, movement.debit), (draft.entry.livemode, movement.credit))
            if key not in self._standings
        )
        if not wanted:
            return
        keys = {(livemode, account_name(account)): (livemode, account) for livemode, account in wanted}
        rows = await connection.fetch(_SQL.find_accounts, *_transposed(keys))
        for row in rows:
            key = keys.pop((row["livemode"], row["name"]))
            self._standings[key] = _Standing(key[1], row["account_id"], row["balance_minor"], row["version"])
        if keys:
            chart = [(account, CHART[account.code].type) for _, account in keys.values()]
            opened = await connection.fetch(
                _SQL.open_accounts,
                *_transposed(keys),
                [account.currency for account, _ in chart],
                [account_type for _, account_type in chart],
                [normal_side(account_type) for _, account_type in chart],
                [account.owner for account, _ in chart],
            )
            for key, row in zip(keys.values(), opened, strict=True):
                self._standings[key] = _Standing(key[1], row["account_id"])

    def _columns(self, drafts: Sequence[Draft], after_entry_id: int) -> tuple[list[object], ...]:
        """The arguments of `book_entries`: a list per column of entries, then of postings, then of items of clearing."""
        heads: list[tuple[object, ...]] = []
        legs: list[tuple[object, ...]] = []
        items: list[tuple[object, ...]] = []
        standings = self._standings
        for entry_id, (event_id, stream_id, entry, booked_at, late_for) in enumerate(
            drafts, start=after_entry_id + 1
        ):
            livemode = entry.livemode
            left: dict[int, list[int]] = {}
            heads.append(
                (
                    entry_id,
                    event_id,
                    livemode,
                    entry.kind,
                    stream_id,
                    entry.effective_at,
                    booked_at,
                    entry.description,
                    entry.reason,
                    late_for,
                )
            )
            for purpose, debit, credit, amount_minor in entry.movements:
                debit_leg, credit_leg = LEGS[purpose]
                for leg, account, sign in ((debit_leg, debit, 1), (credit_leg, credit, -1)):
                    standing = standings[livemode, account]
                    standing.balance_minor += sign * standing.debit_sign * amount_minor
                    standing.version += 1
                    legs.append(
                        (
                            entry_id,
                            leg,
                            standing.account_id,
                            amount_minor,
                            account.currency,
                            standing.balance_minor,
                            standing.version,
                        )
                    )
                    if standing.is_clearing:
                        sums = left.setdefault(standing.account_id, [0, 0])
                        sums[purpose in FEES] += sign * amount_minor
            if entry.expectation is not None:
                kind, psp_reference, refund_id = entry.expectation
                for account_id, (gross_minor, fee_minor) in left.items():
                    items.append(
                        (len(heads), account_id, kind, psp_reference, refund_id, gross_minor, fee_minor)
                    )
        columns = [list(column) for rows in (heads, legs) for column in zip(*rows, strict=True)]
        if not items:
            return (*columns, *_NO_ITEMS)
        return (*columns, *(list(column) for column in zip(*items, strict=True)))


def _transposed(keys: Iterable[tuple[bool, str]]) -> tuple[list[bool], list[str]]:
    rows = list(keys)
    return [livemode for livemode, _ in rows], [name for _, name in rows]
