"""From paths to endpoints: odd paths, parameters, hosts, and what no endpoint answers."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from fincore.http.asgi import RequestBody, ResponseBody, ResponseStart
from fincore.http.endpoint import Endpoint, Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.openapi import Operation
from fincore.http.rate_limit import RateLimiter
from fincore.http.router import Router

HOST = ((b"host", b"pay.example.com"),)
OPERATION = Operation(
    operation_id="", summary="", description="", tag="", responses={}, is_authenticated=False
)


class Reply(NamedTuple):
    """A response as the server gets it."""

    status: int
    headers: dict[str, str]
    body: Any


def endpoint(path: str) -> Endpoint:
    """An endpoint that answers with its route, the path of the call and the parameters in it."""

    async def tell(call: Call) -> Response:
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        told = {"route": path, "path": call.path, "values": [call.path_parameter(name) for name in names]}
        return json_response(200, told)

    return Endpoint(
        [Route(method="GET", path=path, operation=OPERATION, handler=tell, gate=None)],
        gates={},
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        body_seconds_max=1.0,
        outage_of=lambda _: None,
    )


PATHS = (
    "/",
    "/docs",
    "/docs/errors",
    "/v1/charges",
    "/v1/charges/{id}",
    "/v1/charges/{id}/capture",
    "/w/{a}/{b}",
)
ROUTER = Router({path: endpoint(path) for path in PATHS})


async def ask(path: str, method: str = "GET", headers: Sequence[tuple[bytes, bytes]] = HOST) -> Reply:
    """Send a request; `path` is as the server hands it over, percent-decoded."""
    sent: list[ResponseStart | ResponseBody] = []

    async def send(message: ResponseStart | ResponseBody) -> None:
        sent.append(message)

    async def receive() -> RequestBody:
        return {"type": "http.request", "body": b"", "more_body": False}

    await ROUTER(
        {"method": method, "path": path, "query_string": b"", "headers": headers, "client": None},
        receive,
        send,
    )
    start, body = sent
    assert start["type"] == "http.response.start"
    assert body["type"] == "http.response.body"
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    assert told["request-id"].startswith("req_")
    return Reply(start["status"], told, json.loads(body["body"] or b"null"))


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/", "/", []),
        ("//", "/", []),
        ("/docs", "/docs", []),
        ("/docs/", "/docs", []),
        ("//v1///charges//", "/v1/charges", []),
        ("/v1/charges/ch_1", "/v1/charges/{id}", ["ch_1"]),
        ("//v1/charges//ch_1/", "/v1/charges/{id}", ["ch_1"]),
        ("/v1/charges/ch_1/capture", "/v1/charges/{id}/capture", ["ch_1"]),
        ("/v1/charges/capture", "/v1/charges/{id}", ["capture"]),
        ("/v1/charges/..", "/v1/charges/{id}", [".."]),
        ("/v1/charges/\n", "/v1/charges/{id}", ["\n"]),
        ("/v1/charges/ä ?#{id}", "/v1/charges/{id}", ["ä ?#{id}"]),
        ("/v1/charges/\ufffd", "/v1/charges/{id}", ["\ufffd"]),  # the server's %FF
        ("/v1/charges/" + "x" * 60_000, "/v1/charges/{id}", ["x" * 60_000]),
        ("/w/stripe/test", "/w/{a}/{b}", ["stripe", "test"]),
        ("/w/docs/v1", "/w/{a}/{b}", ["docs", "v1"]),
    ],
)
async def test_path_finds_its_endpoint_and_values(path: str, route: str, values: list[str]) -> None:
    reply = await ask(path)
    assert reply.status == 200
    assert (reply.body["route"], reply.body["values"]) == (route, values)
    assert reply.body["path"] == "/" + "/".join(part for part in path.split("/") if part)


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "/v1",
        "/V1/charges",
        "/v1/charges\n",
        "/docs\n",
        "/docs/errors/x",
        "/v1/charges/a/b",  # the server's /v1/charges/a%2Fb
        "/v1/charges/a/capture/b",
        "/w",
        "/w/stripe",
        "/w/stripe/te/st",
        "/{id}",
        "/" + "v1/" * 20_000,
    ],
)
async def test_unknown_path_is_404(path: str) -> None:
    reply = await ask(path)
    assert (reply.status, reply.body["code"]) == (404, "route_not_found")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.body["request_id"] == reply.headers["request-id"]


@pytest.mark.parametrize("path", ["/docs", "/v1/charges/ch_1"])
async def test_method_not_taken_is_405_with_allow(path: str) -> None:
    reply = await ask(path, "POST")
    assert (reply.status, reply.body["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, HEAD, OPTIONS"
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/docs", "/v1/charges/ch_1"])
async def test_options_lists_methods(path: str) -> None:
    reply = await ask(path, "OPTIONS")
    assert (reply.status, reply.headers["allow"], reply.body) == (204, "GET, HEAD, OPTIONS", None)


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"x\n", b"\xff", b'"'])
@pytest.mark.parametrize("path", ["/docs", "/v1/charges/ch_1", "/unknown"])
async def test_host_of_other_characters_is_400(host: bytes, path: str) -> None:
    reply = await ask(path, headers=((b"accept", b"*/*"), (b"host", host)))
    assert (reply.status, reply.body["code"], reply.body["param"]) == (400, "header_invalid", "Host")


@pytest.mark.parametrize("headers", [(), ((b"host", b""),), ((b"host", b"[::1]:8080"),), HOST])
async def test_host_is_accepted(headers: Sequence[tuple[bytes, bytes]]) -> None:
    assert (await ask("/docs", headers=headers)).status == 200
