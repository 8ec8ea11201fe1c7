"""The listening socket refuses connections for a while, then takes them again."""

import asyncio

from psp_sandbox.connection import Exchange
from psp_sandbox.messages import Response
from psp_sandbox.server import Server, bind

ADDRESS = "127.0.0.1"


def answer(exchange: Exchange) -> None:
    exchange.respond(Response(payload={}))


async def test_socket_that_refused_connections_takes_them_again() -> None:
    listener = bind(ADDRESS, 0)
    port = listener.getsockname()[1]
    server = Server(listener, answer)
    await server.start()
    try:
        reader, writer = await asyncio.open_connection(ADDRESS, port)
        server.refuse(0)
        # What was open is closed, without an answer to what was never asked.
        assert await reader.read() == b""
        writer.close()
        for _ in range(1_000):
            try:
                reader, writer = await asyncio.open_connection(ADDRESS, port)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0)
        writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
    finally:
        await server.stop()
