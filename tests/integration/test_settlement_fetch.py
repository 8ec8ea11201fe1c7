"""A look at a source: what it fetches, and what it leaves where the source or the disk does wrong."""

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from fincore.domain.ids import settlement_file_id_of
from fincore.domain.outcome import PspAccount
from fincore.postgres.pool import Pool
from fincore.reconciliation.fetching import look as look_module
from fincore.reconciliation.fetching import sftp, staging
from fincore.reconciliation.fetching.local_folder import LocalFolder
from fincore.reconciliation.fetching.look import Looker
from fincore.reconciliation.fetching.remote import RemoteFile, RemoteFolder, SourceFailed
from fincore.reconciliation.fetching.sftp import sftp_folder
from fincore.reconciliation.fetching.staging import Staging
from fixtures.cases import on_one_installation
from fixtures.settlement_sources import PATTERN, SOURCE, SourceWorld, named, no_pause
from fixtures.sftp_server import SftpWorld, sftp_listening, sftp_world

ONE, OTHER = b"RH,1\nFF,0\n", b"RH,2\nFF,0\n"
LARGE = os.urandom(300_000)


@pytest.fixture
async def world(pool: Pool, tmp_path: Path) -> SourceWorld:
    world = SourceWorld(pool, tmp_path)
    await world.declare()
    return world


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SftpWorld]:
    async with sftp_world(tmp_path / "server") as server:
        yield server


