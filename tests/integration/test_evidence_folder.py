"""The evidence store in a folder: how files lie there, and what a full disk leaves."""

import errno
import io
import os
import stat
from pathlib import Path

import pytest

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.evidence.port import EvidenceNotKept


async def keep(root: Path, content: bytes = b"one") -> str:
    kept = await FolderEvidence(root).keep(
        PspName("paypal"), PspAccount("eu"), "STL.CSV", io.BytesIO(content)
    )
    return kept.location


async def test_kept_file_is_named_by_its_hash_and_unwritable(tmp_path: Path) -> None:
    location = await keep(tmp_path)
    assert location == "paypal/eu/7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed-STL.CSV"
    found = (tmp_path / location).stat()
    assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o400, 1)
    assert stat.S_IMODE((tmp_path / "paypal").stat().st_mode) == 0o700


@pytest.mark.parametrize("call", ["fsync", "link", "open"])
async def test_failing_disk_leaves_nothing_half_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os if call != "open" else Path, call, fail)
    with pytest.raises(EvidenceNotKept, match="No space left"):
        await keep(tmp_path)
    monkeypatch.undo()
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    await keep(tmp_path)


async def test_part_of_a_crash_is_no_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies leaves a file of another name; the next one keeps the file whole beside it."""
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    monkeypatch.setattr(
        os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error"))
    )
    with pytest.raises(EvidenceNotKept):
        await keep(tmp_path)
    monkeypatch.undo()
    (left,) = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert left.name.startswith(".")
    location = await keep(tmp_path)
    assert (tmp_path / location).read_bytes() == b"one"
