"""Ports on loopback that stay reserved while an installation lives."""

import socket

ATTEMPTS_MAX = 1_000


class Ports:
    """Each port is bound, and never listened on, until `release`.

    Neither the system nor other `Ports` give it to another program, and a server that sets SO_REUSEADDR, as servers do,
    may still listen there.
    """

    def __init__(self) -> None:
        self._reserved: list[socket.socket] = []

    def take(self, count: int = 1, *, wanted: int | None = None) -> int:
        """Reserve `count` ports in a row; the first of them, at or soon after `wanted` where one is wanted.

        Raises OSError: no such row was found in ATTEMPTS_MAX attempts.
        """
        for attempt in range(ATTEMPTS_MAX):
            row = _bound_row(0 if wanted is None else wanted + attempt, count)
            if row:
                self._reserved += row
                first: int = row[0].getsockname()[1]
                return first
        raise OSError(f"no {count} free ports in a row")

    def release(self) -> None:
        """Give every port back."""
        for reserved in self._reserved:
            reserved.close()
        self._reserved.clear()


def _bound_row(first: int, count: int) -> list[socket.socket]:
    """Sockets bound to `count` ports in a row from `first` (0: any port), or none where one of them is in use."""
    row: list[socket.socket] = []
    try:
        row.append(_bound(first))
        begin = row[0].getsockname()[1]
        for port in range(begin + 1, begin + count):
            row.append(_bound(port))  # noqa: PERF401 -- what is bound when one fails must be closed
    except (OSError, OverflowError):
        for reserved in row:
            reserved.close()
        return []
    return row


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind(("127.0.0.1", port))
        # Only now: two sockets that set it before they are bound, and do not listen, may have one port.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except BaseException:
        bound.close()
        raise
    return bound
