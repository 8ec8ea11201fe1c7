"""The body of a request: within its deadline, which counts only while some of the body is still to come."""

import asyncio
from typing import Any, cast

import pytest

from fincore.domain.ids import new_request_id
from fincore.http.asgi import WHOLE_BODY, RequestBody
from fincore.http.exchange import Call
from fincore.http.problems import Problem
from fincore.http.rate_limit import RateLimiter


def call(**scope: object) -> Call:
    """A call with a server that lets each part of the body wait one turn, and a deadline that is over at once."""

    async def receive() -> RequestBody:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"body", "more_body": False}

    return Call(
        cast("Any", {"method": "POST", "headers": [], **scope}),
        receive,
        path="/v1/things",
        parameters={},
        request_id=new_request_id(),
        body_seconds_max=0.0,
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        place=None,
    )


async def test_body_that_is_still_to_come_has_a_deadline() -> None:
    scopes: tuple[dict[str, object], ...] = ({}, {"extensions": {}})
    for scope in scopes:
        with pytest.raises(Problem) as raised:
            await call(**scope).body(bytes_max=4)
        assert raised.value.code == "body_too_slow"


async def test_body_that_came_whole_is_read_without_a_deadline() -> None:
    assert await call(extensions={WHOLE_BODY: {}}).body(bytes_max=4) == b"body"


async def test_body_that_came_whole_is_read_within_its_bound() -> None:
    with pytest.raises(Problem) as raised:
        await call(extensions={WHOLE_BODY: {}}).body(bytes_max=3)
    assert raised.value.code == "body_too_large"
