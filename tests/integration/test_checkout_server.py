"""What every answer of the customers' server has, and that it is healthy while its store is."""

from collections.abc import AsyncIterator

import pytest

from fincore.checkout.security_headers import SECURITY_HEADERS
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import serving_api


@pytest.fixture
async def checkout(pool: Pool) -> AsyncIterator[Checkout]:
    async with serving_api(pool) as api, serving_checkout(api) as checkout:
        yield checkout


@on_one_installation(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("OPTIONS", "/healthz", 204),
        ("DELETE", "/healthz", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/return/ch_1/word", 404),
        ("GET", "/v1/charges", 404),
    ],
)
async def test_each_answer_has_the_security_headers_once(
    checkout: Checkout, method: str, path: str, status: int
) -> None:
    reply = await checkout.request(method, path)
    assert reply.status == status
    for name, value in SECURITY_HEADERS.items():
        values = reply.headers.getall(name)  # type: ignore[attr-defined]
        assert len(values) == 1, name
        assert values == [value] or name == "content-security-policy" or values[0].startswith(f"{value}, ")
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_host_that_is_none_is_refused_with_the_headers(checkout: Checkout) -> None:
    reply = await checkout.request("GET", "/healthz", headers={"Host": "a b"})
    assert reply.problem() == (400, "header_invalid", "Host")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_connection_that_breaks_a_bound_gets_the_headers(checkout: Checkout) -> None:
    """The application never sees such a request."""
    reply = await checkout.request("GET", "/healthz", headers={"X-Long": "x" * 70_000})
    assert reply.problem()[:2] == (431, "headers_too_large")
    for name, value in SECURITY_HEADERS.items():
        assert reply.headers[name] == value


async def test_proxy_that_is_not_trusted_is_told_once(
    checkout: Checkout, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        await checkout.visit("/return/ch_1/word", {"X-Forwarded-For": "192.0.2.1"})
    told = caplog.text + "".join(capsys.readouterr())
    assert told.count("checkout.proxy_not_trusted") == 1
