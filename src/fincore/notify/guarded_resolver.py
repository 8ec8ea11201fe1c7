"""Looks names up for the sender, and gives out addresses only where all of them may be sent to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from fincore.notify.destination import is_allowed

LOOKUP_THREADS_MAX: Final = 64
"""A name server that does not answer holds a thread for its time-out; these are apart from all other work."""

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name as texts. Raises `OSError` where there are none."""


class AddressForbidden(Exception):
    """A name leads to an address that no webhook may be sent to."""


class GuardedResolver(AbstractResolver):
    """A name with one forbidden address is refused whole: which of several is used must not be left to chance.

    The connection is made to the very addresses that were checked, so that a name cannot change between the two.
    """

    def __init__(self, look_up: LookUp, *, allow_loopback: bool) -> None:
        self._look_up = look_up
        self._allow_loopback = allow_loopback

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 -- both families are checked, whichever is asked for
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises `AddressForbidden`, and `OSError` for a name that cannot be found."""
        addresses = await self._look_up(host)
        if not all(is_allowed(address, allow_loopback=self._allow_loopback) for address in addresses):
            raise AddressForbidden
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held here."""


class SystemNames:
    """The machine's own resolver, on threads of its own. Who asks for a name while it is being looked up shares that.

    So a name with a slow server holds one thread, however many webhooks go to it.
    """

    def __init__(self, addresses_of: Callable[[str], Sequence[str]] | None = None) -> None:
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS_MAX, thread_name_prefix="webhook-names")
        self._addresses_of = addresses_of or _addresses
        self._under_way: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def look_up(self, host: str) -> Sequence[str]:
        """The addresses this machine can reach a host by."""
        looking = self._under_way.get(host)
        if looking is None:
            looking = asyncio.get_running_loop().run_in_executor(self._threads, self._addresses_of, host)
            self._under_way[host] = looking
            looking.add_done_callback(lambda done: self._forget(host, done))
        # A caller that gives up waiting must not end it for the others.
        return list(dict.fromkeys(await asyncio.shield(looking)))

    def close(self) -> None:
        """Forget look-ups that wait; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _forget(self, host: str, done: "asyncio.Future[Sequence[str]]") -> None:
        del self._under_way[host]
        if not done.cancelled():
            done.exception()  # retrieved, even if all callers have given up waiting


def _addresses(host: str) -> list[str]:
    infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(info[4][0]) for info in infos]
