"""Settlement files over SFTP, from a real server that may do wrong."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import asyncssh
import pytest

from fincore.domain.secret import Secret
from fincore.reconciliation.fetching import sftp
from fincore.reconciliation.fetching.remote import NAMES_MAX, RemoteFile, SourceFailed
from fincore.reconciliation.fetching.sftp import SftpFolder, SftpServer, sftp_folder
from fixtures.sftp_server import PASSWORD, SftpWorld, sftp_listening, sftp_world

PATTERN = "STL-*.CSV"
CONTENT = os.urandom(3_000_000)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SftpWorld]:
    async with sftp_world(tmp_path / "server") as world:
        yield world


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads little at a time, and waits two seconds for it."""
    monkeypatch.setattr(sftp, "ANSWER_TIMEOUT_SECONDS", 2.0)
    monkeypatch.setattr(sftp, "READ_BYTES", 32_768)


def offer(
    world: SftpWorld, name: str = "STL-1.CSV", content: bytes = CONTENT, *, mtime: int = 1_700_000_000
) -> None:
    (world.folder / name).write_bytes(content)
    os.utime(world.folder / name, (mtime, mtime))


async def listed(server: SftpServer) -> list[str]:
    async with sftp_folder(server, PATTERN)() as remote:
        return sorted(one.name for one in (await remote.list()).files)


async def read(server: SftpServer, *, offset: int = 0) -> bytes:
    async with sftp_folder(server, PATTERN)() as remote:
        (file,) = (await remote.list()).files
        return b"".join([piece async for piece in remote.read(file, offset)])


async def test_files_of_the_pattern_are_listed_with_their_versions(world: SftpWorld) -> None:
    offer(world)
    offer(world, "TRR-1.CSV")
    offer(world, "STL-2.CSV.tmp")
    (world.folder / "STL-folder.CSV").mkdir()
    (world.folder / "STL-link.CSV").symlink_to("/etc/passwd")
    async with sftp_folder(world.server(), PATTERN)() as remote:
        (file,) = (await remote.list()).files
        assert (file.name, file.size_bytes, file.changed_at.timestamp()) == (
            "STL-1.CSV",
            3_000_000,
            1_700_000_000,
        )
        assert await remote.version_of("STL-1.CSV") == file
        assert await remote.version_of("STL-9.CSV") is None
        assert remote.host_key == world.fingerprint


@pytest.mark.parametrize("offset", [0, 1, 2_999_999, 3_000_000])
async def test_file_is_read_from_any_offset(world: SftpWorld, offset: int) -> None:
    offer(world)
    assert await read(world.server(), offset=offset) == CONTENT[offset:]


async def test_private_key_opens_the_server(world: SftpWorld) -> None:
    offer(world)
    assert await listed(world.server(password=None, private_key=world.private_key())) == ["STL-1.CSV"]


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (lambda _: {"password": Secret("wrong")}, "refuses the login of acme"),
        (lambda _: {"user": "other"}, "refuses the login of other"),
        (
            lambda _: {
                "password": None,
                "private_key": Secret(
                    asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
                ),
            },
            "refuses the login",
        ),
        (
            lambda _: {"password": None, "private_key": Secret("no key")},
            "private key of the source cannot be read",
        ),
    ],
)
async def test_wrong_login_is_told_without_the_secret(
    world: SftpWorld, login: Callable[[SftpWorld], dict[str, object]], reason: str
) -> None:
    with pytest.raises(SourceFailed, match=reason) as raised:
        await listed(world.server(**login(world)))
    assert PASSWORD not in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)


async def test_server_of_another_host_key_gets_no_login(world: SftpWorld) -> None:
    pinned = world.server()
    world.host_key = asyncssh.generate_private_key("ssh-ed25519")
    world.port = 0
    async with sftp_listening(world):
        with pytest.raises(
            SourceFailed, match=re.escape(f"shows the host key {world.fingerprint}, which is not pinned")
        ):
            await listed(world.server(host_keys=pinned.host_keys))
    assert world.logins == []


