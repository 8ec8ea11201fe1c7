"""Kept files are read again and again, within bounds: damage is noted and told, and so is that files cannot be read."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap.reconciliation import watching
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation import evidence_check
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.evidence.port import EvidenceUnavailable, KeptFile
from fincore.reconciliation.evidence_check import check_evidence, evidence_standing, measure_evidence
from fincore.reconciliation.evidence_watch import EvidenceWatch
from fincore.reconciliation.notification.watch import wrong_now
from fixtures.settlement_account import Settlement, settlement
from fixtures.traffic import store_pool


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


@pytest.fixture
def store(tmp_path: Path) -> FolderEvidence:
    return FolderEvidence(tmp_path)


async def keep(account: Settlement, store: FolderEvidence, *contents: bytes) -> list[str]:
    """Have files kept; where each of them is."""
    locations = []
    for content in contents:
        kept = await store.keep(account.psp, account.psp_account, "STL.CSV", io.BytesIO(content))
        await account.kept(content, name="STL.CSV", location=kept.location)
        locations.append(kept.location)
    return locations


async def told(account: Settlement) -> list[str]:
    """The findings about evidence that operations are told."""
    return [one.kind for one in await wrong_now(account.ledgerdb) if one.kind.startswith("evidence")]


async def hours_ago(owner_pool: Pool, hours: int) -> None:
    """Have all that was read be read, and all files be kept, so many hours before."""
    await owner_pool.execute(
        "update reconciliation.evidence_checks set checked_at = checked_at - make_interval(hours => $1)",
        hours,
    )
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update reconciliation.files set fetched_at = fetched_at - make_interval(hours => $1)", hours
        )


async def standing(account: Settlement) -> tuple[int, int, int]:
    """How many files are good, damaged, and never read again."""
    one = await evidence_standing(account.ledgerdb)
    return one.good, one.damaged, one.unread


async def test_every_damaged_file_is_found_however_many(account: Settlement) -> None:
    """A finding that a look leaves out counts as over: operations would be told that damage is mended."""
    records = [await account.kept(b"%d" % number, name="STL.CSV") for number in range(120)]
    await account.ledgerdb.execute(
        "insert into reconciliation.evidence_checks (record, size_bytes, flaw) select one, 1, 'it is missing' from unnest($1::text[]) one",
        records,
    )
    assert (await told(account)).count("evidence_damaged") == 120


async def test_file_is_read_again_once_a_day(
    account: Settlement, store: FolderEvidence, owner_pool: Pool
) -> None:
    watch = EvidenceWatch(account.ledgerdb, store)
    assert await watch.read_due() == 0
    await keep(account, store, b"one", b"two")
    assert [await watch.read_due() for _ in range(2)] == [2, 0]
    await hours_ago(owner_pool, 23)
    assert await watch.read_due() == 0
    await hours_ago(owner_pool, 2)
    assert await watch.read_due() == 2
    assert await standing(account) == (2, 0, 0)


@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"oNe")], ids=["gone", "altered"]
)
async def test_damaged_file_is_told_until_it_is_brought_back(
    account: Settlement, store: FolderEvidence, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    (first, _) = await keep(account, store, b"one", b"two")
    path = tmp_path / first
    path.chmod(0o600)
    damage(path)
    await EvidenceWatch(account.ledgerdb, store).read_due()
    assert await standing(account) == (1, 1, 0)
    await measure_evidence(account.ledgerdb)
    assert REGISTRY.get_sample_value("fincore_evidence_files", {"state": "damaged"}) == 1
    assert await told(account) == ["evidence_damaged"]
    path.write_bytes(b"one")
    assert (await check_evidence(account.ledgerdb, store)).flawed == 0
    assert await told(account) == []


async def test_damaged_file_is_read_before_others(
    account: Settlement,
    store: FolderEvidence,
    tmp_path: Path,
    owner_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One file may be read in the day: it is the one that was damaged when it was read last."""
    (_, second) = await keep(account, store, b"one", b"two")
    content = (tmp_path / second).read_bytes()
    (tmp_path / second).unlink()
    watch = EvidenceWatch(account.ledgerdb, store)
    await watch.read_due()
    (tmp_path / second).write_bytes(content)
    await hours_ago(owner_pool, 25)
    monkeypatch.setattr(evidence_check, "FILES_A_DAY_MAX", 1)
    assert await watch.read_due() == 1
    assert await standing(account) == (2, 0, 0)


