"""Which names at a source are fetched."""

from datetime import UTC, datetime

import pytest

from fincore.reconciliation.evidence.port import FILE_BYTES_MAX
from fincore.reconciliation.fetching.remote import (
    RemoteFile,
    listing_of,
    name_of,
)

PATTERN = "STL-*.CSV"
WHEN = datetime(2026, 11, 27, tzinfo=UTC)


def test_name_of_the_pattern_is_fetched() -> None:
    assert name_of(b"STL-20261126.01.009.CSV", PATTERN) == "STL-20261126.01.009.CSV"


@pytest.mark.parametrize(
    ("raw", "pattern"),
    [
        (b"TRR-20261126.CSV", PATTERN),
        (b"stl-20261126.csv", PATTERN),
        (b".STL-1.CSV", "*"),
        (b"STL-1.CSV.tmp", "*"),
        (b"STL-1.CSV.PART", "*"),
        (b"a.filepart", "*"),
        (b"../STL-1.CSV", PATTERN),
    ],
)
def test_name_of_another_pattern_or_unfinished_is_left(raw: bytes, pattern: str) -> None:
    assert name_of(raw, pattern) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"STL-../../etc/passwd.CSV",
        b"STL-\x00.CSV",
        b"STL-\n.CSV",
        b"STL-\xff\xfe.CSV",
        "STL-\N{LATIN SMALL LETTER E WITH ACUTE}.CSV".encode(),
        b"STL-" + b"a" * 200 + b".CSV",
        b"STL-a\\b.CSV",
    ],
)
def test_name_of_the_pattern_that_no_file_may_have_is_told(raw: bytes) -> None:
    with pytest.raises(ValueError, match="STL-"):
        name_of(raw, PATTERN)


@pytest.mark.parametrize(
    ("size_bytes", "is_taken"), [(0, True), (FILE_BYTES_MAX, True), (FILE_BYTES_MAX + 1, False), (-1, False)]
)
def test_size_of_a_file_has_both_bounds(size_bytes: int, *, is_taken: bool) -> None:
    file = RemoteFile("STL-1.CSV", size_bytes, WHEN)
    if is_taken:
        assert listing_of([file], []).files == {file}
    else:
        other = RemoteFile("STL-2.CSV", 1, WHEN)
        listing = listing_of([file, other], [])
        assert listing.files == {other}
        assert [told[:13] for told in listing.left_out] == ["STL-1.CSV has"]
