"""Sending one webhook: to which addresses it connects, what it shows to the server, and what it makes of the answer."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fincore.notify.connections import CONNECTION_USE_SECONDS_MAX
from fincore.notify.guarded_resolver import (
    LOOKUP_THREADS_MAX,
    AddressForbidden,
    GuardedResolver,
    SystemNames,
)
from fincore.notify.retry_schedule import AttemptResult
from fincore.notify.sender import ANSWER_BYTES_MAX, Sender, retry_after_seconds
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import only_loopback
from fixtures.waiting import eventually

NAME = "hooks.example.com"


class Names:
    """A name server that gives the next of some answers at each look-up, and the last one from then on."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError("no such name")
        return answer


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def sent(sender: Sender, url: str, body: bytes = b"{}") -> AttemptResult:
    try:
        return await sender.send(url, {"webhook-id": "msg_1"}, body)
    finally:
        await sender.close()


class HandTime:
    """Seconds that pass when they are moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def sender_of(names: Names, **options: Any) -> Sender:
    return Sender(names.look_up, HandClock(NOON), **({"timeout_seconds": 10.0} | options))


# Addresses


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["93.184.215.14", "10.0.0.1"],
        ["2606:4700:4700::1111", "fd00::1"],
    ],
    ids="+".join,
)
async def test_name_with_non_public_address_is_not_connected_to(addresses: list[str]) -> None:
    names = Names(addresses)
    assert await sent(sender_of(names), f"https://{NAME}/") == AttemptResult(error="address_forbidden")
    assert names.asked == [NAME]


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443/", "https://[::1]:8443/", "http://example.com/"])
async def test_forbidden_url_is_refused_again_at_sending(url: str) -> None:
    names = Names(["93.184.215.14"])
    assert await sent(sender_of(names), url) == AttemptResult(error="address_forbidden")
    assert names.asked == []


async def test_a_resolver_gives_out_exactly_the_addresses_it_checked() -> None:
    names = Names(["93.184.215.14", "2606:4700:4700::1111"], ["10.0.0.1"])
    resolver = GuardedResolver(names.look_up, allow_loopback=False)
    found = await resolver.resolve(NAME, 443)
    assert [(entry["host"], entry["port"]) for entry in found] == [
        ("93.184.215.14", 443),
        ("2606:4700:4700::1111", 443),
    ]
    with pytest.raises(AddressForbidden):
        await resolver.resolve(NAME, 443)


async def test_name_turning_private_is_refused_after_its_connection(
    receiver: MerchantReceiver,
) -> None:
    """A live connection stays at the address that was checked; the next look-up refuses the name."""
    names, time = Names(["127.0.0.1"], ["10.0.0.1"]), HandTime()
    sender = sender_of(names, allow_loopback=True, monotonic=time)
    url = receiver.url.replace("127.0.0.1", NAME)
    assert (await sender.send(url, {}, b"{}")).status == 204
    # One look-up serves both the check and the connection, and the connection stays where the check had led.
    time.at += CONNECTION_USE_SECONDS_MAX - 1
    assert (await sender.send(url, {}, b"{}")).status == 204
    assert names.asked == [NAME]
    assert len({hook.peer_port for hook in receiver.hooks}) == 1
    time.at += 1
    assert await sent(sender, url) == AttemptResult(error="address_forbidden")
    assert names.asked == [NAME, NAME]
    assert len(receiver.hooks) == 2


async def test_connection_uses_checked_address_and_hostname(
    receiver: MerchantReceiver,
) -> None:
    url = receiver.url.replace("127.0.0.1", NAME)
    result = await sent(sender_of(Names(["127.0.0.1"]), allow_loopback=True), url, b'{"a":1}')
    assert result == AttemptResult(status=204)
    (hook,) = receiver.hooks
    assert hook.headers["Host"].partition(":")[0] == NAME
    assert hook.body == b'{"a":1}'


async def test_proxies_of_the_environment_are_not_used(
    receiver: MerchantReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    result = await sent(sender_of(Names(["127.0.0.1"]), allow_loopback=True), receiver.url)
    assert result.status == 204


async def test_name_lookup_is_shared_and_delays_no_other_name() -> None:
    asked: list[str] = []
    may_answer = threading.Event()

    def addresses_of(host: str) -> list[str]:
        asked.append(host)
        if host == "slow.example.com":
            assert may_answer.wait(60.0)
        return ["93.184.215.14"]

    names = SystemNames(addresses_of)
    try:
        waiting = [
            asyncio.create_task(names.look_up("slow.example.com")) for _ in range(LOOKUP_THREADS_MAX + 1)
        ]
        assert await names.look_up(NAME) == ["93.184.215.14"]
        # One that gives up takes nothing from the others.
        waiting.pop().cancel()
        may_answer.set()
        assert await asyncio.gather(*waiting) == [["93.184.215.14"]] * LOOKUP_THREADS_MAX
        assert sorted(asked) == [NAME, "slow.example.com"]
        await names.look_up("slow.example.com")
        assert len(asked) == 3
    finally:
        may_answer.set()
        names.close()


async def test_failed_lookup_after_timeout_is_repeated() -> None:
    may_answer = threading.Event()
    answers: list[list[str]] = [[], ["93.184.215.14"]]

    def addresses_of(_host: str) -> list[str]:
        assert may_answer.wait(60.0)
        if found := answers.pop(0):
            return found
        raise OSError("no such name")

    names = SystemNames(addresses_of)

    async def is_found() -> bool:
        try:
            return await names.look_up(NAME) == ["93.184.215.14"]
        except OSError:
            return False

    try:
        impatient = asyncio.create_task(names.look_up(NAME))
        await asyncio.sleep(0)
        impatient.cancel()
        may_answer.set()
        await eventually(is_found)
        assert answers == []
    finally:
        may_answer.set()
        names.close()


async def test_the_machines_own_resolver_finds_this_machine() -> None:
    names = SystemNames()
    try:
        found = await names.look_up("localhost")
        assert found
        assert set(found) <= {"127.0.0.1", "::1"}
    finally:
        names.close()


# TLS


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for a name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


async def test_certificate_is_checked_against_name(
    tmp_path: Path,
) -> None:
    """The connection goes to an address; the certificate must be valid for the name."""
    server, client = certified(tmp_path, NAME)
    seen: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: seen.append(name)
    async with receiving(tls=server) as receiver:
        for name, expected in (
            (NAME, AttemptResult(status=204)),
            ("other.example.com", AttemptResult(error="tls_failed")),
        ):
            sender = Sender(only_loopback, HandClock(NOON), allow_loopback=True, tls=client)
            assert await sent(sender, receiver.url.replace("127.0.0.1", name)) == expected
        assert seen == [NAME, "other.example.com"]
        assert len(receiver.hooks) == 1


async def test_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    server, _ = certified(tmp_path, NAME)
    async with receiving(tls=server) as receiver:
        sender = Sender(only_loopback, HandClock(NOON), allow_loopback=True)
        result = await sent(sender, receiver.url.replace("127.0.0.1", NAME))
        assert result == AttemptResult(error="tls_failed")
        assert receiver.hooks == []


# Keeping connections


class LimitedServer:
    """Answers so many requests on each connection and closes it under the next, having read that. `seen` are their ids."""

    def __init__(self, *, answers_per_connection: int, connections_max: int = 10) -> None:
        self.seen: list[str] = []
        self.connections = 0
        self.open = 0
        self.on_close: Callable[[], None] = lambda: None
        self._answers = answers_per_connection
        self._connections_max = connections_max

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        is_mute = self.connections > self._connections_max
        try:
            for _ in range(self._answers):
                await self._read(reader)
                if not is_mute:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await self._read(reader)
            self.on_close()
        except asyncio.IncompleteReadError:
            pass  # the sender has closed
        finally:
            writer.close()
            await writer.wait_closed()
            self.open -= 1

    async def is_at_rest(self) -> bool:
        return self.open == 0

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"{}")).decode()
        self.seen += [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("webhook-id")]


async def sent_all(server: LimitedServer, sender: Sender, *ids: str) -> list[AttemptResult]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        url = f"http://{NAME}:{listening.sockets[0].getsockname()[1]}/"
        return [await sender.send(url, {"webhook-id": one}, b"{}") for one in ids]
    finally:
        await sender.close()
        listening.close()
        await eventually(server.is_at_rest)


async def test_connection_closed_by_server_is_replaced_once() -> None:
    """The webhook is sent once more within the same attempt, which does not fail."""
    server = LimitedServer(answers_per_connection=2)
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
    results = await sent_all(server, sender, "1", "2", "3", "4")
    assert results == [AttemptResult(status=200)] * 4
    # The server had read the third when it closed: it gets it twice, under one id, and nothing else twice.
    assert server.seen == ["1", "2", "3", "3", "4"]
    assert server.connections == 3


async def test_broken_new_connection_fails_attempt_unrepeated() -> None:
    """Only a connection that was used before may have been closed by the server in between."""
    server = LimitedServer(answers_per_connection=0)
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
    assert await sent_all(server, sender, "1") == [AttemptResult(error="connection_broken")]
    assert server.seen == ["1"]


async def test_repeated_send_keeps_timeout_of_its_attempt() -> None:
    server, time = LimitedServer(answers_per_connection=1, connections_max=1), HandTime()
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True, timeout_seconds=60.0, monotonic=time)

    def let_it_pass() -> None:
        time.at += 60.0

    server.on_close = let_it_pass
    async with asyncio.timeout(20.0):
        results = await sent_all(server, sender, "1", "2")
    assert results == [AttemptResult(status=200), AttemptResult(error="answer_too_slow")]
    assert server.connections == 2


async def test_repeated_send_checks_the_new_address() -> None:
    server = LimitedServer(answers_per_connection=1)
    sender = sender_of(Names(["127.0.0.1"], ["10.0.0.1"]), allow_loopback=True)
    results = await sent_all(server, sender, "1", "2")
    assert results == [AttemptResult(status=200), AttemptResult(error="address_forbidden")]
    assert server.connections == 1


async def test_a_connection_made_for_one_name_is_not_used_for_another(receiver: MerchantReceiver) -> None:
    names = Names(["127.0.0.1"])
    sender = sender_of(names, allow_loopback=True)
    await sender.send(receiver.url.replace("127.0.0.1", NAME), {}, b"{}")
    await sent(sender, receiver.url.replace("127.0.0.1", "other.example.com"))
    assert names.asked == [NAME, "other.example.com"]
    assert len({hook.peer_port for hook in receiver.hooks}) == 2


async def test_connection_is_closed_after_partly_read_answer(
    receiver: MerchantReceiver,
) -> None:
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
    receiver.answer(200, body=b"x" * (100 * ANSWER_BYTES_MAX))
    receiver.answer(200, body=b"x" * ANSWER_BYTES_MAX)
    for _ in range(2):
        assert (await sender.send(receiver.url, {}, b"{}")).status == 200
    await sent(sender, receiver.url)
    first, second, third = (hook.peer_port for hook in receiver.hooks)
    assert first != second == third


async def test_expired_connection_is_not_reused_after_its_answer(
    receiver: MerchantReceiver,
) -> None:
    time = HandTime()
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True, monotonic=time)
    receiver.gate.clear()
    slow = asyncio.create_task(sender.send(receiver.url, {}, b"{}"))

    async def is_under_way() -> bool:
        return receiver.under_way == 1

    await eventually(is_under_way)
    time.at += CONNECTION_USE_SECONDS_MAX
    other = asyncio.create_task(sender.send(receiver.url, {}, b"{}"))

    async def both_are_under_way() -> bool:
        return receiver.under_way == 2

    await eventually(both_are_under_way)
    receiver.gate.set()
    assert (await slow, await other) == (AttemptResult(status=204), AttemptResult(status=204))
    assert (await sent(sender, receiver.url)).status == 204
    # The old one's answer came, and it was not used again although it was the first to be free.
    assert [hook.peer_port for hook in receiver.hooks[1:]] == [receiver.hooks[1].peer_port] * 2


# Answers


async def test_unknown_name_has_its_own_error() -> None:
    assert await sent(sender_of(Names([])), f"https://{NAME}/") == AttemptResult(error="name_not_found")


async def test_refused_connection_has_its_own_error() -> None:
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
    # Port 1024 to 65535 only; this one is closed because its listener has just gone.
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await sent(sender, f"http://127.0.0.1:{port}/") == AttemptResult(error="connection_failed")


async def test_slow_answer_has_its_own_error(receiver: MerchantReceiver) -> None:
    receiver.gate.clear()
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True, timeout_seconds=0.2)
    assert await sent(sender, receiver.url) == AttemptResult(error="answer_too_slow")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", AttemptResult(error="connection_broken")),
        (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", AttemptResult(error="answer_invalid")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbroken off", AttemptResult(status=200)),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnot",
            AttemptResult(status=200),
        ),
        (
            b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            AttemptResult(status=503, retry_after_seconds=7.0),
        ),
        (
            b"HTTP/1.1 200 OK\r\n" + b"a: " + b"b" * 100_000 + b"\r\n\r\n",
            AttemptResult(error="answer_invalid"),
        ),
    ],
    ids=["nothing", "another protocol", "half a body", "a wrong encoding", "retry after", "a huge header"],
)
async def test_any_server_response_is_understood_or_named(said: bytes, expected: AttemptResult) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
        assert await sent(sender, f"http://127.0.0.1:{port}/") == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0.0),
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("9" * 400, 999_999_999.0),
        ("Fri, 02 Jan 2026 12:01:00 GMT", 60.0),
        ("Fri, 02 Jan 2026 11:59:00 GMT", 0.0),
        ("Fri, 02 Jan 2026 12:01:00 -0000", 60.0),
        ("Fri, 99 Jan 2026 12:01:00 GMT", 0.0),
    ],
)
def test_a_pause_is_asked_for_in_seconds_or_as_a_date(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, NOON) == seconds
