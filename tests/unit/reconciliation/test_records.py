"""Hostile files end in a sentence and in bounded memory; line ends and marks that editors leave do no harm."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from fincore.reconciliation.formats.records import (
    BLOCK_BYTES,
    COLUMNS_MAX,
    LINE_CHARACTERS_MAX,
    RECORD_LINES_MAX,
    Records,
    columns_of,
)
from fincore.reconciliation.parsed_file import FileRefused

MEMORY_BYTES_MAX = 4_000_000


class Endless(io.RawIOBase):
    """A stream that repeats a block up to a size, so that a huge file needs no disk."""

    def __init__(self, block: bytes, size: int) -> None:
        self.left = size
        self.pieces: Iterator[bytes] = iter(lambda: block, None)

    def read(self, size: int = -1) -> bytes:
        del size
        if self.left <= 0:
            return b""
        piece = next(self.pieces)
        self.left -= len(piece)
        return piece


def records(content: bytes) -> list[tuple[int, list[str]]]:
    return list(Records(io.BytesIO(content)))


def refusal(content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        records(content)
    return refused.value


def refusal_and_memory(stream: io.RawIOBase) -> tuple[FileRefused, int]:
    """Why the stream is refused, and the most bytes that were in use on the way."""
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused) as refused:
            for _ in Records(stream):  # type: ignore[arg-type]  # only `read` is used
                pass
        return refused.value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_ends_of_both_kinds_end_a_record(end: str, last: str) -> None:
    assert records(f"a,b{end}c,d{last}".encode()) == [(1, ["a", "b"]), (2, ["c", "d"])]


def test_mixed_line_ends_are_read() -> None:
    assert records(b"a\r\nb\nc\r\n") == [(1, ["a"]), (2, ["b"]), (3, ["c"])]


def test_lone_carriage_return_is_refused() -> None:
    assert refusal(b"a\nb\rc\n").line_number == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_by_its_byte_order_mark(encoding: str) -> None:
    assert records("a,\u00fc\nb,\U0001f600".encode(encoding)) == [
        (1, ["a", "\u00fc"]),
        (2, ["b", "\U0001f600"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_without_its_mark_is_refused(encoding: str) -> None:
    assert "has a NUL character" in refusal("a,b\nc,d\n".encode(encoding)).reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_byte_order_mark_within_a_file_is_refused(encoding: str) -> None:
    refused = refusal("\ufeffa,b\nc,d\n\ufeffa,b\n".encode(encoding))
    assert (refused.line_number, refused.reason) == (
        3,
        "begins with a byte order mark: two files were put together",
    )


def test_same_character_within_a_field_is_text() -> None:
    assert records("a,b\nc\ufeff,d\n".encode()) == [(1, ["a", "b"]), (2, ["c\ufeff", "d"])]


@pytest.mark.parametrize("content", [b"a\nb\xff\n", b"a\nb\xe2\x82", "a\n\u00fc\n".encode("latin-1")])
def test_bytes_that_are_no_text_are_refused_with_their_line(content: bytes) -> None:
    refused = refusal(content)
    assert (refused.line_number, refused.reason) == (2, "has bytes that are no UTF-8 text")


def test_truncated_character_after_the_last_line_is_refused() -> None:
    assert refusal(b"a\n\xe2\x82").line_number == 2


def test_damage_far_into_a_file_is_named_by_its_line() -> None:
    lines = BLOCK_BYTES // 2
    assert refusal(b"a\n" * lines + b"b\xff\n").line_number == lines + 1
    assert refusal(b"a\n" * lines + b"b\0\n").line_number == lines + 1
    assert refusal(b"a\n" * lines + b'"b"c\n').line_number == lines + 1


def test_character_across_two_blocks_is_whole() -> None:
    content = b"a" * (BLOCK_BYTES - 1) + "\u20ac\n".encode()
    ((_, (field,)),) = records(content)
    assert field.endswith("a\u20ac")


@pytest.mark.parametrize("block", [b"x" * BLOCK_BYTES, b"x," * (BLOCK_BYTES // 2), b"\r" * BLOCK_BYTES])
def test_line_of_a_gigabyte_is_refused_in_bounded_memory(block: bytes) -> None:
    refused, used = refusal_and_memory(Endless(block, 2**30))
    assert f"has more than {LINE_CHARACTERS_MAX:,} characters" in refused.reason
    assert used < MEMORY_BYTES_MAX


@pytest.mark.parametrize("block", [b'"a\n' + b'x","y\n' * 10_000, b'"a\n' + b"\n" * 60_000])
def test_quotation_mark_that_never_closes_takes_bounded_memory(block: bytes) -> None:
    refused, used = refusal_and_memory(Endless(block, 2**30))
    assert f"is not closed within {RECORD_LINES_MAX} lines" in refused.reason
    assert refused.line_number == 1
    assert used < MEMORY_BYTES_MAX


def test_quotation_mark_open_at_the_end_is_refused() -> None:
    refused = refusal(b'a\n"b\nc')
    assert (refused.line_number, "is no record of CSV" in refused.reason) == (2, True)


def test_line_just_within_its_bound_is_read() -> None:
    assert len(records(b"x" * LINE_CHARACTERS_MAX + b"\n")) == 1
    assert refusal(b"a\n" + b"x" * (LINE_CHARACTERS_MAX + 1) + b"\n").line_number == 2


def test_header_of_ten_thousand_columns_is_refused() -> None:
    with pytest.raises(FileRefused, match="names 10,000 columns"):
        columns_of(1, [f"c{place}" for place in range(10_000)])
    assert len(columns_of(1, [f"c{place}" for place in range(COLUMNS_MAX)])) == COLUMNS_MAX


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_column_without_a_usable_name_is_refused(name: str) -> None:
    with pytest.raises(FileRefused, match="without a usable name"):
        columns_of(1, ["a", name])