async def test_known_hosts_of_the_machine_open_no_server(
    world: SftpWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    line = world.host_key.export_public_key().decode()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{world.port} {line}")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SourceFailed, match="not pinned"):
        await listed(world.server(host_keys=frozenset({"SHA256:" + "a" * 43})))


async def test_server_that_is_away_is_told(world: SftpWorld) -> None:
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1:1 cannot be reached"):
        await listed(world.server(port=1))


async def test_folder_that_is_missing_is_told(world: SftpWorld) -> None:
    with pytest.raises(SourceFailed, match="No such file"):
        await listed(world.server(directory="/elsewhere"))


async def test_server_that_lists_a_million_names_is_left_early(
    world: SftpWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp, "NAMES_MAX", 1_000)
    assert NAMES_MAX < 1_000_000
    world.names_added = 1_000_000
    with pytest.raises(SourceFailed, match="more than 1,000 names"):
        await listed(world.server())


async def test_hostile_names_are_told_and_never_read(world: SftpWorld) -> None:
    world.names = [
        b"STL-../../../etc/passwd.CSV",
        b"STL-/etc/passwd.CSV",
        b"../STL-1.CSV",
        b"..",
        b"STL-1.CSV",
    ]
    async with sftp_folder(world.server(), PATTERN)() as remote:
        listing = await remote.list()
    assert [one.name for one in listing.files] == ["STL-1.CSV"]
    assert listing.refused_names == ("STL-../../../etc/passwd.CSV", "STL-/etc/passwd.CSV")


async def test_file_without_time_of_change_is_left_out() -> None:
    class Client:
        async def scandir(self, _: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            for name, mtime in ((b"STL-1.CSV", None), (b"STL-2.CSV", 1_700_000_000), (b"STL-3.CSV", 2**63)):
                attributes = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=1, mtime=mtime)
                yield asyncssh.SFTPName(name, attrs=attributes)

    server = SftpServer(host="h", port=22, user="u", directory="/", host_keys=frozenset())
    listing = await SftpFolder(cast("asyncssh.SFTPClient", Client()), server, PATTERN, "SHA256:x").list()
    assert [one.name for one in listing.files] == ["STL-2.CSV"]
    assert listing.left_out == (
        "the server states no size or no time of change of STL-1.CSV",
        "the server states an impossible time of change of STL-3.CSV",
    )


async def test_stalled_server_is_left_after_a_bound(world: SftpWorld, impatient: None) -> None:
    offer(world)
    world.stalls_at = 100_000
    with pytest.raises(SourceFailed, match=r"did not answer within 2 s"):
        await read(world.server())


async def test_server_that_accepts_and_says_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, world: SftpWorld
) -> None:
    monkeypatch.setattr(sftp, "CONNECT_TIMEOUT_SECONDS", 0.1)
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with silent:
        with pytest.raises(SourceFailed, match="cannot be reached"):
            await listed(world.server(port=silent.sockets[0].getsockname()[1]))


async def test_cut_connection_is_told(world: SftpWorld) -> None:
    offer(world)
    world.cuts_at = 2_000_000
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1"):
        await read(world.server())


async def test_file_that_ends_early_is_sent_short(world: SftpWorld) -> None:
    offer(world)
    world.ends_at = 2_500_000
    assert await read(world.server()) == CONTENT[:2_500_000]


async def test_answer_left_out_makes_no_hole(world: SftpWorld) -> None:
    """A server that has nothing for a place in the middle, and goes on after it, ends the file there."""
    offer(world)
    world.holes = (1_048_576 + 32_768,)
    assert await read(world.server()) == CONTENT[: world.holes[0]]


async def test_read_file_stays_at_the_server(world: SftpWorld) -> None:
    offer(world)
    await read(world.server())
    assert (world.folder / "STL-1.CSV").read_bytes() == CONTENT


async def test_removed_file_is_told(world: SftpWorld) -> None:
    offer(world)
    async with sftp_folder(world.server(), PATTERN)() as remote:
        (file,) = (await remote.list()).files
        (world.folder / "STL-1.CSV").unlink()
        with pytest.raises(SourceFailed, match="No such file"):
            await anext(remote.read(file, 0))
        assert isinstance(file, RemoteFile)
