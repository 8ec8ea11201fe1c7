"""The client: one access token for many calls, and the moment at which a call failed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import structlog
from structlog.testing import LogCapture

from fincore.eventstore.commit import Provenance
from fincore.write.psp.http import NoResponse, NotSent, RawResponse
from fincore.write.psp.paypal import client as client_module
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.tokens import AccessTokens
from fincore.write.psp.paypal.wire import Order
from fincore.write.psp.request_ids import noted_request_ids, with_request_ids
from fixtures.paypal_stub import (
    ORDER_ID,
    PayPalStub,
    error,
    order_json,
    paypal_account,
    paypal_stub,
    unprocessable,
)

PATH = f"/v2/checkout/orders/{ORDER_ID}"
ORDER = msgspec.json.Decoder(Order)
EXPIRED_TOKEN = {"error": "invalid_token", "error_description": "Access Token not found in cache"}
ACCOUNT = paypal_account("http://127.0.0.1:1")
DEEP = b'{"x":' + b"[" * 100_000


@pytest.fixture
async def paypal() -> AsyncIterator[PayPalStub]:
    async with paypal_stub() as stub:
        yield stub


@pytest.fixture
async def client() -> AsyncIterator[PayPalClient]:
    client = PayPalClient()
    yield client
    await client.close()


async def ask(client: PayPalClient, paypal: PayPalStub) -> Response[Order] | NotSent | NoResponse:
    return await client.get(paypal_account(paypal.url), PATH, reads=ORDER)


# --- tokens


class TokenServer:
    """In place of a session: each call for a token gets the next answer."""

    def __init__(self, *answers: RawResponse | NotSent | NoResponse) -> None:
        self.answers = list(answers)
        self.calls = 0
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def call(self, *_: Any, **__: Any) -> RawResponse | NotSent | NoResponse:
        self.calls += 1
        self.arrived.set()
        await self.open.wait()
        return self.answers.pop(0)


def token(text: str, expires_in: int = 1_000) -> RawResponse:
    return RawResponse(200, {}, msgspec.json.encode({"access_token": text, "expires_in": expires_in}))


def tokens(server: TokenServer, seconds: list[float]) -> AccessTokens:
    return AccessTokens(server, monotonic=lambda: seconds[0])  # type: ignore[arg-type]


async def test_fifty_calls_at_once_fetch_one_token() -> None:
    server = TokenServer(token("one"))
    server.open.clear()
    held = tokens(server, [0.0])
    calls = [asyncio.create_task(held.token(ACCOUNT)) for _ in range(50)]
    await server.arrived.wait()
    server.open.set()
    assert set(await asyncio.gather(*calls)) == {"one"}
    assert server.calls == 1


async def test_token_is_replaced_when_most_of_its_life_is_over() -> None:
    server, now = TokenServer(token("one"), token("two")), [0.0]
    held = tokens(server, now)
    for second, text in ((0.0, "one"), (899.0, "one"), (900.0, "two"), (1_799.0, "two")):
        now[0] = second
        assert await held.token(ACCOUNT) == text
    assert server.calls == 2


async def test_token_carries_on_while_no_other_can_be_had() -> None:
    server, now = TokenServer(token("one"), NotSent("down"), NoResponse("down")), [0.0]
    held = tokens(server, now)
    await held.token(ACCOUNT)
    now[0] = 950.0
    assert await held.token(ACCOUNT) == "one"
    now[0] = 1_000.0
    assert isinstance(await held.token(ACCOUNT), NotSent)


async def test_canceled_call_leaves_the_token_to_the_others() -> None:
    server = TokenServer(token("one"))
    server.open.clear()
    held = tokens(server, [0.0])
    first, second = (asyncio.create_task(held.token(ACCOUNT)) for _ in range(2))
    await server.arrived.wait()
    first.cancel()
    server.open.set()
    assert await second == "one"


@pytest.mark.parametrize(
    ("answer", "pause_seconds"),
    [
        (RawResponse(401, {}, b'{"error":"invalid_client","error_description":"hidden"}'), 60.0),
        (RawResponse(400, {}, b"<html>"), 60.0),
        (RawResponse(429, {}, b""), 30.0),
        (RawResponse(503, {}, b""), None),
        (RawResponse(200, {}, b"{}"), None),
        (RawResponse(200, {}, DEEP), None),
        (RawResponse(401, {}, DEEP), 60.0),
        (RawResponse(200, {}, b'{"access_token":"a b\\r\\nX: y","expires_in":10}'), None),
        (NoResponse("reset"), None),
    ],
)
async def test_call_without_a_token_is_not_sent(
    answer: RawResponse | NoResponse, pause_seconds: float | None
) -> None:
    got = await tokens(TokenServer(answer), [0.0]).token(ACCOUNT)
    assert isinstance(got, NotSent)
    assert got.retry_after_seconds == pause_seconds
    assert "hidden" not in got.reason


async def test_token_refused_meanwhile_is_not_forgotten_twice() -> None:
    """The call that learns late that the old token is over must not throw the new one away."""
    server = TokenServer(token("one"), token("two"))
    held = tokens(server, [0.0])
    await held.token(ACCOUNT)
    held.refuse(ACCOUNT, "one")
    assert await held.token(ACCOUNT) == "two"
    held.refuse(ACCOUNT, "one")
    assert await held.token(ACCOUNT) == "two"


# --- calls


async def test_accounts_have_tokens_of_their_own(client: PayPalClient, paypal: PayPalStub) -> None:
    paypal.put("GET", PATH, 200, order_json("ch_1"))
    for client_id in ("a", "b", "a"):
        await client.get(paypal_account(paypal.url, client_id), PATH, reads=ORDER)
    assert paypal.tokens_given == 2
    assert [one.headers["authorization"] for one in paypal.told] == [
        "Bearer A21AA1",
        "Bearer A21AA2",
        "Bearer A21AA1",
    ]


@pytest.mark.parametrize("refusal", [EXPIRED_TOKEN, error("AUTHENTICATION_FAILURE")])
async def test_call_with_a_token_that_is_over_is_made_once_more(
    client: PayPalClient, paypal: PayPalStub, refusal: Any
) -> None:
    paypal.put("GET", PATH, 401, refusal)
    paypal.put("GET", PATH, 200, order_json("ch_1"))
    answer = await ask(client, paypal)
    assert isinstance(answer, Response)
    assert (answer.status, paypal.tokens_given, len(paypal.told)) == (200, 2, 2)


async def test_call_refused_with_a_new_token_is_not_repeated_again(
    client: PayPalClient, paypal: PayPalStub
) -> None:
    paypal.put("GET", PATH, 401, EXPIRED_TOKEN)
    answer = await ask(client, paypal)
    assert isinstance(answer, Response)
    assert (answer.status, paypal.tokens_given, len(paypal.told)) == (401, 2, 2)


@pytest.mark.parametrize(
    "refusal", [error("AUTHENTICATION_FAILURE", "INVALID_ACCOUNT_STATUS"), b"<html>", error("NOT_AUTHORIZED")]
)
async def test_other_refusals_of_an_account_need_no_other_token(
    client: PayPalClient, paypal: PayPalStub, refusal: Any
) -> None:
    paypal.put("GET", PATH, 401, refusal)
    await ask(client, paypal)
    assert (paypal.tokens_given, len(paypal.told)) == (1, 1)


async def test_closed_port_is_not_sent(client: PayPalClient) -> None:
    assert isinstance(await client.get(ACCOUNT, PATH, reads=ORDER), NotSent)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b"[]", b'{"id":"a b","status":"CREATED"}', b"\xff"]
)
async def test_success_that_cannot_be_read_has_no_body(
    client: PayPalClient, paypal: PayPalStub, body: bytes
) -> None:
    paypal.put("GET", PATH, 200, body)
    assert await ask(client, paypal) == Response(status=200, body=None, error=None, debug_id="d3bug")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> LogCapture:
    """What the client logs, independent of the structlog configuration of other tests."""
    capture = LogCapture()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(), processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    monkeypatch.setattr(client_module, "_log", logger)
    return capture


async def test_log_names_issue_and_debug_id_and_no_text(
    client: PayPalClient, paypal: PayPalStub, logged: LogCapture
) -> None:
    paypal.put("POST", PATH, 422, unprocessable("INSTRUMENT_DECLINED"))
    with noted_request_ids():
        await client.post(
            paypal_account(paypal.url), PATH, {"amount": "19.99"}, request_id="ch_1:complete:1", reads=ORDER
        )
        assert with_request_ids(Provenance(correlation="", actor="")).psp_request_ids == ("d3bug",)
    (entry,) = logged.entries
    assert (entry["event"], entry["status"], entry["debug_id"]) == ("paypal.answered", 422, "d3bug")
    assert (entry["error"], entry["issues"]) == ("UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED")
    assert entry["request_id"] == "ch_1:complete:1"
    for secret in ("hidden", "4242424242424242", "A21AA", "19.99", "secret"):
        assert secret not in str(entry)
