"""The shop's own server: takes FinCore's webhooks, verifies their signatures by hand, and counts them."""

import hmac
import json
import threading
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

TOLERANCE_SECONDS: Final = 300
"""How far a webhook's time may be from ours, so that a recorded one cannot be played back later."""
BODY_BYTES_MAX: Final = 64 * 1024
READ_TIMEOUT_SECONDS: Final = 10.0
_PREFIX: Final = "whsec_"


class Receiver:
    """Listens on a free port of 127.0.0.1 while it is started. Its threads and the demo's share it."""

    def __init__(self) -> None:
        self.secret = ""
        self.received = 0
        self.verified = 0
        self.repeated = 0
        self.types: Counter[str] = Counter()
        self._told: dict[str, dict[str, Any]] = {}
        self._news: list[str] = []
        self._lock = threading.Lock()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Where FinCore is to deliver."""
        return f"http://127.0.0.1:{self._server.server_port}/webhooks"

    @property
    def event_ids(self) -> frozenset[str]:
        """The events that verified webhooks told of."""
        with self._lock:
            return frozenset(body["data"]["event_id"] for body in self._told.values())

    def start(self) -> None:
        """Serve in threads of its own, which end with the process at the latest."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving, and close."""
        self._server.shutdown()
        self.close()

    def close(self) -> None:
        """Give the port back; enough where it was never started."""
        self._server.server_close()

    def news(self) -> list[str]:
        """One line for each webhook since the last call."""
        with self._lock:
            lines, self._news = self._news, []
        return lines

    def take(self, headers: Mapping[str, str], body: bytes) -> HTTPStatus:
        """Verify a webhook and remember it by its id: the same one may come twice. Names of headers in lower case."""
        is_genuine = verify(self.secret, headers, body, now=time.time())
        with self._lock:
            self.received += 1
            if not is_genuine:
                return HTTPStatus.BAD_REQUEST
            self.verified += 1
            webhook_id = headers["webhook-id"]
            if webhook_id in self._told:
                self.repeated += 1
                return HTTPStatus.NO_CONTENT
            told = self._told[webhook_id] = json.loads(body)
            self.types[told["type"]] += 1
            data = told["data"]
            about = data.get("charge_id") or data["checkout_session_id"]
            self._news.append(f"webhook: {told['type']} of {about}, signature verified")
        return HTTPStatus.NO_CONTENT


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Whether a webhook is genuine and recent, as Standard Webhooks says; `now` in seconds since 1970."""
    webhook_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(now - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    key = b64decode(secret.removeprefix(_PREFIX))
    signed = hmac.digest(key, f"{webhook_id}.{sent_at}.".encode() + body, sha256)
    expected = f"v1,{b64encode(signed).decode()}"
    signatures = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_TIMEOUT_SECONDS

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        if size > BODY_BYTES_MAX:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.server.receiver.take(headers, self.rfile.read(size))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the screen is the demo's."""
