"""Notices over real SMTP and HTTP: what arrives, over which TLS, and what is said where it does not."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import standardwebhooks
from prometheus_client import REGISTRY

from fincore.domain.secret import Secret
from fincore.reconciliation.notification.channel import NotSent
from fincore.reconciliation.notification.mail import Mail
from fincore.reconciliation.notification.notice import Notice, notice_of
from fincore.reconciliation.notification.notice_forms import notice_text
from fincore.reconciliation.notification.places import SmtpServer
from fincore.reconciliation.notification.webhook import Webhook
from fixtures.clocks import HandClock
from fixtures.smtp_server import MailServer, mail_server
from fixtures.tls_files import ServerTls, server_tls
from fixtures.webhook_receiver import WebhookReceiver

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OPS = ("ops@example.com", "finance@example.com")
HOSTILE = "STL-1.CSV\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}"


def clock() -> HandClock:
    return HandClock(datetime.now(UTC))


def notice(subject: str = "Reconciliation: 12.00 EUR uncleared, 1 new break") -> Notice:
    return notice_of(
        about="run:17",
        kind="run",
        occurred_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
        subject=subject,
        findings=[f"1 break missing_there of paypal/eu (live): {subject}"],
        figures=[("uncleared (live)", "12.00 EUR")],
        next_steps=["fincore reconcile breaks --live"],
        needs_person=True,
    )


def mail(
    server: MailServer,
    *,
    tls: str = "none",
    trust: ssl.SSLContext | None = None,
    password: str | None = None,
    seconds_max: float = 60.0,
) -> Mail:
    return Mail(
        SmtpServer("127.0.0.1", server.port, tls, "fincore" if password else None),
        Secret(password) if password else None,
        clock(),
        sender="fincore@example.com",
        recipients=OPS,
        tls=trust,
        seconds_max=seconds_max,
    )


@pytest.fixture
def files(tmp_path: Path) -> ServerTls:
    return server_tls(tmp_path)


def serving(files: ServerTls) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context


async def test_mail_has_text_and_html_for_all_recipients() -> None:
    async with mail_server() as server:
        await mail(server).send(notice())
    (one,) = server.mails
    assert (one.sender, tuple(one.recipients)) == ("fincore@example.com", OPS)
    message = one.message
    assert (message["Subject"], message["Auto-Submitted"]) == (notice().subject, "auto-generated")
    assert message["Message-ID"] == f"<{notice().notice_id}@example.com>"
    assert one.part("plain").replace("\r\n", "\n") == notice_text(notice())
    assert "fincore reconcile breaks --live" in one.part("html")


async def test_hostile_name_adds_no_header_and_no_tag() -> None:
    async with mail_server() as server:
        await mail(server).send(notice(HOSTILE))
    (one,) = server.mails
    assert one.recipients == list(OPS)
    assert one.message["Bcc"] is None
    assert set(one.message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Importance",
        "MIME-Version",
        "Content-Type",
    }
    assert "<script>" not in one.part("html")


async def test_mail_goes_over_tls_from_the_first_byte(files: ServerTls) -> None:
    async with mail_server(tls=serving(files)) as server:
        await mail(server, tls="implicit", trust=files.trust).send(notice())
    assert [one.over_tls for one in server.mails] == [True]


async def test_mail_goes_by_starttls_with_the_login(files: ServerTls) -> None:
    async with mail_server(tls=serving(files), starttls=True, login=True) as server:
        await mail(server, tls="starttls", trust=files.trust, password="right").send(notice())
    assert [one.over_tls for one in server.mails] == [True]
    assert server.logins == [("fincore", "right")]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_certificate_that_is_not_trusted_gets_no_mail(files: ServerTls, tls: str) -> None:
    async with mail_server(tls=serving(files), starttls=tls == "starttls", login=True) as server:
        with pytest.raises(NotSent, match="TLS failed"):
            await mail(server, tls=tls, password="right").send(notice())
    assert (server.mails, server.logins) == ([], [])


async def test_server_without_starttls_gets_no_password(files: ServerTls) -> None:
    async with mail_server(login=True) as server:
        with pytest.raises(NotSent, match="does not offer STARTTLS"):
            await mail(server, tls="starttls", trust=files.trust, password="right").send(notice())
    assert (server.mails, server.logins) == ([], [])


async def test_wrong_password_is_said_without_the_password() -> None:
    async with mail_server(login=True) as server:
        with pytest.raises(NotSent, match="refused user and password") as error:
            await mail(server, password="hunter22").send(notice())
    assert "hunter22" not in repr(error.value)
    assert error.value.__cause__ is None


async def test_refused_recipient_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    async with mail_server() as server:
        server.refused = {OPS[0]: "550 5.1.1 no such user ops"}
        await mail(server).send(notice())
        assert [one.recipients for one in server.mails] == [[OPS[1]]]
        server.refused |= {OPS[1]: "451 4.7.1 later"}
        with pytest.raises(NotSent, match="every recipient") as error:
            await mail(server).send(notice())
    assert "550 5.1.1" in str(error.value)
    assert "example.com" not in str(error.value)


def refused_for_good() -> float:
    return REGISTRY.get_sample_value("fincore_ops_notice_recipients_refused_total") or 0.0


async def test_recipient_that_is_put_off_gets_the_mail_later() -> None:
    async with mail_server() as server:
        channel = mail(server)
        server.refused = {OPS[0]: "451 4.7.1 greylisted"}
        with pytest.raises(NotSent) as error:
            await channel.send(notice())
        assert str(error.value) == "the mail server put off 1 of 2 recipients (451 4.7.1)"
        with pytest.raises(NotSent, match="put off 1 of 2"):
            await channel.send(notice())
        server.refused = {}
        await channel.send(notice())
        await channel.send(notice())
    assert [one.recipients for one in server.mails] == [[OPS[1]], [OPS[0]], list(OPS)]


async def test_recipient_refused_for_good_after_a_pause_is_counted() -> None:
    before = refused_for_good()
    async with mail_server() as server:
        channel = mail(server)
        server.refused = {OPS[0]: "451 4.7.1 greylisted"}
        with pytest.raises(NotSent, match="put off 1 of 2"):
            await channel.send(notice())
        assert refused_for_good() == before
        server.refused = {OPS[0]: "550 5.1.1 no such user"}
        await channel.send(notice())
    assert refused_for_good() == before + 1
    assert [one.recipients for one in server.mails] == [[OPS[1]]]


async def test_refused_mail_is_said_with_its_codes_alone() -> None:
    async with mail_server() as server:
        server.answer = "554 5.7.1 spam, see http://evil.example"
        with pytest.raises(NotSent) as error:
            await mail(server).send(notice())
    assert str(error.value) == "the mail server refused the mail (554 5.7.1)"


async def test_server_that_stalls_is_given_up() -> None:
    async with mail_server() as server:
        server.stalls = True
        with pytest.raises(NotSent, match="too slow"):
            await mail(server, seconds_max=0.3).send(notice())


async def test_server_that_is_gone_is_said() -> None:
    async with mail_server() as server:
        pass
    with pytest.raises(NotSent, match="no connection to the mail server"):
        await mail(server).send(notice())


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


async def test_webhook_is_signed_and_has_the_text(receiver: WebhookReceiver) -> None:
    await Webhook(receiver.url, SECRET, clock()).send(notice())
    (one,) = receiver.take(1)
    headers = {name.lower(): value for name, value in one.headers.items()}
    body = standardwebhooks.Webhook(SECRET.reveal()).verify(one.body, headers)
    assert headers["webhook-id"] == notice().notice_id == body["data"]["notice_id"]
    assert (body["type"], body["data"]["text"]) == ("reconciliation.run", notice_text(notice()))
    assert body["timestamp"] == "2026-11-26T12:00:00Z"


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_answer_that_is_not_2xx_is_a_failure(receiver: WebhookReceiver, status: int) -> None:
    receiver.statuses = [status]
    with pytest.raises(NotSent, match=f"the server answered {status}"):
        await Webhook(receiver.url, SECRET, clock()).send(notice())
    receiver.take(1)
    assert receiver.waiting() == 0


async def test_failure_of_a_webhook_names_no_url(receiver: WebhookReceiver) -> None:
    url = "http://127.0.0.1:1/services/T000/secret-token"
    with pytest.raises(NotSent) as error:
        await Webhook(url, SECRET, clock()).send(notice())
    assert str(error.value) == "no answer: connection failed"
    assert error.value.__cause__ is None
    assert "secret-token" not in repr(error.value)


async def test_same_notice_has_the_same_id_in_each_copy(receiver: WebhookReceiver) -> None:
    channel = Webhook(receiver.url, SECRET, clock())
    await channel.send(notice())
    await channel.send(msgspec.json.decode(msgspec.json.encode(notice()), type=Notice))
    first, second = receiver.take(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@contextlib.asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[str]:
    """The URL of a server that answers each request with these bytes, and then says nothing more."""
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        await asyncio.gather(*served)


async def test_redirect_is_not_followed(receiver: WebhookReceiver) -> None:
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {receiver.url}\r\nContent-Length: 0\r\n\r\n".encode()
    async with raw_server(moved) as url:
        with pytest.raises(NotSent, match="the server answered 307"):
            await Webhook(url, SECRET, clock()).send(notice())
    assert receiver.waiting() == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200"])
async def test_answer_that_does_not_come_is_given_up(answer: bytes) -> None:
    async with raw_server(answer) as url:
        with pytest.raises(NotSent, match="answer too slow"):
            await Webhook(url, SECRET, clock(), timeout_seconds=0.2).send(notice())


async def test_body_without_an_end_changes_nothing() -> None:
    async with raw_server(b"HTTP/1.1 204 OK\r\n\r\n") as url:
        await Webhook(url, SECRET, clock(), timeout_seconds=5).send(notice())
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx") as url:
        await Webhook(url, SECRET, clock(), timeout_seconds=5).send(notice())


async def test_webhook_server_that_is_not_trusted_gets_nothing(
    files: ServerTls, receiver: WebhookReceiver
) -> None:
    receiver.serve_tls(serving(files))
    with pytest.raises(NotSent, match="tls failed"):
        await Webhook(receiver.url, SECRET, clock()).send(notice())
    assert receiver.waiting() == 0
    await Webhook(receiver.url, SECRET, clock(), tls=files.trust).send(notice())
    receiver.take(1)
