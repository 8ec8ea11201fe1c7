"""The check of a Stripe account: what each answer of Stripe says about the key."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.secret import Secret
from fincore.write.psp.account_check import AccountCheck, Permission
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.account_check import check_stripe_account
from fincore.write.psp.stripe.client import StripeClient

ALL = get_args(Permission)
MISSING: tuple[int, Any] = (404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})
FORBIDDEN: tuple[int, Any] = (403, {"error": {"type": "invalid_request_error"}})
FULL, RESTRICTED = "sk_test_hidden", "rk_test_hidden"


class Stripe:
    """Answers by method and path what it is told, and otherwise as Stripe does where the key may do everything."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {"GET /v1/balance": (200, {"livemode": False})}
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        call = f"{request.method} {request.path}"
        self.asked.append(call)
        status, body = self.answers.get(call, (200, {"data": []}) if request.method == "GET" else MISSING)
        return web.json_response(body, status=status) if body is not None else web.Response(status=status)


@pytest.fixture
async def stripe() -> AsyncIterator[Stripe]:
    stripe = Stripe()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stripe.answer)
    async with TestServer(app) as server:
        stripe.url = str(server.make_url("")).rstrip("/")
        yield stripe


async def checked(url: str, key: str) -> AccountCheck:
    client = StripeClient(total_timeout_seconds=10)
    try:
        account = StripeAccount(secret_key=Secret(key), expects_livemode=False, base_url=url)
        found = await check_stripe_account(client, account)
    finally:
        await client.close()
    assert "hidden" not in " ".join(found.problems)
    return found


async def test_full_key_is_checked_by_one_call(stripe: Stripe) -> None:
    assert await checked(stripe.url, FULL) == AccountCheck(may=ALL)
    assert stripe.asked == ["GET /v1/balance"]


async def test_restricted_key_is_tried_and_changes_nothing(stripe: Stripe) -> None:
    """A restricted key need not see the balance; what it writes names a payment that is none."""
    stripe.answers["GET /v1/balance"] = FORBIDDEN
    assert await checked(stripe.url, RESTRICTED) == AccountCheck(may=ALL)
    assert [call for call in sorted(stripe.asked) if call.startswith("POST")] == [
        "POST /v1/checkout/sessions/cs_fincore_account_check/expire",
        "POST /v1/payment_intents/pi_fincore_account_check/cancel",
        "POST /v1/refunds",
    ]


async def test_restricted_key_without_refunds_is_a_problem(stripe: Stripe) -> None:
    stripe.answers["POST /v1/refunds"] = FORBIDDEN
    found = await checked(stripe.url, RESTRICTED)
    assert found.may == tuple(one for one in ALL if one != "refund")
    assert found.problems == ("the secret key may not refund: give it the permission in Stripe's dashboard",)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((401, {"error": {"type": "invalid_request_error"}}), "Stripe does not know the secret key"),
        ((200, {"livemode": True}), "the secret key is of live mode, and the account of test mode"),
        ((429, {"error": {"code": "rate_limit"}}), "Stripe answered 429: repeat later"),
        ((503, {"error": {"type": "api_error"}}), "Stripe answered 503: repeat later"),
        ((200, {"status": "fine"}), "the answer is not Stripe's: check base_url"),
        ((404, None), "the answer is not Stripe's: check base_url"),
        ((302, None), "the answer is not Stripe's: check base_url"),
    ],
)
async def test_account_that_cannot_be_used_has_one_problem(
    stripe: Stripe, answer: tuple[int, Any], problem: str
) -> None:
    stripe.answers["GET /v1/balance"] = answer
    found = await checked(stripe.url, FULL)
    assert found.may == ()
    (said,) = found.problems
    assert said.startswith(problem)


async def test_same_problem_of_every_call_is_said_once(stripe: Stripe) -> None:
    busy = (503, {"error": {"type": "api_error"}})
    stripe.answers |= {f"GET /v1/{name}": busy for name in ("refunds", "disputes", "payment_intents")}
    found = await checked(stripe.url, RESTRICTED)
    assert found.problems == ("Stripe answered 503: repeat later",)
    assert found.may == ("take payments", "open payment pages", "refund", "read fees")


async def test_stripe_that_is_away_is_one_problem() -> None:
    (problem,) = (await checked("http://127.0.0.1:9", FULL)).problems
    assert problem.startswith("could not connect to Stripe")
