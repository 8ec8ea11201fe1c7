"""What the generators know of charges and refunds: what they offered, and what they were told. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec


class Offered(msgspec.Struct, kw_only=True):
    """Accepted charges by id with their amount, the keys of all that were offered, and refunds by id with their amount, in minor units.

    Checkout sessions have keys only: their charges are made when customers pay.
    """

    accepted: dict[str, int] = {}
    accepted_keys: set[str] = set()
    offered_keys: set[str] = set()
    refunds: dict[str, int] = {}

    def add(self, rows: Iterable[list[Any]]) -> "Offered":
        """More records; the object itself."""
        for row in rows:
            match row:
                case ["offered", key]:
                    self.offered_keys.add(key)
                case ["charge", key, charge_id, amount_minor]:
                    self.accepted[charge_id] = amount_minor
                    self.accepted_keys.add(key)
                case ["session", key]:
                    self.accepted_keys.add(key)
                case ["refund", _, refund_id, amount_minor]:
                    self.refunds[refund_id] = amount_minor
        return self
