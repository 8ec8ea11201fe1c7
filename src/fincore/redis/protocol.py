"""Commands and replies of Redis as bytes: version 2 of its protocol (RESP2), as much of it as FinCore asks for. Pure."""

from typing import Final, NamedTuple

LINE_BYTES_MAX: Final = 1024
VALUE_BYTES_MAX: Final = 1024 * 1024
"""What is longer answers nothing that FinCore asks."""
_END: Final = b"\r\n"


class RefusedCommand(NamedTuple):
    """A reply that is an error. `kind` is its first word, such as `WRONGPASS`; the rest may repeat what was sent."""

    kind: str


Reply = bytes | int | RefusedCommand | None
"""A text or a value, a number, a refusal; None where there is no value."""


class NotTheProtocol(Exception):
    """What came is no reply that FinCore asks for."""


def packed(*words: bytes) -> bytes:
    """A command."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


class ReplyReader:
    """Finds the replies in bytes as they come, in pieces of any length."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def read(self, data: bytes) -> list[Reply]:
        """The replies that are whole now. Raises `NotTheProtocol`; nothing may be read after that."""
        self._unread += data
        replies: list[Reply] = []
        place = 0
        while (found := self._reply_at(place)) is not None:
            reply, place = found
            replies.append(reply)
        del self._unread[:place]
        return replies

    def _reply_at(self, place: int) -> tuple[Reply, int] | None:
        """The reply that begins at a place, and where the next one begins; None where it is not whole yet."""
        end = self._unread.find(_END, place, place + LINE_BYTES_MAX)
        if end < 0:
            if len(self._unread) - place >= LINE_BYTES_MAX:
                raise NotTheProtocol
            return None
        line = bytes(self._unread[place:end])
        after = end + len(_END)
        match line[:1]:
            case b"+":
                return line[1:], after
            case b"-":
                return RefusedCommand(line[1:].partition(b" ")[0].decode("ascii", "replace")[:32]), after
            case b":":
                return _number(line[1:]), after
            case b"$":
                return self._value_at(after, _number(line[1:]))
            case _:
                raise NotTheProtocol

    def _value_at(self, place: int, length: int) -> tuple[bytes | None, int] | None:
        if length == -1:
            return None, place
        if not 0 <= length <= VALUE_BYTES_MAX:
            raise NotTheProtocol
        end = place + length
        if len(self._unread) < end + len(_END):
            return None
        if self._unread[end : end + len(_END)] != _END:
            raise NotTheProtocol
        return bytes(self._unread[place:end]), end + len(_END)


def _number(text: bytes) -> int:
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 19:  # noqa: PLR2004 -- digits of 2**63
        raise NotTheProtocol
    return int(text)
