"""The port SharedResponses, on a real server: what is kept is found by other processes; what goes wrong costs time and no result."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from harness.redis_server import CertificateFiles, RedisServer
from structlog.testing import capture_logs
from structlog.typing import EventDict

from fincore.domain.ids import MerchantId
from fincore.domain.secret import Secret
from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.redis.connection import RedisConnection, kept_up
from fincore.redis.response_cipher import ResponseCipher
from fincore.redis.server_address import server_address
from fincore.redis.shared_responses import BODY_BYTES_MAX, RedisResponses
from fincore.write.payments.response_cache import CACHE_SECONDS
from fixtures.redis_server import redis_server
from fixtures.tls_files import server_tls
from fixtures.waiting import eventually

CIPHER = ResponseCipher(bytes(32))
KEY = IdempotencyKey(MerchantId("mer_1"), False, "order-1")
STORED = StoredResponse(
    fingerprint=b"f" * 32, response=RenderedResponse(201, b'{"id":"ch_1"}', "/v1/charges/ch_1")
)
PATIENT_SECONDS = 60.0
"""A bound that a busy machine does not reach."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def reasons(logs: list[EventDict]) -> list[str]:
    """Why connections ended, as the log tells it."""
    return [line["reason"] for line in logs if line["event"] == "shared_responses.away"]


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    running.raw("FLUSHALL")
    return running


@asynccontextmanager
async def responses(
    url: str,
    *,
    answer_seconds: float = PATIENT_SECONDS,
    password: Secret | None = None,
    tls: ssl.SSLContext | None = None,
    is_up: bool = True,
) -> AsyncIterator[tuple[RedisResponses, RedisConnection]]:
    """The cache as one process has it, once it is connected."""
    address = server_address(url)
    assert address is not None
    connection = RedisConnection(
        address, password=password, tls=tls, answer_seconds=answer_seconds, pause_seconds=0.01
    )
    async with kept_up(connection):
        if is_up:
            await eventually(partial(_is_up, connection))
        yield RedisResponses(connection, CIPHER), connection


async def _is_up(connection: RedisConnection) -> bool:
    return connection.is_up


async def _is_down(connection: RedisConnection) -> bool:
    return not connection.is_up


async def kept(shared: RedisResponses, key: IdempotencyKey, stored: StoredResponse) -> None:
    """Keep a response, and return when the server has it."""
    shared.keep(key, stored)

    async def is_found() -> bool:
        return await shared.find(key) == stored

    await eventually(is_found)


async def test_kept_response_is_found_by_another_process(server: RedisServer) -> None:
    async with responses(server.url) as (one, _), responses(server.url) as (other, _):
        await kept(one, KEY, STORED)
        assert await other.find(KEY) == STORED


async def test_other_merchants_modes_and_keys_find_nothing(server: RedisServer) -> None:
    async with responses(server.url) as (shared, _):
        await kept(shared, KEY, STORED)
        for changed in ({"merchant_id": MerchantId("mer_2")}, {"livemode": True}, {"key": "order-2"}):
            assert await shared.find(msgspec.structs.replace(KEY, **changed)) is None


async def test_many_at_once_get_each_their_own_answer(server: RedisServer) -> None:
    keys = [IdempotencyKey(MerchantId("mer_1"), False, f"order-{number}") for number in range(300)]
    async with responses(server.url) as (shared, _):
        for number, key in enumerate(keys[::2]):
            shared.keep(key, StoredResponse(fingerprint=b"f", response=RenderedResponse(201, b"%d" % number)))
        found = await asyncio.gather(*map(shared.find, keys))
    assert [one and one.response.body for one in found[::2]] == [b"%d" % number for number in range(150)]
    assert not any(found[1::2])


async def test_kept_response_ends_with_those_of_the_process(server: RedisServer) -> None:
    async with responses(server.url) as (shared, _):
        await kept(shared, KEY, STORED)
        (name,) = server.names()
        assert 0 < int(server.raw("TTL", name)[1:]) <= CACHE_SECONDS


