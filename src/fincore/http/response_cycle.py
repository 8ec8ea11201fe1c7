"""One request on a connection of uvicorn, and its response: one that is sent whole leaves in one write.

uvicorn writes a head when it has it, and the body after it: two system calls and two packets for each response; and it searches each
header by itself for what no header may hold. A stream, and a body without a length, are left to uvicorn.
"""

import re
from typing import Final

from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_LINE_END: Final = b"\r\n"
_NOT_IN_HEAD: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters but the tab, which values may hold (RFC 9110, 5.5), and those of line ends, which are counted."""
_OF_THE_CONNECTION: Final = frozenset({b"connection", b"transfer-encoding"})
"""Headers that say how the response is sent: uvicorn reads them."""


class ResponseCycle(RequestResponseCycle):
    """uvicorn's, but that it holds the head back until the first part of the body is there: an application sends both at once."""

    _start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Take a message of the application. Raises `RuntimeError` for one that makes no response."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            await super().send(message)
            return
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            body = message.get("body", b"")
            head = self._head_of(start, body)
            if head is not None:
                await self._send_whole(head, body)
                return
        await super().send(start)
        await super().send(message)

    def _head_of(self, start: HTTPResponseStartEvent, body: bytes) -> bytes | None:
        """The head of a response that is sent whole; None for one that uvicorn has to send. Raises `RuntimeError`."""
        lines = [STATUS_LINE[start["status"]]]
        length: int | None = None
        for name, value in (*self.default_headers, *start["headers"]):
            if name == b"content-length":
                length = int(value)
            elif name in _OF_THE_CONNECTION:
                return None
            lines.append(b"%b: %b\r\n" % (name, value))
        if length is None:
            return None
        if length != len(body) and self.scope["method"] != "HEAD":
            raise RuntimeError(f"a response has a body of {len(body)} bytes and a length of {length}")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        # One line end for each line: a value that held one would be a header of its own.
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or _NOT_IN_HEAD.search(head):
            raise RuntimeError("a header of a response holds a control character")
        return head + _LINE_END

    async def _send_whole(self, head: bytes, body: bytes) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = True
        self.waiting_for_100_continue = False
        self.transport.write(head if self.scope["method"] == "HEAD" else head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
