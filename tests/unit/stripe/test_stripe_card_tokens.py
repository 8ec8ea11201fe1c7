"""What a tokeniser makes of each answer that Stripe gives to a card, and what it never tells of the card."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from fincore.domain.outcome import DeclineAdvice, Declined, PspAccount, Retryable, Unknown
from fincore.domain.payment_method import CardToken
from fincore.domain.raw_card import RawCard
from fincore.domain.secret import Secret
from fincore.write.psp.http import RESPONSE_BYTES_MAX
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.card_tokens import StripeCardTokeniser
from fincore.write.psp.stripe.client import StripeClient
from fixtures.waiting import PATIENCE_SECONDS

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NUMBER, CVC, HOLDER = "4242424242424242", "739", "Zenobia Quillfeather"
MESSAGE = f"The card {NUMBER} of {HOLDER} was refused."
TEST = PspAccount("test")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FrozenClock:
    """NOW."""

    def now(self) -> datetime:
        return NOW


class Stripe:
    """Gives every call one answer, and notes the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], dict[str, list[str]]]] = []
        self.answer: Answer = answered(200, {"id": "pm_1"})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = parse_qs((await request.read()).decode())
        self.calls.append((f"{request.method} {request.path}", dict(request.headers), form))
        return await self.answer(request)


def answered(status: int, body: object, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=content, headers={"Request-Id": "req_1", **headers})

    return answer


def failing(status: int, **error: str) -> Answer:
    return answered(status, {"error": {"message": MESSAGE, **error}})


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("never comes here")


async def hanging_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def stripe(stack: AsyncExitStack) -> Stripe:
    return Stripe()


Connect = Callable[[float], Awaitable[StripeCardTokeniser]]


@pytest.fixture
def connect(stack: AsyncExitStack, stripe: Stripe) -> Connect:
    """A tokeniser at that Stripe which waits so many seconds for an answer."""
    return partial(connected, stack, stripe)


@pytest.fixture
async def tokeniser(connect: Connect) -> StripeCardTokeniser:
    return await connect(PATIENCE_SECONDS)


async def connected(stack: AsyncExitStack, stripe: Stripe, answer_seconds: float) -> StripeCardTokeniser:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", stripe.handle)
    server = TestServer(application)
    await server.start_server()
    stack.push_async_callback(server.close)
    account = StripeAccount(
        secret_key=Secret("sk_test_hidden"),
        expects_livemode=False,
        base_url=f"http://127.0.0.1:{server.port}",
    )
    made = StripeCardTokeniser(
        {TEST: account}, client=StripeClient(total_timeout_seconds=answer_seconds), clock=FrozenClock()
    )
    stack.push_async_callback(made.close)
    return made


def card(holder: str | None = HOLDER) -> RawCard:
    return RawCard(
        number=Secret(NUMBER),
        expiry_month=1,
        expiry_year=2034,
        cvc=Secret(CVC),
        holder=None if holder is None else Secret(holder),
    )


async def test_card_is_sent_once_and_becomes_a_token(tokeniser: StripeCardTokeniser, stripe: Stripe) -> None:
    assert await tokeniser.tokenise(TEST, card()) == CardToken("pm_1")
    ((call, headers, form),) = stripe.calls
    assert call == "POST /v1/payment_methods"
    assert headers["Authorization"] == "Bearer sk_test_hidden"
    assert form == {
        "type": ["card"],
        "card[number]": [NUMBER],
        "card[exp_month]": ["1"],
        "card[exp_year]": ["2034"],
        "card[cvc]": [CVC],
        "billing_details[name]": [HOLDER],
    }


async def test_call_for_a_token_is_never_taken_for_another(
    tokeniser: StripeCardTokeniser, stripe: Stripe
) -> None:
    """A key that came of the card would let Stripe answer the second card of a customer with the first token."""
    for _ in range(2):
        await tokeniser.tokenise(TEST, card(holder=None))
    keys = [headers["Idempotency-Key"] for _, headers, _ in stripe.calls]
    assert len(set(keys)) == 2
    assert all(len(key) == 32 for key in keys)
    assert [form.get("billing_details[name]") for _, _, form in stripe.calls] == [None, None]


async def test_call_under_a_given_key_is_one_that_stripe_knows_again(
    tokeniser: StripeCardTokeniser, stripe: Stripe
) -> None:
    await tokeniser.tokenise(TEST, card(), idempotency_key="ch_1:card_token:1")
    ((_, headers, _),) = stripe.calls
    assert headers["Idempotency-Key"] == "ch_1:card_token:1"


