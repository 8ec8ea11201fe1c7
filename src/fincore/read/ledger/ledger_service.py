"""The consumer that keeps the books."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

import structlog

from fincore.domain.events import RecordedEvent
from fincore.domain.ids import EventId, StreamId, public_event_id
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.ledger.accounts import CHART, Account, account_name, normal_side
from fincore.read.ledger.journal import LEGS, Entry, entry_of, gives_back, moves_money
from fincore.read.ledger.metrics import SUSPENDED

_SQL = load_sql("fincore.read.ledger", "ledger_service.sql")
_log = structlog.get_logger(__name__)

ACCOUNTS_KNOWN_MAX: Final = 100_000
"""Accounts whose balance is kept in memory between batches; with more than that they are looked up anew."""


_Mark = tuple[int, EventId | None, datetime | None]
"""Which entry is the last, what it is for and when it was booked: no two ledgers of one log agree on it by chance."""


class _Standing:
    """An account after its last posting; a debit changes its balance by `debit_sign` times the amount."""

    __slots__ = ("account_id", "balance_minor", "debit_sign", "version")

    def __init__(self, account: Account, account_id: int, balance_minor: int = 0, version: int = 0) -> None:
        self.account_id = account_id
        self.debit_sign = 1 if normal_side(CHART[account.code].type) == "debit" else -1
        self.balance_minor = balance_minor
        self.version = version


class _Page(NamedTuple):
    """Where the books stand. `open_since`: what happened before it is in a closed period."""

    last_entry_id: int
    last_event_id: EventId | None
    last_booked_at: datetime | None
    booked_at: datetime
    open_since: datetime
    booked_already: Sequence[EventId]


class _Draft(NamedTuple):
    """An entry about to be booked, and the event it is for."""

    recorded: RecordedEvent
    entry: Entry


class LedgerService:
    """Books a batch of events: two statements, however many entries; a third where an account is used for the first time.

    The checkpoint of its subscription makes it the only writer of its ledger, so balances may be computed here. They are
    kept from batch to batch for as long as the last entry in the database is the last one booked here.
    """

    name = "ledger"

    def __init__(self) -> None:
        self._standings: dict[tuple[bool, Account], _Standing] = {}
        self._last: _Mark | None = None

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        """Book events, in log order, inside the transaction of `connection`."""
        candidates = [recorded for recorded in events if moves_money(recorded.event)]
        if not candidates:
            return
        await connection.execute(_SQL.take_turn)
        (row,) = await connection.fetch(_SQL.page, [one.event_id for one in candidates])
        page = _Page(*row)
        refundable = await _refundable(connection, candidates)
        drafts = _drafts(candidates, set(page.booked_already), refundable)
        if not drafts:
            return
        if self._last != (page.last_entry_id, page.last_event_id, page.last_booked_at):
            self._standings.clear()
        # What follows changes balances that are right only once all of it is booked.
        self._last = None
        await self._find_accounts(connection, drafts)
        await connection.execute(_SQL.book_entries, *self._columns(drafts, page))
        self._last = (page.last_entry_id + len(drafts), drafts[-1].recorded.event_id, page.booked_at)

    async def _find_accounts(self, connection: Connection, drafts: Sequence[_Draft]) -> None:
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

    def _columns(self, drafts: Sequence[_Draft], page: _Page) -> tuple[object, ...]:
        """The arguments of `book_entries`: a list per column of entries, then of postings."""
        heads: list[tuple[object, ...]] = []
        legs: list[tuple[int, ...]] = []
        currencies: list[str] = []
        standings = self._standings
        for entry_id, (recorded, entry) in enumerate(drafts, start=page.last_entry_id + 1):
            livemode, effective_at = entry.livemode, entry.effective_at
            late_for = _month(effective_at) if effective_at < page.open_since else None
            heads.append(
                (
                    entry_id,
                    recorded.event_id,
                    livemode,
                    entry.kind,
                    recorded.stream_id,
                    effective_at,
                    page.booked_at,
                    entry.description,
                    entry.reason,
                    late_for,
                )
            )
            if entry.reason is not None:
                _alert(recorded, entry, entry_id)
            for purpose, debit, credit, amount_minor in entry.movements:
                debit_leg, credit_leg = LEGS[purpose]
                for leg, account, sign in ((debit_leg, debit, 1), (credit_leg, credit, -1)):
                    standing = standings[livemode, account]
                    standing.balance_minor += sign * standing.debit_sign * amount_minor
                    standing.version += 1
                    currencies.append(account.currency)
                    legs.append(
                        (
                            entry_id,
                            leg,
                            standing.account_id,
                            amount_minor,
                            standing.balance_minor,
                            standing.version,
                        )
                    )
        entry_ids, leg_numbers, account_ids, amounts, balances, versions = map(list, zip(*legs, strict=True))
        return (
            *map(list, zip(*heads, strict=True)),
            entry_ids,
            leg_numbers,
            account_ids,
            amounts,
            currencies,
            balances,
            versions,
        )


def _drafts(
    candidates: Sequence[RecordedEvent], known: set[EventId], refundable: dict[StreamId, int]
) -> list[_Draft]:
    """The entries of events that are not booked yet. `refundable` follows what they do to the charges in it."""
    drafts: list[_Draft] = []
    for recorded in candidates:
        if recorded.event_id in known:
            continue
        known.add(recorded.event_id)
        left_minor = refundable.get(recorded.stream_id)
        entry = entry_of(recorded.event, refundable_minor=left_minor)
        if entry is None:
            continue
        drafts.append(_Draft(recorded, entry))
        if left_minor is not None:
            refundable[recorded.stream_id] = left_minor + _paid_to_merchant(entry)
    return drafts


def _paid_to_merchant(entry: Entry) -> int:
    if entry.kind.startswith("dispute."):
        return 0
    return sum(
        movement.amount_minor if movement.credit.code == "merchant_payable" else -movement.amount_minor
        for movement in entry.movements
        if movement.purpose == "principal"
        and "merchant_payable" in (movement.credit.code, movement.debit.code)
    )


async def _refundable(connection: Connection, candidates: Sequence[RecordedEvent]) -> dict[StreamId, int]:
    """What the books say may be refunded, for the charges of which something is."""
    streams = {recorded.stream_id for recorded in candidates if gives_back(recorded.event)}
    if not streams:
        return {}
    rows = await connection.fetch(_SQL.refundable, list(streams))
    return dict.fromkeys(streams, 0) | {row["stream_id"]: row["refundable_minor"] for row in rows}


def _alert(recorded: RecordedEvent, entry: Entry, entry_id: int) -> None:
    SUSPENDED.labels(entry.kind).inc()
    _log.warning(
        "ledger.suspended",
        entry_id=entry_id,
        event_id=public_event_id(recorded.event_id),
        kind=entry.kind,
        reason=entry.reason,
    )


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def _transposed(keys: Iterable[tuple[bool, str]]) -> tuple[list[bool], list[str]]:
    rows = list(keys)
    return [livemode for livemode, _ in rows], [name for _, name in rows]
