"""What becomes of a download that is cut, continued, or of a file that changes meanwhile."""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from fincore.reconciliation.fetching import staging
from fincore.reconciliation.fetching.remote import NO_PROOF, Listing, Proof, RemoteFile, SourceFailed
from fincore.reconciliation.fetching.staging import Staging

WHEN = datetime(2026, 11, 27, tzinfo=UTC)
BLOCK = 8
CONTENT = bytes(range(100))
FILE = RemoteFile("STL-1.CSV", len(CONTENT), WHEN)


class Remote:
    """A source in memory, which sends pieces of three bytes and fails where it is told to."""

    host_key = None

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.version: RemoteFile | None = FILE
        self.fails_at: int | None = None
        self.offsets: list[int] = []

    async def list(self) -> Listing:
        return Listing(frozenset({FILE}))

    async def version_of(self, _: str) -> RemoteFile | None:
        return self.version

    async def read(self, _: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        self.offsets.append(offset)
        while offset < len(self.content):
            if self.fails_at is not None and offset >= self.fails_at:
                raise SourceFailed("cut")
            yield self.content[offset : offset + 3]
            offset += 3

    async def proof_of(self, _file: RemoteFile, _content: BinaryIO) -> Proof:
        return NO_PROOF


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(staging, "BLOCK_BYTES", BLOCK)
    return tmp_path / "downloads"


async def download(parts: Path, remote: Remote, file: RemoteFile = FILE) -> bytes:
    async with Staging(parts).downloaded("paypal", remote, file) as content:
        return content.read()


async def test_whole_file_is_downloaded_and_its_part_deleted(parts: Path) -> None:
    assert await download(parts, Remote()) == CONTENT
    assert list(parts.iterdir()) == []


@pytest.mark.parametrize("fails_at", range(0, len(CONTENT), 3))
async def test_cut_download_is_continued_from_what_is_safe(parts: Path, fails_at: int) -> None:
    remote = Remote()
    remote.fails_at = fails_at
    with pytest.raises(SourceFailed, match="cut"):
        await download(parts, remote)
    remote.fails_at = None
    assert await download(parts, remote) == CONTENT
    _, continued_at = remote.offsets
    assert continued_at % BLOCK == 0
    assert continued_at <= fails_at
    # All but the last two blocks is there.
    assert continued_at >= fails_at - 3 * BLOCK


async def test_blocks_that_a_crash_spoilt_are_read_again(parts: Path) -> None:
    """What was written after the last synchronisation may be there in length only."""
    remote = Remote()
    remote.fails_at = 60
    with pytest.raises(SourceFailed):
        await download(parts, remote)
    (part,) = parts.iterdir()
    written = part.read_bytes()
    sure = (len(written) // BLOCK - 1) * BLOCK
    part.write_bytes(written[:sure] + bytes(len(written) - sure))
    remote.fails_at = None
    assert await download(parts, remote) == CONTENT


async def test_part_of_another_version_is_not_continued(parts: Path) -> None:
    remote = Remote()
    remote.fails_at = 60
    with pytest.raises(SourceFailed):
        await download(parts, remote)
    later = RemoteFile(FILE.name, FILE.size_bytes, WHEN + timedelta(seconds=1))
    remote = Remote(CONTENT[::-1])
    remote.version = later
    assert await download(parts, remote, later) == CONTENT[::-1]
    assert remote.offsets == [0]


async def test_parts_that_no_file_needs_are_dropped(parts: Path) -> None:
    staging_area, remote = Staging(parts), Remote()
    remote.fails_at = 60
    other = RemoteFile("STL-2.CSV", len(CONTENT), WHEN)
    for source, file in (("paypal", FILE), ("paypal", other), ("paypal_eu", FILE)):
        with pytest.raises(SourceFailed):
            async with staging_area.downloaded(source, remote, file):
                pass
    before = set(parts.iterdir())
    await staging_area.drop_others("paypal", [other])
    (dropped,) = before - set(parts.iterdir())
    assert dropped.name.startswith("paypal-")
    remote.fails_at, remote.version = None, other
    async with staging_area.downloaded("paypal", remote, other):
        assert remote.offsets[-1] > 0


async def test_file_that_changes_during_the_download_is_dropped(parts: Path) -> None:
    remote = Remote()
    remote.version = RemoteFile(FILE.name, FILE.size_bytes, WHEN + timedelta(seconds=1))
    with pytest.raises(SourceFailed, match="replaced while"):
        await download(parts, remote)
    assert list(parts.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sent"), [(CONTENT[:-1], "99 of the 100"), (CONTENT + b"x", "more than the 100")]
)
async def test_file_of_another_length_than_listed_is_refused(parts: Path, content: bytes, sent: str) -> None:
    with pytest.raises(SourceFailed, match=sent):
        await download(parts, Remote(content))


async def test_empty_file_is_downloaded(parts: Path) -> None:
    remote = Remote(b"")
    remote.version = RemoteFile(FILE.name, 0, WHEN)
    assert await download(parts, remote, remote.version) == b""


async def test_part_in_use_is_left_to_the_process_that_uses_it(parts: Path) -> None:
    async with Staging(parts).downloaded("paypal", Remote(), FILE) as content:
        with pytest.raises(SourceFailed, match="another process"):
            await download(parts, Remote())
        assert content.read() == CONTENT


async def test_part_stays_where_its_use_fails(parts: Path) -> None:
    with pytest.raises(RuntimeError):
        async with Staging(parts).downloaded("paypal", Remote(), FILE):
            raise RuntimeError
    assert len(list(parts.iterdir())) == 1
    assert await download(parts, Remote()) == CONTENT


async def test_full_disk_is_told_and_the_next_look_goes_on(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SourceFailed, match="No space left on device"):
        await download(parts, Remote())
    monkeypatch.undo()
    assert await download(parts, Remote()) == CONTENT
