"""HTTP requests of a generator: kept-alive connections of gevent, bounded in time, and a record of each from its intended moment on."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from geventhttpclient import HTTPClient
from geventhttpclient.url import URL

from loadtest.generator.load_settings import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS
from loadtest.generator.records import Recorder

NO_ANSWER: Final = 0
ERROR_CHARACTERS_MAX: Final = 1_000


class CannotGoOn(Exception):
    """A step of a scenario was answered in a way that leaves nothing to do; the message names it."""


class Answer(NamedTuple):
    """The status, 0 where none came; the headers by their names in lower case; the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the request was carried out: a 2xx, a redirect, or 402 of a charge that failed while the merchant waited."""
        return 200 <= self.status < 400 or self.status == 402  # noqa: PLR2004 -- statuses themselves

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty one where it is none."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


class Requests:
    """Sends the requests of one run and records them.

    `began` is the begin of the run on the clock of `time.perf_counter`; `fire` tells Locust of each, as its event `request` does.
    """

    def __init__(
        self, recorder: Recorder, fire: Callable[..., None], *, began: float, connections: int
    ) -> None:
        self._recorder = recorder
        self._fire = fire
        self._began = began
        self._connections = connections
        self._clients: dict[str, HTTPClient] = {}

    def send(
        self,
        step: str,
        method: str,
        url: str,
        *,
        due: float,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send one request that was due at a moment of the run; a later one than now is not waited for."""
        sent = self.now()
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        error = ""
        try:
            response = self._client(f"{parts.scheme}://{parts.netloc}").request(
                method, path or "/", body=body, headers=dict(headers or {})
            )
            content = bytes(response.read())
            answer = Answer(
                response.status_code, {name.lower(): value for name, value in response.items()}, content
            )
            response.release()
        except Exception as failure:  # noqa: BLE001 -- sockets, TLS and parsers of HTTP have no error in common
            answer = Answer(NO_ANSWER, {}, b"")
            error = repr(failure)
        if not answer.is_good and not error:
            error = answer.body[:ERROR_CHARACTERS_MAX].decode(errors="replace")
        ended = self.now()
        self._recorder.add("request", step, due, sent, ended, answer.status, error)
        self._fire(
            request_type=method,
            name=step,
            response_time=(ended - due) * 1000,
            response_length=len(answer.body),
            exception=None if answer.is_good else RuntimeError(f"{answer.status} {error[:80]}"),
            context={},
        )
        return answer

    def now(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._began

    def _client(self, origin: str) -> HTTPClient:
        if origin not in self._clients:
            self._clients[origin] = HTTPClient.from_url(
                URL(origin),
                concurrency=self._connections,
                connection_timeout=CONNECT_TIMEOUT_SECONDS,
                network_timeout=ANSWER_TIMEOUT_SECONDS,
            )
        return self._clients[origin]