@pytest.mark.parametrize("bounds", [(2, 10**9), (1_000, 6)])
async def test_day_has_bounds_of_files_and_bytes(
    account: Settlement,
    store: FolderEvidence,
    owner_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
    bounds: tuple[int, int],
) -> None:
    """Files that were not read have their turn on the next day."""
    for name, bound in zip(("FILES_A_DAY_MAX", "BYTES_A_DAY_MAX"), bounds, strict=True):
        monkeypatch.setattr(evidence_check, name, bound)
    await keep(account, store, b"one", b"two", b"six")
    watch = EvidenceWatch(account.ledgerdb, store)
    assert await watch.read_due() == 2
    assert await standing(account) == (2, 0, 1)
    await hours_ago(owner_pool, 25)
    assert await watch.read_due() == 2
    assert await standing(account) == (3, 0, 0)


async def test_time_that_has_not_come_puts_no_reading_off(
    account: Settlement, store: FolderEvidence, owner_pool: Pool
) -> None:
    """The clock of the server was set back."""
    await keep(account, store, b"one")
    watch = EvidenceWatch(account.ledgerdb, store)
    await watch.read_due()
    await hours_ago(owner_pool, -1_000)
    assert await watch.read_due() == 1


class MeetingEvidence:
    """A store that opens a file once so many readers ask for one at the same time, and counts them."""

    def __init__(self, store: FolderEvidence, readers: int) -> None:
        self.opened = 0
        self._store = store
        self._meeting = asyncio.Barrier(readers)

    async def keep(self, *_: object) -> KeptFile:
        """Nothing is kept here."""
        raise NotImplementedError

    async def open(self, location: str, sha256: str) -> BinaryIO:
        """A file, once all readers are here."""
        self.opened += 1
        await self._meeting.wait()
        return await self._store.open(location, sha256)


async def test_two_readers_beside_each_other_read_a_file_once_each(
    account: Settlement, store: FolderEvidence, tmp_path: Path
) -> None:
    """Both may read one file: what they keep is the same, and no file is read more often than there are readers."""
    (first, _, _) = await keep(account, store, b"one", b"two", b"six")
    (tmp_path / first).unlink()
    meeting = MeetingEvidence(store, 2)
    watches = [EvidenceWatch(account.ledgerdb, meeting) for _ in range(2)]
    assert await asyncio.gather(*(one.read_due() for one in watches)) == [3, 3]
    assert meeting.opened == 6
    assert await standing(account) == (2, 1, 0)
    assert await told(account) == ["evidence_damaged"]
    assert [await one.read_due() for one in watches] == [0, 0]


class AwayEvidence:
    """A store that cannot be asked, and says when it was."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def keep(self, *_: object) -> KeptFile:
        """Nothing is kept here."""
        raise NotImplementedError

    async def open(self, _: str, sha256: str) -> BinaryIO:
        """Nothing is known of a file."""
        self.asked.set()
        raise EvidenceUnavailable(f"the store does not answer for {sha256}")


async def test_store_that_is_away_damages_nothing_and_is_told(
    account: Settlement, store: FolderEvidence, owner_pool: Pool
) -> None:
    await keep(account, store, b"one")
    away = AwayEvidence()
    watch = EvidenceWatch(account.ledgerdb, away)
    running = asyncio.create_task(watch.run())
    await away.asked.wait()
    watch.stop()
    await running
    assert await standing(account) == (0, 0, 1)
    assert await told(account) == []
    await hours_ago(owner_pool, 49)
    assert await told(account) == ["evidence_unread"]
    await EvidenceWatch(account.ledgerdb, store).read_due()
    assert await told(account) == []


async def test_role_reads_kept_files_meanwhile(account: Settlement, store: FolderEvidence) -> None:
    await keep(account, store, b"one")
    async with asyncio.timeout(30), watching(EvidenceWatch(account.ledgerdb, store)):
        while await standing(account) != (1, 0, 0):
            await asyncio.sleep(0.01)
