"""Sending one webhook: to which addresses it connects, what it shows to the server, and what it makes of the answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fincore.notify.guarded_resolver import AddressForbidden, GuardedResolver, SystemNames
from fincore.notify.retry_schedule import AttemptResult
from fincore.notify.sender import Sender, retry_after_seconds
from fixtures.commits import NOON
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import HandClock, only_loopback

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


def sender_of(names: Names, *, allow_loopback: bool = False, timeout_seconds: float = 10.0) -> Sender:
    return Sender(
        names.look_up, HandClock(NOON), allow_loopback=allow_loopback, timeout_seconds=timeout_seconds
    )


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
async def test_a_name_with_any_address_that_is_not_public_is_not_connected_to(addresses: list[str]) -> None:
    names = Names(addresses)
    assert await sent(sender_of(names), f"https://{NAME}/") == AttemptResult(error="address_forbidden")
    assert names.asked == [NAME]


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443/", "https://[::1]:8443/", "http://example.com/"])
async def test_a_url_that_is_not_allowed_is_refused_again_when_it_is_sent_to(url: str) -> None:
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


async def test_a_name_that_was_public_and_turns_private_is_refused_at_the_next_attempt(
    receiver: MerchantReceiver,
) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    sender = sender_of(names, allow_loopback=True)
    url = receiver.url.replace("127.0.0.1", NAME)
    assert (await sender.send(url, {}, b"{}")).status == 204
    # The look-up is made for each attempt, and one look-up serves both the check and the connection.
    assert names.asked == [NAME]
    assert await sent(sender, url) == AttemptResult(error="address_forbidden")
    assert names.asked == [NAME, NAME]
    assert len(receiver.hooks) == 1


async def test_the_connection_goes_to_the_checked_address_and_the_name_is_what_the_server_sees(
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


async def test_the_certificate_is_checked_against_the_name_although_the_connection_goes_to_an_address(
    tmp_path: Path,
) -> None:
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


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, _ = certified(tmp_path, NAME)
    async with receiving(tls=server) as receiver:
        sender = Sender(only_loopback, HandClock(NOON), allow_loopback=True)
        result = await sent(sender, receiver.url.replace("127.0.0.1", NAME))
        assert result == AttemptResult(error="tls_failed")
        assert receiver.hooks == []


# Answers


async def test_a_name_that_is_not_found_is_told_apart() -> None:
    assert await sent(sender_of(Names([])), f"https://{NAME}/") == AttemptResult(error="name_not_found")


async def test_a_server_that_does_not_listen_is_told_apart() -> None:
    sender = sender_of(Names(["127.0.0.1"]), allow_loopback=True)
    # Port 1024 to 65535 only; this one is closed because its listener has just gone.
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await sent(sender, f"http://127.0.0.1:{port}/") == AttemptResult(error="connection_failed")


async def test_a_server_that_does_not_answer_in_time_is_told_apart(receiver: MerchantReceiver) -> None:
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
async def test_whatever_a_server_says_is_understood_or_told_apart(
    said: bytes, expected: AttemptResult
) -> None:
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
