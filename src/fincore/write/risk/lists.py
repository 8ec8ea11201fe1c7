"""The lists of staff in PostgreSQL: entries are added and removed, and what was once an entry stays to be told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from fincore.domain.ids import MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Statements, transaction_on
from fincore.write.risk.list_entries import ListEntry, NewEntry, RiskList
from fincore.write.risk.list_values import looked_up_values
from fincore.write.risk.store import ListKind, ListName, Membership

_SQL = load_sql("fincore.write.risk", "lists.sql")

PAGE_ENTRIES: Final = 1_000
ABANDONED_AFTER: Final = timedelta(days=1)
"""An import that was not completed by then has died: its entries are deleted by the next import into the list."""
DELETED_PER_STEP: Final = 10_000


class AskedThen(NamedTuple):
    """The question whether a list held a value for a merchant at a time."""

    membership: Membership
    merchant_id: MerchantId
    at: datetime


class RiskLists:
    """Reads and changes lists. Every change counts for the next charge."""

    def __init__(self, store: Statements) -> None:
        self._store = store

    async def create(self, name: ListName, kind: ListKind, *, by: str, reason: str) -> bool:
        """Create an empty list; return False where there is one of that name."""
        return await self._store.fetchval(_SQL.create_list, name, kind, by, reason) is not None

    async def all(self, *, counted_max: int | None = None) -> list[RiskList]:
        """Every list, by name; the entries of each are counted up to `counted_max`, if it is given."""
        return [RiskList(**dict(row)) for row in await self._store.fetch(_SQL.read_lists, counted_max)]

    async def kinds(self) -> Mapping[ListName, ListKind]:
        """Which lists there are, and what each holds."""
        return {ListName(row["name"]): row["kind"] for row in await self._store.fetch(_SQL.read_kinds)}

    async def page(
        self, name: ListName, *, after: int = 0, is_history: bool = False, limit: int = PAGE_ENTRIES
    ) -> list[ListEntry]:
        """The next entries of a list after the entry `after`; with those removed and expired where the history is asked for."""
        rows = await self._store.fetch(_SQL.read_entries, name, after, is_history, limit)
        return [ListEntry(list=name, **dict(row)) for row in rows]

    async def find(self, values: Sequence[tuple[ListKind, str]], *, limit: int) -> list[ListEntry]:
        """The entries of all lists that match one of some values, each written as its kind writes it."""
        rows = await self._store.fetch(
            _SQL.find_entries,
            [kind for kind, _ in values],
            [value for _, value in values],
            [value for kind, value in values if kind == "ip"],
            limit,
        )
        return [ListEntry(**dict(row)) for row in rows]

    async def held_then(self, asked: Sequence[AskedThen]) -> frozenset[AskedThen]:
        """Those of some questions that are answered yes, by entries that counted at the time of each."""
        values: list[tuple[int, ListName, str, MerchantId, datetime]] = []
        addresses: list[tuple[int, ListName, str, MerchantId, datetime]] = []
        for number, one in enumerate(asked):
            name, kind, fact = one.membership
            of_kind = addresses if kind == "ip" else values
            of_kind += [
                (number, name, value, one.merchant_id, one.at) for value in looked_up_values(kind, fact)
            ]
        rows = await self._store.fetch(_SQL.held_then, *_columns(values), *_columns(addresses))
        return frozenset(asked[number] for (number,) in rows)

    async def add(self, name: ListName, kind: ListKind, entry: NewEntry, *, by: str) -> None:
        """Add an entry to a list of a kind, in the place of one for the same value and merchant."""
        await self._store.execute(
            _SQL.add_entry,
            name,
            entry.value,
            entry.merchant_id,
            entry.expires_at,
            entry.reason,
            by,
            _network(kind, entry.value),
        )

    async def holds(self, name: ListName, value: str, *, merchant_id: MerchantId | None) -> bool:
        """Whether a value is listed for good, for all merchants or for the one that is given."""
        found: bool = await self._store.fetchval(_SQL.has_entry, name, value, merchant_id)
        return found

    async def outlasts(
        self, name: ListName, value: str, *, merchant_id: MerchantId | None, expires_at: datetime
    ) -> bool:
        """Whether an entry for the same value and merchant counts longer than until `expires_at`."""
        found: bool = await self._store.fetchval(_SQL.has_longer_entry, name, value, merchant_id, expires_at)
        return found

    async def remove(
        self, name: ListName, value: str, *, merchant_id: MerchantId | None, by: str, reason: str
    ) -> int:
        """Remove a value that was added for one merchant, or for all of them; return how many entries that were."""
        removed: int = await self._store.fetchval(_SQL.remove_entries, name, value, merchant_id, by, reason)
        return removed

    async def begin_import(self, name: ListName, *, file_sha256: bytes, by: str, reason: str) -> int:
        """Begin to import a file, and clear away what imports that died have left; return the import's number."""
        for row in await self._store.fetch(_SQL.abandoned_imports, name, ABANDONED_AFTER):
            while not (
                await self._store.execute(_SQL.drop_abandoned_entries, row[0], DELETED_PER_STEP)
            ).endswith(" 0"):
                pass
            await self._store.execute(_SQL.drop_abandoned_import, row[0])
        number: int = await self._store.fetchval(_SQL.begin_import, name, file_sha256, by, reason)
        return number

    async def import_entries(
        self, name: ListName, kind: ListKind, number: int, entries: Sequence[NewEntry], *, by: str
    ) -> int:
        """Store some entries of an import, which do not count yet; return how many were not listed before for as long."""
        async with transaction_on(self._store) as connection:
            await connection.execute(_SQL.find_by_index)
            status = await connection.execute(
                _SQL.import_entries,
                name,
                kind,
                number,
                by,
                [entry.value for entry in entries],
                [_network(kind, entry.value) for entry in entries],
                [entry.merchant_id for entry in entries],
                [entry.expires_at for entry in entries],
                [entry.reason for entry in entries],
            )
        return int(status.rpartition(" ")[2])

    async def complete_import(self, number: int) -> bool:
        """Let all entries of an import count; return False where it was cleared away meanwhile, as one that had died."""
        return await self._store.fetchval(_SQL.complete_import, number) is not None


def _columns(rows: Sequence[tuple[object, ...]]) -> Sequence[Sequence[object]]:
    return list(zip(*rows, strict=True)) if rows else [()] * 5


def _network(kind: ListKind, value: str) -> str | None:
    return value if kind == "ip" else None