async def test_only_responses_up_to_the_bound_are_kept(server: RedisServer) -> None:
    def of(length: int) -> StoredResponse:
        return StoredResponse(fingerprint=b"f", response=RenderedResponse(200, b"x" * length))

    async with responses(server.url) as (shared, _):
        shared.keep(msgspec.structs.replace(KEY, key="too long"), of(BODY_BYTES_MAX + 1))
        await kept(shared, KEY, of(BODY_BYTES_MAX))
        assert len(server.names()) == 1


async def test_value_that_others_wrote_is_not_believed(server: RedisServer) -> None:
    name = CIPHER.name_of(KEY)
    own = CIPHER.encrypt(name, STORED)
    async with responses(server.url) as (shared, _):
        for value in (b"", b"OK", own[:-1], b"\x02" + own[1:], CIPHER.encrypt(b"another name", STORED)):
            server.raw("SET", name, value)
            assert await shared.find(KEY) is None
        server.raw("SET", name, own)
        assert await shared.find(KEY) == STORED


async def test_refused_command_is_told_by_its_kind_alone(server: RedisServer, logs: list[EventDict]) -> None:
    server.raw("RPUSH", CIPHER.name_of(KEY), "a list")
    async with responses(server.url) as (shared, connection):
        assert await shared.find(KEY) is None
        server.raw("FLUSHALL")
        await eventually(partial(_is_up, connection))
        await kept(shared, KEY, STORED)
    assert reasons(logs) == ["refuses a command (WRONGTYPE)"]


async def test_frozen_server_is_given_up_then_found_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with responses(server.url, answer_seconds=0.5) as (shared, connection):
            server.freeze()
            assert await asyncio.gather(*(shared.find(KEY) for _ in range(50))) == [None] * 50
            assert not connection.is_up
            server.thaw()
            await eventually(partial(_is_up, connection))


async def test_server_that_is_gone_costs_nothing_until_it_is_back(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with responses(server.url) as (shared, connection):
            await kept(shared, KEY, STORED)
            server.stop()
            await eventually(partial(_is_down, connection))
            assert await shared.find(KEY) is None
            shared.keep(KEY, STORED)  # is lost
            server.start()
            await eventually(partial(_is_up, connection))
            assert await shared.find(KEY) is None
            await kept(shared, KEY, STORED)


async def test_password_and_certificate_are_checked(tmp_path: Path, logs: list[EventDict]) -> None:
    tls = server_tls(tmp_path)
    with redis_server(
        tmp_path, password="let-me-in", tls=CertificateFiles(tls.certificate, tls.key)
    ) as server:
        right, wrong = Secret("let-me-in"), Secret("another-word")
        async with responses(server.url, password=right, tls=tls.trust) as (shared, _):
            await kept(shared, KEY, STORED)
        async with responses(server.url, password=wrong, tls=tls.trust, is_up=False) as (shared, _):
            await eventually(partial(_told, logs, "refuses a command (WRONGPASS)"))
            assert await shared.find(KEY) is None
        async with responses(server.url, tls=tls.trust, is_up=False):
            await eventually(partial(_told, logs, "refuses a command (NOAUTH)"))
        async with responses(server.url, is_up=False):
            await eventually(partial(_told, logs, "cannot be reached (SSLCertVerificationError)"))
    assert "let-me-in" not in str(logs)
    assert "another-word" not in str(logs)


async def _told(logs: list[EventDict], reason: str) -> bool:
    return reason in reasons(logs)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _after_greeting(answer: bytes) -> Talk:
    """A server that says it serves, then answers each command with the same bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"PING\r\n")
        writer.write(b"+PONG\r\n")
        while await reader.read(1_000):
            writer.write(answer)

    return talk


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"*1000000000\r\n", id="endless list"),
        pytest.param(b"$1048577\r\n", id="endless value"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="another protocol"),
        pytest.param(b":1\r\n", id="a number"),
        pytest.param(b"$2\r\nOK\r\n" * 3, id="answers to nothing"),
    ],
)
async def test_false_server_gives_no_response(answer: bytes) -> None:
    async with _served(_after_greeting(answer)) as url, responses(url) as (shared, _):
        assert await shared.find(KEY) is None


@asynccontextmanager
async def _served(talk: Talk) -> AsyncIterator[str]:
    talks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
