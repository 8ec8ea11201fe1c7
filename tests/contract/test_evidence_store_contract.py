"""The evidence store: what it promises. Nothing here knows which adapter it runs on, but for how the bytes of a kept file are altered."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.evidence.port import EvidenceNotKept, EvidenceStore, KeptFile
from fincore.reconciliation.evidence.s3 import PART_BYTES
from fixtures.cases import on_one_installation
from fixtures.evidence_bucket import BucketWorld, evidence_bucket

PAYPAL = PspName("paypal")
ACCOUNT = PspAccount("eu")
NAME = "STL-20261126.01.009.CSV"
CONTENT = b"RH,2026/11/26\nFF,0\n" * 600_000
"""It goes to S3 in one piece, or in three parts."""
SMALLEST_PART_BYTES = 5 * 1024 * 1024


class FolderWorld:
    """The adapter in a folder, and its files beside it."""

    def __init__(self, root: Path) -> None:
        self.store: EvidenceStore = FolderEvidence(root)
        self._root = root

    async def alter(self, location: str) -> None:
        """Change a kept file, as no part of FinCore does."""
        path = self._root / location
        path.chmod(0o600)
        path.write_bytes(b"altered")

    async def remove(self, location: str) -> None:
        (self._root / location).unlink()

    async def kept(self) -> list[str]:
        """The locations that hold something."""
        return sorted(str(one.relative_to(self._root)) for one in self._root.rglob("*") if one.is_file())


World = FolderWorld | BucketWorld


@pytest.fixture(params=["folder", "s3", "s3 in parts"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "folder":
        yield FolderWorld(tmp_path / "evidence")
        return
    part_bytes = PART_BYTES if request.param == "s3" else SMALLEST_PART_BYTES
    async with evidence_bucket(
        request.getfixturevalue("aws_url"), tmp_path / "spool", part_bytes=part_bytes
    ) as bucket:
        yield bucket


async def kept(world: World, content: bytes = CONTENT, name: str = NAME) -> KeptFile:
    return await world.store.keep(PAYPAL, ACCOUNT, name, io.BytesIO(content))


async def test_kept_file_is_read_as_it_came(world: World) -> None:
    one = await kept(world)
    assert (one.sha256, one.size_bytes) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    with await world.store.open(one.location, one.sha256) as opened:
        assert opened.read() == CONTENT


async def test_file_is_kept_from_where_its_reader_stands(world: World) -> None:
    content = io.BytesIO(b"0123456789")
    content.seek(4)
    one = await world.store.keep(PAYPAL, ACCOUNT, NAME, content)
    assert (one.sha256, one.size_bytes) == (hashlib.sha256(b"456789").hexdigest(), 6)


async def test_empty_file_is_kept(world: World) -> None:
    one = await kept(world, b"")
    with await world.store.open(one.location, one.sha256) as opened:
        assert opened.read() == b""


async def test_file_kept_again_is_one_file(world: World) -> None:
    assert await kept(world) == await kept(world)
    assert len(await world.kept()) == 1


async def test_two_contents_of_one_name_are_both_kept(world: World) -> None:
    first, second = await kept(world), await kept(world, b"other")
    assert first.location != second.location
    with await world.store.open(first.location, first.sha256) as opened:
        assert opened.read() == CONTENT
    assert len(await world.kept()) == 2


async def test_many_keep_one_file_at_once_and_it_is_whole(world: World) -> None:
    found = await asyncio.gather(*(kept(world) for _ in range(8)))
    assert len(set(map(repr, found))) == len(await world.kept()) == 1
    with await world.store.open(found[0].location, found[0].sha256) as opened:
        assert opened.read() == CONTENT


async def test_content_that_cannot_be_read_is_not_kept_in_part(world: World) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().read(min(size or 1_000, 1_000))

    with pytest.raises(EvidenceNotKept, match="No space left"):
        await world.store.keep(PAYPAL, ACCOUNT, NAME, Torn(CONTENT))
    assert await world.kept() == []


@pytest.mark.parametrize("harm", ["alter", "remove"])
async def test_altered_or_lost_file_is_told(world: World, harm: str) -> None:
    one = await kept(world)
    await getattr(world, harm)(one.location)
    with pytest.raises(EvidenceNotKept, match=r"altered|cannot be read"):
        await world.store.open(one.location, one.sha256)


async def test_altered_file_is_told_when_it_comes_again(world: World) -> None:
    one = await kept(world)
    await world.alter(one.location)
    with pytest.raises(EvidenceNotKept, match="altered"):
        await kept(world)


@on_one_installation(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        ".hidden",
        "a\x00b",
        "a\nb",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "a" * 181,
    ],
)
async def test_name_that_could_leave_the_store_is_refused(world: World, name: str) -> None:
    with pytest.raises(EvidenceNotKept, match="no name under which"):
        await kept(world, name=name)
    assert await world.kept() == []


@on_one_installation(
    "location", ["", "a", "a/b", "../../etc/passwd", "/etc/passwd", "a/../b", "a/b/.c", "a/b/c/d"]
)
async def test_location_outside_the_store_is_refused(world: World, location: str) -> None:
    with pytest.raises(EvidenceNotKept, match="no location"):
        await world.store.open(location, "0" * 64)


async def test_longest_name_is_kept(world: World) -> None:
    one = await kept(world, name="a" * 180)
    with await world.store.open(one.location, one.sha256) as opened:
        assert opened.read() == CONTENT
