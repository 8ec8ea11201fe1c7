"""The merchant's back end: what it asks FinCore for, and what FinCore answers. It trusts FinCore's record, and no page."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

WAIT_SECONDS: Final = 10
TIMEOUT_SECONDS: Final = 30.0
CURRENCY: Final = "eur"
PRICE_MINOR: Final = 1200
PRODUCT: Final = "Coffee beans, 250 g"

Charge = dict[str, Any]
"""A charge as FinCore's API shows it."""


class Refusal(Exception):
    """FinCore refused a request, or could not be reached; the message says why, for the page."""


class Access(NamedTuple):
    """Where FinCore is, as this merchant's back end knows it, and the merchant's key."""

    api_url: str
    card_edge_url: str
    secret_key: str


class BackEnd:
    """Asks for charges and checkout sessions of one merchant. Each try of an order has an idempotency key of its own."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def charge(self, payment_method: Mapping[str, Any], key: str, *, back_to: str) -> Charge:
        """Charge what the page made with fincore.js, and wait for the outcome. Raises `Refusal`."""
        return self._charge(self._access.api_url, payment_method, key, back_to)

    def charge_number(self, card: Mapping[str, Any], key: str, *, back_to: str) -> Charge:
        """Charge a card by its number, at the card edge. Raises `Refusal`."""
        return self._charge(self._access.card_edge_url, {"type": "card", "card": card}, key, back_to)

    def new_session(self, key: str, *, back_to: str) -> dict[str, Any]:
        """A checkout session: the customer pays at its `url`. Raises `Refusal`."""
        order = {
            "amount_minor": PRICE_MINOR,
            "currency": CURRENCY,
            "line_items": [{"name": PRODUCT, "quantity": 1, "amount_minor": PRICE_MINOR}],
            "success_url": back_to,
            "cancel_url": back_to,
        }
        return self._ask(self._access.api_url, "POST", "/v1/checkout_sessions", order, key)

    def session(self, session_id: str) -> dict[str, Any]:
        """How a session stands. Raises `Refusal`."""
        return self._ask(self._access.api_url, "GET", f"/v1/checkout_sessions/{session_id}")

    def charge_now(self, charge_id: str) -> Charge:
        """How a charge stands. Raises `Refusal`."""
        return self._ask(self._access.api_url, "GET", f"/v1/charges/{charge_id}")

    def expire_session(self, session_id: str, key: str) -> None:
        """End a session, so that it cannot be paid any more. Raises `Refusal`."""
        self._ask(self._access.api_url, "POST", f"/v1/checkout_sessions/{session_id}/expire", {}, key)

    def cancel(self, charge_id: str, key: str) -> None:
        """Cancel a charge that waits for the customer. Raises `Refusal`."""
        self._ask(self._access.api_url, "POST", f"/v1/charges/{charge_id}/cancel", {}, key)

    def _charge(self, url: str, payment_method: Mapping[str, Any], key: str, back_to: str) -> Charge:
        order = {
            "amount_minor": PRICE_MINOR,
            "currency": CURRENCY,
            "description": PRODUCT,
            "payment_method": payment_method,
            "return_url": back_to,
            "cancel_url": back_to,
        }
        return self._ask(url, "POST", "/v1/charges", order, key)

    def _ask(
        self, url: str, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 -- the address is this installation's
            url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._access.secret_key}",
                "Content-Type": "application/json",
                "Prefer": f"wait={WAIT_SECONDS}",
                **({} if key is None else {"Idempotency-Key": key}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 -- as above
                found: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                problem: dict[str, Any] = json.load(error)
            if "charge" in problem:  # a decline: the charge says what the customer may do
                declined: Charge = problem["charge"]
                return declined
            raise Refusal(problem["detail"]) from None
        except OSError:
            raise Refusal("FinCore does not answer. Try again.") from None
        return found
