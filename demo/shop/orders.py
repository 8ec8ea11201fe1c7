"""The shop's orders: for each the charge or session that pays it, kept in memory."""

import secrets
import threading
from collections import OrderedDict
from typing import Final

ORDERS_MAX: Final = 1_000
"""Orders kept; the oldest is forgotten first."""


class Order:
    """One order. `tries` counts the payments that were begun and declined."""

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        self.tries = 0
        self.charge_id: str | None = None
        self.session_id: str | None = None

    def key(self, way: str) -> str:
        """The idempotency key of the present try: a second click repeats it, and pays once."""
        return f"{self.order_id}-{way}-{self.tries}"


class Orders:
    """All orders, for the threads of the server."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._lock = threading.Lock()

    def new(self) -> Order:
        """An order under an id that cannot be guessed."""
        order = Order(secrets.token_hex(8))
        with self._lock:
            self._orders[order.order_id] = order
            if len(self._orders) > ORDERS_MAX:
                self._orders.popitem(last=False)
        return order

    def find(self, order_id: str) -> Order | None:
        """The order; None for one that is not there."""
        with self._lock:
            return self._orders.get(order_id)
