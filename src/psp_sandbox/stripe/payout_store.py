"""The payouts that the simulated Stripe knows, what each contains, and what reports get wrong about them."""

from collections.abc import Iterator

import msgspec

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.falsification import Falsification
from psp_sandbox.stripe.wire_payouts import Payout


class StoredPayout(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payout with the ids of the movements it contains, its own left out, oldest first."""

    payout: Payout
    movement_ids: tuple[str, ...]
    falsification: Falsification | None = None


class PayoutStore:
    """Bounded: past `max_rows` the oldest payout is dropped; its movements stay paid out."""

    def __init__(self, *, max_rows: int) -> None:
        self._rows: BoundedStore[StoredPayout] = BoundedStore(max_rows=max_rows)

    def add(self, account: str, stored: StoredPayout) -> None:
        """A payout is made."""
        self._rows.add(account, stored.payout.id, stored)

    def put(self, account: str, payout: Payout) -> None:
        """A newer snapshot of a payout."""
        stored = self._rows.get(account, payout.id)
        if stored is not None:
            self._rows.replace(payout.id, msgspec.structs.replace(stored, payout=payout))

    def falsify(self, account: str, payout_id: str, falsification: Falsification | None) -> None:
        """From now on every report about the payout is false in this way; None: in no way."""
        stored = self._rows.get(account, payout_id)
        if stored is not None:
            self._rows.replace(payout_id, msgspec.structs.replace(stored, falsification=falsification))

    def get(self, account: str, payout_id: str) -> StoredPayout | None:
        """The account's payout of this id."""
        return self._rows.get(account, payout_id)

    def account_of(self, payout_id: str) -> str | None:
        """The account that the payout belongs to."""
        return self._rows.account_of(payout_id)

    def newest_first(self, account: str) -> Iterator[StoredPayout]:
        """The account's payouts, newest first."""
        return self._rows.newest_first(account)

    def all(self) -> Iterator[tuple[str, Payout]]:
        """Every payout with its account, oldest first."""
        return ((account, stored.payout) for account, stored in self._rows.all())

    def clear(self) -> None:
        """Forget all of them."""
        self._rows.clear()
