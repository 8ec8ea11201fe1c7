"""The check of a PayPal account: what each answer to the request for a token says about the credentials."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fincore.domain.secret import Secret
from fincore.write.psp.account_check import AccountCheck
from fincore.write.psp.http import HttpSession
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.account_check import check_paypal_account

SERVICES = "https://uri.paypal.com/services/"
TAKES, REFUNDS, DISPUTES = "payments/payment/authcapture", "payments/refund", "disputes/read-seller"


class PayPal:
    """Answers every request as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = None
        self.asked: list[tuple[str, str, str]] = []
        self.url = ""

    def grants(self, *scopes: str) -> None:
        self.body = {"access_token": "A21hidden", "scope": " ".join(f"{SERVICES}{one}" for one in scopes)}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path, request.headers.get("Authorization", "")))
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body)
        return web.json_response(self.body, status=self.status)


@pytest.fixture
async def paypal() -> AsyncIterator[PayPal]:
    paypal = PayPal()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", paypal.answer)
    async with TestServer(app) as server:
        paypal.url = str(server.make_url("")).rstrip("/")
        yield paypal


async def checked(url: str) -> AccountCheck:
    http = HttpSession("PayPal", total_timeout_seconds=10)
    try:
        account = PayPalAccount(
            client_id="Aclient", client_secret=Secret("Ehidden"), expects_livemode=False, base_url=url
        )
        found = await check_paypal_account(http, account)
    finally:
        await http.close()
    assert "hidden" not in " ".join(found.problems)
    return found


async def test_token_with_all_scopes_is_one_call(paypal: PayPal) -> None:
    paypal.grants(TAKES, REFUNDS, DISPUTES, "invoicing")
    assert await checked(paypal.url) == AccountCheck(may=("take payments", "refund", "read disputes"))
    basic = base64.b64encode(b"Aclient:Ehidden").decode()
    assert paypal.asked == [("POST", "/v1/oauth2/token", f"Basic {basic}")]


async def test_token_without_a_scope_is_a_problem(paypal: PayPal) -> None:
    paypal.grants(TAKES, DISPUTES)
    found = await checked(paypal.url)
    assert found.may == ("take payments", "read disputes")
    assert found.problems == (
        "the REST app may not refund: switch the feature on for it in PayPal's dashboard",
    )


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, {"error": "invalid_client"}, "PayPal does not know the client id with this secret"),
        (401, "<html>", "the answer is not PayPal's: check base_url"),
        (404, {"error": "none"}, "the answer is not PayPal's: check base_url"),
        (200, {"status": "fine"}, "the answer is not PayPal's: check base_url"),
        (429, {"name": "RATE_LIMIT_REACHED"}, "PayPal answered 429: repeat later"),
        (503, "busy", "PayPal answered 503: repeat later"),
    ],
)
async def test_paypal_account_that_cannot_be_used_has_one_problem(
    paypal: PayPal, status: int, body: Any, problem: str
) -> None:
    paypal.status, paypal.body = status, body
    found = await checked(paypal.url)
    assert found.may == ()
    (said,) = found.problems
    assert said.startswith(problem)


async def test_paypal_that_is_away_is_one_problem() -> None:
    (problem,) = (await checked("http://127.0.0.1:9")).problems
    assert problem.startswith("could not connect to PayPal")
