"""The shop's server: which page an address shows, and which of the back end's calls a click makes."""

import json
import re
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from demo.shop.back_end import Refusal
from demo.shop.orders import Order
from demo.shop.pages import AGAIN, FOLDER, Shop, status_page

BODY_BYTES_MAX: Final = 16 * 1024
READ_TIMEOUT_SECONDS: Final = 10.0
_EXPIRY: Final = re.compile(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*", re.ASCII)
_FILES: Final = {"/shop.css": "text/css", "/shop.js": "text/javascript"}


class ShopServer:
    """A free port of 127.0.0.1, and the shop that is served there once it is started."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._is_started = False

    @property
    def url(self) -> str:
        """The shop's origin, which is registered with FinCore."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self, shop: Shop) -> None:
        """Serve in threads that end with the process at the latest."""
        self._server.shop = shop
        self._is_started = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving, if it was started, and give the port back."""
        if self._is_started:
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    shop: Shop


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Show the page, an order, or a file."""
        shop, address = self.server.shop, urlsplit(self.path)
        if address.path in _FILES:
            content = (FOLDER / address.path.removeprefix("/")).read_bytes()
            self._send(HTTPStatus.OK, content, _FILES[address.path])
        elif address.path == "/":
            order = shop.orders.find(parse_qs(address.query).get("order", [""])[0])
            if order is None:  # with an address of its own, so that the back button leads to this order
                self._go(f"/?order={shop.orders.new().order_id}")
            else:
                self._show(shop.page(order))
        elif address.path.startswith("/orders/"):
            order = shop.orders.find(address.path.removeprefix("/orders/"))
            if order is None:
                self._send(HTTPStatus.NOT_FOUND, b"There is no such order.", "text/plain")
            else:
                self._show(shop.order_page(order))
        else:
            self._send(HTTPStatus.NOT_FOUND, b"There is no such page.", "text/plain")

    def do_POST(self) -> None:
        """Take a payment in one of the three ways."""
        sent = self._body()
        order = None if sent is None else self.server.shop.orders.find(str(sent.get("order", "")))
        if sent is None or order is None:
            self._send(HTTPStatus.BAD_REQUEST, b"There is no such order.", "text/plain")
            return
        try:
            is_payable = self.server.shop.is_payable(order)
            match self.path:
                case "/pay/method" if not is_payable:
                    self._json({})
                case _ if not is_payable:
                    self._go(self.server.shop.back_to(order))
                case "/pay/method":
                    self._pay_by_method(order, sent)
                case "/pay/session":
                    self._pay_by_session(order)
                case "/pay/number":
                    self._pay_by_number(order, sent)
                case _:
                    self._send(HTTPStatus.NOT_FOUND, b"There is no such page.", "text/plain")
        except Refusal as refusal:
            if self.path == "/pay/method":
                self._json({"declined": str(refusal)})
            else:
                self._show(
                    status_page(order, "This did not work", str(refusal), {}, tone="bad", next_step=AGAIN)
                )

    def _pay_by_method(self, order: Order, sent: Mapping[str, Any]) -> None:
        shop = self.server.shop
        charge = shop.back_end.charge(sent["payment_method"], order.key("page"), back_to=shop.back_to(order))
        self._json(shop.charged(order, charge))

    def _pay_by_session(self, order: Order) -> None:
        shop = self.server.shop
        session = shop.back_end.new_session(order.key("session"), back_to=shop.back_to(order))
        order.session_id = session["id"]
        self._go(session["url"])

    def _pay_by_number(self, order: Order, sent: Mapping[str, str]) -> None:
        shop = self.server.shop
        expiry = _EXPIRY.fullmatch(sent.get("expiry", ""))
        if expiry is None:
            raise Refusal("The expiry of the card is a month and a year, such as 12/34.")
        card = {
            "number": re.sub(r"[\s-]", "", sent.get("number", "")),
            "expiry_month": int(expiry[1]),
            "expiry_year": 2000 + int(expiry[2]),
            "cvc": sent.get("cvc", ""),
            **({"holder": sent["holder"]} if sent.get("holder") else {}),
        }
        charge = shop.back_end.charge_number(card, order.key("number"), back_to=shop.back_to(order))
        action = shop.charged(order, charge).get("next_action")
        self._go(action["redirect_url"] if action else shop.back_to(order))

    def _body(self) -> dict[str, Any] | None:
        """What was sent: JSON, or the fields of a form. None for what is neither, or too long."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < len(str(BODY_BYTES_MAX)) + 1):
            return None
        body = self.rfile.read(min(int(length), BODY_BYTES_MAX))
        try:
            if self.headers.get_content_type() == "application/json":
                sent = json.loads(body)
                return (
                    sent if isinstance(sent, dict) and isinstance(sent.get("payment_method"), dict) else None
                )
            return {name: values[0] for name, values in parse_qs(body.decode()).items()}
        except ValueError:
            return None

    def _show(self, page: str) -> None:
        self._send(HTTPStatus.OK, page.encode(), "text/html")

    def _json(self, answer: Mapping[str, Any]) -> None:
        self._send(HTTPStatus.OK, json.dumps(answer).encode(), "application/json")

    def _go(self, url: str) -> None:
        self._send(HTTPStatus.SEE_OTHER, b"", "text/plain", location=url)

    def _send(self, status: HTTPStatus, body: bytes, media_type: str, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.shop.policy())
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "strict-origin")
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the demo's own lines are on the screen."""
