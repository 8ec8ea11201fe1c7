"""The client against real sockets: the moment at which a call failed, and what Stripe's answer held."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

import msgspec
import pytest
import structlog
from structlog.testing import LogCapture

from fincore.domain.secret import Secret
from fincore.eventstore.commit import Provenance
from fincore.write.psp.http import RESPONSE_BYTES_MAX, NoResponse, NotSent
from fincore.write.psp.request_ids import noted_request_ids, with_request_ids
from fincore.write.psp.stripe import client as client_module
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import PaymentIntent, StripeError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[str]]


class Connected(NamedTuple):
    """A client, and the account with which it calls."""

    client: StripeClient
    account: StripeAccount


Connect = Callable[..., Connected]

INTENT = msgspec.json.Decoder(PaymentIntent)
KEY = Secret("sk_test_hidden")
PAID = b'{"object":"payment_intent","id":"pi_1","status":"succeeded","currency":"usd","created":1}'


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: AsyncExitStack) -> Serve:
    """Serve each connection with the handler; the base URL."""

    async def start(handler: Handler) -> str:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        stack.callback(server.close)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return start


@pytest.fixture
def connect(stack: AsyncExitStack) -> Connect:
    def make(base_url: str, **bounds: float) -> Connected:
        client = StripeClient(**bounds)  # type: ignore[arg-type]
        stack.push_async_callback(client.close)
        return Connected(client, StripeAccount(secret_key=KEY, expects_livemode=False, base_url=base_url))

    return make


async def pay(by: Connected) -> Response[PaymentIntent] | NotSent | NoResponse:
    return await by.client.post(
        "/v1/payment_intents",
        {"amount": 1999, "metadata": {"fincore_charge_id": "ch_1"}},
        account=by.account,
        idempotency_key="ch_1:authorize:1",
        reads=INTENT,
    )


async def request_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return head[0], headers, await reader.readexactly(int(headers.get("content-length", "0")))


def answering(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> Handler:
    """Answer every request on the connection with these bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    raw = "\r\n".join([*lines, "", ""]).encode() + body

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(raw)
            await writer.drain()
            if length is not None:
                return

    return handler


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything, say nothing, until the other side gives up."""
    del writer
    await reader.read()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.transport.abort()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.close()


async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


# --- nothing was sent


async def test_refused_connection_is_not_sent(connect: Connect) -> None:
    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert isinstance(await pay(connect(f"http://127.0.0.1:{port}")), NotSent)


async def test_unfinished_handshake_is_not_sent(serve: Serve, connect: Connect) -> None:
    url = (await serve(never)).replace("http:", "https:")
    assert isinstance(await pay(connect(url, connect_timeout_seconds=0.1)), NotSent)


async def test_server_without_tls_is_not_sent(serve: Serve, connect: Connect) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await never(reader, writer)

    url = (await serve(plain)).replace("http:", "https:")
    answer = await pay(connect(url, connect_timeout_seconds=30))
    assert answer == NotSent("could not connect to Stripe (ClientConnectorSSLError)")


async def test_call_without_free_connection_is_not_sent(serve: Serve, connect: Connect) -> None:
    arrived = asyncio.Event()

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        arrived.set()
        await never(reader, writer)

    connected = connect(
        await serve(busy), connections_max=1, connect_timeout_seconds=0.1, total_timeout_seconds=30
    )
    first = asyncio.create_task(pay(connected))
    await arrived.wait()
    assert isinstance(await pay(connected), NotSent)
    first.cancel()


# --- it may have arrived


@pytest.mark.parametrize("handler", [reset, hang_up, babble, answering(PAID[:20], length=len(PAID))])
async def test_connection_broken_after_request_is_no_answer(
    serve: Serve, connect: Connect, handler: Handler
) -> None:
    assert isinstance(await pay(connect(await serve(handler))), NoResponse)


async def test_an_answer_that_does_not_come_in_time_is_none(serve: Serve, connect: Connect) -> None:
    answer = await pay(connect(await serve(never), total_timeout_seconds=0.1))
    assert answer == NoResponse("Stripe did not answer within 0.1 s")


async def test_an_answer_that_stops_half_way_is_none(serve: Serve, connect: Connect) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + PAID[:20])
        await never(reader, writer)

    assert isinstance(await pay(connect(await serve(stall), total_timeout_seconds=0.2)), NoResponse)


async def test_an_answer_larger_than_the_bound_is_not_read(serve: Serve, connect: Connect) -> None:
    answer = await pay(connect(await serve(answering(b" " * (RESPONSE_BYTES_MAX + 1)))))
    assert answer == NoResponse(f"Stripe's response is larger than {RESPONSE_BYTES_MAX} bytes")


async def test_a_call_under_way_when_the_client_closes_is_unanswered(serve: Serve, connect: Connect) -> None:
    arrived = asyncio.Event()

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        arrived.set()
        await never(reader, writer)

    connected = connect(await serve(busy))
    call = asyncio.create_task(pay(connected))
    await arrived.wait()
    await connected.client.close()
    assert isinstance(await call, NoResponse)


# --- an answer


async def test_an_answer_is_read_with_its_headers(serve: Serve, connect: Connect) -> None:
    handler = answering(PAID, "200 OK", "Request-Id: req_7", "Stripe-Should-Retry: true")
    answer = await pay(connect(await serve(handler)))
    assert answer == Response(
        status=200, body=INTENT.decode(PAID), error=None, request_id="req_7", should_retry=True
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"{}",
        PAID[:-1],
        PAID.replace(b"payment_intent", b"charge"),
        PAID.replace(b'"pi_1"', b"7"),
        b"\xff" + PAID,
        PAID[:-1] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
    ids=["empty", "page", "null", "nothing in it", "cut", "charge", "number as id", "not UTF-8", "deep"],
)
async def test_a_success_that_cannot_be_read_has_no_body(serve: Serve, connect: Connect, body: bytes) -> None:
    answer = await pay(connect(await serve(answering(body))))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.error) == (200, None, None)


async def test_an_error_is_read_with_stripes_advice(serve: Serve, connect: Connect) -> None:
    body = b'{"error":{"type":"card_error","code":"expired_card","doc_url":"https://x"}}'
    handler = answering(body, "402 Payment Required", "Stripe-Should-Retry: false")
    answer = await pay(connect(await serve(handler)))
    assert answer == Response(
        status=402,
        body=None,
        error=StripeError(type="card_error", code="expired_card"),
        request_id=None,
        should_retry=False,
    )


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b'{"error":"no"}', b'{"message":"no"}'])
async def test_an_error_of_another_shape_is_only_its_status(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    answer = await pay(connect(await serve(answering(body, "502 Bad Gateway"))))
    assert isinstance(answer, Response)
    assert (answer.status, answer.error) == (502, None)


async def test_a_redirect_is_not_followed(serve: Serve, connect: Connect) -> None:
    calls = 0

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        while True:
            await request_of(reader)
            calls += 1
            writer.write(
                b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /v1/else\r\nContent-Length: 0\r\n\r\n"
            )

    answer = await pay(connect(await serve(elsewhere)))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, calls) == (307, None, 1)


# --- what is sent


async def test_a_call_carries_key_version_and_idempotency_key(serve: Serve, connect: Connect) -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.close()

    await pay(connect(await serve(note)))
    ((line, headers, body),) = seen
    assert line == "POST /v1/payment_intents HTTP/1.1"
    assert headers["authorization"] == "bearer sk_test_hidden"
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert headers["idempotency-key"] == "ch_1:authorize:1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert body == b"amount=1999&metadata[fincore_charge_id]=ch_1"


async def test_calls_after_one_another_share_a_connection(serve: Serve, connect: Connect) -> None:
    connections = 0
    answer = answering(PAID)

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answer(reader, writer)

    connected = connect(await serve(counted))
    for _ in range(3):
        assert isinstance(await pay(connected), Response)
    assert connections == 1


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What the client logs, independent of the structlog configuration of other tests."""
    capture = LogCapture()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(), processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    monkeypatch.setattr(client_module, "_log", logger)
    return capture