async def test_account_that_is_not_there_gets_no_card(tokeniser: StripeCardTokeniser, stripe: Stripe) -> None:
    made = await tokeniser.tokenise(PspAccount("missing"), card())
    assert isinstance(made, Retryable)
    assert "'missing' is not configured" in made.reason
    assert not made.was_called
    assert stripe.calls == []


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (failing(402, type="card_error", code="incorrect_number"), "incorrect_number", "ask_customer"),
        (failing(402, type="card_error", code="incorrect_cvc"), "incorrect_cvc", "ask_customer"),
        (
            failing(402, type="card_error", code="card_declined", decline_code="stolen_card"),
            "card_declined",
            "do_not_retry",
        ),
        (failing(402, type="card_error", code="of_tomorrow"), "card_declined", "ask_customer"),
        (
            failing(400, type="invalid_request_error", param="card[exp_month]"),
            "psp_rejected_request",
            "do_not_retry",
        ),
        (
            failing(400, type="invalid_request_error", code="email_invalid"),
            "psp_rejected_request",
            "ask_customer",
        ),
        (
            failing(400, type="invalid_request_error", param="card"),
            "psp_rejected_request",
            "do_not_retry",
        ),
        (
            failing(400, type="invalid_request_error", param="billing_details[name]"),
            "psp_rejected_request",
            "do_not_retry",
        ),
        (
            failing(400, type="invalid_request_error", code="parameter_unknown"),
            "psp_rejected_request",
            "do_not_retry",
        ),
        (failing(402, type="card_error"), "card_declined", "ask_customer"),
    ],
)
async def test_refused_card_is_declined_without_stripes_words(
    tokeniser: StripeCardTokeniser, stripe: Stripe, answer: Answer, code: str, advice: DeclineAdvice
) -> None:
    stripe.answer = answer
    with capture_logs() as logs:
        made = await tokeniser.tokenise(TEST, card())
    assert isinstance(made, Declined)
    assert (made.failure.code, made.failure.advice, made.occurred_at) == (code, advice, NOW)
    assert made.failure.message.startswith("Stripe refused the card: ")
    assert "req_1" in made.failure.message
    told = f"{made} {logs}"
    for secret in (NUMBER, NUMBER[-8:], HOLDER):
        assert secret not in told
    # Three digits may stand in a random key, too: only a word of its own would be the code of the card.
    assert CVC not in re.findall(r"[\w.]+", told)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (failing(401, type="invalid_request_error"), "refuses our secret key"),
        (failing(403, type="invalid_request_error"), "does not permit"),
        (failing(402, type="invalid_request_error"), "permit raw card data"),
        (failing(404, type="invalid_request_error"), "permit raw card data"),
        (failing(400, type="invalid_request_error", param="type"), "permit raw card data"),
        (failing(429, type="invalid_request_error", code="rate_limit"), "limits the rate"),
        (failing(429), "limits the rate"),
        (failing(400, type="invalid_request_error", code="lock_timeout"), "lock"),
    ],
)
async def test_answer_about_the_account_leaves_the_card_undecided(
    tokeniser: StripeCardTokeniser, stripe: Stripe, answer: Answer, reason: str
) -> None:
    stripe.answer = answer
    made = await tokeniser.tokenise(TEST, card())
    assert isinstance(made, Retryable)
    assert reason in made.reason
    assert NUMBER not in made.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (failing(500, type="api_error"), "HTTP 500"),
        (failing(503, type="card_error", code="incorrect_number"), "HTTP 503"),
        (failing(409), "may still be under way"),
        (failing(400, type="idempotency_error"), "idempotency key"),
        (failing(418, type="invalid_request_error"), "nothing that FinCore understands"),
        (answered(402, b"<html>declined"), "nothing that FinCore understands"),
        (answered(200, b"<html>fine"), "nothing that FinCore understands"),
        (answered(200, {"id": "tok_1"}), "nothing that FinCore understands"),
        (answered(200, {"id": "pm_1\n"}), "nothing that FinCore understands"),
        (answered(200, {"id": "pm_" + "1" * 253}), "nothing that FinCore understands"),
        (answered(200, {"id": f"pm_{NUMBER}"}), "holds a card number"),
        (answered(302, {"id": "pm_1"}, Location="/v1/elsewhere"), "HTTP 302"),
        (answered(307, {"id": "pm_1"}, Location="/v1/elsewhere"), "HTTP 307"),
        (answered(200, {"id": "pm_1", "name": "x" * RESPONSE_BYTES_MAX}), "larger than"),
        (hanging_up, "the connection to Stripe broke"),
    ],
)
async def test_answer_that_tells_nothing_is_unknown_and_asked_once(
    tokeniser: StripeCardTokeniser, stripe: Stripe, answer: Answer, reason: str
) -> None:
    """Neither a token nor a decline, and no second call carries the card elsewhere."""
    stripe.answer = answer
    made = await tokeniser.tokenise(TEST, card())
    assert isinstance(made, Unknown)
    assert reason in made.reason
    assert made.since == NOW
    assert NUMBER not in made.reason
    assert [call for call, _, _ in stripe.calls] == ["POST /v1/payment_methods"]


async def test_silence_is_unknown_and_the_card_is_sent_once(connect: Connect, stripe: Stripe) -> None:
    stripe.answer = silent
    made = await (await connect(0.2)).tokenise(TEST, card())
    assert isinstance(made, Unknown)
    assert "did not answer within 0.2 s" in made.reason
    assert len(stripe.calls) <= 1


async def test_stripe_that_cannot_be_reached_got_no_card(stack: AsyncExitStack) -> None:
    account = StripeAccount(
        secret_key=Secret("sk_test_1"), expects_livemode=False, base_url="http://127.0.0.1:9"
    )
    away = StripeCardTokeniser({TEST: account}, client=StripeClient(), clock=FrozenClock())
    stack.push_async_callback(away.close)
    made = await away.tokenise(TEST, card())
    assert isinstance(made, Retryable)
    assert "could not connect" in made.reason
