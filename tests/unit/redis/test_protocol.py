"""Replies are found in bytes that come in pieces of any length, and what is no reply is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.redis.protocol import (
    LINE_BYTES_MAX,
    VALUE_BYTES_MAX,
    NotTheProtocol,
    RefusedCommand,
    Reply,
    ReplyReader,
    packed,
)

REPLIES = st.one_of(
    st.binary(max_size=40),
    st.integers(-(2**63), 2**63 - 1),
    st.none(),
    st.text("ABCDEFGHIJ", min_size=1, max_size=12).map(RefusedCommand),
)


def as_sent(reply: Reply) -> bytes:
    match reply:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case RefusedCommand(kind):
            return b"-%b what was sent\r\n" % kind.encode()
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(reply), reply)


@given(replies=st.lists(REPLIES, max_size=8), cuts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_replies_are_the_same_however_the_bytes_are_cut(replies: list[Reply], cuts: list[int]) -> None:
    sent = b"".join(map(as_sent, replies))
    reader, read, place, turn = ReplyReader(), list[Reply](), 0, 0
    while place < len(sent):
        length = cuts[turn % len(cuts)]
        read += reader.read(sent[place : place + length])
        place, turn = place + length, turn + 1
    assert read == replies


def test_status_is_read_as_its_text() -> None:
    assert ReplyReader().read(b"+PONG\r\n+OK\r\n") == [b"PONG", b"OK"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="another protocol"),
        pytest.param(b"*1000000000\r\n", id="list"),
        pytest.param(b"$-2\r\n", id="negative length"),
        pytest.param(b"$1_0\r\n", id="length that is no number"),
        pytest.param(b"$\r\n", id="no length"),
        pytest.param(b"$%d\r\n" % (VALUE_BYTES_MAX + 1), id="value that is too long"),
        pytest.param(b"$2\r\nabcd", id="value without its end"),
        pytest.param(b":99999999999999999999\r\n", id="number that is too long"),
        pytest.param(b"+" + b"a" * LINE_BYTES_MAX, id="line that is too long"),
    ],
)
def test_what_is_no_reply_is_refused(sent: bytes) -> None:
    with pytest.raises(NotTheProtocol):
        ReplyReader().read(sent)


def test_longest_value_is_read() -> None:
    value = b"x" * VALUE_BYTES_MAX
    assert ReplyReader().read(as_sent(value)) == [value]


def test_command_is_packed_with_the_lengths_of_its_words() -> None:
    assert packed(b"SET", b"a\r\n", b"") == b"*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n"
