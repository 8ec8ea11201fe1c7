"""Suspense: the amounts that wait for a person, and the entry by which a person clears one."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import msgspec
import structlog

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledger.accounts import CHART, Account, account_name, normal_side
from fincore.read.ledger.clearing_item import FEES
from fincore.read.ledgerdb.legs import PURPOSE_OF_LEG
from fincore.read.ledgerdb.metrics import SUSPENSE_MINOR

_SQL = load_sql("fincore.read.ledger", "suspense.sql")
_LEDGER = load_sql("fincore.read.ledger", "ledger_service.sql")
_BOOKING = load_sql("fincore.read.ledger", "booking.sql")
_log = structlog.get_logger(__name__)

TEXT_CHARACTERS_MAX: Final = 500

_STATED: Final = frozenset({"psp_balance", "psp_in_transit"})
"""What a person books here would be at odds with the PSP's statements, or with its payouts, for ever."""

_CLEARINGS: Final = UUID("5c0f6e0e-6d50-4a52-9f4b-0d3a1f5f8a61")
"""The namespace of operators' entries: what clears an entry has one id, so that it is booked once."""


class NotCleared(FinCoreError):
    """A clearing entry cannot be booked; the message says why."""


class Suspended(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry left in suspense in one currency: a debit where positive, a credit where negative."""

    entry_id: int
    livemode: bool
    currency: Currency
    debit_minor: int
    stream_id: StreamId
    kind: str
    effective_at: datetime
    description: str
    reason: str | None


async def open_suspense(
    pool: Pool,
    *,
    livemode: bool | None = None,
    after: tuple[int, Currency] | None = None,
    limit: int | None = None,
) -> list[Suspended]:
    """What waits in suspense, the oldest first: of a mode, after an entry's number and currency, at most so many, where given."""
    entry_id, currency = after or (None, None)
    waiting = await pool.fetch(_SQL.open_suspense, livemode, entry_id, currency, limit)
    entries = {
        row["entry_id"]: row for row in await pool.fetch(_SQL.entries, [row["entry_id"] for row in waiting])
    }
    return [
        Suspended(
            entry_id=row["entry_id"],
            livemode=row["livemode"],
            currency=row["currency"],
            debit_minor=row["debit_minor"],
            stream_id=entry["stream_id"],
            kind=entry["kind"],
            effective_at=entry["effective_at"],
            description=entry["description"],
            reason=entry["reason"],
        )
        for row in waiting
        if (entry := entries.get(row["entry_id"])) is not None
    ]


async def measure_suspense(pool: Pool) -> None:
    """Set the gauge of every suspense account there is."""
    for row in await pool.fetch(_SQL.suspense_accounts):
        SUSPENSE_MINOR.labels("live" if row["livemode"] else "test", row["name"]).set(row["balance_minor"])


async def clear_suspense(pool: Pool, entry_id: int, to: Account, *, reason: str, by: str) -> int:
    """Book what an entry left in suspense, in the currency of `to`, on that account; return the new entry's number.

    The entry carries who and why. Raises `NotCleared`, also where it was cleared before: once is enough.
    """
    for what, text in (("reason", reason), ("name of who decides", by)):
        if not 1 <= len(text.strip()) <= TEXT_CHARACTERS_MAX:
            raise NotCleared(f"give a {what} of 1 to {TEXT_CHARACTERS_MAX} characters")
    if to.code == "suspense":
        raise NotCleared("suspense is cleared to another account, not to itself")
    if to.code in _STATED:
        raise NotCleared(f"{account_name(to)} follows what the PSP says alone: clear it to another account")
    replaced_by = CHART[to.code].replaced_by
    if replaced_by is not None:
        raise NotCleared(f"{account_name(to)} is retired: clear it to {CHART[replaced_by].pattern}")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LEDGER.take_turn)
        legs = await connection.fetch(_SQL.suspense_legs, entry_id, to.currency)
        if not legs:
            raise NotCleared(
                f"entry {entry_id} has nothing in suspense in {to.currency}: `fincore ledger suspense` lists what has"
            )
        target = await _target(connection, to, livemode=legs[0]["livemode"])
        (page,) = await connection.fetch(_LEDGER.page, [])
        cleared_id: int = page["last_entry_id"] + 1
        await connection.execute(
            _SQL.book_clearing,
            cleared_id,
            uuid5(_CLEARINGS, f"{entry_id} {to.currency}"),
            legs[0]["livemode"],
            legs[0]["stream_id"],
            page["booked_at"],
            f"clears entry {entry_id}",
            reason,
            by,
            entry_id,
            to.currency,
            *_postings(legs, target, to),
            *_items(legs, target, to),
        )
    _log.warning("ledger.suspense_cleared", entry_id=cleared_id, clears=entry_id, to=account_name(to), by=by)
    return cleared_id


async def _target(connection: Connection, to: Account, *, livemode: bool) -> asyncpg.Record:
    name = account_name(to)
    found = await connection.fetchrow(_BOOKING.find_accounts, [livemode], [name])
    if found is not None:
        return found
    is_known = not to.owner or (
        # What a person decides to bear is booked there, and nothing else is: the first decision opens it.
        to.code == "adjustments"
        and await connection.fetchval(_SQL.knows_psp_account, livemode, to.owner, to.psp_account)
    )
    if not is_known:
        raise NotCleared(f"there is no account {name}: `fincore ledger accounts` lists those there are")
    account_type = CHART[to.code].type
    await connection.execute(
        _BOOKING.open_accounts,
        [livemode],
        [name],
        [to.currency],
        [account_type],
        [normal_side(account_type)],
        [to.owner],
    )
    (opened,) = await connection.fetch(_BOOKING.find_accounts, [livemode], [name])
    return opened


def _items(legs: list[asyncpg.Record], target: asyncpg.Record, to: Account) -> tuple[list[int], ...]:
    """The columns of the item that is left on clearing, debits positive; empty where another account is the target."""
    if to.code != "psp_clearing":
        return [], [], []
    sums = [0, 0]
    for leg in legs:
        is_fee = PURPOSE_OF_LEG[leg["leg"]] in FEES
        sums[is_fee] += leg["amount_minor"] if leg["side"] == "debit" else -leg["amount_minor"]
    return [target["account_id"]], [sums[0]], [sums[1]]


def _postings(legs: list[asyncpg.Record], target: asyncpg.Record, to: Account) -> tuple[list[int], ...]:
    """The columns of the clearing postings: each leg in suspense goes back, the target takes its place."""
    rows: list[tuple[int, int, int, int, int]] = []
    suspense_minor, suspense_version = legs[0]["balance_minor"], legs[0]["version"]
    target_minor, target_version = target["balance_minor"], target["version"]
    grows_by_debit = normal_side(CHART[to.code].type) == "debit"
    for leg in legs:
        amount = leg["amount_minor"]
        # A debit in suspense, on an odd leg, is credited back on the even leg of the same movement, and the reverse.
        was_debit = leg["side"] == "debit"
        debit_leg = leg["leg"] if was_debit else leg["leg"] - 1
        suspense_minor += -amount if was_debit else amount
        target_minor += amount if was_debit == grows_by_debit else -amount
        suspense_version += 1
        target_version += 1
        suspense = (leg["account_id"], amount, suspense_minor, suspense_version)
        other = (target["account_id"], amount, target_minor, target_version)
        debit, credit = (other, suspense) if was_debit else (suspense, other)
        rows += [(debit_leg, *debit), (debit_leg + 1, *credit)]
    return tuple(map(list, zip(*rows, strict=True)))