async def test_the_log_names_the_call_and_keeps_its_contents(
    serve: Serve, connect: Connect, logged: LogCapture
) -> None:
    body = PAID[:-1] + b',"client_secret":"pi_1_secret_hidden"}'
    with noted_request_ids():
        await pay(connect(await serve(answering(body, "200 OK", "Request-Id: req_7"))))
        assert with_request_ids(Provenance(correlation="", actor="")).psp_request_ids == ("req_7",)
    (entry,) = logged.entries
    assert entry["event"] == "stripe.answered"
    assert (entry["status"], entry["request_id"], entry["path"]) == (200, "req_7", "/v1/payment_intents")
    assert entry["idempotency_key"] == "ch_1:authorize:1"
    assert not {"hidden", "1999"} & set(str(entry).replace("'", " ").replace("_", " ").split())


async def test_log_of_a_refusal_names_code_and_parameter_not_text(
    serve: Serve, connect: Connect, logged: LogCapture
) -> None:
    body = (
        b'{"error":{"type":"invalid_request_error","code":"parameter_invalid\\n4242424242424242",'
        b'"param":"metadata[x]","message":"Invalid: 4242424242424242 hidden"}}'
    )
    await pay(connect(await serve(answering(body, "400 Bad Request", "Request-Id: req_7"))))
    (entry,) = logged.entries
    assert (entry["status"], entry["error_type"]) == (400, "invalid_request_error")
    assert entry["error_param"] == "metadata[x]"
    assert entry["error_code"].startswith("parameter_invalid?")
    assert "decline_code" not in entry
    assert "4242424242424242" not in str(logged.entries)
    assert "hidden" not in str(logged.entries)


@pytest.mark.parametrize("body", [b'{"card":"4242424242424242"}', b"sk_test_hidden"])
async def test_malformed_answer_is_logged_without_its_text(
    serve: Serve, connect: Connect, logged: LogCapture, body: bytes
) -> None:
    await pay(connect(await serve(answering(body))))
    assert [entry["event"] for entry in logged.entries] == [
        "stripe.response_not_understood",
        "stripe.answered",
    ]
    assert "4242424242424242" not in str(logged.entries)
    assert "hidden" not in str(logged.entries)


async def test_a_failed_call_is_logged_without_the_key(
    serve: Serve, connect: Connect, logged: LogCapture
) -> None:
    await pay(connect(await serve(reset)))
    (entry,) = logged.entries
    assert entry["event"] == "stripe.unanswered"
    assert "hidden" not in str(entry)