async def test_new_file_is_kept_and_recorded(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    look = await world.look()
    assert (look.failure, [(one.name, one.finding) for one in look.fetched]) == (None, [("STL-1.CSV", "new")])
    (file,) = await world.listed()
    sha256 = hashlib.sha256(ONE).hexdigest()
    assert (file.sha256, file.size_bytes, file.status, file.format) == (
        sha256,
        len(ONE),
        "kept",
        "paypal_stl",
    )
    assert file.file_id == settlement_file_id_of(
        livemode=False, psp="paypal", psp_account="eu", sha256=sha256
    )
    location = await world.pool.fetchval("select location from reconciliation.files")
    with await world.evidence.open(location, sha256) as opened:
        assert opened.read() == ONE
    assert (world.offered / "STL-1.CSV").read_bytes() == ONE


async def test_second_look_fetches_only_what_is_new(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()
    world.offer("STL-2.CSV", OTHER)
    assert [one.name for one in (await world.look()).fetched] == ["STL-2.CSV"]
    assert (await world.look()).fetched == ()


async def test_same_content_under_another_name_is_doubled(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()
    world.offer("STL-2.CSV", ONE)
    assert [one.finding for one in (await world.look()).fetched] == ["doubled"]
    (file,) = await world.listed()
    assert (file.name, file.doubled) == ("STL-1.CSV", 1)


async def test_other_content_under_the_same_name_replaces(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()
    world.offer("STL-1.CSV", OTHER, mtime=1_700_000_060)
    assert [one.finding for one in (await world.look()).fetched] == ["replaced"]
    first, second = await world.listed()
    assert (first.replaces, second.replaces) == (None, first.file_id)
    assert len(world.kept()) == 2


async def test_name_at_a_source_of_another_account_replaces_nothing(world: SourceWorld) -> None:
    """The source was declared for the other account before; PSPs give the files of all accounts the same names."""
    world.offer("STL-1.CSV", ONE)
    await world.look()
    other = replace(SOURCE, psp_account=PspAccount("us"))
    await world.declare(other)
    world.offer("STL-1.CSV", OTHER, mtime=1_700_000_060)
    assert [one.finding for one in (await world.look(source=other)).fetched] == ["new"]
    assert [one.replaces for one in await world.listed()] == [None, None]


async def test_replacement_waits_until_the_first_file_is_refused(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()
    world.offer("STL-1.CSV", OTHER, mtime=1_700_000_060)
    await world.look()
    first, second = await world.listed()
    waiting = "select array_agg(file_id) from reconciliation.files_to_read"
    assert await world.pool.fetchval(waiting) == [first.file_id]
    await world.pool.execute(
        "update reconciliation.files set status = 'refused', refusal = 'line 1' where file_id = $1",
        first.file_id,
    )
    assert await world.pool.fetchval(waiting) == [second.file_id]


async def test_two_accounts_may_have_files_of_the_same_bytes(world: SourceWorld) -> None:
    other = replace(named("paypal_us"), psp_account=PspAccount("us"))
    await world.declare(SOURCE, other)
    world.offer("STL-1.CSV", ONE)
    await world.look()
    assert [one.finding for one in (await world.look(source=other)).fetched] == ["new"]
    assert len(await world.listed()) == 2


async def test_file_that_still_grows_is_left_for_the_next_look(world: SourceWorld) -> None:
    path = world.offer("STL-1.CSV", ONE)

    async def grow(_: float) -> None:
        with path.open("ab") as opened:
            opened.write(OTHER)

    world.looker = Looker(world.files, world.evidence, Staging(path.parent.parent / "downloads"), pause=grow)
    look = await world.look()
    assert (look.fetched, look.failure) == ((), "STL-1.CSV is still being written")
    assert world.kept() == []


async def test_name_that_no_file_may_have_fails_the_look(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    world.offer("STL-\N{LATIN SMALL LETTER E WITH ACUTE}.CSV", OTHER)
    look = await world.look()
    assert [one.name for one in look.fetched] == ["STL-1.CSV"]
    assert look.failure is not None
    assert "no file is kept under such a name" in look.failure


class Spoilt(LocalFolder):
    """A folder of which one file cannot be read."""

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        if file.name == "STL-1.CSV":
            raise SourceFailed("STL-1.CSV is on a bad block")
        async for piece in super().read(file, offset):
            yield piece


async def test_file_that_fails_keeps_no_other_one(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    world.offer("STL-2.CSV", OTHER)

    @asynccontextmanager
    async def spoilt() -> AsyncIterator[RemoteFolder]:
        yield Spoilt(world.offered, PATTERN)

    look = await world.look(spoilt)
    assert ([one.name for one in look.fetched], look.failure) == (
        ["STL-2.CSV"],
        "STL-1.CSV is on a bad block",
    )
    look = await world.look()
    assert ([one.name for one in look.fetched], look.failure) == (["STL-1.CSV"], None)


async def test_source_at_which_all_fails_is_left_early(
    world: SourceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_module, "FAILURES_MAX", 2)
    asked: list[str] = []

    class Gone(LocalFolder):
        async def version_of(self, name: str) -> RemoteFile | None:
            asked.append(name)
            raise SourceFailed("it is gone")

    @asynccontextmanager
    async def gone() -> AsyncIterator[RemoteFolder]:
        yield Gone(world.offered, PATTERN)

    for number in range(4):
        world.offer(f"STL-{number}.CSV", b"%d" % number)
    assert (await world.look(gone)).failure == "it is gone; it is gone"
    assert asked == ["STL-0.CSV", "STL-1.CSV"]


async def test_file_over_sftp_is_recorded_with_the_host_key(world: SourceWorld, server: SftpWorld) -> None:
    (server.folder / "STL-1.CSV").write_bytes(LARGE)
    look = await world.look(sftp_folder(server.server(), PATTERN))
    assert look.failure is None
    row = await world.pool.fetchrow("select host_key, size_bytes from reconciliation.files")
    assert tuple(row or ()) == (server.fingerprint, len(LARGE))


@pytest.mark.parametrize("harm", ["ends_at", "cuts_at", "stalls_at"])
async def test_broken_download_keeps_nothing_and_is_continued(
    world: SourceWorld, server: SftpWorld, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp, "READ_BYTES", 32_768)
    monkeypatch.setattr(staging, "BLOCK_BYTES", 10_000)
    if harm == "stalls_at":
        monkeypatch.setattr(sftp, "ANSWER_TIMEOUT_SECONDS", 2.0)
    (server.folder / "STL-1.CSV").write_bytes(LARGE)
    setattr(server, harm, 250_000)
    look = await world.look(sftp_folder(server.server(), PATTERN))
    assert look.failure is not None
    assert (look.fetched, world.kept(), await world.listed()) == ((), [], [])
    setattr(server, harm, None)
    server.reads.clear()
    assert (await world.look(sftp_folder(server.server(), PATTERN))).failure is None
    assert min(offset for offset, _ in server.reads) >= 150_000
    (file,) = await world.listed()
    assert file.sha256 == hashlib.sha256(LARGE).hexdigest()


async def test_changed_host_key_ends_the_look_before_any_login(world: SourceWorld, server: SftpWorld) -> None:
    pinned = server.server(host_keys=frozenset({"SHA256:" + "A" * 43}))
    look = await world.look(sftp_folder(pinned, PATTERN))
    assert look.failure is not None
    assert "not pinned" in look.failure
    assert server.logins == []


async def test_server_that_comes_back_is_read(world: SourceWorld, tmp_path: Path) -> None:
    async with sftp_world(tmp_path / "again") as server:
        (server.folder / "STL-1.CSV").write_bytes(ONE)
    assert (await world.look(sftp_folder(server.server(), PATTERN))).failure is not None
    async with sftp_listening(server):
        assert (await world.look(sftp_folder(server.server(), PATTERN))).failure is None


async def test_full_disk_leaves_nothing_half_kept(
    world: SourceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.offer("STL-1.CSV", ONE)
    world.offer("STL-2.CSV", OTHER)
    links = iter([True, False])
    link = os.link

    def full(source: Path, target: Path) -> None:
        if not next(links):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        link(source, target)

    monkeypatch.setattr(os, "link", full)
    look = await world.look()
    assert [one.name for one in look.fetched] == ["STL-1.CSV"]
    assert look.failure is not None
    assert "No space left on device" in look.failure
    monkeypatch.undo()
    assert len(world.kept()) == len(await world.listed()) == 1
    assert [one.name for one in (await world.look()).fetched] == ["STL-2.CSV"]


async def test_look_past_its_time_ends(world: SourceWorld, server: SftpWorld, tmp_path: Path) -> None:
    (server.folder / "STL-1.CSV").write_bytes(LARGE)
    server.stalls_at = 0
    looker = Looker(
        world.files, world.evidence, Staging(tmp_path / "downloads"), pause=asyncio.sleep, seconds_max=0.3
    )
    assert look_module.LOOK_SECONDS_MAX == 3_600
    look = await looker.look(SOURCE, sftp_folder(server.server(), PATTERN))
    assert look.failure == "the look took longer than 0 s; the next one continues"


async def test_file_kept_and_not_recorded_is_recorded_by_the_next_look(
    world: SourceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.offer("STL-1.CSV", ONE)

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(world.files, "record", die)
    with pytest.raises(RuntimeError):
        await world.look()
    monkeypatch.undo()
    assert (len(world.kept()), await world.listed()) == (1, [])
    assert [one.finding for one in (await world.look()).fetched] == ["new"]
    assert len(world.kept()) == 1


async def test_two_that_fetch_one_file_at_once_record_it_once(world: SourceWorld, tmp_path: Path) -> None:
    world.offer("STL-1.CSV", ONE)
    second = Looker(world.files, world.evidence, Staging(tmp_path / "second"), pause=no_pause)
    looks = await asyncio.gather(world.look(), second.look(SOURCE, world.open_remote))
    assert sorted(len(one.fetched) for one in looks) == [0, 1]
    assert len(await world.listed()) == len(world.kept()) == 1
    assert await world.pool.fetchval("select array_agg(finding) from reconciliation.arrivals") == ["new"]


@on_one_installation(
    "change",
    [
        "update reconciliation.files set sha256 = repeat('0', 64)",
        "update reconciliation.files set location = 'a'",
        "delete from reconciliation.files",
        "truncate reconciliation.files cascade",
        "update reconciliation.arrivals set finding = 'doubled'",
        "delete from reconciliation.arrivals",
        "update reconciliation.files set status = 'booked', parser_version = '1'",
        "update reconciliation.files set status = 'refused'",
        "update reconciliation.files set status = 'read'",
    ],
)
async def test_record_of_a_file_cannot_be_altered(world: SourceWorld, owner_pool: Pool, change: str) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await owner_pool.execute(change)


async def test_status_of_a_file_goes_forward_only(world: SourceWorld) -> None:
    world.offer("STL-1.CSV", ONE)
    await world.look()

    async def become(status: str) -> None:
        await world.pool.execute(
            "update reconciliation.files set status = $1, parser_version = '1', refusal = case when $1 = 'refused' then 'why' end",
            status,
        )

    for status in ("refused", "read", "booked"):
        await become(status)
    for status in ("kept", "read", "refused"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await become(status)
