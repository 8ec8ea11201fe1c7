"""The sandbox as a whole, without its sockets."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from psp_sandbox.connection import Exchange
from psp_sandbox.messages import Request, Response
from psp_sandbox.options import Options
from psp_sandbox.sandbox import Sandbox


class Kept(Exchange):
    """Keeps its answer instead of sending it."""

    def __init__(self, method: str, path: str) -> None:
        self.request = Request(id="req_1", method=method, path=path, query=b"", headers={}, body=b"")
        self.given: Response | None = None

    def respond(self, response: Response, headers: tuple[tuple[str, str], ...] = ()) -> None:  # noqa: ARG002
        self.given = response


@pytest.mark.parametrize("path", ["/v1/charges", "/sandbox/state", "/3ds/x"])
def test_a_bug_is_answered_with_a_500_and_logged(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    sandbox = Sandbox(Options(), public_url="http://sandbox")

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sandbox._calls, "take", fail)
    monkeypatch.setattr(sandbox._admin, "handle", fail)
    monkeypatch.setattr(sandbox._store.challenges, "get", fail)
    exchange = Kept("GET", path)
    with capture_logs() as logs:
        sandbox.handle(exchange)
    assert exchange.given is not None
    assert exchange.given.status == 500
    assert [entry["event"] for entry in logs] == ["request.failed"]
